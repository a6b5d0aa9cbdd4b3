"""Every file that the cue sheet writes, read again by another reader and compared frame by frame."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import opentimelineio as otio
import pytest

from emotion.messages import LANGUAGES
from emotion.timeline import Moment, Notice
from recommender import load_catalogue, sentence
from recommender.cues import CueSheet, Song, credits, edits, from_dict, make_sheet, timecodes, with_songs
from recommender.cues.export import FORMATS, chapters, render
from recommender.cues.export.marks import marks
from recommender.cues.frames import edit_rate, to_frame
from recommender.cues.peaks import Peak
from recommender.errors import BadTimecode, UnknownChoice
from recommender.songs.usable import REFERENCE
from tests.benchmarks import joins
from tests.cue_timelines import scores, timeline

RATES = {
    "23.976": Fraction(24000, 1001), "24": Fraction(24), "25": Fraction(25), "29.97": Fraction(30000, 1001),
    "30": Fraction(30), "50": Fraction(50), "59.94": Fraction(60000, 1001), "60": Fraction(60),
    "variable": Fraction(10_000_000, 343_117), "sound alone": None,
}  # fmt: skip
HOSTILE = '<b>&"|M:x|]]>\u202e--> =cmd()|\nnext\x0b\ud800'


@pytest.fixture(params=RATES)
def sheet(request: pytest.FixtureRequest) -> CueSheet:
    read = timeline([("angry", 61), ("calm", 64), ("happy", 35), ("sad", 40)], rate=RATES[request.param], blur=0.2)
    moments = list(read.moments)
    for k in (30, 150):
        moments[k] = Moment(moments[k].segment, scores("fearful", 0.95), None, scores("fearful", 0.95))
    made = make_sheet(replace(read, moments=tuple(moments)))
    assert len(made) == 4 and any(c.peaks for c in made.cues)
    return made


def starts(sheet: CueSheet) -> list[int]:
    return [m.frame for m in marks(sheet)]


def count(label: str, rate: Fraction) -> int:
    """Our own count of a timecode, by adding up: the frames of every whole minute before it, then the rest."""
    hours, minutes, seconds, frames = (int(x) for x in re.split("[:;]", label))
    base = round(rate)
    dropped = base // 15 if rate.denominator == 1001 and base % 30 == 0 else 0
    total = 0
    for minute in range(60 * hours + minutes):
        total += 60 * base - (dropped if minute % 10 else 0)
    skipped = dropped if (60 * hours + minutes) % 10 else 0
    assert not (skipped and seconds == 0 and frames < skipped), f"{label} names no frame"
    return total + seconds * base + frames - skipped


@pytest.mark.parametrize("rate", [r for r in RATES.values() if r is not None], ids=str)
def test_timecode_counts_as_by_hand(rate: Fraction) -> None:
    rate = edit_rate(rate)
    base = round(rate)
    frames = {0, 1, base, 60 * base, 17982, 17981, 35964, 107892, 107891} | {
        minute * 60 * base + k - 20 for minute in (1, 2, 9, 10, 11, 59, 60, 719, 1439) for k in range(40)
    }
    for frame in frames:
        label = timecodes.at(frame, rate)
        if frame < round(rate * 86400):
            assert count(label, rate) == frame, label
            assert timecodes.parse(label, rate) == frame, label


@pytest.mark.parametrize(
    "text", ["", "1:00:00:00", "01:00:00", "25:00:00:00", "01:60:00:00", "01:00:00:30", "x", "01:01:00;00"]
)
def test_a_timecode_that_no_frame_has_is_refused(text: str) -> None:
    with pytest.raises(BadTimecode):
        timecodes.parse(text, Fraction(30000, 1001))


@pytest.mark.parametrize(("start", "offset_s"), [("01:00:00:00", 3600), ("00:00:00:00", 0), ("10:00:00:00", 36000)])
def test_resolve_edl(sheet: CueSheet, start: str, offset_s: int) -> None:
    text = render(sheet, "edl", start_timecode=start)
    drop = timecodes.drops(sheet.rate)
    assert f"FCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}" in text.splitlines()[1]
    found = re.findall(
        r"^\d{3}  001      V     C        (\S+) (\S+) (\S+) (\S+)\n \|C:ResolveColor(\w+) \|M:([^|]+) \|D:(\d+)$",
        text,
        re.M,
    )
    assert len(found) == len(marks(sheet))
    origin = count(start.replace(":", ";") if drop else start, sheet.rate)
    for (source, after, record, record_after, _, name, length), mark in zip(found, marks(sheet), strict=True):
        assert (source, after) == (record, record_after)
        assert (";" in record) == drop
        assert count(record, sheet.rate) - origin == mark.frame
        assert count(record_after, sheet.rate) - count(record, sheet.rate) == 1
        assert int(length) == mark.frames
        assert name.startswith(mark.name)
    clock = origin / sheet.rate - offset_s
    assert abs(clock) < (0.1 if drop or sheet.rate.denominator == 1 else 0.002 * offset_s + 0.1)


def test_resolve_edl_is_an_edl_to_another_reader(sheet: CueSheet) -> None:
    text = "".join(line for line in render(sheet, "edl").splitlines(True) if not line.startswith(" |"))
    read = otio.adapters.read_from_string(text, "cmx_3600", rate=float(sheet.rate))
    clips = list(read.find_clips())
    assert len(clips) == len(marks(sheet))
    first = clips[0].range_in_parent().start_time
    for clip, mark in zip(clips, marks(sheet), strict=True):
        assert (clip.range_in_parent().start_time - first).to_frames() == mark.frame


def test_premiere_xml(sheet: CueSheet) -> None:
    read = otio.adapters.read_from_string(render(sheet, "xmeml"), "fcp_xml")
    stack = read.tracks if isinstance(read, otio.schema.Timeline) else next(iter(read)).tracks
    assert len(stack.markers) == len(marks(sheet))
    for marker, mark in zip(stack.markers, marks(sheet), strict=True):
        assert marker.name == mark.name
        assert marker.marked_range.start_time.to_frames() == mark.frame
        assert marker.marked_range.start_time.rate == pytest.approx(float(sheet.rate), rel=1e-6)
        assert marker.marked_range.duration.to_frames() == (0 if mark.peak else mark.frames)


def test_final_cut_xml(sheet: CueSheet) -> None:
    text = render(sheet, "fcpxml", start_timecode="02:00:00:00")
    root = ET.fromstring(text)
    assert tuple(int(x) for x in root.attrib["version"].split(".")) >= (1, 9)

    def seconds(value: str) -> Fraction:
        assert value.endswith("s")
        return Fraction(value[:-1])

    frame = seconds(root.find("resources/format").attrib["frameDuration"])  # type: ignore[union-attr]
    assert 1 / frame == sheet.rate
    sequence, gap = next(root.iter("sequence")), next(root.iter("gap"))
    begin = seconds(gap.attrib["start"])
    assert seconds(sequence.attrib["duration"]) / frame == to_frame(sheet.end, sheet.rate)
    assert gap.attrib["offset"] == sequence.attrib["tcStart"]
    drop = timecodes.drops(sheet.rate)
    assert seconds(sequence.attrib["tcStart"]) / frame == count("02;00;00;00" if drop else "02:00:00:00", sheet.rate)
    found = list(gap.iter("marker"))
    assert [(seconds(m.attrib["start"]) - begin) / frame for m in found] == starts(sheet)
    for value in [
        *(m.attrib["start"] for m in found),
        gap.attrib["offset"],
        gap.attrib["duration"],
        gap.attrib["start"],
    ]:
        assert (seconds(value) / frame).denominator == 1, "Final Cut refuses times between frames"


def test_otio(sheet: CueSheet) -> None:
    text = render(sheet, "otio")
    read = otio.adapters.read_from_string(text, "otio_json")
    schemas = set(re.findall(r'"OTIO_SCHEMA": "([A-Za-z]+)\.\d+"', text))
    assert schemas <= {"Timeline", "Stack", "Track", "Gap", "Marker", "TimeRange", "RationalTime", "Effect"}
    track = read.tracks[0]
    assert [g.duration().to_frames() for g in track] == [
        to_frame(c.end, sheet.rate) - to_frame(c.start, sheet.rate) for c in sheet.cues
    ]
    found = [(g.range_in_parent().start_time + m.marked_range.start_time).to_frames() for g in track for m in g.markers]
    assert found == starts(sheet)
    for gap in track:
        for marker in gap.markers:
            assert marker.marked_range.end_time_exclusive() <= gap.source_range.end_time_exclusive()
            assert gap.source_range.start_time <= marker.marked_range.start_time


@pytest.mark.parametrize("code", [None, "10:20:30:05"])
def test_the_clip_itself_lies_beside_its_markers_where_it_is_a_file(sheet: CueSheet, code: str | None) -> None:
    """In each form that holds clips: all of it, by address and the camera's time code, with the markers as before."""
    drop = timecodes.drops(sheet.rate)
    own = code and (code[:8] + (";" if drop else ":") + code[9:])
    sheet = replace(sheet, clip=replace(sheet.clip, width=3840, height=2160, sr=48_000, start_timecode=own))
    path, length = Path("/media/Footage 1/a <b>&talk 訪談.mp4"), to_frame(sheet.end, sheet.rate)
    start = count(own, sheet.rate) if own else 0
    for form, adapter in (("otio", "otio_json"), ("xmeml", "fcp_xml")):
        read = otio.adapters.read_from_string(render(sheet, form, footage=path), adapter)
        stack = read if isinstance(read, otio.schema.Timeline) else next(iter(read))
        clips = list(stack.find_clips())
        assert [c.media_reference.target_url for c in clips] == [path.as_uri()] * 2, form
        for clip in clips:
            assert clip.range_in_parent().start_time.to_frames() == 0
            assert clip.duration().to_frames() == length
            assert clip.media_reference.available_range.start_time.to_frames() == start
    plain, root = ET.fromstring(render(sheet, "fcpxml")), ET.fromstring(render(sheet, "fcpxml", footage=path))
    seconds = lambda value: Fraction(value.rstrip("s"))  # noqa: E731
    item, asset, gap = next(root.iter("asset-clip")), next(root.iter("asset")), next(plain.iter("gap"))
    assert next(asset.iter("media-rep")).attrib["src"] == path.as_uri()
    assert seconds(asset.attrib["start"]) == seconds(item.attrib["start"]) == start / sheet.rate
    assert (item.attrib["offset"], item.attrib["duration"]) == (gap.attrib["offset"], gap.attrib["duration"])
    assert not list(root.iter("gap"))
    for there, here in ((item, asset.attrib["start"]), (gap, gap.attrib["start"])):
        frames = [(seconds(m.attrib["start"]) - seconds(here)) * sheet.rate for m in there.iter("marker")]
        assert frames == starts(sheet)
    for form in ("edl", "chapters", "vtt", "csv", "text", "json"):
        assert render(sheet, form, footage=path) == render(sheet, form)


