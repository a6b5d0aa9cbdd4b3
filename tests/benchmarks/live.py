"""How quickly the Live page's own objects read: ``python -m tests.benchmarks.live [--visitors 1 2 3] [--fps 30]``.

A process of its own plays the browsers: it sends a real face (640 x 480, VP8) and its voice
over WebRTC, and times each picture until it comes back drawn, by a number that is painted into the picture. The
server's process holds what the page hands to streamlit-webrtc: relay, callbacks, sinks, the tape. So the delay is
all of it: network, decoding, waiting, reading, drawing, encoding and decoding again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from aiortc import RTCPeerConnection, RTCSessionDescription
from streamlit_webrtc import WebRtcMode
from streamlit_webrtc.models import CallbackAttachableProcessor
from streamlit_webrtc.sink import AudioSinkTrack
from streamlit_webrtc.webrtc import _process_offer_coro

from emotion.live import Live
from emotion.pipeline import Readers, load_readers
from pages.live import stream
from pages.live.live_recording import Keeping
from tests.benchmarks import live_browser
from tests.conftest import DATA, SAMPLES

ROOT = Path(__file__).resolve().parents[2]
STALL_STEP_S = 0.01
RECORDED = DATA / "video" / "01-01-01-01-01-01-01.mp4"
CLIP = RECORDED if RECORDED.is_file() else SAMPLES / "good-news.mp4"
"""An actor's face and voice where the recordings are here, else the sample's."""


@dataclass
class Visit:
    """One visitor on the server's side: what the page makes for them."""

    readers: Readers
    folder: Path | None = None
    pc: RTCPeerConnection = field(default_factory=RTCPeerConnection)
    keeping: Keeping = field(default_factory=Keeping)

    def __post_init__(self) -> None:
        self.live = Live(lambda: self.readers)
        if self.folder is not None:
            self.keeping.follow(self.folder, wanted=True, start_s=0.0)

    async def answer(self, sdp: str, relay: Any) -> str:
        callback: Any = stream.on_video(self.live, stream.named("en"), self.keeping)
        answer = await _process_offer_coro(
            WebRtcMode.SENDRECV,
            self.pc,
            RTCSessionDescription(sdp, "offer"),
            relay=relay,
            source_video_track=None,
            source_audio_track=None,
            sink_video_track=None,
            sink_audio_track=AudioSinkTrack(stream.on_audio(self.live, self.keeping)),
            in_recorder=None,
            out_recorder=None,
            video_processor=CallbackAttachableProcessor(callback, None, None),
            audio_processor=None,
            video_receiver=None,
            audio_receiver=None,
            async_processing=True,
            sendback_video=True,
            sendback_audio=False,
            on_track_created=lambda kind, track: None,
            remote_description_set_event=asyncio.Event(),
        )
        return answer.sdp

    async def leave(self) -> None:
        await self.pc.close()
        self.keeping.throw_away()


@dataclass
class Stalls:
    """The longest time for which the event loop did not come round."""

    longest_s: float = 0.0

    async def watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(STALL_STEP_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - before - STALL_STEP_S)


@contextlib.asynccontextmanager
async def browsers(visits: list[Visit], fps: int):
    """The other process: it writes an offer a line, reads an answer a line, and ends with its figures as JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", live_browser.__name__, str(CLIP), str(len(visits)), str(fps)),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=2**20,
    )
    relay = stream.NewestOnly()
    assert process.stdin is not None and process.stdout is not None
    try:
        for visit in visits:
            offer = json.loads(await process.stdout.readline())
            process.stdin.write((json.dumps(await visit.answer(offer, relay)) + "\n").encode())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.gather(*(visit.leave() for visit in visits))


async def measure(readers: Readers, visitors: int, fps: int, seconds: float, folder: Path | None) -> dict[str, float]:
    """Figures for so many visitors at once, after 3 s that do not count."""
    visits = [Visit(readers, folder and folder / str(i)) for i in range(visitors)]
    server, stalls = psutil.Process(), Stalls()
    async with browsers(visits, fps) as process:
        assert process.stdin is not None and process.stdout is not None
        while any(visit.live.frames == 0 for visit in visits):
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        watching = asyncio.create_task(stalls.watch())
        process.stdin.write(b"count\n")
        before, cpu_s, began_s = [v.live.frames for v in visits], sum(server.cpu_times()[:2]), time.perf_counter()
        await asyncio.sleep(seconds)
        lasted_s = time.perf_counter() - began_s
        read = [v.live.frames - b for v, b in zip(visits, before, strict=True)]
        cpu_s = sum(server.cpu_times()[:2]) - cpu_s
        watching.cancel()
        process.stdin.write(b"end\n")
        seen = json.loads(await process.stdout.readline())
        voices = sum(any(m.voice for m in v.live.view(time.monotonic()).timeline.moments) for v in visits)
    delays = sorted(seen["delays_s"])
    return {
        "visitors": visitors,
        "frames sent a second, each": seen["sent"] / lasted_s / visitors,
        "frames read a second, least": min(read) / lasted_s,
        "frames left out, %": 100 * (1 - sum(read) / max(1, seen["sent"])),
        "frame to picture, median ms": statistics.median(delays) * 1000 if delays else float("nan"),
        "frame to picture, 95 of 100, ms": delays[int(len(delays) * 0.95)] * 1000 if delays else float("nan"),
        "visitors whose voice was read": voices,
        "event loop, longest stall ms": stalls.longest_s * 1000,
        "server, cores used": cpu_s / lasted_s,
        "server, processor ms a frame read": cpu_s / max(1, sum(read)) * 1000,
        "server, MB": server.memory_info().rss / 1024**2,
    }


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.benchmarks.live", description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--fps", type=int, default=30, help="that the browsers send; the page asks them for 25")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--keep", action="store_true", help="record, as where the visitor asks for it")
    args = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    readers = load_readers()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = folder / "kept" if args.keep else None
        columns = [asyncio.run(measure(readers, n, args.fps, args.seconds, kept)) for n in args.visitors]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"\n640 x 480 at {args.fps} frames a second and a voice, {cores} core(s){', recording' if args.keep else ''}")
    for row in columns[0]:
        print(f"{row:<36}" + "".join(f"{column[row]:>10.1f}" for column in columns))


if __name__ == "__main__":
    main()
