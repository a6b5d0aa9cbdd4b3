"""Results as JSON: held to the schema, read back whole, and refused where they are something else."""

from __future__ import annotations

import codecs
import csv
import importlib.util
import io
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as some

from emotion import errors, result
from emotion.__main__ import main
from emotion.pipeline import Readers, analyse
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from recommender import tables
from recommender.store import database
from tests.conftest import ROOT, SAMPLES

SCHEMA = json.loads((ROOT / "assets" / "schema" / "result.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
Output = pytest.CaptureFixture[str]


def same(a: Any, b: Any) -> bool:
    """Equal, numbers to the last digit that is written."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 3e-6
    return bool(a == b)


@pytest.fixture(scope="module")
def results(readers: Readers) -> list[dict[str, Any]]:
    """Of samples with a face and a voice, with two people, and with a voice alone."""
    names = ("good-news.mp4", "two-at-the-table.mp4", "voice-note.mp3")
    return [json.loads(json.dumps(result.to_dict(analyse(SAMPLES / n, readers)))) for n in names]


def test_real_results_are_as_the_schema_says(results: list[dict[str, Any]]) -> None:
    VALIDATOR.check_schema(SCHEMA)
    for data in results:
        VALIDATOR.validate(data)
        assert data["schema_version"] == result.SCHEMA_VERSION == SCHEMA["properties"]["schema_version"]["const"]


def test_a_result_reads_back_whole(results: list[dict[str, Any]]) -> None:
    for data in results:
        again = result.from_dict(data)
        for key, value in result.to_dict(again).items():
            assert same(json.loads(json.dumps(value)), data[key]), key
        assert all(0 <= a["start"] < a["end"] <= data["clip"]["duration_s"] + 0.05 for a in data["speech"])
        assert again.speech, "all of these clips hold speech"
    assert [d["face_seen"] is None for d in results] == [False, False, True], "None where there is no picture"
    assert any(d["faces"] for d in results)
    assert any(d["notices"] for d in results)
    assert any(d["adaptation"] and d["adaptation"]["windows"] for d in results)


def test_each_spoken_moment_says_how_pleasant_and_lively_it_is(results: list[dict[str, Any]]) -> None:
    """With an interval around each number, and nothing where nobody is heard."""
    for data in results:
        for moment in data["timeline"]:
            assert (moment["affect"] is None) == (moment["voice"] is None)
        told = [m["affect"] for m in data["timeline"] if m["affect"]]
        assert told
        for affect in told:
            for name in ("valence", "arousal"):
                assert -1 <= affect[f"{name}_low"] <= affect[name] <= affect[f"{name}_high"] <= 1
        assert any(affect["valence_low"] < affect["valence_high"] for affect in told)


def test_a_result_from_before_there_were_intervals_still_reads(results: list[dict[str, Any]]) -> None:
    older = json.loads(json.dumps(results[0]))
    for moment in older["timeline"]:
        del moment["affect"]
    assert all(m.affect is None for m in result.from_dict(older).moments)


scores = some.lists(some.floats(0.01, 1), min_size=8, max_size=8).map(EmotionScores.from_array)
moments = some.lists(some.none() | scores, min_size=3, max_size=3)


@example([[None, None, EmotionScores.from_array([0.9999999999999999, *[1.0] * 7])]], "two that tie when written", 1.0)
@given(some.lists(moments, max_size=5), some.text(max_size=20), some.floats(0, 1e5))
def test_any_timeline_reads_back(readings: list[list[EmotionScores | None]], name: str, duration_s: float) -> None:
    cut = tuple(Moment(Segment(float(i), i + 1.0), r[0], r[1], r[2]) for i, r in enumerate(readings))
    verdict = next((Verdict(s, True) for r in readings for s in r if s), None)
    data = result.to_dict(
        Timeline(Clip(name, duration_s), cut, voice=verdict, fused=verdict, speech=tuple(m.segment for m in cut))
    )
    VALIDATOR.validate(data)
    text = json.dumps(data)
    assert same(json.loads(json.dumps(result.to_dict(result.from_dict(json.loads(text))))), json.loads(text))


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "NaN", "-1", "1e999"])
def test_numbers_that_are_none_are_refused(value: str, tmp_path: Path) -> None:
    data = result.to_dict(Timeline(Clip("x", 3.0), ()))
    path = tmp_path / "t.json"
    path.write_text(json.dumps(data).replace('"duration_s": 3.0', f'"duration_s": {value}'))
    with pytest.raises(errors.TimelineFileError):
        result.read(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((f, v) for f in ("sr", "width", "height", "fps") for v in (float("nan"), -1, "x", [], 1e400)),
        *(("frame_rate", v) for v in ("1e999999999", "1/0", "-25", "", "0", 1e300, "1_000", [])),
    ],
)
def test_a_clip_that_cannot_be_is_refused_at_once(field: str, value: object) -> None:
    """A rate with a huge exponent would otherwise be worked out digit by digit, for hours."""
    data = result.to_dict(Timeline(Clip("x", 3.0), ()))
    with pytest.raises(errors.TimelineFileError):
        result.from_dict({**data, "clip": {**data["clip"], field: value}})


@pytest.mark.parametrize("written", ["25", "30000/1001", 25, 23.976, "0.5"])
def test_a_frame_rate_is_read_as_it_is_written(written: str | float) -> None:
    data = result.to_dict(Timeline(Clip("x", 3.0), ()))
    read = result.from_dict({**data, "clip": {**data["clip"], "frame_rate": written}})
    assert read.clip.frame_rate == Fraction(str(written))


def test_windows_text_is_read_and_what_is_something_else_is_said(tmp_path: Path) -> None:
    data = result.to_dict(Timeline(Clip("x", 3.0), ()))
    text = json.dumps(data)
    path = tmp_path / "t.json"
    le, be = codecs.BOM_UTF16_LE + text.encode("utf-16-le"), codecs.BOM_UTF16_BE + text.encode("utf-16-be")
    for encoded in (le, be, text.encode("utf-8-sig"), text.encode()):
        path.write_bytes(encoded)
        assert result.read(path).clip.name == "x"
    path.write_text(f"[{text}]")
    assert result.read(path).clip.name == "x"
    path.write_text(f"[{text}, {text}]")
    with pytest.raises(errors.SeveralTimelines, match="2 clips"):
        result.read(path)
    path.write_text('[{"id": "a"}, {"id": "b"}]')
    with pytest.raises(errors.TimelineFileError, match="is not a MoodCue timeline"):
        result.read(path)
    path.write_text(text.replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(errors.TimelineFileError, match="newer MoodCue"):
        result.read(path)


def test_one_odd_name_or_an_unwritable_result_ends_no_batch(tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    note = SAMPLES / "voice-note.mp3"
    shutil.copy(note, folder / ("x" * 251 + ".mp3"))
    shutil.copy(note, folder / os.fsdecode(b"caf\xe9.mp3"))
    shutil.copy(note, folder / "plain.mp3")
    out = tmp_path / "out"
    (out / "plain.json").mkdir(parents=True)  # the result's place is taken
    assert main([str(folder), "--format", "json", "--output", str(out)]) == 1
    printed = capsys.readouterr()
    assert "plain.json could not be written" in printed.err
    files = [p for p in out.iterdir() if p.is_file()]
    assert len(files) == 2
    assert all(result.read(p).voice is not None for p in files)
    (tmp_path / "file").write_text("")
    assert main([str(folder / "plain.mp3"), "--output", str(tmp_path / "file")]) == 1
    assert "could not be written" in capsys.readouterr().err


# What leaves the house -------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_of_a_song_table_is_a_formula(title: str) -> None:
    text = tables.as_csv([{"rank": 1, "title": title, "valence": -0.5}])
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["title"] == "'" + title
    assert row["valence"] == "-0.5"


def test_visitors_of_older_databases_are_hashed(engine: sa.Engine) -> None:
    path = ROOT / "recommender" / "store" / "migrations" / "versions" / "0004_hashed_visitors.py"
    spec = importlib.util.spec_from_file_location("hashed_visitors", path)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    with engine.begin() as c:
        c.execute(sa.insert(database.consents).values(visitor="cookie", given=True, at=1.0))
        c.execute(sa.insert(database.events).values(visitor="cookie", at=1.0, kind="pick"))
        migration.hash_visitors(c)
        for table in (database.consents, database.events):
            assert c.execute(sa.select(table.c.visitor)).scalars().all() == [database.name_of("cookie")]
    assert database.name_of("cookie") != "cookie"
