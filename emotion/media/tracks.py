"""Which of several sound tracks is read: the first one, unless another holds the speech, or it is silent."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from emotion import signals
from emotion.media import container as containers
from emotion.media.clock import Clock
from emotion.media.sound import Listener

SR: Final = 16_000
BLOCK: Final = SR // 20
HEARD: Final = 1e-3
"""A stretch of 50 ms whose peak stays under this (-60 dB of full scale) is silent."""
ENOUGH_S: Final = 0.5
"""A track that sounds for so long is not silent, whatever clicks there are."""
SPOKEN_S: Final = 1.0
"""A track with so much speech is one that somebody speaks on."""
LISTEN_S: Final = 120.0
"""So far into a clip speech is looked for."""
STEP: Final = 5 * SR


def sounding(path: Path, name: str) -> int | None:
    """The track to be read, from 0 among those that can be heard; None where the container's own choice holds.

    A clip with one track is only opened for this; of several no more is decoded than until somebody speaks on the
    first one, or for :data:`LISTEN_S` where nobody does, or until it sounds where nobody speaks on any.
    """
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name)
        if len(chosen.sounds) < 2 or chosen.audio is None:
            return None
        first = chosen.audio.index
        tracks = {s.index: _Track() for s in chosen.sounds}
        best: int | None = None
        for packet in Clock(container, chosen.sounds, name).packets():
            track = tracks[packet.stream_index]
            for frame in containers.frames_of(packet):
                if isinstance(frame, AudioFrame):
                    track.hear(frame)
            if packet.stream_index != first or not track.due:
                continue
            if track.speech_s() >= SPOKEN_S:
                return None
            if track.length_s >= LISTEN_S and best is None:
                best = _spoken_on(tracks, first)
                if best is not None or track.sounding_s >= ENOUGH_S:
                    break
        else:
            if tracks[first].speech_s() >= SPOKEN_S:
                return None
            best = _spoken_on(tracks, first)
        if best is None and tracks[first].sounding_s < ENOUGH_S:
            best = max(tracks, key=lambda i: (tracks[i].sounding_s, i == first))
        return None if best in (None, first) else [s.index for s in chosen.sounds].index(best)


def _spoken_on(tracks: dict[int, _Track], first: int) -> int | None:
    """The track with the most speech, where there is any but on the first one."""
    spoken = {i: t.speech_s() for i, t in tracks.items() if i != first}
    best = max(spoken, key=spoken.__getitem__)
    return best if spoken[best] >= SPOKEN_S else None


class _Track:
    """What was heard of one track: how long it sounds and, of its beginning, how much of it is speech."""

    def __init__(self) -> None:
        self._listener = Listener(SR)
        self._waiting: list[npt.NDArray[np.float32]] = []
        self._waiting_n = self._heard_n = 0
        self._speech_s = self.sounding_s = 0.0

    @property
    def length_s(self) -> float:
        return self._heard_n / SR

    @property
    def due(self) -> bool:
        """Whether enough waits to be listened to."""
        return self._waiting_n >= STEP or self.length_s >= LISTEN_S

    def hear(self, frame: AudioFrame) -> None:
        for chunk in self._listener.hear(frame):
            self.sounding_s += _sounding_s(chunk.y)
            if self.length_s < LISTEN_S:
                self._waiting.append(chunk.y)
                self._waiting_n += len(chunk.y)
            self._heard_n += len(chunk.y)

    def speech_s(self) -> float:
        """Seconds of speech in what was heard so far."""
        from emotion.voice.speech import CHUNK, shared_detector

        if self._waiting_n:
            probs = shared_detector().probs(signals.without_clicks(np.concatenate(self._waiting), SR))
            self._speech_s += float((probs > 0.5).sum()) * CHUNK / SR
            self._waiting, self._waiting_n = [], 0
        return self._speech_s


def _sounding_s(y: np.ndarray) -> float:
    whole = len(y) // BLOCK * BLOCK
    peaks = np.abs(y[:whole].reshape(-1, BLOCK)).max(axis=1) if whole else np.zeros(0)
    rest = float(np.abs(y[whole:]).max(initial=0.0)) >= HEARD
    return (int((peaks >= HEARD).sum()) * BLOCK + rest * (len(y) - whole)) / SR
