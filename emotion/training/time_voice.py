"""What the voice costs to serve: ``OPENBLAS_NUM_THREADS=1 python -m
emotion.training.time_voice [--files]``, added to its metrics.json. (That is how `make app` starts the app.)

Processor seconds, not seconds on the clock. Other work on the machine still makes them longer (by
half where both cores are busy), never shorter.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from emotion.training import voice_card, voice_data
from emotion.training import voice_features as vf
from emotion.weights import models_dir

SOUND_S, TIMES = 60, 5


def timeline() -> dict[str, float]:
    """A timeline's windows over a minute of speech without a pause, on one thread: the best of five."""
    from emotion import media
    from emotion.voice.infer import build_reader
    from emotion.voice.speech import voice_segments

    sr, parts = vf.voice_augment.SR, []
    for recording in voice_data.recordings([voice_data.HOME])[::40]:
        y = media.read_sound(recording.path)
        spoken = vf.span(y)
        parts.append(y[int(spoken.start_s * sr) : int(spoken.end_s * sr)])
    y = np.concatenate(parts)[: SOUND_S * sr]
    before = _memory_mb()
    reader = build_reader(threads=1)
    found = {}
    segments = voice_segments(y, sr)
    reader.read_windows(y, sr, segments[:3])
    for name, job in (
        ("reading", lambda: reader.read_windows(y, sr, segments)),
        ("timeline", lambda: reader.read_windows(y, sr, voice_segments(y, sr))),
        ("speakers", lambda: reader.embeddings(y, sr, segments)),
    ):
        found[name] = min(_processor_s(job) for _ in range(TIMES)) / SOUND_S * 1000
    return {
        "reading_ms_a_second": round(found["reading"], 2),
        "timeline_ms_a_second": round(found["timeline"], 2),
        "timeline_with_speakers_ms_a_second": round(found["timeline"] + found["speakers"], 2),
        "memory_mb": round(_memory_mb() - before, 0),
    }


def _processor_s(job: Callable[[], object]) -> float:
    started = time.process_time()
    job()
    return time.process_time() - started


def _memory_mb() -> float:
    """The most this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def many_files() -> dict[str, Any]:
    """``python -m emotion voice`` on every RAVDESS recording, in one process."""
    files = [str(r.path) for r in voice_data.recordings([voice_data.HOME])]
    with (voice_data.data_dir() / "voice" / "manifest.tsv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    sound_s = sum(float(row["seconds"]) for row in rows if row["corpus"] == voice_data.HOME)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "emotion", "voice", *files, "--format", "csv"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "files": len(files),
        "sound_s": round(sound_s),
        "processor_s": round(spent, 1),
        "times_real_time": round(sound_s / spent, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="every RAVDESS recording as well: minutes")
    path = models_dir() / vf.NAME / "metrics.json"
    files = many_files() if parser.parse_args().files else {}
    cores = len(os.sched_getaffinity(0))
    found = {**timeline(), **files, "cores": cores, "measured": "processor seconds, other work beside it"}
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["serving"] = {**metrics.get("serving", {}), **found}
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    voice_card.write(path.parent)
    print(json.dumps(metrics["serving"], indent=1))


if __name__ == "__main__":
    main()