def test_chapters_are_such_as_youtube_takes(sheet: CueSheet) -> None:
    lines = [re.fullmatch(r"((?:\d+:)?\d+:\d\d) (\S.*)", line) for line in render(sheet, "chapters").splitlines()]
    times = []
    for line in lines:
        assert line is not None
        parts = [int(p) for p in line[1].split(":")]
        times.append(sum(p * 60**k for k, p in enumerate(reversed(parts))))
    assert times[0] == 0 and len(times) >= 3
    assert all(b - a >= 10 for a, b in pairwise(times))
    assert times == [int(c.start) for c in sheet.cues]


def chapter_times(sheet: CueSheet) -> list[int]:
    """The times of the lines, as YouTube reads them."""
    lines = render(sheet, "chapters").splitlines()
    clocks = [[int(p) for p in line.split(" ")[0].split(":")] for line in lines]
    return [sum(p * 60**k for k, p in enumerate(reversed(clock))) for clock in clocks]


def cut_at(*times: float) -> CueSheet:
    """A sheet with a cue from each time to the next."""
    made = make_sheet(timeline([("angry", 1)] * int(times[-1]), rest_s=times[-1] % 1))
    cue = made.cues[0]
    cues = [replace(cue, id=k, start=Fraction(a), end=Fraction(b)) for k, (a, b) in enumerate(pairwise(times), 1)]
    return replace(made, cues=tuple(cues)).measured()


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ((0, 10, 20, 30), [0, 10, 20]),
        ((0, 4, 12, 22, 40), [0, 12, 22]),  # the first is too short: it goes to the one after it
        ((0, 40, 44, 90), [0, 44]),
        ((0, 8, 16, 24, 32, 40, 48), [0, 16, 32]),
        ((0, 12, 14, 40, 60), [0, 14, 40]),  # two seconds stand under another's name, not twelve
        ((0, 20, 35, 38), [0, 20]),
        ((0, 5), [0]),
        ((0, 10, 20, 29.9), [0, 10]),
        ((0, 3600, 3605.5, 7200, 7230), [0, 3605, 7200]),
    ],
)
def test_short_cues_join_so_that_youtube_takes_as_many_chapters_as_can_be(
    edges: tuple[float, ...], expected: list[int]
) -> None:
    made = cut_at(*edges)
    times = chapter_times(made)
    assert times == expected
    assert times[0] == 0 and all(b - a >= 10 for a, b in pairwise([*times, edges[-1]]) if edges[-1] >= 10)
    said = chapters.problem(made)
    assert (said is None) == (len(times) >= 3)
    for language in LANGUAGES:
        told = "" if said is None else sentence(said, language)
        assert "(" not in told and "{" not in told and ("cue." not in told)
        assert said is None or (("30" in told) if edges[-1] < 30 else (str(len(times)) in told))


