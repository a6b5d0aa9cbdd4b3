"""Results shared by a link: on SQLite and a real PostgreSQL, opened, expired, deleted by who made them alone."""

import base64
import io
import json
import shutil
import struct
import threading
import time
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from emotion import media, result
from emotion.labels import EMOTIONS
from emotion.media import preview
from emotion.timeline import Clip, EmotionScores, ModelUsed, Moment, Notice, Segment, Timeline, Verdict
from recommender import paths, seed_picks, sentence
from recommender.errors import SharesFull, ShareTooLarge, SnapshotError, TooManyShares
from recommender.songs import files
from recommender.store import database, shares, snapshot
from recommender.store.shares import DAY_S, Shares, clip_of, folder, key_of
from tests.conftest import SAMPLES

NOW = 1_700_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: sa.Engine, clock: Clock) -> Shares:
    return Shares(engine, clock)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "holiday with somebody.mp4"
    path.write_bytes(b"a clip" * 100)
    return path


def rows(engine: sa.Engine) -> list[dict[str, object]]:
    with engine.connect() as c:
        return [dict(row) for row in c.execute(sa.select(database.shares)).mappings()]


def test_a_link_opens_what_was_shared_and_nothing_else_does(store: Shares) -> None:
    made = store.create("one", "A title", '{"a": 1}', days=7)
    share = store.open(made.id)
    assert share is not None
    assert (share.title, share.payload, share.created, share.expires) == (
        "A title",
        '{"a": 1}',
        NOW,
        NOW + 7 * DAY_S,
    )
    assert len(made.id) == len(made.secret) == 32  # 192 bits each
    for other in ("", "x", made.id[:-1] + "_", made.secret, key_of(made.id), "' OR 1=1 --", "../" + made.id):
        assert store.open(other) is None


def test_the_database_holds_neither_the_link_nor_the_secret(store: Shares, engine: sa.Engine, clip: Path) -> None:
    made = store.create("one", "title", "{}", days=1, clip=clip)
    kept = repr(rows(engine)) + repr(list(folder().iterdir()))
    assert made.id not in kept
    assert made.secret not in kept
    assert "holiday" not in kept


def test_a_clip_lies_apart_under_a_name_that_cannot_be_guessed_and_is_a_copy(store: Shares, clip: Path) -> None:
    made = store.create("one", "title", "{}", days=1, clip=clip)
    path = clip_of(made.share)
    assert path is not None
    assert path.name == key_of(made.id) + ".mp4"
    assert path.read_bytes() == clip.read_bytes()
    assert folder().stat().st_mode & 0o077 == 0
    clip.unlink()  # its visitor leaves
    assert path.is_file()
    share = store.open(made.id)
    assert share is not None
    assert clip_of(share) == path
    assert clip_of(store.create("one", "title", "{}", days=1).share) is None


def test_it_ends_on_its_day_rows_and_files(store: Shares, engine: sa.Engine, clock: Clock, clip: Path) -> None:
    short, long_ = (store.create("one", "t", "{}", days=d, clip=clip) for d in (1, 7))
    clock.now += DAY_S - 1
    assert store.open(short.id) is not None
    clock.now += 1
    assert store.open(short.id) is None
    assert [s.key for s in store.of("one")] == [long_.share.key]
    assert store.purge() == 1
    assert [r["key"] for r in rows(engine)] == [long_.share.key]
    assert [p.stem for p in folder().iterdir()] == [long_.share.key]
    clock.now += 7 * DAY_S
    store.create("two", "t", "{}", days=1)  # whoever comes next, what has expired leaves the disk
    assert [r["owner"] for r in rows(engine)] == [database.name_of("two")]
    assert list(folder().iterdir()) == []


def test_a_clip_without_its_row_goes_with_its_time(store: Shares, engine: sa.Engine, clock: Clock, clip: Path) -> None:
    store.create("one", "t", "{}", days=1, clip=clip)
    with engine.begin() as c:
        c.execute(sa.delete(database.shares))
    store.purge()
    assert len(list(folder().iterdir())) == 1
    clock.now += DAY_S
    store.purge()
    assert list(folder().iterdir()) == []


