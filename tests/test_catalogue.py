"""The catalogue: the starter's facts, reading and writing, what is refused."""

import collections
import csv
import io
import unicodedata

import pyarrow
import pyarrow.parquet
import pytest

from emotion.labels import EMOTIONS
from recommender import paths
from recommender.errors import CatalogueError
from recommender.songs import files, moods
from recommender.songs.catalogue import from_columns
from recommender.songs.text import fold, normalise


@pytest.fixture(scope="module")
def starter():
    return files.read(paths.STARTER)


def test_starter_has_no_duplicate_and_no_empty_field(starter):
    with paths.STARTER.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == len(starter) >= 400
    assert all(cell and cell == cell.strip() for row in rows for cell in row.values())
    keys = [(normalise(r["artist"]), normalise(r["title"])) for r in rows]
    assert [k for k, n in collections.Counter(keys).items() if n > 1] == []
    assert all(1600 <= int(r["year"]) <= 2026 for r in rows)
    assert {r["has_words"] for r in rows} == {"yes", "no"}


def test_starter_serves_every_mood_and_emotion(starter):
    by_mood = collections.Counter(t.mood for t in starter)
    assert set(by_mood) == set(moods.MOODS)
    assert min(by_mood.values()) >= 12
    assert min(len(starter.seed_list(e)) for e in EMOTIONS) >= 40
    assert {"Mandopop", "jazz", "classical", "soundtrack", "electronic", "hip hop"} <= set(starter.genres)
    assert sum(not t.has_words for t in starter) >= 60
    assert len([d for d in starter.decades if d >= 1930]) == 10


def test_positions_come_from_the_mood_or_from_the_song_itself():
    c = from_columns(
        "x",
        {
            "artist": ["A", "B", "C"],
            "title": ["a", "b", "c"],
            "mood": ["sad", "sad", None],
            "valence": [None, 0.5, -0.6],
            "arousal": [None, -0.5, 0.55],
        },
    )
    assert (c[0].valence, c[0].arousal) == (moods.BY_NAME["sad"].valence, moods.BY_NAME["sad"].arousal)
    assert (c[1].valence, c[1].arousal, c[1].emotion) == (0.5, -0.5, "sad")
    assert c[2].emotion == "fearful"  # nearest on the plane
    assert c[2].seed_rank is None


def test_energy_follows_arousal(starter):
    assert {t.energy for t in starter if t.mood == "excitement"} == {"high"}
    assert {t.energy for t in starter if t.mood == "sad"} == {"low"}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_written_and_read_again(starter, tmp_path, suffix):
    path = tmp_path / f"c.{suffix}"
    (files.write_parquet if suffix == "parquet" else files.write_csv)(starter, path)
    again = files.read(path)
    assert list(again) == list(starter)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_built_catalogue_replaces_the_starter(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    assert files.load().name == "starter.csv"
    built = from_columns("b", {"artist": ["A"], "title": ["a"], "mood": ["sad"]})
    files.write_parquet(built, paths.built_catalogue())
    assert [t.title for t in files.load()] == ["a"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"artist": ["A"]}, "title"),
        ({"artist": [], "title": []}, "no song"),
        ({"artist": ["A"], "title": [""], "mood": ["sad"]}, "no title"),
        ({"artist": ["A"], "title": ["a"], "mood": ["gloomy"]}, "LMC"),
        ({"artist": ["A"], "title": ["a"]}, "neither"),
        ({"artist": ["A"], "title": ["a"], "valence": [3], "arousal": [0]}, "outside"),
        ({"artist": ["A"], "title": ["a"], "valence": ["x"], "arousal": [0]}, "valence"),
        ({"artist": ["A", "a"], "title": ["b", "B"], "mood": ["sad", "sad"]}, "same"),
        ({"artist": ["A"], "title": ["a"], "mood": ["sad"], "emotion": ["sadly"]}, "eight"),
    ],
)
def test_invalid_catalogues_are_refused(columns, says):
    with pytest.raises(CatalogueError, match=says):
        from_columns("x", columns)


@pytest.mark.parametrize("content", [b"", b"artist,title\nA\n", b"PAR1 but not really", b"\xff\xfe\x00"])
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    with pytest.raises(CatalogueError):
        files.read(path)
    with pytest.raises(CatalogueError):
        files.read(tmp_path / "absent.csv")


