"""The clip that is measured: 60 s of 720p at 30 fps with one face and a voice, made from a sample."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from emotion import media

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
WIDTH, HEIGHT, FPS, SR = 1280, 720, 30, 48_000


def make(path: Path, *, seconds: float = 60.0, sample: str | None = None) -> Path:
    """Loops a sample, its picture scaled up and its sound as it is; kept if it is there already."""
    if path.is_file():
        return path
    files = [SAMPLES / s["file"] for s in json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))]
    source = SAMPLES / sample if sample else next(f for f in files if media.probe(f).width)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = out.add_stream("aac", rate=SR, layout="mono")
        for i, rgb in enumerate(itertools.islice(_looped(source), int(seconds * FPS))):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(WIDTH, HEIGHT, "yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        y = np.resize(media.read_sound(source, SR), int(seconds * SR))
        for i in range(0, len(y), 1024):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(y[None, i : i + 1024]), format="fltp", layout="mono"
            )
            block.sample_rate, block.pts, block.time_base = SR, i, Fraction(1, SR)
            out.mux(audio.encode(block))
        out.mux(audio.encode(None))
    return path


def _looped(source: Path) -> Iterator[np.ndarray]:
    while True:
        for frame in media.read_frames(source, fps=FPS, max_side=WIDTH):
            yield frame.rgb
