"""Looking for a clip's faces first where they were: a talking head stays in its place, and the rest of the picture,
which is most of the work, need not be searched five times a second.

Pictures are looked at two by two. The second is looked at first: where its faces have hardly moved since the picture
before the two, those of the first lie between, and nothing is looked for; else it is looked at as well.

A picture is searched whole where nothing is known of it (the clip's beginning, a cut, nobody there), every other
second, where something changed away from the people since then, where a face is not found again for certain, and
where it holds so many or so large faces that it saves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face import shot_change
from emotion.face.detect import Detection, suppress
from emotion.timeline import Box

if TYPE_CHECKING:
    from emotion.media import VideoFrame

Image = npt.NDArray[np.uint8]
Thumbnail = npt.NDArray[np.float32]
Faces = list[Detection]

TOGETHER: Final = 2
"""So many pictures are looked at together."""
EVERY: Final = 8
"""At least one of so many pictures is searched whole: every 1.6 s."""
AROUND: Final = 2.0
"""So many times as wide and high as the face is the part that is looked at."""
BODY: Final = 4.0
"""So many times as wide as the face is what moves below it."""
MOST_FACES: Final = 3
CHANGED_LEVELS: Final = 25.0
"""A pixel of the thumbnail that changed by more grey levels has changed ..."""
CHANGED_BLOCK: Final = (3, 2)
"""... and so many of them in a block, width by height or height by width, away from the people, may be somebody who
came: about 30 x 20 pixels of the picture. Thin lines of them are edges in a picture that sways."""
SAME: Final = 0.3
"""A face overlaps the one it was by at least this."""
STEADY: Final = 0.8
"""A face that overlaps the one it was by so much has moved straight from there: what is read of a box halfway differs
from what is read of the one that would have been found as if that were one pixel off."""
STEADY_S: Final = 0.6
"""Nothing is said of what lies between pictures further apart."""


class Finder(Protocol):
    """A detector that can be asked about a part of a picture: :class:`emotion.face.detect.CenterFace`."""

    certain: float

    def detect(self, rgb: Image) -> list[Detection]: ...

    def near(self, rgb: Image, box: Box, around: float) -> list[Detection]: ...


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame, what changed in it, and itself, small and grey."""

    frame: VideoFrame
    change: shot_change.Change
    thumbnail: Thumbnail


@dataclass(frozen=True, eq=False)
class Known:
    """What is known once a picture was looked at.

    Attributes:
        faces: where faces are in it.
        searched: the last picture that was searched whole, small and grey.
        since: how many pictures ago that was.
    """

    faces: Faces
    time_s: float
    searched: Thumbnail
    since: int = 0


def steps(frames: Iterable[VideoFrame], watch: shot_change.Watch, most: int = TOGETHER) -> Iterator[list[Picture]]:
    """The frames in their order, those together that are looked at together: at most so many.

    A still one is alone, and so is one that begins a scene.
    """
    together: list[Picture] = []
    for n, frame in enumerate(frames):
        change = watch.look(frame.rgb)
        picture = Picture(frame, change, watch.thumbnail)
        alone = n == 0 or change.cut or change.still
        if alone and together:
            yield together
            together = []
        together.append(picture)
        if alone or len(together) == most:
            yield together
            together = []
    if together:
        yield together


def look_last(finder: Finder, pictures: Sequence[Picture], before: Known | None) -> Known:
    """What is known of the last of some pictures that follow each other, its faces the surest first.

    Args:
        before: what is known of the picture before them; None where that is nothing.
    """
    last = pictures[-1]
    due = before is not None and before.since + len(pictures) >= EVERY
    near = None if due or before is None else _near(finder, last, before)
    if near is None or before is None:
        return Known(finder.detect(last.frame.rgb), last.frame.time_s, last.thumbnail)
    return Known(near, last.frame.time_s, before.searched, before.since + len(pictures))


def look_between(finder: Finder, picture: Picture, before: Known | None, after: Known) -> tuple[Faces, bool]:
    """The faces in a picture between two, and whether they lie on their way from one to the other."""
    if before is not None:
        halfway = None if _somebody_came(picture, before) else straight(before, after, picture.frame.time_s)
        if halfway is not None:
            return halfway, True
        found = _near(finder, picture, before)
        if found is not None:
            return found, False
    return finder.detect(picture.frame.rgb), False


def _near(finder: Finder, picture: Picture, before: Known) -> Faces | None:
    """The faces where they were; None where all of the picture is to be searched."""
    rgb = picture.frame.rgb
    if not 0 < len(before.faces) <= MOST_FACES or _somebody_came(picture, before):
        return None
    found: Faces = []
    for face in before.faces:
        here = finder.near(rgb, face.box, AROUND)
        again = any(d.box.iou(face.box) >= SAME for d in here)
        if not again or any(d.confidence < finder.certain for d in here):
            return None
        found += here
    return suppress(found, SAME)


def straight(before: Known, after: Known, time_s: float) -> Faces | None:
    """Where faces are on their way from one picture to another; None where that cannot be said."""
    apart_s = after.time_s - before.time_s
    if not 0 < apart_s <= STEADY_S or len(before.faces) != len(after.faces) or not after.faces:
        return None
    part, found = (time_s - before.time_s) / apart_s, []
    for there in after.faces:
        here = max(before.faces, key=lambda d: d.box.iou(there.box))
        if here.box.iou(there.box) < STEADY:
            return None
        found.append(_mixed(here, there, part))
    return found


def _mixed(a: Detection, b: Detection, part: float) -> Detection:
    """``part`` of the way from one to the other; no surer than either."""
    box = Box(*(p + part * (q - p) for p, q in zip(_numbers(a.box), _numbers(b.box), strict=True)))
    marks = None
    if a.landmarks is not None and b.landmarks is not None:
        marks = (a.landmarks + np.float32(part) * (b.landmarks - a.landmarks)).astype(np.float32)
    return Detection(box, min(a.confidence, b.confidence), marks)


def _numbers(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


def _somebody_came(picture: Picture, before: Known) -> bool:
    changed = (np.abs(picture.thumbnail - before.searched) > CHANGED_LEVELS).astype(np.uint8)
    scale = np.array(changed.shape) / picture.frame.rgb.shape[:2]
    for face in before.faces:
        for corners in (_around(face.box), _body(face.box, picture.frame.rgb.shape[0])):
            (top, left), (bottom, right) = (scale * corner for corner in corners)
            cv2.rectangle(changed, (int(left), int(top)), (int(right), int(bottom)), 0, cv2.FILLED)
    blocks = (np.ones(CHANGED_BLOCK, np.uint8), np.ones(CHANGED_BLOCK[::-1], np.uint8))
    return any(bool(cv2.erode(changed, block, borderType=cv2.BORDER_CONSTANT, borderValue=0).any()) for block in blocks)


Corners = tuple[tuple[float, float], tuple[float, float]]
"""Top left and bottom right, each (y, x)."""


def _around(box: Box) -> Corners:
    """The part that is looked at."""
    side = AROUND * max(box.width, box.height)
    y, x = box.y + box.height / 2, box.x + box.width / 2
    return (y - side / 2, x - side / 2), (y + side / 2, x + side / 2)


def _body(box: Box, height: int) -> Corners:
    """Where shoulders and hands move: from the chin down."""
    x, half = box.x + box.width / 2, BODY * box.width / 2
    return (box.y + box.height, x - half), (height, x + half)