def _parquet(columns: dict) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


GOOD = _parquet({"artist": ["A"] * 400, "title": [f"song {i}" for i in range(400)], "mood": ["sad"] * 400})


@pytest.mark.parametrize(
    "content",
    {
        "empty": b"",
        "truncated": GOOD[: len(GOOD) // 2],
        "its middle overwritten": GOOD[:200] + bytes(300) + GOOD[500:],
        "other columns": _parquet({"a": [1], "b": [2]}),
        "other kinds of cells": _parquet({"artist": ["A"], "title": ["a"], "valence": [[0.1]], "arousal": [[0.2]]}),
        "not Parquet": b"PAR1 but not really",
        "a page of the web": b"<html>404</html>",
    }.values(),
    ids=lambda content: f"{len(content)} bytes",
)
def test_a_damaged_built_catalogue_gives_way_to_the_starter(tmp_path, monkeypatch, caplog, content):
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    paths.built_catalogue().write_bytes(content)
    catalogue, fault = files.built_or_starter()
    assert catalogue.name == files.load().name == "starter.csv"
    assert fault is not None
    assert "Build it again" in str(fault)
    assert "shipped songs" in caplog.text
    with pytest.raises(CatalogueError):
        files.load(paths.built_catalogue())  # who names a file is told


def test_a_catalogue_that_cannot_be_opened_gives_way_to_the_starter(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    paths.built_catalogue().mkdir()
    catalogue, fault = files.built_or_starter()
    assert (catalogue.name, fault is not None) == ("starter.csv", True)


def test_normalised_names_join():
    assert normalise("The Beatles") == normalise("BEATLES")
    assert normalise("Beyoncé feat. Jay-Z") == normalise("Beyonce")
    assert normalise("Don't Stop (Live)") == normalise("Dont Stop")
    assert normalise("周杰倫") == "周杰倫"
    assert normalise("(?)") == ""
    assert normalise("The The") == "the"


def test_songs_without_an_emotion_get_one_beside_songs_that_have_theirs():
    c = from_columns(
        "mixed",
        {
            "artist": ["A", "B", "C"], "title": ["a", "b", "c"], "mood": ["", "sad", None],
            "valence": [0.5, None, -0.6], "arousal": [0.1, None, 0.6], "emotion": ["angry", "", None],
        },
    )  # fmt: skip
    assert [t.emotion for t in c] == ["angry", "sad", "fearful"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("はら", "ばら"), ("ハハ", "パパ"), ("かき", "がぎ"), ("한국", "한글"), ("कल", "कुल")],
)
def test_letters_that_differ_make_names_that_differ(one, other):
    assert fold(one) == unicodedata.normalize("NFC", one), "it stays as it is"
    assert fold(one) != fold(other)
    assert normalise(one) != normalise(other)
    assert len(from_columns("c", {"artist": ["A", "A"], "title": [one, other], "mood": ["sad", "sad"]})) == 2


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Little Feat", "little feat"), ("Little", "little"), ("Ft. Worth", "ft worth"), ("Feat", "feat"),
        ("Featuring", "featuring"), ("Song feat. X", "song"), ("Song feat X", "song"), ("Song (feat. X)", "song"),
        ("Song Ft. Y", "song"), ("Song ft. Y & Z", "song"), ("Song featuring Z", "song"), ("Beyoncé", "beyonce"),
        ("The Beatles", "beatles"), ("Ｑｕｅｅｎ", "queen"), ("Little Feat feat. X", "little feat"),
    ],
)  # fmt: skip
def test_a_guest_goes_and_a_band_stays(name, key):
    assert normalise(name) == key


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_catalogue_is_read_as_spreadsheets_write_it(tmp_path, encoding, delimiter):
    path = tmp_path / "mine.csv"
    rows = [
        ["artist", "title", "mood"],
        ["Bj\u00f6rk", "J\u00f3ga", "sad"],
        ["Sigur R\u00f3s", "Hopp\u00edpolla", "happy"],
    ]
    path.write_bytes("".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding))
    catalogue = files.read(path)
    assert [[t.artist, t.title, t.mood] for t in catalogue] == rows[1:]