def test_no_joining_gives_more_chapters() -> None:
    """Against every way to join the cues of short sheets, tried one by one."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        edges = [0, *np.cumsum(rng.integers(1, 15, size=8)).tolist()]
        made = cut_at(*edges)
        most = max(
            sum(bits >> k & 1 for k in range(7)) + 1
            for bits in range(128)
            if all(b - a >= 10 for a, b in pairwise([0, *(edges[k + 1] for k in range(7) if bits >> k & 1), edges[-1]]))
        )  # fmt: skip
        assert len(chapter_times(made)) == most


def test_a_chapter_is_called_as_its_longest_cue_and_a_name_stays_as_it_is_written() -> None:
    made = edits.rename(edits.rename(cut_at(0, 3, 20, 40, 60), 1, "sting"), 2, "BBC's intro")
    assert render(made, "chapters").splitlines()[0] == "0:00 BBC's intro"
    assert render(edits.rename(made, 3, "the USA"), "chapters").splitlines()[1] == "0:20 The USA"


def test_webvtt_is_within_each_frame(sheet: CueSheet) -> None:
    text = render(sheet, "vtt")
    assert text.startswith("WEBVTT\n\n")
    spans = re.findall(r"^(\d\d):(\d\d):(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})$", text, re.M)
    for span, cue in zip(spans, sheet.cues, strict=True):
        h, m, s, ms = (int(x) for x in span[:4])
        frame = (Fraction(3600 * h + 60 * m + s) + Fraction(ms, 1000)) * sheet.rate
        assert int(frame) == to_frame(cue.start, sheet.rate)


def test_the_table_opens_in_a_spreadsheet(sheet: CueSheet) -> None:
    sheet = with_songs(sheet, load_catalogue(None))
    sheet = edits.choose(sheet, 1, sheet.cue(1).music[0].id)
    text = render(sheet, "csv", start_timecode="00:00:00:00")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:], newline="")))
    assert [count(r["timecode in"], sheet.rate) for r in rows] == [to_frame(c.start, sheet.rate) for c in sheet.cues]
    assert [float(r["in (s)"]) for r in rows] == pytest.approx([float(c.start) for c in sheet.cues], abs=0.0006)
    assert rows[0]["track"] and rows[0]["licence"] and not rows[1]["track"]


def test_json_reads_back_as_the_sheet(sheet: CueSheet) -> None:
    assert from_dict(json.loads(render(sheet, "json"))) == sheet


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["en", "zh_TW"])
def test_hostile_names_stay_text(form: str, language: str) -> None:
    sheet = make_sheet(timeline([("angry", 20), ("happy", 20)], name=f"{HOSTILE}.mp4"))
    sheet = edits.write_note(edits.rename(sheet, 1, HOSTILE), 2, HOSTILE)
    text = render(sheet, form, language=language).encode("utf-8", "replace").decode()
    if form in ("xmeml", "fcpxml"):
        root = ET.fromstring(text)
        assert not list(root.iter("b")), "markup is text"
        assert any("<b>&" in v for e in root.iter() for v in [e.text or "", *e.attrib.values()])
    elif form == "edl":
        assert text.count(" |M:") == text.count("|C:") == text.count(" |D:") == len(marks(sheet))
        assert all(len(line.split("|")) == 4 for line in text.splitlines() if line.startswith(" |C"))
    elif form == "vtt":
        assert text.count("-->") == len(sheet) and "<b>" not in text
    elif form == "csv":
        for row in csv.reader(io.StringIO(text[1:], newline="")):
            assert not any(cell[:1] in tuple("=+-@") for cell in row if cell)
    elif form == "chapters":
        assert len(text.splitlines()) == 2 and "<" not in text
    elif form == "otio":
        otio.adapters.read_from_string(text, "otio_json")
    elif form == "json":
        assert from_dict(json.loads(text)).cue(1).title == sheet.cue(1).title


def test_no_two_marks_share_a_frame() -> None:
    sheet = make_sheet(timeline([("angry", 20), ("happy", 20)]))
    here = Peak(sheet.cues[1].start, "turn", "happy")
    crowded = replace(sheet, cues=(sheet.cues[0], replace(sheet.cues[1], peaks=(here, here))))
    frames = starts(crowded)
    assert len(frames) == len(set(frames)) == 4


def test_an_unknown_format_or_start_is_refused(sheet: CueSheet) -> None:
    with pytest.raises(UnknownChoice):
        render(sheet, "aaf")
    for form in FORMATS:
        with pytest.raises(BadTimecode):
            render(sheet, form, start_timecode="01:00")


@pytest.mark.parametrize(
    ("mean", "edited"),
    [
        (Fraction(2997, 100), Fraction(30000, 1001)), (Fraction(23976, 1000), Fraction(24000, 1001)),
        (Fraction(29145, 1000), Fraction(30000, 1001)), (Fraction(15), Fraction(15)), (Fraction(1, 2), Fraction(25)),
        (Fraction(59939, 1000), Fraction(60000, 1001)), (Fraction(24), Fraction(24)),
    ],
)  # fmt: skip
def test_odd_rates_are_edited_at_a_usual_one(mean: Fraction, edited: Fraction) -> None:
    assert edit_rate(mean) == edited


# Credits --------------------------------------------------------------------------------------------


def credited() -> CueSheet:
    """A sheet that uses a track whose licence asks for its author's name."""
    sheet = make_sheet(timeline([("angry", 60), ("calm", 60)]))
    first, *rest = sheet.cues
    used = Song("x", "Kevin MacLeod", "Desk Blues", "CC BY 4.0", Notice("cue.track", ()), 0.1, CREDIT)
    hit = Song("y", "A Star", "A Hit", REFERENCE, Notice("cue.track", ()), 0.1)
    rest = [replace(c, music=(hit,), chosen="y") for c in rest]
    return replace(sheet, cues=(replace(first, music=(used, hit), chosen="x"), *rest))


