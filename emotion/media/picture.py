"""Still pictures to RGB, whatever they are made of. To be called behind the fence: see :mod:`emotion.media.fence`."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emotion import errors

if TYPE_CHECKING:
    from PIL import Image

MAX_PICTURE_PIXELS: Final = 64_000_000
DEEP_MODES: Final = frozenset(("I", "F", "I;16", "I;16L", "I;16B", "I;16N"))
"""Pillow's grey pictures of more than 8 bits; its own conversion clips them to white."""


def decode(path: Path, *, name: str | None = None) -> npt.NDArray[np.uint8]:
    """RGB, shape (height, width, 3), uint8, turned upright by its EXIF tag.

    Raises:
        FileMissing, EmptyFile, PictureError, PictureTooLarge.
    """
    from PIL import Image, ImageOps

    name = name or path.name
    if not path.is_file():
        raise errors.FileMissing(name=name)
    if path.stat().st_size == 0:
        raise errors.EmptyFile(name=name)
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PICTURE_PIXELS:
                raise errors.PictureTooLarge(name=name, width=image.width, height=image.height)
            upright = ImageOps.exif_transpose(image)
            return _grey(upright) if upright.mode in DEEP_MODES else np.asarray(upright.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as e:
        raise errors.PictureError(name=name) from e


def _grey(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Deep grey, its full scale brought to 255.

    Sixteen bits have theirs; of wider numbers it is the least of 1 (fractions alone), 255, 65,535 and the largest
    that takes them all in.
    """
    levels = np.nan_to_num(np.asarray(image, np.float64), posinf=0.0, neginf=0.0)
    top = float(levels.max(initial=0.0))
    scales = (65535.0,) if image.mode.startswith("I;16") else (1.0, 255.0, 65535.0, 2.0**31 - 1)
    if image.mode == "I":
        scales = scales[1:]
    scale = next((s for s in scales if top <= s), top)
    grey = np.clip(np.rint(levels / scale * 255), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def is_small_jpeg(data: bytes, side: int) -> bool:
    """Whether this is a whole JPEG of at most ``side`` pixels each way."""
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            if max(image.size) > side:
                return False
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True
