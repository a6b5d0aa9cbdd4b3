"""Pictures as files that browsers show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def jpeg(rgb: npt.NDArray[np.uint8], quality: int = 85) -> bytes:
    """A picture of shape (height, width, 3) as a file that browsers show."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=quality)
    return out.getvalue()
