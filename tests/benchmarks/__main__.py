"""``make bench``: how long a 60 s 720p clip takes, against the plain way, how light the app is, how quick the music.

    python -m tests.benchmarks [clip | ranking | music | cues | mix | render | under | library | long | sheet | joins]
        [--seconds 60] [--skip plain app] [--tune] [--minutes 30 120] [--app]

``cues`` needs recordings that are not part of the project, ``under`` Chromium; ``long`` takes as long as it says.
Each job runs in a process of its own; all of them in this one run, on this machine. The plain way
is measured on every sixth frame and scaled to all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks import clip

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("clip", "ranking", "music", "cues", "mix", "render", "under", "library", "long", "sheet", "joins")
ROWS = (
    ("load", "imports and models, s"),
    ("voice", "voice known after, s"),
    ("decoding", "the same clip decoded alone, s"),
    ("ratio", "whole clip against decoding it"),
    ("cpu", "whole clip, processor, s"),
    ("cpu_ratio", "whole clip against decoding, processor"),
    ("grid", "grid of 30 minutes, s"),
    ("face", "faces, decoding aside, s"),
    ("all", "whole clip, models loaded, s"),
    ("total", "whole clip, from a cold start, s"),
    ("frames_with_face", "frames of 300 with a face"),
    ("peak_mb", "peak memory, MB"),
)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "part",
        nargs="?",
        choices=PARTS,
        help="without, the first three",
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--skip", nargs="*", default=[], choices=("plain", "app"))
    parser.add_argument("--write", action="store_true", help="joins: keep the readings for the tests")
    parser.add_argument("--tune", action="store_true", help="cues: every choice of the constants on other speakers")
    parser.add_argument("--minutes", type=int, nargs="+", help="long: of each clip")
    parser.add_argument("--app", action="store_true", help="long: opened in the app's page, by a browser")
    args = parser.parse_args()
    for part in [args.part] if args.part else PARTS[:3]:
        if part == "clip":
            a_clip(args.seconds, args.skip)
            continue
        print()
        for line in lines(part, args):
            print(line, flush=True)


def lines(part: str, args: argparse.Namespace) -> Iterable[str]:
    """What one part says, a line at a time. Each is imported where it is run: they need different things."""
    module = import_module(f"tests.benchmarks.{'long_app' if part == 'long' and args.app else part}")
    if part == "cues" and args.tune:
        return module.tune()
    if part == "joins":
        return module.measure(write=args.write)
    if part == "long":
        return module.measure(args.minutes or import_module("tests.benchmarks.long").MINUTES)
    return module.measure()


def a_clip(seconds: float, skip: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = clip.make(Path(folder) / "clip.mp4", seconds=seconds)
        ours = job("ours", path)
        plain = job("plain", path) if "plain" not in skip else {}
        print(f"\n{seconds:.0f} s of 720p, one face, {os.cpu_count()} cores")
        print(f"{'':<36}{'MoodCue':>10}{'plain way':>12}{'ratio':>9}")
        for key, name in ROWS:
            row = f"{name:<36}{ours[key]:>10.2f}"
            if key in plain:
                row += f"{plain[key]:>12.1f}{plain[key] / max(ours[key], 1e-9):>8.1f}x"
            print(row)
        if "app" not in skip:
            from tests.benchmarks import browser

            for name, value in browser.measure(path).items():
                print(f"{name:<44}{value:>10.2f}")


def job(name: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.measure", name, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