CREDIT = '"Desk Blues" Kevin MacLeod (incompetech.com), Licensed under Creative Commons: By Attribution 4.0'


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["en", "zh_TW"])
def test_every_export_holds_the_credit_lines_of_the_tracks_that_are_used(form: str, language: str) -> None:
    written = html.unescape(render(credited(), form, language=language))
    asked = CREDIT if language == "en" or form == "json" else "Desk Blues"
    parts = [written, written.replace('""', '"'), written.replace('\\"', '"')]  # as CSV and JSON quote
    assert any(asked in part for part in parts), form
    if language == "zh_TW" and form != "json":
        assert "採用 CC BY 4.0 授權" in written
    assert "A Star" not in "".join(credits.lines(credited(), language)), "a reference song is not used"
    silent = make_sheet(timeline([("angry", 60), ("calm", 60)]))
    assert credits.block(silent, language) == []


def test_a_sheet_of_before_without_credits_is_read() -> None:
    data = json.loads(render(credited(), "json"))
    assert from_dict(data) == credited()
    for cue in data["cues"]:
        for song in cue["music"]:
            del song["credit"]
    assert from_dict(data).cues[0].song is not None


@pytest.mark.parametrize("form", ["text", "edl", "vtt", "csv"])
def test_in_chinese_no_list_is_parted_by_half_signs(form: str) -> None:
    sheet = make_sheet(joins.kept()["joined, 180 s"])
    told = render(sheet, form, language="zh_TW")
    assert not re.search(r"[\u4e00-\u9fff][;,] ", told)
    assert "；" in told or "、" in told
