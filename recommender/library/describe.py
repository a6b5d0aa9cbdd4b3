"""What a track's sound says: :func:`describe` puts everything together, one file to one :class:`TrackSound`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.library import beats, mood, structure, tonal, vocals
from recommender.library.beat_net import Run
from recommender.library.hear import Heard, Networks, hear
from recommender.library.mood import ENERGY, VALENCE, MoodHead
from recommender.library.tempo import Choice
from recommender.library.track_sound import QUADRANTS, STEP_S, Section, TrackSound


class Describer:
    """The models of ``music-v5``, loaded once."""

    def __init__(self) -> None:
        self._networks = Networks()
        self._head = MoodHead(self._networks.weights)
        self._choice = Choice.load(self._networks.weights)

    @property
    def version(self) -> str:
        """Which model describes: what was described by another one is described anew."""
        return self._networks.weights.folder.name

    def describe(
        self,
        path: Path,
        *,
        name: str | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
        on_heard: Callable[[Heard], None] = lambda _: None,
    ) -> TrackSound:
        """Everything that the sound of one file says; ``on_heard`` gets what the networks heard of it.

        Raises:
            MediaError: it cannot be read, holds no sound, or is too long.
        """
        heard = hear(path, self._networks, name=name, on_progress=on_progress)
        on_heard(heard)
        return put_together(heard, self._head, self._choice, self._networks.pulse)


def put_together(heard: Heard, head: MoodHead, choice: Choice, ours: Run) -> TrackSound:
    """Pure: from what was heard to what is said of it."""
    frames = heard.frames
    judged = head.judge(heard)
    pitch = frames.pitch.astype(np.float32)
    colours = tonal.chroma(pitch)
    pulse = beats.track(frames.beats, frames.bands.astype(np.float32), pitch, choice, ours)
    key = tonal.find_key(pitch)
    start_s, end_s = structure.bounds(frames.mel)
    end_s = min(end_s, heard.duration_s)
    voices, share = vocals.vocals(heard.singing_s, heard.speech_s, heard.duration_s)
    valence, energy = judged.curve @ VALENCE, judged.curve @ ENERGY
    probs = judged.quadrants
    return TrackSound(
        duration_s=round(heard.duration_s, 3),
        valence=round(float(probs @ VALENCE), 3),
        energy=round(float(probs @ ENERGY), 3),
        quadrant=QUADRANTS[int(probs.argmax())],
        quadrant_probs=(_share(probs[0]), _share(probs[1]), _share(probs[2]), _share(probs[3])),
        valence_curve=_curve(valence),
        energy_curve=_curve(energy),
        moods=mood.named(judged.moods),
        mood_scores=tuple(round(float(m), 3) for m in judged.moods),
        tempo_bpm=pulse.tempo_bpm,
        beats_s=pulse.beats_s,
        bars_s=pulse.bars_s,
        beats_a_bar=pulse.beats_a_bar,
        key=None if key is None else key.tonic,
        mode=None if key is None else key.mode,
        loudness_lufs=heard.loudness_lufs,
        vocals=voices,
        vocal_share=round(share, 3),
        sections=_sections(heard, valence, energy),
        start_s=start_s,
        end_s=end_s,
        loop=structure.loop(pulse.bars_s, frames.mel, colours, tonal.FRAMES_A_SECOND),
    )


def _share(value: float) -> float:
    return round(float(value), 4)


def _curve(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(v), 3) for v in values)


def _sections(heard: Heard, valence: npt.NDArray[np.float64], energy: npt.NDArray[np.float64]) -> tuple[Section, ...]:
    """Stretches that sound alike by musicnn's values, with their means on the plane."""
    cuts_s = [cut / len(heard.embedding) * heard.duration_s for cut in structure.cuts(heard.embedding)]
    edges = [*cuts_s, heard.duration_s]
    made = []
    for start, end in pairwise(edges):
        part = slice(int(start / STEP_S), max(int(start / STEP_S) + 1, round(end / STEP_S)))
        made.append(
            Section(
                round(start, 3),
                round(end, 3),
                round(float(valence[part].mean()), 3),
                round(float(energy[part].mean()), 3),
            )
        )
    return tuple(made)
