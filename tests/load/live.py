"""Memory while somebody is live: ``python -m tests.load.live [--minutes 10] [--visitors 1]``.

The Live page's own objects, as in :mod:`tests.benchmarks.live`, with pictures and sound in real time and the tape
running. The first minute fills what is bounded; growth is counted from its end. Status 1 where it is over 10 %,
or where a file or a thread stays behind.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from emotion.pipeline import load_readers
from tests.benchmarks.live import Visit, browsers

MOST_GROWTH = 0.10


async def run(minutes: int, visitors: int, fps: int, folder: Path) -> list[float]:
    """MB at the end of each minute."""
    readers, server, out = load_readers(), psutil.Process(), []
    visits = [Visit(readers, folder / str(i)) for i in range(visitors)]
    async with browsers(visits, fps) as process:
        while any(visit.live.frames == 0 for visit in visits):
            await asyncio.sleep(0.1)
        began_s, frames = time.monotonic(), 0
        for minute in range(1, minutes + 1):
            while (left_s := began_s + minute * 60 - time.monotonic()) > 0:
                await asyncio.sleep(min(1.0, left_s))
                for visit in visits:
                    visit.live.view(time.monotonic())  # as the page does every second
            assert process.returncode is None, "the browsers' process has ended"
            gc.collect()
            out.append(server.memory_info().rss / 1024**2)
            before, frames = frames, sum(visit.live.frames for visit in visits)
            assert frames > before, "the connection has ended"
            kept_mb = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1024**2
            print(f"| {minute} | {out[-1]:.0f} | {frames} | {kept_mb:.1f} |", flush=True)
    return out


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.load.live", description="Memory while somebody is live.")
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--visitors", type=int, default=1)
    parser.add_argument("--fps", type=int, default=25, help="that the browsers send")
    args = parser.parse_args()
    print("| minute | server, MB | frames read so far | recorded, MB on disk |\n| --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        mb = asyncio.run(run(args.minutes, args.visitors, args.fps, Path(name)))
        left = [p for p in Path(name).rglob("*") if p.is_file()]
    tapes = [t for t in threading.enumerate() if t.name in ("tape",) or t.name.startswith("async_media")]
    growth = mb[-1] / mb[0] - 1
    print(f"growth from minute 1 to {len(mb)}: {mb[-1] - mb[0]:+.0f} MB ({growth:+.1%})")
    for stayed in [*left, *tapes]:
        print(f"left behind: {stayed}", file=sys.stderr)
    return 1 if left or tapes or growth > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
