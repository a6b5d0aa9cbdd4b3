"""Pictures with and without faces on which the detectors are measured.

From packages at hand (scikit-image, scikit-learn, matplotlib), the clips of the data folder, and FER2013 faces
pasted into pictures without one. Boxes were drawn with the help of a detector and checked by eye, one by one.
The hard ones are made from the same pictures: a third of the size, turned by 25 degrees, dark, blurred; the
turned heads (half profile to profile) are those of the stage clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import matplotlib
import numpy as np
import numpy.typing as npt
import skimage
import sklearn

from emotion.media.container import opened
from emotion.timeline import Box
from emotion.training import face_data

Image = npt.NDArray[np.uint8]

SKIMAGE: Final = Path(skimage.__file__).parent / "data"
SKLEARN: Final = Path(sklearn.__file__).parent / "datasets" / "images"
MATPLOTLIB: Final = Path(matplotlib.__file__).parent / "mpl-data" / "sample_data"

PORTRAITS: Final = {
    SKIMAGE / "astronaut.png": Box(181, 66, 85, 113),
    MATPLOTLIB / "grace_hopper.jpg": Box(178, 116, 174, 220),
    SKIMAGE / "camera.png": Box(199, 117, 60, 84),
}
SPEAKERS: Final = {
    "01-01-01-01-01-01-01.mp4": Box(236, 61, 165, 220),
    "bbaf2n.mpg": Box(101, 100, 105, 146),
    "lrwp9a.mpg": Box(125, 90, 122, 167),
    "swiz3n.mpg": Box(112, 77, 113, 163),
}
STAGE: Final = "short_hamilton_clip.mp4"
STAGE_FRONT: Final = {
    0.85: (Box(524, 45, 43, 56), Box(57, 184, 23, 34)),
    3.86: (Box(163, 54, 83, 119),),
    4.86: (Box(204, 27, 82, 116),),
    5.86: (Box(209, 22, 88, 117),),
    6.86: (Box(197, 27, 88, 124),),
    7.86: (Box(277, 27, 89, 124),),
}
STAGE_TURNED: Final = {
    1.85: (Box(296, 73, 194, 321),),
    8.86: (Box(51, 59, 61, 76), Box(387, 80, 67, 107), Box(162, 82, 62, 94), Box(314, 43, 70, 109)),
    9.86: (Box(41, 71, 57, 69), Box(392, 76, 67, 114), Box(169, 81, 65, 98), Box(320, 39, 75, 116)),
}
DRAWN_OR_STILL: Final = (
    "brick",
    "cell",
    "chelsea",
    "chessboard_RGB",
    "clock_motion",
    "coffee",
    "coins",
    "color",
    "grass",
    "gravel",
    "horse",
    "ihc",
    "logo",
    "microaneurysms",
    "moon",
    "motorcycle_left",
    "motorcycle_right",
    "page",
    "phantom",
    "text",
)
WITHOUT_FACE: Final = (
    *(SKIMAGE / f"{name}.png" for name in DRAWN_OR_STILL),
    SKIMAGE / "hubble_deep_field.jpg",
    SKIMAGE / "retina.jpg",
    SKIMAGE / "rocket.jpg",
    SKLEARN / "china.jpg",
    SKLEARN / "flower.jpg",
    MATPLOTLIB / "Minduka_Present_Blue_Pack.png",
    MATPLOTLIB / "logo2.png",
)
CLOSE_UPS: Final = ("chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg", "china.jpg", "flower.jpg")
PASTED: Final = 150


@dataclass(frozen=True, eq=False)
class Case:
    """One picture; ``boxes`` are its faces (none for a picture without)."""

    name: str
    kind: str
    rgb: Image
    boxes: tuple[Box, ...]


def cases(data: Path) -> Iterator[Case]:
    """Every case; those that need the data folder are left out where it is absent."""
    upright = list(_portraits()) + list(_speakers(data)) + list(_stage(data, STAGE_FRONT, "upright"))
    turned = list(_stage(data, STAGE_TURNED, "turned"))
    pasted = list(_pasted(data))
    yield from upright
    yield from turned
    yield from pasted
    for case in [*upright, *pasted]:
        for kind, change in CHANGES.items():
            yield change(replace(case, kind=f"{'pasted ' if case.kind == 'pasted' else ''}{kind}"))
    yield from _without_face()


def read(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise FileNotFoundError(path)
    return limit(cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8))


def limit(rgb: Image, side: int = 640) -> Image:
    """As the app reads pictures of a clip: no side longer than 640 pixels."""
    scale = side / max(rgb.shape[:2])
    return rgb if scale >= 1 else _as_image(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def third(case: Case) -> Case:
    rgb = cv2.resize(case.rgb, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    boxes = tuple(Box(b.x / 3, b.y / 3, b.width / 3, b.height / 3) for b in case.boxes)
    canvas = np.full_like(case.rgb, 96)
    canvas[: rgb.shape[0], : rgb.shape[1]] = rgb
    return replace(case, rgb=canvas, boxes=boxes)


def rotated(case: Case) -> Case:
    height, width = case.rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 25, 1.0)
    rgb = cv2.warpAffine(case.rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    boxes = []
    for b in case.boxes:
        x, y = matrix @ (b.x + b.width / 2, b.y + b.height / 2, 1)
        if 0.4 * b.width < x < width - 0.4 * b.width and 0.4 * b.height < y < height - 0.4 * b.height:
            boxes.append(Box(x - b.width / 2, y - b.height / 2, b.width, b.height))
    return replace(case, rgb=_as_image(rgb), boxes=tuple(boxes))


def dark(case: Case) -> Case:
    return replace(case, rgb=(case.rgb * 0.2).astype(np.uint8))


def blurred(case: Case) -> Case:
    """Out of focus: a Gaussian of a twentieth of the face's height."""
    sigma = max(b.height for b in case.boxes) / 20
    return replace(case, rgb=_as_image(cv2.GaussianBlur(case.rgb, (0, 0), sigma)))


