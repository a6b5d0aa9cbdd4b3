"""Building the catalogue: sources, reading with care, joining, what is said of it."""

import bz2
import http.server
import io
import json
import os
import tarfile
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from emotion.errors import TableFileError
from recommender import paths
from recommender.building import agreement, deezer, lmc_archive, merge, sources
from recommender.building.__main__ import main
from recommender.errors import BadArchive, SourceUnavailable
from recommender.songs import files, lmc, moods
from recommender.songs.catalogue import from_columns

DATA = Path(os.environ.get("MOODCUE_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "music"
DEEZER_HEADER = "dzr_sng_id,MSD_sng_id,MSD_track_id,valence,arousal,artist_name,track_name"
LMC_HEADER = (
    "msd_id,msd_artist,msd_title,is_english,lyrics_available,wordcount,"
    "lyrics_filename,found_tags,matched_mood,mood,calm"
)


def lmc_line(song_id: str, artist: str, title: str, mood: str) -> str:
    return f"{song_id},{artist},{title},1,1,99,f,5,1,{mood},0"


def lmc_csv(*lines: str) -> bytes:
    return "\n".join([LMC_HEADER, *lines]).encode() + b"\n"


def archive(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:bz2") as tar:
        for name, content in members.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                tar.addfile(info)
    return path


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MOODCUE_MIRROR", raising=False)
    return tmp_path / "home"


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    (folder / "deezer_mood").mkdir(parents=True)
    rows = {
        "train": ["1,SO1,TR1,1.0,0.5,The Alphas,First Song", "2,SO2,TR2,-1.5,-0.5,Bravo,Second (Live)", "bad,row"],
        "validation": ["3,SO3,TR3,nan,0.1,Charlie,Third", "4,SO4,TR4,0.1,0.2,,Nameless", "5,SO5,TR1,0,0,Again,Twice"],
        "test": ["6,SO6,TR6,0.2,2.5,Radiohead,Paranoid Android", "7,SO7,TR7,1e9,0,Delta,Far Out", ""],
    }
    for name, lines in rows.items():
        (folder / "deezer_mood" / f"{name}.csv").write_text("\n".join([DEEZER_HEADER, *lines]) + "\n")
    content = lmc_csv(
        lmc_line("TR1", "The Alphas", "First Song", "happy"),
        lmc_line("TRX", "BRAVO", "Second", "anger"),
        lmc_line("TR9", "Echo", "Fifth", "anger"),
        lmc_line("TR9", "Echo", "Fifth", "anger"),
    )
    archive(
        folder / "labeled_lyrics.tar.bz2",
        {"data/labeled_lyrics_expanded.csv": content, "data/._labeled_lyrics.csv": b"\x00mac"},
    )
    return folder


# Reading -----------------------------------------------------------------------------------------


def test_deezer_rows_that_are_no_use_are_counted(mirror):
    songs = deezer.read([mirror / "deezer_mood" / f"{n}.csv" for n in ("train", "validation", "test")])
    assert songs.track_id == ["TR1", "TR2", "TR6"]
    assert songs.rejected == {"bad_row": 1, "no_figure": 2, "no_name": 1, "twice": 1}
    with pytest.raises(TableFileError, match="valence"):
        deezer.read([_write(mirror / "x.csv", b"MSD_track_id,a\n")])
    with pytest.raises(TableFileError, match="absent"):
        deezer.read([mirror / "absent.csv"])


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_figures_keep_their_order_and_fill_the_plane():
    z = np.linspace(-4, 4, 81)
    v = deezer.to_plane(z)
    assert (np.diff(v) > 0).all()
    assert np.abs(v).max() < 1
    assert deezer.to_plane(np.array([0.0, 1.0]))[1] == pytest.approx(0.6827, abs=1e-4)
    rng = np.random.default_rng(0)
    spread = deezer.to_plane(rng.standard_normal(20_000))
    assert np.histogram(spread, 10, (-1, 1))[0].min() > 1800


def test_the_archive_is_read_without_unpacking(mirror, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    songs = lmc_archive.read(mirror / "labeled_lyrics.tar.bz2")
    assert songs.mood == ["happy", "anger", "anger", "anger"]
    assert set(tmp_path.rglob("*")) == before


def test_of_several_tables_the_one_like_the_seed_s_is_taken(tmp_path):
    few, many = (
        lmc_csv(lmc_line("T", "a", "b", "sad")),
        lmc_csv(*[lmc_line(f"T{i}", "a", "b", "sad") for i in range(50)]),
    )
    path = archive(tmp_path / "a.tar.bz2", {"labeled_lyrics.csv": few, "labeled_lyrics_expanded.csv": many})
    assert len(lmc_archive.read(path)) == 50


def _link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"../labeled_lyrics.csv": lmc_csv()}, "leads out"),
        ({"/etc/labeled_lyrics.csv": lmc_csv()}, "leads out"),
        ({"labeled_lyrics.csv": _link("labeled_lyrics.csv", "/etc/passwd")}, "no labeled_lyrics"),
        ({"readme.txt": b"hello"}, "no labeled_lyrics"),
        ({"labeled_lyrics.csv": b"a,b\n1,2\n"}, "msd_id"),
    ],
)
def test_bad_archives_are_refused(tmp_path, members, says):
    with pytest.raises(BadArchive, match=says):
        lmc_archive.read(archive(tmp_path / "a.tar.bz2", members))


