"""The bundled clips that can be tried, each with a small picture."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pages.shared.services.pictures import jpeg

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SAMPLES_DIR = Path(__file__).resolve().parents[3] / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """A bundled clip; its title and description are sentences of the locale."""

    id: str
    title_key: str
    path: Path


def split_title(title: str) -> tuple[str, str]:
    """``Good news (a voice and a face)`` as what it is called and what is said of it."""
    match = re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", title)
    return (match[1], match[2]) if match else (title, "")


@functools.cache
def samples() -> tuple[Sample, ...]:
    """The clips of ``assets/samples/samples.json`` in their order."""
    index = SAMPLES_DIR / "samples.json"
    if not index.is_file():
        return ()
    rows = json.loads(index.read_text(encoding="utf-8"))
    return tuple(Sample(r["id"], r["title_key"], SAMPLES_DIR / r["file"]) for r in rows)


@functools.cache
def poster(sample: Sample) -> bytes:
    """A small picture of a sample: its middle, or its waveform where it has sound alone."""
    from emotion import media, signals

    clip = media.probe(sample.path)
    if clip.width is not None:
        return jpeg(media.frame_at(sample.path, clip.duration_s / 2, max_side=480).rgb)
    _, low, high = signals.envelope(media.read_sound(sample.path, 8000), 8000, points=2 * 60)
    return _waveform(high - low)


def _waveform(loudness: npt.NDArray[np.float32], width: int = 480, height: int = 270) -> bytes:
    from io import BytesIO

    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (width, height))
    draw, step = ImageDraw.Draw(picture), width / (len(loudness) + 1)
    for i, value in enumerate(loudness / max(float(loudness.max(initial=0)), 1e-6)):
        x, half = (i + 1) * step, max(2.0, value * height * 0.38)
        draw.rounded_rectangle((x - 2, height / 2 - half, x + 2, height / 2 + half), radius=2, fill="#7a70e8")
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