def test_a_clip_that_is_being_copied_is_not_taken_for_an_old_one(
    store: Shares, clip: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hourly purge, or another visitor's share, in the middle of a copy."""
    clock.now = time.time()
    plain = shutil.copyfile

    def copied(source: Path, target: Path) -> None:
        plain(source, target)
        clock.now += 1
        assert store.purge() == 0

    monkeypatch.setattr(shutil, "copyfile", copied)
    made = store.create("one", "t", "{}", days=1, clip=clip)
    path = clip_of(made.share)
    assert path is not None
    assert path.read_bytes() == clip.read_bytes()
    assert len(list(folder().iterdir())) == 1


def test_a_copy_that_broke_off_leaves_nothing(
    store: Shares, clip: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"a cl")
        raise OSError("no space left on device")

    with monkeypatch.context() as m, pytest.raises(OSError, match="no space"):
        m.setattr(shutil, "copyfile", full)
        store.create("one", "t", "{}", days=1, clip=clip)
    assert list(folder().iterdir()) == []
    left = folder() / f"x.mp4{shares.PART}"  # the power failed in the middle
    left.write_bytes(b"a cl")
    clock.now = time.time() + DAY_S + 60
    store.purge()
    assert list(folder().iterdir()) == []


def test_only_who_made_it_deletes_it(store: Shares, clip: Path) -> None:
    made, other = (store.create("one", "t", "{}", days=1, clip=clip) for _ in range(2))
    path = clip_of(made.share)
    assert path is not None
    assert store.delete(made.share.key, "two") is False
    assert store.delete_with(made.id, other.secret) is False
    assert store.delete_with(made.id, "") is False
    assert store.delete_with(made.id, key_of(made.secret)) is False, "what the database holds is no key"
    assert store.delete_with("nobody's", "") is False
    assert store.delete_all("two") == 0
    assert store.open(made.id) is not None
    assert path.is_file()

    assert store.delete_with(made.id, made.secret) is True
    assert store.open(made.id) is None
    assert not path.exists()
    assert store.delete(other.share.key, "one") is True
    assert store.delete(other.share.key, "one") is False
    assert store.of("one") == []
    assert list(folder().iterdir()) == []


def test_visitors_see_their_own_links_alone(store: Shares, clock: Clock) -> None:
    for owner, title in (("one", "first"), ("two", "other"), ("one", "second")):
        clock.now += 1
        store.create(owner, title, "{}", days=1)
    assert [s.title for s in store.of("one")] == ["second", "first"]
    assert store.delete_all("one") == 2
    assert [s.title for s in store.of("two")] == ["other"]


def test_limits_of_a_visitor_and_of_all(
    store: Shares, clip: Path, monkeypatch: pytest.MonkeyPatch, engine: sa.Engine
) -> None:
    monkeypatch.setattr(shares, "EACH", 2)
    first = store.create("one", "t", "{}", days=1)
    store.create("one", "t", "{}", days=1)
    with pytest.raises(TooManyShares):
        store.create("one", "t", "{}", days=1, clip=clip)
    assert store.delete(first.share.key, "one")
    store.create("one", "t", "{}", days=1)
    monkeypatch.setattr(shares, "MAX_CLIP_BYTES", clip.stat().st_size - 1)
    with pytest.raises(ShareTooLarge):
        store.create("two", "t", "{}", days=1, clip=clip)
    monkeypatch.setattr(shares, "MAX_CLIP_BYTES", clip.stat().st_size)
    monkeypatch.setattr(shares, "EACH_BYTES", clip.stat().st_size)
    with pytest.raises(ShareTooLarge):
        store.create("two", "t", "{}", days=1, clip=clip)
    monkeypatch.setattr(shares, "EACH_BYTES", 10 * clip.stat().st_size)
    monkeypatch.setenv("MOODCUE_SHARE_MB", str(clip.stat().st_size / 1024**2))
    with pytest.raises(SharesFull):
        store.create("two", "t", "{}", days=1, clip=clip)
    monkeypatch.setattr(shares, "ALL", 2)
    with pytest.raises(SharesFull):
        store.create("two", "t", "{}", days=1)
    assert list(folder().iterdir()) == [], "what was refused leaves nothing"
    assert len(rows(engine)) == 2
    with pytest.raises(ShareTooLarge):
        store.create("two", "t", "x" * (shares.MAX_PAYLOAD_BYTES + 1), days=1)


def test_a_limit_holds_when_many_share_at_once(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "EACH", 4)
    refused: list[Exception] = []

    def share() -> None:
        try:
            Shares(engine).create("one", "t", "{}", days=1)
        except TooManyShares as e:
            refused.append(e)

    threads = [threading.Thread(target=share) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert (len(rows(engine)), len(refused)) == (4, 4)


@pytest.mark.parametrize(("days", "choices"), [("30", (1, 7, 30)), ("10", (1, 7, 10)), ("1", (1,)), ("0", ())])
def test_the_host_says_how_long_at_most(
    days: str, choices: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOODCUE_SHARE_DAYS", days)
    assert shares.lifetimes() == choices
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="31 days"):
        Shares(sa.create_engine("sqlite://")).create("one", "t", "{}", days=31)


# What is shared --------------------------------------------------------------------------------------


def scores(**probs: float) -> EmotionScores:
    return EmotionScores.from_array([probs.get(e, 0.0) for e in EMOTIONS])


def timeline() -> Timeline:
    sad, calm = scores(sad=0.75, calm=0.25), scores(calm=1.0)
    moments = tuple(Moment(Segment(i, i + 1), voice=sad, face=calm if i else None, fused=sad) for i in range(5))
    return Timeline(
        Clip("/home/somebody/holiday with somebody.mp4", 5.0, 44100, Fraction(25), 640, 360),
        moments,
        Verdict(sad, True),
        Verdict(calm, True),
        Verdict(sad, False),
        disagreement=0.4,
        models=(ModelUsed("voice", "1", "0" * 64),),
        notices=(Notice("notice.several_faces", (("count", 2),)),),
    )


def picture(side: int = 64) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), 120, np.uint8)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def whole() -> snapshot.Snapshot:
    songs = seed_picks(scores(sad=1.0), scores(calm=1.0), files.read(paths.STARTER))
    face = snapshot.Face(1.0, 1, "calm", picture())
    return snapshot.of(timeline(), songs, title="  A <b>title</b>\n\x00 of mine ", corrected="angry", faces=[face])