def test_damaged_archives_are_refused(tmp_path, monkeypatch):
    good = archive(tmp_path / "g.tar.bz2", {"labeled_lyrics.csv": lmc_csv(*[lmc_line("T", "a", "b", "sad")] * 5000)})
    for content in (b"", b"not a tar", good.read_bytes()[:-60], bz2.compress(b"\x00" * 600)):
        with pytest.raises(BadArchive):
            lmc_archive.read(_write(tmp_path / "b.tar.bz2", content))
    monkeypatch.setattr(lmc_archive, "LARGEST_BYTES", 1000)
    with pytest.raises(BadArchive, match="claims"):
        lmc_archive.read(good)


REAL_HEADER = (
    "msd_id,msd_artist,msd_title,is_english,lyrics_available,wordcount,lyrics_filename,found_tags,matched_mood,mood,"
    + ",".join(moods.MOODS)
)


def real_line(n: int, mood: str, matched: str = "1") -> str:
    scores = ",".join("1" if m == mood else "0" for m in moods.MOODS)
    names = f'TRAAA{n:06d},"Artist, the {n}th","Title ""{n}"""'
    return f"{names},1,1,{100 + n % 300},TRAAA{n:06d}.txt,5,{matched},{mood},{scores}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_real_archive_s_columns_give_the_seed_s_table_in_any_order(tmp_path, seed):
    """25,766 labelled songs in LMC's own columns among rows of every useless kind."""
    rng = np.random.default_rng(seed)
    songs = [m for m, n in moods.SEED_COUNTS.items() for _ in range(n)]
    rng.shuffle(songs)
    lines = [real_line(i, mood) for i, mood in enumerate(songs)]
    useless = [
        *[real_line(90_000 + i, "sad", "0") for i in range(40)],
        *[real_line(91_000 + i, "sad", "-1") for i in range(5)],
        real_line(92_000, "dreamy"),
        "TR1,only,three",
        "TR2,a,b" + ",1" * 60,
        f"{real_line(93_000, 'sad').replace('TRAAA093000,', ',', 1)}",
        "\x00\x01\x02",
        '"' + "x" * 200_000 + '"',
    ]
    for line in useless:
        lines.insert(int(rng.integers(len(lines))), line)
    content = "\n".join([REAL_HEADER, *lines]).encode() + b"\n"
    folder = tarfile.TarInfo("data")
    folder.type = tarfile.DIRTYPE
    path = archive(tmp_path / "labeled_lyrics.tar.bz2", {"data": folder, "data/labeled_lyrics_expanded.csv": content})
    labels = lmc_archive.read(path)
    assert len(labels) == sum(moods.SEED_COUNTS.values()) == 25_766
    assert labels.rejected == {"no_matched_mood": 45, "unknown_mood": 1, "bad_row": 5}
    assert (labels.artist[0], labels.mood) == (f"Artist, the {labels.msd_id[0][5:].lstrip('0') or 0}th", songs)
    c = merge.join(labels, None, None, "c").catalogue
    assert {e: len(c.seed_list(e)) for e in moods.SEED_TOTALS} == moods.SEED_TOTALS
    expected = moods.assign(songs)
    assert c.seed_rank.tolist() == expected.seed_rank.tolist()
    assert c.emotion.tolist() == expected.emotion.tolist()


