"""Ranks songs on the plane by distance from what a clip expresses, stretch by stretch.

Three intents: *match* the mood; *contrast* with it, as irony does (valence turned over, arousal kept);
*steer* it from where the clip begins to a goal, as a path across the plane over the clip's length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.labels import VALENCE_AROUSAL
from emotion.timeline import Segment, Timeline
from recommender.errors import NoSongs, NothingHeard, UnknownChoice
from recommender.ranking import intents, plane, reasons
from recommender.ranking.intents import Intent
from recommender.ranking.picks import Modality, Pick
from recommender.ranking.sections import Section, sections
from recommender.ranking.taste import Taste
from recommender.songs.catalogue import Catalogue
from recommender.songs.filters import Filters

SAME_GENRE: Final = 0.04
SAME_DECADE: Final = 0.03
"""Distance added for each song already picked of the same genre, and of the same decade."""
JITTER: Final = 0.05
"""Up to so much distance is drawn at random, so that another seed brings other songs."""

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place in the list: which column of the costs it takes, and what it stands for."""

    column: int
    segment: Segment
    section: Section


def rank(
    timeline: Timeline,
    catalogue: Catalogue,
    *,
    count: int = 10,
    intent: Intent = "match",
    goal: str = plane.DEFAULT_GOAL,
    filters: Filters | None = None,
    modality: Modality = "fused",
    taste: Taste | None = None,
    seed: int = 0,
    said: str | None = None,
) -> list[Pick]:
    """Up to ``count`` songs in the order of the clip, no artist twice.

    Each stretch of the timeline (``sections.py``) gets songs in proportion to its length; a song's
    distance to a stretch is the mean of its distances to the stretch's moments, each measured to
    the moment's whole distribution (``plane.py``). A visitor's ``taste`` reorders what fits. The same
    seed gives the same songs. ``said`` is the emotion that a person put into the timeline
    (``correction.py``): reasons call it theirs.

    Raises:
        NothingHeard: the timeline holds no emotion of that modality.
        NoSongs: no song passes the filters.
        UnknownChoice: an intent, a goal or a filter's value that does not exist.
    """
    intent = intents.of(intent)
    _check(goal)
    cut = sections(timeline, modality)
    if not cut:
        raise NothingHeard(name=timeline.clip.name)
    keep = (filters or Filters()).mask(catalogue)
    if not keep.any():
        raise NoSongs()
    cost, slots = _steer(cut, catalogue, goal, count) if intent == "steer" else _follow(cut, catalogue, intent, count)
    liking = np.random.default_rng(seed).random(len(catalogue)) * JITTER
    if taste is not None:
        liking += taste.adjustment(catalogue)
    rows = _choose(cost, slots, np.where(keep, liking, np.inf), catalogue)
    return [
        _pick(row, slot, float(cost[row, slot.column]), catalogue, intent, goal, (i + 1, len(slots)), said)
        for i, (row, slot) in enumerate(zip(rows, slots, strict=True))
        if row is not None
    ]


def _check(goal: str) -> None:
    if goal not in plane.GOALS:
        raise UnknownChoice(value=goal, what="goal", known=", ".join(plane.GOALS))


def _follow(cut: list[Section], catalogue: Catalogue, intent: Intent, count: int) -> tuple[Array, list[_Slot]]:
    """Costs of shape (n, sections), and the slots: each stretch's share of them."""
    anchors = plane.mirrored() if intent == "contrast" else VALENCE_AROUSAL
    probs = np.concatenate([s.probs for s in cut])
    to_moments = plane.distance(plane.affinity(catalogue.position, anchors), probs)
    bounds = np.cumsum([0, *(len(s.probs) for s in cut)])
    weights = np.zeros((len(probs), len(cut)), dtype=np.float32)
    for k, s in enumerate(cut):
        weights[bounds[k] : bounds[k + 1], k] = s.weights
    shares = _shares([s.heard_s for s in cut], count)
    slots = [_Slot(k, s.segment, s) for k, (s, n) in enumerate(zip(cut, shares, strict=True)) for _ in range(n)]
    return to_moments @ weights, slots


def _shares(durations_s: list[float], count: int) -> list[int]:
    """``count`` shared out in proportion (largest remainders first), the longest stretches served first."""
    total = sum(durations_s)
    exact = np.array(durations_s) / total * count if total > 0 else np.full(len(durations_s), count / len(durations_s))
    # a stretch that is there gets a song as long as there are songs for all
    shares = np.maximum(np.floor(exact), 1 if len(exact) <= count else 0).astype(int)
    while shares.sum() > count:
        shares[np.argmax(np.where(shares > 1, shares - exact, -np.inf))] -= 1
    for k in np.argsort(shares - exact, kind="stable")[: count - shares.sum()]:
        shares[k] += 1
    return shares.tolist()


def _steer(cut: list[Section], catalogue: Catalogue, goal: str, count: int) -> tuple[Array, list[_Slot]]:
    """Costs of shape (n, count): the plain distance to each point of the path."""
    start, first, last = cut[0].scores, cut[0].segment.start_s, cut[-1].segment.end_s
    points = plane.path((start.valence, start.arousal), plane.GOALS[goal], count)
    dv, da = (catalogue.position[:, None, axis] - points[:, axis] for axis in (0, 1))
    cost = np.sqrt(dv * dv + da * da)
    times = np.linspace(first, last, count + 1)
    slots = [_Slot(i, Segment(float(times[i]), float(times[i + 1])), cut[0]) for i in range(count)]
    return cost, slots


def _choose(cost: Array, slots: list[_Slot], base: Array, catalogue: Catalogue) -> list[int | None]:
    """The nearest song for each slot in turn, paying for what the list has already; None when none is left.

    ``base``, shape (n,), is added to every slot's costs and is infinite for songs that are out.
    """
    decade = catalogue.year // 10
    rows: list[int | None] = []
    for slot in slots:
        total = cost[:, slot.column] + base
        row = int(np.argmin(total))
        if not np.isfinite(total[row]):
            rows.append(None)
            continue
        rows.append(row)
        base[catalogue.artist_code == catalogue.artist_code[row]] = np.inf
        if catalogue.genre[row]:
            base[catalogue.genre_code == catalogue.genre_code[row]] += SAME_GENRE
        if decade[row]:
            base[decade == decade[row]] += SAME_DECADE
    return rows


def _pick(
    row: int,
    slot: _Slot,
    distance: float,
    catalogue: Catalogue,
    intent: Intent,
    goal: str,
    step: tuple[int, int],
    said: str | None,
) -> Pick:
    track, section = catalogue[row], slot.section
    label = section.scores.label
    reason = reasons.for_stretch(
        intent,
        slot.segment,
        energy=track.energy,
        emotion=label,
        voice=section.voice,
        face=section.face,
        said=label == said,
        goal=goal,
        step=step,
    )
    return Pick(track, reason, section.modality, label, distance, slot.segment)
