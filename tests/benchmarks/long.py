"""``python -m tests.benchmarks long``: clips of up to two hours, read where they lie: memory flat, time in line.

The samples are joined, again and again, to so many minutes, their streams copied; each clip is read from file to cue
sheet in a process of its own. Memory is that of all its processes, shared pages counted once (PSS, Linux), at its
highest; time is that of the processor in all of them, which other work on the machine hardly changes, and the clock's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from emotion import media
from tests import clips
from tests.benchmarks.clip import SAMPLES

ROOT: Final = Path(__file__).resolve().parents[2]
MINUTES: Final = (10, 30, 60, 120)
LOOK_EVERY_S: Final = 0.5
MEGABYTE: Final = 1024**2
HEAD: Final = ("minutes", "peak MB", "of it us", "processor s", "s a minute", "clock s", "sheet s", "cues", "people")


def measure(minutes: Sequence[int] = MINUTES) -> Iterator[str]:
    """A row a length, and how memory and time grow from the shortest to the longest."""
    yield f"clips joined from {len(_sources())} samples, {os.cpu_count()} cores"
    yield "".join(f"{name:>13}" for name in HEAD)
    rows = []
    with tempfile.TemporaryDirectory(prefix="moodcue-long-") as folder:
        for n in minutes:
            row = _watched(make(Path(folder, f"{n}.mp4"), n))
            rows.append(row)
            figures = (n, row["peak_mb"], row["own_mb"], row["cpu_s"], row["cpu_s"] / n, row["clock_s"], row["sheet_s"])
            yield "".join(f"{v:>13.1f}" for v in figures) + f"{row['cues']:>13}{row['people']:>13}"
    if len(rows) > 1:
        longer = minutes[-1] / minutes[0]
        yield f"a clip {longer:.1f} times as long: {rows[-1]['peak_mb'] / rows[0]['peak_mb']:.2f} times the memory, "
        yield f"{rows[-1]['cpu_s'] / rows[0]['cpu_s'] / longer:.2f} times the processor a minute"


def make(path: Path, minutes: int) -> Path:
    """So many minutes, to the end of a sample."""
    sources, wanted = _sources(), []
    lengths = [media.probe(source).duration_s for source in sources]
    while sum(lengths[i % len(sources)] for i in range(len(wanted))) < 60 * minutes:
        wanted.append(sources[len(wanted) % len(sources)])
    return clips.joined(path, wanted)


def _sources() -> list[Path]:
    return sorted(path for path in SAMPLES.glob("*.mp4"))


def _watched(path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.long", str(path)]
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        root, peak, own = psutil.Process(child.pid), 0.0, 0.0
        while child.poll() is None:
            each = _megabytes(root)
            if each and sum(each) > peak:
                peak, own = sum(each), each[0]
            time.sleep(LOOK_EVERY_S)
        assert child.stdout is not None
        said = child.stdout.read()
    if child.returncode:
        sys.exit(f"{path.name} could not be read")
    clock_s = time.perf_counter() - begun
    return json.loads(said.strip().splitlines()[-1]) | {"peak_mb": peak, "own_mb": own, "clock_s": clock_s}


def _megabytes(root: psutil.Process) -> list[float]:
    """Of the process and of those it started, itself first."""
    found: list[float] = []
    try:
        for process in (root, *root.children(recursive=True)):
            info = process.memory_full_info()
            found.append(getattr(info, "pss", info.uss) / MEGABYTE)
    except psutil.Error:  # one has just ended
        pass
    return found


def _read(path: Path) -> dict[str, Any]:
    from emotion import analyse, heap, load_readers
    from recommender.cues import make_sheet

    heap.give_back()  # as the commands and the app do
    readers = load_readers()
    timeline = analyse(path, readers, limits=media.Limits.in_place())
    read = time.perf_counter()
    sheet = make_sheet(timeline)
    return {
        "sheet_s": time.perf_counter() - read,
        "cues": len(sheet.cues),
        "people": len(timeline.tracks),
        "cpu_s": _processor_s(),
    }


def _processor_s() -> float:
    """Of this process and of all that it started, the decoders too, which their template has waited for."""
    me = psutil.Process()
    running = sum(sum(child.cpu_times()[:4]) for child in me.children())
    return sum(me.cpu_times()[:4]) + running


if __name__ == "__main__":
    print(json.dumps(_read(Path(sys.argv[1]))))