def test_a_result_comes_back_as_it_was_shared(whole: snapshot.Snapshot) -> None:
    back = snapshot.from_json(snapshot.to_json(whole))
    assert (back.title, back.corrected, back.faces) == ("A <b>title</b> of mine", "angry", whole.faces)
    assert back.timeline == whole.timeline
    assert back.timeline.moments[0].voice == timeline().moments[0].voice
    assert back.timeline.fused == timeline().fused
    assert [p.reason for p in back.songs] == [p.reason for p in whole.songs]
    assert [(p.track.id, p.track.title, p.for_modality) for p in back.songs] == [
        (p.track.id, p.track.title, p.for_modality) for p in whole.songs
    ]


def test_a_link_of_an_earlier_version_says_its_reasons_in_the_words_of_today(whole: snapshot.Snapshot) -> None:
    data = json.loads(snapshot.to_json(whole))
    where = {"start": "0:00", "end": "0:12", "energy": "low", "emotion": "sad", "goal": "hopeful"}
    for former, said in (("counter_both", "as a contrast to sad"), ("lead", "from sad to hopeful")):
        data["songs"][0]["reason"] = [f"music.reason.{former}", where | {"step": "1", "steps": "3"}]
        shown = sentence(snapshot.from_json(json.dumps(data)).songs[0].reason)
        assert said in shown and "music." not in shown


def test_nothing_of_the_owner_goes_in(whole: snapshot.Snapshot) -> None:
    text = snapshot.to_json(whole)
    assert "holiday" not in text
    assert "somebody" not in text
    assert snapshot.to_json(snapshot.of(timeline(), [], title="x")).count("jpeg") == 0
    assert set(json.loads(text)["timeline"]) == set(snapshot.KEPT), "what is new in the schema is not shared by itself"


