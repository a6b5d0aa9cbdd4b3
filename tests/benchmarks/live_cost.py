"""What a live visitor costs in processor time: ``python -m tests.benchmarks.live_cost``.

Counted in the time that the processor worked for this process, so that other work on the machine matters little.
:mod:`tests.benchmarks.live` measures how quick it is; that takes a quiet machine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
from aiortc.codecs.vpx import Vp8Encoder

from emotion import media
from emotion.live import WINDOW_S, Live
from emotion.media.tape import Tape
from emotion.pipeline import load_readers
from emotion.voice.online_profile import Growing
from pages.live import stream
from pages.live.live_recording import Keeping
from tests.benchmarks.live import CLIP
from tests.benchmarks.live_browser import CLOCK, SR, encoded, numbered

FPS = 25
"""That the page asks for."""
VOICES = 3


def cost_ms(work: Callable[[Any], Any], items: Iterable[Any]) -> tuple[float, list[Any]]:
    """Milliseconds an item, and what came of them; the first one, which warms up, does not count."""
    items = list(items)
    work(items[0])
    before_s = time.process_time()
    out = [work(item) for item in items]
    return (time.process_time() - before_s) / len(items) * 1000, out


def main() -> None:
    cv2.setNumThreads(1)
    readers = load_readers()
    live, decoder, encoder = Live(lambda: readers), av.CodecContext.create("libvpx", "r"), Vp8Encoder()
    rgb = [numbered(f.rgb, 0) for f in media.read_frames(CLIP, fps=FPS, max_side=640)]
    pictures = [av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p") for picture in rgb]
    rows: dict[str, float] = {}
    rows["decode a picture"], _ = cost_ms(lambda data: decoder.decode(av.Packet(data)), encoded(CLIP, FPS))
    rows["read and draw it"], drawn = cost_ms(stream.on_video(live, stream.named("en"), Keeping()), pictures)
    for i, frame in enumerate(drawn):
        frame.pts, frame.time_base = i * 90_000 // FPS, CLOCK
    rows["encode it again"], _ = cost_ms(encoder.encode, drawn)
    rows["record it"] = recording_ms(pictures * 4)
    y = media.read_sound(CLIP, SR)[: int(WINDOW_S * SR)]
    rows["hear a second of voice"], _ = cost_ms(
        lambda _: live._voice_of(y, SR, time.monotonic(), Growing()), range(VOICES)
    )
    pictures_ms = sum(ms for row, ms in rows.items() if "voice" not in row)
    rows[f"a visitor at {FPS} pictures, a second"] = pictures_ms * FPS + rows["hear a second of voice"]
    for row, ms in rows.items():
        print(f"{row:<40}{ms:>8.1f} ms")


def recording_ms(pictures: list[av.VideoFrame]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        tape, before_s = Tape(Path(folder) / "live"), time.process_time()
        for i, picture in enumerate(pictures):
            while tape._waiting.qsize() > 2:
                time.sleep(0.002)
            tape.picture(picture, float(Fraction(i, FPS)))
        tape.stop()
        tape.wait()
        return (time.process_time() - before_s) / len(pictures) * 1000


if __name__ == "__main__":
    main()
