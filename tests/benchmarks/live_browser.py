"""The browsers of :mod:`tests.benchmarks.live`: ``python -m tests.benchmarks.live_browser CLIP VISITORS FPS``.

Pictures are encoded before anything is measured, so that this process takes little of the machine. Each carries
its number in its lowest rows, as twelve squares that are black or white.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import aioice.ice
import av
import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from emotion import media

WIDTH, HEIGHT, SR = 640, 480, 48_000
BITS, SQUARE, LEFT = 12, 32, 64
CLOCK = Fraction(1, 90_000)
aioice.ice.CONSENT_FAILURES = 1000  # on a machine that is busy otherwise, answers come late
SECONDS = 8


def numbered(rgb: npt.NDArray[np.uint8], number: int) -> npt.NDArray[np.uint8]:
    """The picture on 640 x 480, its number painted below."""
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    out[: rgb.shape[0], : rgb.shape[1]] = rgb[:HEIGHT, :WIDTH]
    for bit in range(BITS):
        x = LEFT + bit * SQUARE
        out[-SQUARE:, x : x + SQUARE] = 235 if number >> bit & 1 else 16
    return out


def number_of(frame: av.VideoFrame) -> int:
    plane: Any = frame.planes[0]
    y = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    row = frame.height - SQUARE // 2
    return sum(1 << bit for bit in range(BITS) if y[row, LEFT + bit * SQUARE + SQUARE // 2] > 128)


def encoded(clip: Path, fps: int) -> list[bytes]:
    """Some seconds of the clip as VP8, beginning with a whole picture, so that they can be sent again and again."""
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = WIDTH, HEIGHT, "yuv420p", Fraction(1, fps)
    encoder.bit_rate, encoder.gop_size = 1_000_000, fps
    encoder.options = {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"}
    rgb = itertools.cycle([f.rgb for f in media.read_frames(clip, fps=fps, max_side=WIDTH)])
    out: list[bytes] = []
    for i, picture in zip(range(SECONDS * fps), rgb, strict=False):
        frame = av.VideoFrame.from_ndarray(numbered(picture, i), format="rgb24").reformat(format="yuv420p")
        frame.pts = i
        out += [bytes(p) for p in encoder.encode(frame)]
    return out


class Camera(MediaStreamTrack):
    kind = "video"

    def __init__(self, packets: list[bytes], fps: int) -> None:
        super().__init__()
        self.packets, self.fps, self.count, self.begin_s = packets, fps, 0, time.perf_counter()
        self.sent_s: dict[int, float] = {}
        self.delays_s: list[float] = []

    async def recv(self) -> av.Packet:
        await asyncio.sleep(max(0.0, self.begin_s + self.count / self.fps - time.perf_counter()))
        number = self.count % len(self.packets)
        packet = av.Packet(self.packets[number])
        packet.pts, packet.time_base = self.count * 90_000 // self.fps, CLOCK
        self.sent_s[number] = time.perf_counter()
        self.count += 1
        return packet

    async def watch(self, track: MediaStreamTrack) -> None:
        last = -1
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            number = number_of(frame)
            if number != last and number in self.sent_s:
                self.delays_s.append(time.perf_counter() - self.sent_s[number])
            last = number


class Microphone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, y: npt.NDArray[np.int16]) -> None:
        super().__init__()
        self.y, self.count, self.begin_s = y, 0, time.perf_counter()

    async def recv(self) -> av.AudioFrame:
        step = SR // 50
        await asyncio.sleep(max(0.0, self.begin_s + self.count / 50 - time.perf_counter()))
        part = np.take(self.y, np.arange(self.count * step, (self.count + 1) * step), mode="wrap")
        frame = av.AudioFrame.from_ndarray(part[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SR, self.count * step, Fraction(1, SR)
        self.count += 1
        return frame


async def line() -> str:
    return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def main(clip: Path, visitors: int, fps: int) -> None:
    packets = encoded(clip, fps)
    y = (np.clip(media.read_sound(clip, SR), -1, 1) * 32767).astype(np.int16)
    cameras: list[Camera] = []
    peers: list[RTCPeerConnection] = []
    tasks: list[asyncio.Task[None]] = []
    for _ in range(visitors):
        peer, camera = RTCPeerConnection(), Camera(packets, fps)
        peer.addTrack(camera)
        peer.addTrack(Microphone(y))

        def on_track(track: MediaStreamTrack, camera: Camera = camera) -> None:
            if track.kind == "video":
                tasks.append(asyncio.create_task(camera.watch(track)))

        peer.on("track", on_track)
        await peer.setLocalDescription(await peer.createOffer())
        print(json.dumps(peer.localDescription.sdp), flush=True)
        camera.begin_s = time.perf_counter()
        await peer.setRemoteDescription(RTCSessionDescription(json.loads(await line()), "answer"))
        cameras.append(camera)
        peers.append(peer)
    await line()
    before = sum(camera.count for camera in cameras)
    for camera in cameras:
        camera.delays_s.clear()
    await line()
    delays_s = [d for camera in cameras for d in camera.delays_s]
    print(json.dumps({"sent": sum(camera.count for camera in cameras) - before, "delays_s": delays_s}), flush=True)
    await asyncio.gather(*(peer.close() for peer in peers))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