def _claiming(kind: bytes, size: int) -> bytes:
    """A tar whose first header is of a kind that is read whole, and claims so much."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_claims_gigabytes_is_not_believed(tmp_path, kind):
    content = bz2.compress(_claiming(kind, 6 << 30) + bytes(40 << 20))
    assert len(content) < 1000
    tracemalloc.start()
    try:
        with pytest.raises(BadArchive, match="claims"):
            lmc_archive.read(_write(tmp_path / "b.tar.bz2", content))
        assert tracemalloc.get_traced_memory()[1] < 30 << 20
    finally:
        tracemalloc.stop()


def test_an_archive_that_unpacks_without_end_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(lmc_archive, "LARGEST_BYTES", 1 << 20)
    path = archive(tmp_path / "a.tar.bz2", {"film.mkv": bytes(8 << 20), "labeled_lyrics.csv": lmc_csv()})
    with pytest.raises(BadArchive, match="unpacks to more"):
        lmc_archive.read(path)


@pytest.mark.parametrize("form", ["w:gz", "w:xz", "w"])
def test_other_packings_are_read_too(tmp_path, form):
    content = lmc_csv(lmc_line("T", "a", "b", "sad"))
    path = tmp_path / "a.tar"
    with tarfile.open(path, form) as tar:
        info = tarfile.TarInfo("labeled_lyrics.csv")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    assert lmc_archive.read(path).mood == ["sad"]


# Joining -----------------------------------------------------------------------------------------


def test_songs_meet_on_the_id_then_on_the_name(mirror):
    labels = lmc_archive.read(mirror / "labeled_lyrics.tar.bz2")
    figures = deezer.read([mirror / "deezer_mood" / f"{n}.csv" for n in ("train", "validation", "test")])
    joined = merge.join(labels, figures, files.read(paths.STARTER), "c")
    c = joined.catalogue
    assert joined.counts["LMC+Deezer"] == 2
    first, second = c[c.index_of("TR1") or 0], c[c.index_of("TRX") or 1]
    assert (first.title, first.emotion, first.source) == ("First Song", "happy", "LMC + Deezer")
    assert first.valence == pytest.approx(0.6827, abs=1e-4)
    assert second.emotion == "disgust"  # the first of its group
    assert second.valence == pytest.approx(float(deezer.to_plane(np.array([-1.5]))[0]))
    assert c.index_of("TR2") is None
    radiohead = c[c.index_of("TR6") or 0]
    assert (radiohead.year, radiohead.genre, radiohead.mood) == (1997, "rock", "anger")
    assert radiohead.arousal > 0.9
    assert "research use" in radiohead.licence
    # the lists are LMC's, not the starter's
    assert [t.artist for t in (c[int(i)] for i in c.seed_list("angry"))] == ["Echo"]
    assert len(c) == 3 + 1 + 457 - 1


def test_lmc_alone_gives_the_seed_s_lists_song_for_song():
    rng = np.random.default_rng(3)
    songs = [m for m, n in moods.SEED_COUNTS.items() for _ in range(n)]
    rng.shuffle(songs)
    ids = [f"TR{i}" for i in range(len(songs))]
    labels = lmc.LmcSongs(ids, [f"artist {i}" for i in ids], ids, songs, {})
    c = merge.join(labels, None, None, "c").catalogue
    assigned = moods.assign(songs)
    assert c.seed_rank.tolist() == assigned.seed_rank.tolist()
    assert {e: len(c.seed_list(e)) for e in moods.SEED_TOTALS} == moods.SEED_TOTALS


def test_figures_alone_still_serve_every_emotion(mirror):
    rng = np.random.default_rng(0)
    n = 2000
    figures = deezer.DeezerSongs(
        [f"T{i}" for i in range(n)],
        [f"a{i}" for i in range(n)],
        [f"t{i}" for i in range(n)],
        rng.standard_normal((n, 2)),
        {},
    )
    c = merge.join(None, figures, None, "c").catalogue
    assert min(len(c.seed_list(e)) for e in moods.SEED_TOTALS) >= 10
    assert len(c) == n


# Fetching ----------------------------------------------------------------------------------------


class Halting(http.server.BaseHTTPRequestHandler):
    """Serves ``server.content``, breaks off after half of it at first, and knows ranges."""

    def do_GET(self):
        content, asked = self.server.content, self.headers.get("Range")  # pyright: ignore[reportAttributeAccessIssue]
        self.server.ranges.append(asked)  # pyright: ignore[reportAttributeAccessIssue]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content) if asked else len(content) // 2
        self.wfile.write(content[start:end])
        self.close_connection = True

    def log_message(self, format, *args): ...


@pytest.fixture
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Halting)
    server.content = np.random.default_rng(0).bytes(600_000)  # pyright: ignore[reportAttributeAccessIssue]
    server.ranges = []  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_download_that_broke_off_goes_on_where_it_stopped(web, home):
    source = sources.Source("lmc", f"http://127.0.0.1:{web.server_address[1]}/x.tar.bz2", None, ())
    with pytest.raises(SourceUnavailable):
        sources.fetch(source)
    path = sources.fetch(source)
    assert web.ranges[0] is None
    assert 200_000 < int(web.ranges[1].removeprefix("bytes=").removesuffix("-")) <= 300_000
    assert path.read_bytes() == web.content
    assert sources.fetch(source) == path
    assert len(web.ranges) == 2
    assert sorted(p.name for p in path.parent.iterdir()) == ["lmc-x.tar.bz2", "lmc-x.tar.bz2.sha256"]


def test_a_download_with_another_hash_is_not_used(web, home):
    source = sources.Source("d", f"http://127.0.0.1:{web.server_address[1]}/x.csv", "0" * 64, ())
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            sources.fetch(source)
    assert not (home / "sources" / "d-x.csv").exists()


def test_offline_nothing_is_asked_for(web):
    source = sources.Source("d", f"http://127.0.0.1:{web.server_address[1]}/x.csv", None, ())
    with pytest.raises(SourceUnavailable, match="mirror"):
        sources.fetch(source, offline=True)
    assert web.ranges == []


def test_a_mirror_file_that_differs_is_read_and_said(mirror, caplog):
    assert sources.fetch(sources.DEEZER[0], mirror=mirror) == mirror / "deezer_mood" / "train.csv"
    assert "checksum" in caplog.text


# The command -------------------------------------------------------------------------------------


def test_build_from_a_mirror(mirror, home, capsys, monkeypatch):
    monkeypatch.setenv("MOODCUE_MIRROR", str(mirror))
    assert main(["--offline"]) == 0
    out = capsys.readouterr().out
    assert "Deezer: 3 tracks with figures; rejected: 1 bad row, 2 no figure, 1 no name, 1 twice" in out
    assert "LMC and Deezer share 2 songs" in out
    assert files.load().name == "catalogue.parquet"
    assert main(["agreement"]) == 0
    assert json.loads(capsys.readouterr().out)["songs"] == 3


def test_what_is_missing_is_named_and_the_rest_is_built(mirror, capsys):
    (mirror / "labeled_lyrics.tar.bz2").unlink()
    assert main(["--offline", "--mirror", str(mirror)]) == 0
    said = capsys.readouterr()
    assert "LMC: left out" in said.err
    assert "Deezer: 3 tracks" in said.out


def test_nothing_to_build_from(tmp_path, home, capsys):
    assert main(["--offline", "--mirror", str(tmp_path / "empty")]) == 1
    assert "nothing to build from" in capsys.readouterr().err
    assert not paths.built_catalogue().exists()


@pytest.mark.data
def test_the_shared_mirror_gives_every_deezer_track(home, capsys):
    if not (DATA / "deezer_mood" / "train.csv").is_file():
        pytest.skip(f"the Deezer figures are not at {DATA}")
    assert main(["--offline", "--mirror", str(DATA), "--no-starter"]) == 0
    assert "Deezer: 18644 tracks with figures; rejected: 0 bad row" in capsys.readouterr().out
    c = files.load()
    assert len(c) == 18_644
    assert np.abs(c.position).max() < 1
    assert min(len(c.seed_list(e)) for e in moods.SEED_TOTALS) > 100


# Agreement ---------------------------------------------------------------------------------------


def test_agreement_counts_songs_with_a_label_and_their_own_figures():
    sad, happy = moods.BY_NAME["sad"], moods.BY_NAME["happy"]
    c = from_columns(
        "x",
        {
            "artist": list("abcd"),
            "title": list("abcd"),
            "mood": ["sad", "happy", "sad", None],
            "valence": [sad.valence + 0.02, sad.valence + 0.02, None, happy.valence],
            "arousal": [sad.arousal, sad.arousal, None, happy.arousal],
        },
    )
    got = agreement.measure(c)
    assert (got.songs, got.plane, got.split_songs, got.odd_even) == (2, 0.5, 0, None)
    assert got.chance == pytest.approx(0.5)
    assert agreement.measure(files.read(paths.STARTER)).songs == 0


def test_wilson_interval():
    low, high = agreement.wilson(5, 10) or (0, 0)
    assert (low, high) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    assert agreement.wilson(0, 0) is None
