"""Which of several sound tracks is read: the first one, unless it is silent and another is not."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame

from emotion.media import container as containers
from emotion.media.clock import Clock
from emotion.media.sound import Listener

SR: Final = 8000
BLOCK: Final = 400
HEARD: Final = 1e-3
"""A stretch of 50 ms whose peak stays under this (-60 dB of full scale) is silent."""
ENOUGH_S: Final = 0.5
"""A track that sounds for so long is not silent, whatever clicks there are."""


def sounding(path: Path, name: str) -> int | None:
    """The track to be read, from 0 among those that can be heard; None where the container's own choice holds.

    A clip with one track is only opened for this; of several no more is decoded than until the first one sounds.
    """
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name)
        if len(chosen.sounds) < 2 or chosen.audio is None:
            return None
        first = chosen.audio.index
        listeners = {s.index: Listener(SR) for s in chosen.sounds}
        heard_s = dict.fromkeys(listeners, 0.0)
        for packet in Clock(container, chosen.sounds, name).packets():
            for frame in containers.frames_of(packet):
                if isinstance(frame, AudioFrame):
                    for chunk in listeners[packet.stream_index].hear(frame):
                        heard_s[packet.stream_index] += _sounding_s(chunk.y)
            if heard_s[first] >= ENOUGH_S:
                return None
        best = max(heard_s, key=lambda i: (heard_s[i], i == first))
        return None if best == first else [s.index for s in chosen.sounds].index(best)


def _sounding_s(y: np.ndarray) -> float:
    whole = len(y) // BLOCK * BLOCK
    peaks = np.abs(y[:whole].reshape(-1, BLOCK)).max(axis=1) if whole else np.zeros(0)
    rest = float(np.abs(y[whole:]).max(initial=0.0)) >= HEARD
    return (int((peaks >= HEARD).sum()) * BLOCK + rest * (len(y) - whole)) / SR