CHANGES: Final[dict[str, Callable[[Case], Case]]] = {
    "third": third,
    "rotated 25": rotated,
    "dark": dark,
    "blurred": blurred,
}


def _as_image(image: npt.NDArray) -> Image:
    return image.astype(np.uint8)


def _portraits() -> Iterator[Case]:
    for path, box in PORTRAITS.items():
        yield Case(path.name, "upright", read(path), (box,))


def _frames(path: Path, times_s: list[float]) -> Iterator[tuple[float, Image]]:
    """The first frame at or after each of the times."""
    left = sorted(times_s)
    with opened(path, path.name) as container:
        for frame in container.decode(video=0):
            if not left:
                return
            if frame.time is not None and frame.time >= left[0] - 0.01:
                yield left.pop(0), limit(_as_image(frame.to_ndarray(format="rgb24")))


def _speakers(data: Path) -> Iterator[Case]:
    for name, box in SPEAKERS.items():
        if (data / "video" / name).is_file():
            for t, rgb in _frames(data / "video" / name, [0.0, 1.0, 2.0]):
                yield Case(f"{name} {t} s", "upright", rgb, (box,))


def _stage(data: Path, frames: dict[float, tuple[Box, ...]], kind: str) -> Iterator[Case]:
    if (data / "video" / STAGE).is_file():
        for t, rgb in _frames(data / "video" / STAGE, list(frames)):
            yield Case(f"{STAGE} {t} s", kind, rgb, frames[t])


def _pasted(data: Path) -> Iterator[Case]:
    """FER2013 PublicTest faces that no voter called no face, 60 to 140 pixels high, in pictures without a face."""
    if not (data / "face" / "fer2013.npz").is_file():
        return
    rng = np.random.default_rng(3)
    faces = face_data.load(data)["public"]
    grounds = [read(p) for p in WITHOUT_FACE if p.suffix == ".jpg"] + [read(SKIMAGE / "coffee.png")]
    for i, row in enumerate(rng.choice(len(faces), PASTED, replace=False)):
        ground = cv2.resize(grounds[i % len(grounds)], (640, 360), interpolation=cv2.INTER_AREA)
        side = int(rng.integers(60, 141))
        x, y = int(rng.integers(0, 640 - side)), int(rng.integers(0, 360 - side))
        face = cv2.resize(faces.images[row], (side, side), interpolation=cv2.INTER_CUBIC)
        ground[y : y + side, x : x + side] = face[..., None]
        yield Case(f"FER2013 PublicTest {row}", "pasted", _as_image(ground), (Box(x, y, side, side),))


def _without_face() -> Iterator[Case]:
    for path in WITHOUT_FACE:
        rgb = read(path)
        yield Case(path.name, "no face", rgb, ())
        if path.name in CLOSE_UPS:
            h, w = rgb.shape[0] // 2, rgb.shape[1] // 2
            for i, (top, left) in enumerate(((0, 0), (0, w), (h, 0), (h, w))):
                part = cv2.resize(rgb[top : top + h, left : left + w], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
                yield Case(f"{path.name}, quarter {i}", "no face", _as_image(part), ())