def test_a_later_version_may_say_more_of_a_timeline(whole: snapshot.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    said = result.to_dict

    def more(timeline: Timeline) -> dict[str, object]:
        return {**said(timeline), "speaker_profile": {"name": "holiday"}}

    monkeypatch.setattr(result, "to_dict", more)
    assert "holiday" not in snapshot.to_json(snapshot.of(timeline(), [], title="x"))
    data = json.loads(snapshot.to_json(whole))
    data["timeline"]["later"] = data["later"] = data["songs"][0]["later"] = [1]
    assert snapshot.from_json(json.dumps(data)) == snapshot.from_json(snapshot.to_json(whole))


DAMAGES = {
    "version": lambda d: d.update(version=2),
    "no title": lambda d: d.pop("title"),
    "a title of another kind": lambda d: d.update(title=["x"]),
    "an enormous title": lambda d: d.update(title="x" * 10_000),
    "an unknown emotion": lambda d: d.update(corrected="<b>"),
    "probabilities": lambda d: d["timeline"]["timeline"][0]["voice"].update(sad=9.0),
    "no number": lambda d: d["timeline"]["timeline"][0].update(start="<script>"),
    "an endless clip": lambda d: d["timeline"]["clip"].update(duration_s=1e300),
    "a size that is a text": lambda d: d["timeline"]["clip"].update(width="<img>"),
    "a disagreement that is a text": lambda d: d["timeline"].update(disagreement="<img>"),
    "a reason of another place": lambda d: d["songs"][0].update(reason=["error.unexpected", {}]),
    "values that are no texts": lambda d: d["songs"][0]["reason"][1].update(mood={"a": 1}),
    "a name for format": lambda d: d["songs"][0]["reason"][1].update({"mood.__class__": "x"}),
    "a modality": lambda d: d["songs"][0].update({"for": "nose"}),
    "a year": lambda d: d["songs"][0].update(year=1e9),
    "no picture": lambda d: d["faces"][0].update(jpeg=base64.b64encode(b"<svg onload=alert(1)>").decode()),
    "a large picture": lambda d: d["faces"][0].update(jpeg=base64.b64encode(picture(800)).decode()),
    "no base64": lambda d: d["faces"][0].update(jpeg="<img>"),
    "faces of another kind": lambda d: d.update(faces=3),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_refused(whole: snapshot.Snapshot, damage: str) -> None:
    data = json.loads(snapshot.to_json(whole))
    DAMAGES[damage](data)
    with pytest.raises(SnapshotError):
        snapshot.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '"x"', "[" * 100_000, '{"version": 1}'])
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError):
        snapshot.from_json(text)


def test_a_song_keeps_its_facts(whole: snapshot.Snapshot) -> None:
    shown = asdict(snapshot.from_json(snapshot.to_json(whole)).songs[0].track)
    real = asdict(replace(whole.songs[0].track, has_words=None, source="", licence="", video_id=None, seed_rank=None))
    assert shown == real


def test_a_shared_clip_tells_no_place_device_or_author(tmp_path: Path) -> None:
    """As a phone writes it: the sample with such data, turned by a quarter."""
    phone = tmp_path / "phone.mp4"
    secrets = {"location": "+25.0330+121.5654/", "com.apple.quicktime.make": "PhoneMaker", "artist": "SomebodyReal"}
    with (
        av.open(str(SAMPLES / "good-news.mp4")) as source,
        av.open(str(phone), "w", options={"movflags": "use_metadata_tags"}) as out,
    ):
        out.metadata.update(secrets)
        copies = {s: out.add_stream_from_template(s) for s in (source.streams.video[0], source.streams.audio[0])}
        copies[source.streams.video[0]].metadata["handler_name"] = "SomebodyReal"
        for packet in source.demux(list(copies)):
            if packet.dts is not None:
                packet.stream = copies[packet.stream]  # pyright: ignore[reportArgumentType]
                out.mux(packet)
    data = bytearray(phone.read_bytes())
    matrix = data.find(b"tkhd") + 44
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 360 << 16, 0, 1 << 30)
    phone.write_bytes(data)
    marks = [v.encode() for v in secrets.values()]
    assert all(mark in phone.read_bytes() for mark in marks)

    shared = preview.anonymous(preview.playable(phone, tmp_path), tmp_path)
    assert not any(mark in shared.read_bytes() for mark in marks)
    before, after = media.probe(phone), media.probe(shared)
    assert (after.width, after.height) == (before.width, before.height) == (360, 640)
    assert after.duration_s == pytest.approx(before.duration_s, abs=0.05)
    assert shared.stat().st_size == pytest.approx(phone.stat().st_size, rel=0.05), "copied, not encoded anew"
