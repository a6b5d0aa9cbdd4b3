"""``python -m tests.benchmarks render``: how long a mix of 60 s takes, and whether a long clip takes more memory.

Each length in a process of its own; memory is the proportional share (PSS) of it and of all the processes that it
starts, looked at five times a second. The music is planned first, as on the page; both are timed.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil

from emotion import media
from emotion.timeline import Segment
from recommender.mix import score, sources
from recommender.mix.command import described
from recommender.mix.plan import TARGETS, Wanted
from recommender.songs import installed
from tests.benchmarks import clip
from tests.benchmarks.browser import pss_mb

ROOT = Path(__file__).resolve().parents[2]
BAR_S = 6.0
MINUTES = (1, 12, 30)
ROUNDS = 3
BREATH_S = 0.2
"""Between two rounds of the clip: a coded stream begins a little before its first sample."""


def measure() -> list[str]:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        minute = clip.make(folder / "1.mp4", seconds=60.0)
        for minutes in MINUTES:
            path = minute if minutes == 1 else repeated(minute, minutes, folder / f"{minutes}.mp4")
            rows.append((minutes, watched(path, ROUNDS if minutes == 1 else 1)))
            if minutes != 1:
                path.unlink()
    lines = [
        f"A mix with its stems, YouTube's loudness, 720p copied, {os.cpu_count()} cores "
        f"(load {os.getloadavg()[0]:.1f} from others at the end)",
        f"{'clip':<12}{'planned':>10}{'rendered':>11}{'of its length':>15}{'its processor':>15}{'peak memory':>14}",
    ]
    for minutes, told in rows:
        lines.append(
            f"{minutes:>3} min     {told['plan_s']:>8.1f} s{told['render_s']:>9.1f} s"
            f"{told['render_s'] / (60 * minutes):>15.3f}{told['cpu_s']:>13.1f} s{told['peak_mb']:>11.0f} MB"
        )
    short, long = rows[1][1]["peak_mb"], rows[-1][1]["peak_mb"]
    lines.append(f"60 s in {rows[0][1]['render_s']:.1f} s (bar {BAR_S:.0f} s)")
    lines.append(f"{MINUTES[-1]} minutes take {long - short:+.0f} MB of memory against {MINUTES[1]} minutes")
    return lines


def repeated(source: Path, times: int, target: Path) -> Path:
    """The clip so many times over, its packets as they are."""
    with av.open(str(target), "w") as out:
        with av.open(str(source)) as first:
            ways = {s.index: out.add_stream_from_template(s) for s in first.streams}
        for i in range(times):
            with av.open(str(source)) as again:
                for packet in again.demux():
                    if packet.dts is None or packet.pts is None:
                        continue
                    base = packet.time_base
                    late = round((60 + BREATH_S) * i / base) if base else 0
                    packet.pts, packet.dts = packet.pts + late, packet.dts + late
                    packet.stream = ways[packet.stream.index]
                    out.mux(packet)
    return target


def watched(path: Path, rounds: int) -> Mapping[str, float]:
    """What a process of its own says, with the most memory that it and its own took; the best of some rounds."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        command = [sys.executable, "-m", "tests.benchmarks.render", str(path)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        peak = [0.0]
        watch = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peak))
        watch.start()
        said, _ = process.communicate()
        watch.join()
        if process.returncode:
            sys.exit(f"rendering {path.name} failed")
        told: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
        told["peak_mb"] = peak[0]
        if not best or told["render_s"] < best["render_s"]:
            best = told
    return best


def _watch(process: psutil.Process, peak: list[float]) -> None:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            peak[0] = max(peak[0], pss_mb(process))
        except psutil.NoSuchProcess:
            return
        time.sleep(0.2)


def one(path: Path) -> dict[str, float]:
    """Plans and renders; seconds of the clock, and of all processors."""
    duration_s = media.probe(path).duration_s
    speech = tuple(Segment(s, min(s + 4.0, duration_s)) for s in np.arange(0.0, duration_s - 1, 6.0))
    heard = score.Clip(path, path.name, duration_s, speech)
    studio = score.Studio(sources.installed_sounds(), described)
    tracks = [score.music_of(t.usable()) for t in installed.tracks()]
    edges = np.append(np.arange(0.0, duration_s - 20, 40.0), duration_s)
    wanted = [
        Wanted(i, float(a), float(b), tracks[(3 * i) % len(tracks)], float(a + b) / 2)
        for i, (a, b) in enumerate(itertools.pairwise(edges))
    ]
    started = time.perf_counter()
    plan = studio.plan(heard, wanted, under_lu=14.0, target=TARGETS["youtube"])
    planned, used = time.perf_counter(), _cpu_s()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        studio.render(heard, plan, Path(folder))
        rendered = time.perf_counter()
    return {"plan_s": planned - started, "render_s": rendered - planned, "cpu_s": _cpu_s() - used}


def _cpu_s() -> float:
    """Processor time of this process and of all that it started, and that those did."""
    total = 0.0
    for p in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            t = p.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += t.user + t.system + t.children_user + t.children_system
    return total


if __name__ == "__main__":
    print(json.dumps(one(Path(sys.argv[1]))))
