"""The seed's own view: five songs for the voice's emotion, five for the face's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from emotion.errors import UnknownEmotion
from emotion.labels import EMOTIONS
from emotion.timeline import EmotionScores, Notice, Segment
from recommender.ranking import plane, reasons
from recommender.songs.catalogue import Catalogue, Track
from recommender.songs.filters import Filters

Modality = Literal["voice", "face", "fused"]

SEED_PICKS: Final = 10


@dataclass(frozen=True, slots=True)
class Pick:
    """One recommended song and why.

    ``reason`` is a key of ``assets/locale/music.*.json`` with its values (see ``messages.py``);
    ``for_modality`` the side it was picked for, ``emotion`` that side's label, ``distance`` how far
    the song lies from what was expressed (``plane.py``), ``segment`` the stretch it stands for.
    """

    track: Track
    reason: Notice
    for_modality: Modality
    emotion: str
    distance: float
    segment: Segment | None = None


def seed_picks(
    voice: EmotionScores | None,
    face: EmotionScores | None,
    catalogue: Catalogue,
    *,
    count: int = SEED_PICKS,
    seed: int = 0,
    filters: Filters | None = None,
) -> list[Pick]:
    """Ten songs (or ``count``) as the seed's system gives them, voice first.

    Five from the list of the voice's emotion and five from that of the face's (of an odd number the
    voice has one more); ten from one where the other is missing; none where both are. No song twice,
    and no artist twice as long as the list has others. The same seed gives the same songs.
    ``filters`` leave fewer where a list holds no more that pass.
    """
    sides: list[tuple[Modality, EmotionScores]] = []
    if voice is not None:
        sides.append(("voice", voice))
    if face is not None:
        sides.append(("face", face))
    counts = [count - count // 2, count // 2] if len(sides) == 2 else [count]
    rng = np.random.default_rng(seed)
    keep = (filters or Filters()).mask(catalogue)
    picks: list[Pick] = []
    for (modality, scores), each in zip(sides, counts, strict=bool(sides)):
        picks += _from_list(scores, modality, each, catalogue, picks, rng, keep)
    return picks


def emotion_picks(
    emotion: str, count: int, catalogue: Catalogue, *, seed: int = 0, filters: Filters | None = None
) -> list[Pick]:
    """``count`` songs from the seed's list of one emotion, or as many as it holds.

    Raises:
        UnknownEmotion: not one of the eight.
    """
    if emotion not in EMOTIONS:
        raise UnknownEmotion(emotion=emotion, known=", ".join(EMOTIONS))
    scores = EmotionScores.from_array([float(e == emotion) for e in EMOTIONS])
    keep = (filters or Filters()).mask(catalogue)
    return _from_list(scores, "fused", count, catalogue, [], np.random.default_rng(seed), keep)


def _from_list(
    scores: EmotionScores,
    modality: Modality,
    count: int,
    catalogue: Catalogue,
    taken: list[Pick],
    rng: np.random.Generator,
    keep: npt.NDArray[np.bool_],
) -> list[Pick]:
    rows = rng.permutation(catalogue.seed_list(scores.label))
    used_ids = {p.track.id for p in taken}
    rows = [int(r) for r in rows if keep[r] and catalogue.id[r] not in used_ids]
    artists = {int(catalogue.artist_code[catalogue.index_of(i)]) for i in used_ids}
    chosen: list[int] = []
    for row in rows:
        if len(chosen) < count and int(catalogue.artist_code[row]) not in artists:
            chosen.append(row)
            artists.add(int(catalogue.artist_code[row]))
    in_use = set(chosen)
    chosen += [r for r in rows if r not in in_use][: count - len(chosen)]
    if not chosen:
        return []
    away = plane.distance(plane.affinity(catalogue.position[chosen]), scores.as_array()[None])[:, 0]
    return [_pick(catalogue[row], scores, modality, float(d)) for row, d in zip(chosen, away, strict=True)]


def _pick(track: Track, scores: EmotionScores, modality: Modality, distance: float) -> Pick:
    reason = reasons.for_list(modality, emotion=scores.label, energy=track.energy, mood=track.mood)
    return Pick(track, reason, modality, scores.label, distance)
