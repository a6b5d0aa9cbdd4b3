"""Charts as figures: small enough to send, every emotion told by more than its colour, gaps left as gaps."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import signals
from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from pages.shared.ui import charts, sound_charts, timeline_chart


def traces(figure: Any) -> list[Any]:
    return list(figure.data)


def words(key: str, **values: object) -> str:
    return " ".join([key, *map(str, values.values())])


def timeline(seconds: int, rng: np.random.Generator, *, face: bool = True, gap: range = range(0)) -> Timeline:
    def scores() -> EmotionScores:
        return EmotionScores.from_array(rng.dirichlet(np.ones(8)))

    moments = tuple(
        Moment(
            Segment(i, i + 1.0),
            None if i in gap else scores(),
            scores() if face else None,
            scores(),
        )
        for i in range(seconds)
    )
    best = Verdict(scores(), True)
    return Timeline(Clip("a.mp4", seconds), moments, best, best if face else None, best)


def test_a_minute_of_sound_and_emotions_stays_small(rng: np.random.Generator) -> None:
    y = rng.normal(0, 0.1, 60 * 8000).astype(np.float32)
    figure = timeline_chart.timeline_figure(timeline(60, rng), signals.envelope(y, 8000), words)
    assert len(str(figure.to_json())) < 300_000
    wave = max(len(trace.x) for trace in traces(figure))
    assert wave <= 1000  # low and high of each: 2,000 points


def test_rows_are_those_that_have_something_to_say(rng: np.random.Generator) -> None:
    assert timeline_chart.sides_of(timeline(3, rng)) == ["voice", "face", "fused"]
    assert timeline_chart.sides_of(timeline(3, rng, face=False)) == ["voice"]
    nothing = dataclasses.replace(timeline(3, rng), moments=())
    assert timeline_chart.sides_of(nothing) == []
    assert timeline_chart.timeline_figure(nothing, None, words).to_dict()["layout"]["height"] > 0


def test_an_emotion_has_one_colour_and_a_pattern_of_its_own(rng: np.random.Generator) -> None:
    figure = timeline_chart.timeline_figure(timeline(5, rng), None, words)
    areas = [trace for trace in traces(figure) if trace.stackgroup]
    assert len(areas) == 3 * len(EMOTIONS)
    signs = {trace.name: (trace.fillcolor, trace.fillpattern.shape or "") for trace in areas}
    assert len(signs) == len(EMOTIONS)
    assert len(set(signs.values())) == len({shape for _, shape in signs.values()}) == len(EMOTIONS)


def test_where_the_voice_is_silent_its_curve_is_nothing(rng: np.random.Generator) -> None:
    x, stacked = timeline_chart.curve(timeline(10, rng, gap=range(4, 7)).moments, "voice")
    total = stacked.sum(axis=1)
    assert np.all(np.diff(x) >= 0)
    inside = (x > 4) & (x < 7)
    assert inside.any()
    assert total[inside] == pytest.approx(0)
    assert total[~inside] == pytest.approx(1, abs=1e-3)


def test_every_moment_can_be_clicked(rng: np.random.Generator) -> None:
    clip = timeline(30, rng)
    figure = timeline_chart.timeline_figure(clip, None, words)
    touch = [t for t in traces(figure) if t.mode == "lines+markers" and t.marker.opacity == 0]
    assert len(touch) == 3
    assert list(touch[0].x) == [m.segment.middle_s for m in clip.moments]
    assert "emotion." in touch[0].text[0]


def test_bars_and_plane_carry_what_they_were_given(rng: np.random.Generator) -> None:
    clip = timeline(3, rng)
    assert clip.voice is not None
    shown = {"voice": clip.voice, "face": None}
    bars = charts.bars_figure(shown, words)
    assert list(traces(bars)[0].x) == list(clip.voice.scores.probs)
    plane = charts.plane_figure({"voice": clip.voice.scores, "face": None}, words)
    assert (traces(plane)[-1].x[0], traces(plane)[-1].y[0]) == (clip.voice.scores.valence, clip.voice.scores.arousal)


@pytest.mark.parametrize("duration_s", [0.2, 5, 59.9, 600, 7200])
def test_ticks_are_few_and_inside(duration_s: float) -> None:
    ticks = charts.time_ticks(duration_s)
    assert 1 <= len(ticks) <= 13
    assert max(ticks) <= duration_s + 1e-6


def test_features_are_pooled_by_their_mean() -> None:
    features = np.tile(np.arange(2000.0), (3, 1))
    pooled = sound_charts.pooled(features, 100)
    assert pooled.shape == (3, 100)
    assert pooled[0, 0] == pytest.approx(np.arange(20).mean())
    assert sound_charts.pooled(features[:, :50], 100).shape == (3, 50)
    assert (
        sound_charts.features_figure(np.zeros((128, 0)), 0.0, title="band", unit=" dB").to_dict()["layout"]["height"]
        > 0
    )


def test_hours_are_drawn_with_as_many_steps_as_can_be_seen() -> None:
    quiet, loud = (
        EmotionScores.from_array([9.0 if e == name else 1.0 for e in EMOTIONS]) for name in ("calm", "angry")
    )
    moments = [Moment(Segment(s, s + 1), voice=quiet if s < 3600 else loud) for s in range(7200)]
    moments[100:116] = [Moment(m.segment) for m in moments[100:116]]
    steps = timeline_chart.thinned(moments)
    assert len(steps) <= timeline_chart.MOST_STEPS
    assert (steps[0].segment.start_s, steps[-1].segment.end_s) == (0, 7200)
    assert all(a.segment.end_s == b.segment.start_s for a, b in itertools.pairwise(steps))
    assert {s.voice.label for s in steps[:450] if s.voice} == {"calm"}
    assert {s.voice.label for s in steps[450:] if s.voice} == {"angry"}
    assert [s.segment.start_s for s in steps if s.voice is None] == [104]
    assert all(s.face is None for s in steps)
    assert timeline_chart.thinned(moments[:800]) == moments[:800]


def early_page() -> None:
    import numpy as np

    from emotion.timeline import Clip, EmotionScores, Timeline, Verdict
    from pages.analyse import progress
    from pages.analyse.progress import Progress

    voice = EmotionScores.from_array(np.array([0.05, 0.05, 0.5, 0.1, 0.1, 0.1, 0.05, 0.05]))
    progress._early(Progress("looking", 0.5, Timeline(Clip("a.mp4", 9.0), (), voice=Verdict(voice, sure=True))))


def test_what_the_voice_says_early_takes_no_chart_and_is_whole() -> None:
    """A browser that loads a chart library while the clip is read makes the visitor wait a second longer."""
    app = AppTest.from_function(early_page, default_timeout=60).run()
    assert not app.exception
    assert not app.get("plotly_chart")
    (bars,) = [e.proto.body for e in app.get("html") if "role=" in e.proto.body]
    for word in ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"):
        assert f">{word}<" in bars.lower()
    assert bars.count("%</span>") == len(EMOTIONS)
    assert 'aria-label="Voice: happy 50%' in bars
    assert "width:37.5%" in bars
