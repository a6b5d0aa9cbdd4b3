"""The sheets of real talking-head clips that were joined: as many cues as an editor wants, none too short, no gap.

Most of it holds the sheet to readings that were kept (``python -m tests.benchmarks joins --write``); one join is read
anew where the recordings are.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from emotion.pipeline import Readers, analyse
from recommender.cues import CueSheet, make_sheet
from recommender.cues.cut import SHORTEST, most_sections
from tests.benchmarks import joins

KEPT = joins.kept()


def whole(sheet: CueSheet, seconds: float) -> None:
    assert sheet.cues[0].start == 0
    assert float(sheet.end) == pytest.approx(seconds, abs=0.5)
    assert all(a.end == b.start for a, b in pairwise(sheet.cues))
    assert min(c.length for c in sheet.cues) >= SHORTEST


@pytest.mark.parametrize("seconds", joins.LENGTHS)
def test_people_cut_together_have_a_sheet_that_an_editor_would_make(seconds: int) -> None:
    sheet = make_sheet(KEPT[f"joined, {seconds} s"])
    whole(sheet, seconds)
    if seconds <= 180:
        assert 3 <= len(sheet) <= 8
    else:
        assert 3 * seconds / 180 <= len(sheet) <= most_sections(seconds), "no coarser for being long"


@pytest.mark.parametrize("name", joins.TAKES)
def test_one_take_of_one_speaker_has_at_most_three_cues(name: str) -> None:
    sheet = make_sheet(KEPT[name])
    whole(sheet, float(sheet.end))
    assert len(sheet) <= 3


@pytest.mark.data
def test_a_join_that_is_read_anew_is_as_good(data: Path, readers: Readers, tmp_path: Path) -> None:
    import numpy as np

    del data
    cast = [joins.Part.of(p) for p in joins.CAST]
    path = joins.joined(tmp_path / "clip.mp4", cast, 57.0, np.random.default_rng(1))
    sheet = make_sheet(analyse(path, readers))
    whole(sheet, 57.0)
    assert 3 <= len(sheet) <= 8
