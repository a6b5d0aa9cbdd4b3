"""Visitors analyse clips at once while another one clicks around: ``python -m tests.load [--visitors 8]``.

Every visitor brings a clip of their own, so that nobody's result serves another. The figures are those of
docs/hosting.md. Status 1 where a visitor failed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.benchmarks.clip import make
from tests.browser.conftest import Server, serving
from tests.load.visitor import Visitor

PAGES = ("", "music", "evidence")
STEP_S = 0.5


@dataclass
class Figures:
    """Seconds and MB."""

    results_s: list[float] = field(default_factory=list)
    clicks_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    before_mb: float = 0.0
    peak_mb: float = 0.0
    after_mb: float = 0.0


def own_copy(clip: bytes, visitor: int) -> bytes:
    """The same clip with another hash: an empty box at the end, which players pass over."""
    note = f"visitor {visitor}".encode()
    return clip + (8 + len(note)).to_bytes(4, "big") + b"free" + note


async def analyse(server: Server, clip: bytes, number: int, figures: Figures, limit_s: float) -> None:
    try:
        async with Visitor.arrive(server.url) as visitor:
            started = time.perf_counter()
            await visitor.upload(own_copy(clip, number), f"visitor-{number}.mp4")
            await visitor.until_result(limit_s)
            figures.results_s.append(time.perf_counter() - started)
            print(f"visitor {number}: {figures.results_s[-1]:.1f} s", file=sys.stderr)
    except Exception as e:
        figures.failures.append(f"visitor {number}: {type(e).__name__}: {e}")


async def look_around(server: Server, figures: Figures, done: asyncio.Event) -> None:
    try:
        async with Visitor.arrive(server.url) as visitor:
            pages = cycle(PAGES)
            while not done.is_set():
                figures.clicks_s.append(await visitor.click(next(pages)))
                await asyncio.sleep(STEP_S)
    except Exception as e:
        figures.failures.append(f"the one who clicks: {type(e).__name__}: {e}")


async def watch_memory(server: Server, figures: Figures) -> None:
    while True:
        figures.peak_mb = max(figures.peak_mb, server.rss_mb())
        await asyncio.sleep(0.2)


async def settled(server: Server, patience_s: float = 240.0) -> None:
    """At least 10 s, and until the server has nothing to do."""
    await asyncio.sleep(10)
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        before = sum(server.process.cpu_times()[:2])
        await asyncio.sleep(3)
        if sum(server.process.cpu_times()[:2]) - before < 0.15:
            return


async def load(server: Server, clip: bytes, visitors: int, limit_s: float) -> Figures:
    figures, done = Figures(), asyncio.Event()
    warming = Figures()
    await analyse(server, clip, 0, warming, limit_s)  # models, numba: loaded once for all
    async with Visitor.arrive(server.url) as first:
        for page in PAGES:
            await first.click(page)
    await settled(server)  # the first ones are forgotten, and librosa is loaded, which begins with the first result
    figures.failures += warming.failures
    figures.before_mb = server.rss_mb()
    print(f"everything is loaded; {visitors} visitors come", file=sys.stderr)
    watching = asyncio.create_task(watch_memory(server, figures))
    looking = asyncio.create_task(look_around(server, figures, done))
    await asyncio.gather(*(analyse(server, clip, n, figures, limit_s) for n in range(1, visitors + 1)))
    done.set()
    await looking
    watching.cancel()
    await settled(server)
    figures.after_mb = server.rss_mb()
    return figures


def report(figures: Figures, visitors: int, seconds: float) -> str:
    def middle(values: list[float]) -> str:
        return f"{statistics.median(values):.2f}" if values else "-"

    rows = {
        "visitors at once, clips of s": f"{visitors}, {seconds:.0f}",
        "failed": str(len(figures.failures)),
        "upload to result, median s": middle(figures.results_s),
        "upload to result, slowest s": f"{max(figures.results_s, default=0):.2f}",
        "another visitor's click, median s": middle(figures.clicks_s),
        "another visitor's click, slowest s": f"{max(figures.clicks_s, default=0):.2f}",
        "clicks": str(len(figures.clicks_s)),
        "server before, MB": f"{figures.before_mb:.0f}",
        "server at its peak, MB": f"{figures.peak_mb:.0f}",
        "server after, MB": f"{figures.after_mb:.0f} ({figures.after_mb / max(figures.before_mb, 1) - 1:+.0%})",
    }
    return "\n".join(
        ["| figure | value |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())]
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="Many visitors at once.")
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each clip")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds until a visitor counts as failed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make(folder / "clip.mp4", seconds=args.seconds).read_bytes()
        # Streamlit keeps who lost their connection for two minutes; here they are gone at once.
        environment = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "2", "MALLOC_ARENA_MAX": "2"}
        with serving(folder, ("deploy.server",), **environment) as server:
            figures = asyncio.run(load(server, made, args.visitors, args.limit))
            left = server.files()
        print(report(figures, args.visitors, args.seconds))
        for failure in figures.failures:
            print(failure, file=sys.stderr)
        for path in left:
            print(f"left behind: {path.name}", file=sys.stderr)
    return 1 if figures.failures or left else 0


if __name__ == "__main__":
    sys.exit(main())
