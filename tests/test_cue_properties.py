"""Whatever the timeline and whatever is done to its sheet: no gap, nothing too short, nothing lost on saving."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emotion.labels import EMOTIONS
from emotion.timeline import Timeline
from recommender.cues import CueSheet, edits, from_dict, make_sheet, to_dict
from recommender.cues.cut import SHORTEST, most_sections
from recommender.cues.export import FORMATS, render
from recommender.cues.sheet import STATES
from recommender.errors import CannotEdit
from recommender.ranking.intents import INTENTS
from tests.cue_timelines import timeline

RATES = st.sampled_from(
    [None, *(Fraction(*r) for r in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (50, 1), (60000, 1001), (1, 2)))]
)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    part = st.tuples(st.sampled_from([None, *EMOTIONS]), st.integers(1, 40))
    return timeline(
        draw(st.lists(part, min_size=1, max_size=8)),
        rate=draw(RATES),
        blur=draw(st.floats(0, 1)),
        seed=draw(st.integers(0, 9)),
        rest_s=draw(st.floats(0, 0.49)),
    )


def holds(sheet: CueSheet, shortest: Fraction) -> None:
    assert sheet.cues[0].start == 0
    assert all(a.end == b.start for a, b in pairwise(sheet.cues))
    assert abs(float(sheet.end) - sheet.clip.duration_s) < 1e-6
    assert len({c.id for c in sheet.cues}) == len(sheet)
    if len(sheet) > 1:
        assert min(c.length for c in sheet.cues) >= shortest
    for cue in sheet.cues:
        assert (cue.start * sheet.rate).denominator == 1
        assert all(cue.start <= p.time < cue.end for p in cue.peaks)
        assert (cue.direction.advice == "none") == (cue.direction.tempo_bpm is None)
        assert cue.mood.words() and cue.mood.words("zh_TW")
    times = [p.time for c in sheet.cues for p in c.peaks]
    assert all(b - a >= 20 for a, b in pairwise(times))
    assert sheet.course() and sheet.course("zh_TW")


@given(timelines())
def test_a_sheet_covers_its_clip_whatever_the_clip(read: Timeline) -> None:
    sheet = make_sheet(read)
    holds(sheet, SHORTEST)
    assert len(sheet) <= most_sections(read.clip.duration_s)
    data = json.loads(json.dumps(to_dict(sheet)))
    assert from_dict(data) == sheet
    for form in FORMATS:
        assert render(sheet, form)


@given(timelines(), st.data())
def test_edits_in_any_order_keep_a_sheet_whole(read: Timeline, data: st.DataObject) -> None:
    sheet = make_sheet(read)
    length = read.clip.duration_s
    for _ in range(data.draw(st.integers(1, 8))):
        cue = data.draw(st.sampled_from([c.id for c in sheet.cues]))
        time = data.draw(st.floats(-5, length + 5))
        steps = (
            lambda s, c=cue, t=time: edits.move_start(s, c, t),
            lambda s, c=cue, t=time: edits.move_end(s, c, t),
            lambda s, c=cue, t=time: edits.split(s, c, t),
            lambda s, c=cue: edits.merge(s, c),
            lambda s, c=cue: edits.correct(s, c, data.draw(st.sampled_from([None, *EMOTIONS]))),
            lambda s: edits.set_intent(s, data.draw(st.sampled_from(INTENTS))),
            lambda s, c=cue: edits.set_state(s, c, data.draw(st.sampled_from(STATES))),
            lambda s, c=cue: edits.rename(s, c, data.draw(st.text(max_size=20))),
        )
        try:
            sheet = data.draw(st.sampled_from(steps))(sheet)
        except CannotEdit:
            continue
        holds(sheet, edits.SHORTEST)
    assert from_dict(json.loads(json.dumps(to_dict(sheet)))) == sheet
