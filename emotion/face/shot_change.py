"""What changed since the frame before: nothing (a still stretch), something, or everything (a cut)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

THUMBNAIL: Final = (64, 36)
STILL_LEVELS: Final = 4.0
"""A frame is still if no thumbnail pixel (about 10 x 10 pixels of the frame) changed by more grey levels."""
CUT_DISTANCE: Final = 0.2
"""A cut is a Hellinger distance of colour histograms above this ..."""
CUT_LEVELS: Final = 22.0
"""... together with a mean change of the thumbnail above so many grey levels. On the stage clip, dark all through,
its three cuts have 0.22 to 0.28 and 28 to 31; a quick pan 0.18 and 28, a gesture at most 0.10 and 21."""


@dataclass(frozen=True, slots=True)
class Change:
    still: bool
    cut: bool


class Watch:
    """Compares each frame with the last one that was not still, so that slow drift adds up and is seen.

    ``thumbnail`` is that one, small and grey, shape (36, 64).
    """

    def __init__(self) -> None:
        self.thumbnail: npt.NDArray[np.float32] = np.zeros(THUMBNAIL[::-1], np.float32)
        self._histogram: npt.NDArray[np.float32] | None = None

    def look(self, rgb: npt.NDArray[np.uint8]) -> Change:
        """What changed in this frame, RGB (height, width, 3); the first frame is neither still nor a cut."""
        small = cv2.resize(rgb, THUMBNAIL, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        histogram = _colours(small)
        before, colours_before = self.thumbnail, self._histogram
        if colours_before is None:
            self.thumbnail, self._histogram = grey, histogram
            return Change(False, False)
        change = np.abs(grey - before)
        if float(change.max()) <= STILL_LEVELS:
            return Change(True, False)
        self.thumbnail, self._histogram = grey, histogram
        distance = float(np.sqrt(max(0.0, 1.0 - np.sqrt(histogram * colours_before).sum())))
        return Change(False, distance > CUT_DISTANCE and float(change.mean()) > CUT_LEVELS)


def _colours(small: npt.NDArray) -> npt.NDArray[np.float32]:
    """Share of the pixels in each of 8 x 8 x 8 cells of RGB, smoothed, shape (512,), sums to 1."""
    histogram = cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
    histogram = cv2.GaussianBlur(histogram.reshape(8, 64), (1, 3), 0).reshape(-1)
    return np.asarray(histogram / max(float(histogram.sum()), 1.0), np.float32)
