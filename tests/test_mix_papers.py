"""What goes with a mix into the edit: cut music in three timelines, the broadcasters' sheet, credits, report."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import openpyxl
import opentimelineio as otio
import pytest
import soundfile

from emotion import media
from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender.cues import CueSheet, make_sheet
from recommender.cues.export import FORMATS
from recommender.mix import beside, broadcast, command, estimate, score, timelines
from recommender.mix.duck import FLAT, Second
from recommender.mix.fit import Fit, Piece
from recommender.mix.plan import TARGETS, MixPlan, Music, Placement
from recommender.mix.render import Form
from recommender.mix.report import Report
from recommender.songs import installed
from tests.conftest import SAMPLES

RATES = (Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60000, 1001))
START = "01:00:00:00"


def sheet(rate: Fraction) -> CueSheet:
    p = EmotionScores(tuple(0.93 if e == "sad" else 0.01 for e in EMOTIONS))
    moments = tuple(Moment(Segment(i, i + 1), voice=p, fused=p) for i in range(40))
    return make_sheet(Timeline(Clip("my clip.mp4", 40.0, 48_000, rate, 1920, 1080), moments, speech=(Segment(0, 40),)))


def plan() -> MixPlan:
    first, second = installed.tracks()[0], installed.tracks()[5]
    a = Music("a", first.path, "=Tightening", "MoodCue", "MIT", "Tightening, MoodCue (MIT)", isrc="TWABC2600001")
    b = Music("b", second.path, "Under the Stairs", "MoodCue", "MIT", "Under the Stairs, MoodCue (MIT)", sung=True)
    cut = Fit("cut", (Piece(1.0, 9.0), Piece(20.0, 34.0)), 0.4, 0.0)
    faded = Fit("faded", (Piece(0.0, 20.0),), 0.0, 2.5)
    return MixPlan(
        40.0, (Placement(1, a, 0.0, cut, -2.0), Placement(2, b, 20.0, faded, 3.0)), FLAT, 14.0, TARGETS["r128"]
    )


def seconds(time: otio.opentime.RationalTime) -> float:
    return otio.opentime.to_seconds(time)


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("form", ["otio", "xmeml"])
def test_another_reader_finds_each_piece_where_the_plan_has_it(form: str, rate: Fraction) -> None:
    text = timelines.WRITERS[form](sheet(rate), plan(), start_timecode=START, language="en")
    adapter = {"otio": "otio_json", "xmeml": "fcp_xml"}[form]
    read = otio.adapters.read_from_string(text, adapter)
    assert isinstance(read, otio.schema.Timeline)
    frame = float(1 / rate)
    found = {
        (c.name, round(seconds(c.range_in_parent().start_time), 2))
        : (seconds(c.source_range.start_time), seconds(c.source_range.duration))
        for track in read.audio_tracks() for c in track.find_clips()
    }  # fmt: skip
    wanted = {
        ("=Tightening", 0.0): (1.0, 8.0),
        ("=Tightening", 8.0): (20.0, 14.0),
        ("Under the Stairs", 20.0): (0.0, 20.0),
    }
    assert len(found) == len(wanted)
    for (name, at), (source, length) in wanted.items():
        key = min((k for k in found if k[0] == name), key=lambda k: abs(k[1] - at))
        assert key[1] == pytest.approx(at, abs=frame)
        assert found[key] == pytest.approx((source, length), abs=frame)


def test_the_files_that_are_named_are_there_and_final_cut_gets_fades_and_levels() -> None:
    made, known = sheet(RATES[2]), {t.path.resolve() for t in installed.tracks()}
    root = ET.fromstring(timelines.write_fcpxml(made, plan(), start_timecode=START, language="en"))
    sources = {Path(unquote(urlsplit(r.get("src", "")).path)) for r in root.iter("media-rep")}
    assert len(sources) == 2 and sources <= known
    clips = list(root.iter("asset-clip"))
    assert [c.get("name") for c in clips] == ["=Tightening", "=Tightening", "Under the Stairs"]
    frame = 1 / RATES[2]
    for clip in clips:
        for key in ("offset", "start", "duration"):
            time = Fraction(clip.get(key, "").rstrip("s"))
            assert (time / frame).denominator == 1, "on a frame"
    assert [len(list(c.iter("fadeIn"))) for c in clips] == [1, 0, 0]
    assert [len(list(c.iter("fadeOut"))) for c in clips] == [0, 0, 1]
    gap = root.find(".//spine/gap")
    assert gap is not None
    kinds = [e.tag for e in gap]
    assert kinds == sorted(kinds, key=lambda k: k == "marker"), "clips come before markers, as the format wants it"


def test_the_tracks_lie_beside_the_timelines_as_they_are_played(tmp_path: Path) -> None:
    made = plan()
    slower = replace(made.placements[1], start_s=20.0, fit=Fit("faded", (Piece(0.0, 20.0),), 0.0, 2.5, rate=0.97))
    made = replace(made, placements=(*made.placements, slower))
    studio = score.Studio({}, command.described)
    files = beside.write_tracks(made, studio.load, tmp_path)
    assert len(files) == 3 and len(set(files.values())) == 3
    assert files[made.placements[0].music.path, 1.0].startswith("music/") and "=" not in "".join(files.values())
    lengths = {rate: soundfile.info(tmp_path / name).duration for (path, rate), name in files.items()
               if path == slower.music.path}  # fmt: skip
    assert lengths[0.97] == pytest.approx(lengths[1.0] / 0.97, abs=0.001)
    for reference in (beside.relative(files), beside.absolute(files, tmp_path)):
        texts = {
            form: write(sheet(RATES[1]), made, start_timecode=START, language="en", reference=reference)
            for form, write in timelines.WRITERS.items()
        }
        read = otio.adapters.read_from_string(texts["otio"], "otio_json")
        clips = [c for track in read.audio_tracks() for c in track.find_clips()]
        urls = {
            "otio": {c.media_reference.target_url for c in clips},
            "xmeml": {e.text or "" for e in ET.fromstring(texts["xmeml"]).iter("pathurl")},
            "fcpxml": {e.get("src", "") for e in ET.fromstring(texts["fcpxml"]).iter("media-rep")},
        }
        for found in urls.values():
            assert {(tmp_path / unquote(urlsplit(u).path)).resolve() for u in found} == {
                (tmp_path / name).resolve() for name in files.values()
            }


def test_what_is_done_to_a_track_is_said() -> None:
    made = plan()
    a = replace(made.placements[0], fit=replace(made.placements[0].fit, rate=1.012))
    for why, words in (("sung", "singer"), ("no_beat", "no steady beat"), ("rough", "could be heard")):
        b = replace(made.placements[1], fit=replace(made.placements[1].fit, why=why))
        report = Report(replace(made, placements=(a, b)), -21.0, -0.4, (), ("mix.wav",), (command.OWN_MUSIC,))
        told = report.to_dict()
        assert [t["why_faded"] for t in told["tracks"]] == [None, why]
        assert told["tracks"][0]["parts"][0] == {"start": 1.012, "end": 9.108}, "seconds of the track's own file"
        said = " ".join(told["notes"])
        assert words in said and "1.2 % faster" in said and "music of its own" in said
        assert "-21.0 LUFS instead of -23" in said and "-0.4 dBTP" in said


def test_the_time_that_is_left_is_told_now_and_then() -> None:
    now, lines = [0.0], []
    spoken = estimate.Spoken(lines.append, "a.mp4: mixing", clock=lambda: now[0])
    for i in range(101):
        now[0] = i * 0.4
        spoken(i / 100)
    assert lines[0] == "a.mp4: mixing, 13%, about 35 s left" and 5 <= len(lines) <= 8
    assert estimate.left_s(0.01, 30) is None and estimate.left_s(0.5, 0.2) is None


def test_broadcasters_get_their_columns_and_no_formula() -> None:
    data = broadcast.to_csv(plan(), "my clip.mp4", RATES[2], START)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    at = rows.index(list(broadcast.COLUMNS))
    first, second = (dict(zip(rows[at], r, strict=True)) for r in rows[at + 1 :])
    head = {r[0]: r[1] for r in rows[:at] if r}
    assert head["Production"] == "my clip.mp4" and {*broadcast.HEAD} <= {*head}
    assert (head["Length"], head["Length of all music"]) == ("00:00:40", "00:00:42")
    assert first["Composer"] == "MoodCue" and first["Publisher"] == "", "nobody is paid for a guess"
    assert first["Title"].lstrip("'") == "=Tightening" and not first["Title"].startswith("=")
    assert (first["Timecode in"], first["Usage code"], first["ISRC"]) == ("01:00:00;00", "BI", "TWABC2600001")
    assert (second["Timecode in"], second["Usage code"], second["Duration"]) == ("01:00:19;29", "BV", "00:00:20")
    book = openpyxl.load_workbook(io.BytesIO(broadcast.to_xlsx(plan(), "=clip", RATES[2], START)))
    page = book.worksheets[0]
    cells = [c for row in page.iter_rows() for c in row if c.value is not None]
    assert all(c.data_type == "s" for c in cells)
    assert "=Tightening" in [c.value for c in cells]


def test_all_papers_lie_beside_the_mix(tmp_path: Path) -> None:
    meter = (Second(0.0, 14.2), Second(1.0, 9.0))
    report = Report(plan(), -23.0, -1.4, meter, ("mix.mp4", "mix.wav"))
    command.write_papers(tmp_path, sheet(RATES[1]), report, start_timecode=START)
    names = {p.name for p in tmp_path.iterdir()}
    assert {"report.json", "credits.txt", "music-cue-sheet.csv", "music-cue-sheet.xlsx", "my clip.edl"} <= names
    english, chinese = (tmp_path / "credits.txt").read_text("utf-8").split("\n\n")
    assert english.splitlines() == ["Music", *plan().credits]
    assert chinese.splitlines()[0] == "音樂" and len(chinese.splitlines()) == 1 + len(plan().credits)
    data = json.loads((tmp_path / "report.json").read_text())
    assert data["under_lu"] | {"seconds": 0} == {
        "wanted": 14.0, "median": 11.6, "p05": pytest.approx(9.26), "missed_share": 0.5, "seconds": 0,
    }  # fmt: skip
    assert [s.start_s for s in report.critical] == [1.0]
    assert "0:01 only 9 LU" in "\n".join(command.summary(report))


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_one_command_goes_from_a_clip_to_a_mix_and_everything_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    clip = SAMPLES / "good-news.mp4"
    seconds_ = media.probe(clip).duration_s
    p = EmotionScores(tuple(0.93 if e == "happy" else 0.01 for e in EMOTIONS))
    moments = tuple(Moment(Segment(i, min(i + 1, seconds_)), voice=p, fused=p) for i in range(int(seconds_)))
    timeline = Timeline(media.probe(clip), moments, speech=(Segment(0.3, seconds_ - 0.3),))
    monkeypatch.setattr(command, "analysed", lambda path: timeline)
    before, said, out = clip.read_bytes(), [], tmp_path / "out"
    track = installed.tracks()[0].path
    status = command.run(
        clip, music=str(track), under=10.0, target="r128", stems=True, form=form, output=out, say=said.append
    )
    assert status == 0 and clip.read_bytes() == before
    names = {str(f.relative_to(out)) for f in out.rglob("*") if f.is_file()}
    sounds = [f"mix.{form}", *(f"stems/{s}.{form}" for s in ("dialogue", "music", "music-flat", "effects"))]
    papers = {"credits.txt", "report.json", "music-cue-sheet.csv", "music-cue-sheet.xlsx"}
    marks = {f"good-news{FORMATS[k].suffix}" for k in FORMATS}
    assert {"mix.mp4", *sounds, *papers, *marks} <= names and not any(n.startswith(".") for n in names)
    assert {soundfile.info(out / n).frames for n in sounds} == {round(seconds_ * 48_000)}
    assert media.probe(out / "mix.mp4").duration_s == pytest.approx(seconds_, abs=0.05)
    data = json.loads((out / "report.json").read_text())
    assert data["integrated_lufs"] == pytest.approx(-23, abs=0.5) and data["true_peak_dbtp"] <= -1
    assert data["under_lu"]["median"] == pytest.approx(10, abs=1)
    assert data["effects"] == [], "off until they are asked for"
    assert not np.any(soundfile.read(out / "stems" / f"effects.{form}")[0])
    timeline_ = otio.adapters.read_from_file(str(out / "good-news.otio"))
    files = [c.media_reference.target_url for t in timeline_.audio_tracks() for c in t.find_clips()]
    assert files and all(Path(unquote(urlsplit(f).path)).is_file() for f in files)
    assert any("mixing" in line for line in said)


def test_a_target_is_a_name_or_a_sensible_loudness() -> None:
    from recommender.errors import UnknownChoice

    assert command.target_of("podcast").lufs == -16
    assert command.target_of("-18.5").lufs == -18.5
    for wrong in ("loud", "-100", "0", "nan"):
        with pytest.raises(UnknownChoice):
            command.target_of(wrong)
