"""What the voice costs to serve: ``python -m emotion.training.time_voice``, added to its metrics.json.

Processor seconds, not seconds on the clock: other work on the machine hardly changes them.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from emotion.training import voice_card, voice_data
from emotion.training import voice_features as vf
from emotion.weights import models_dir

SOUND_S = 120


def timeline() -> dict[str, float]:
    """A timeline's windows over two minutes of joined recordings, on one thread."""
    from emotion import media
    from emotion.voice.infer import build_reader
    from emotion.voice.speech import voice_segments

    sounds = [media.read_sound(r.path) for r in voice_data.recordings([voice_data.HOME])[::24]]
    y = np.concatenate(sounds)[: SOUND_S * vf.voice_augment.SR]
    sr = vf.voice_augment.SR
    before = _memory_mb()
    reader = build_reader(threads=1)
    found = {}
    segments = voice_segments(y, sr)
    reader.read_windows(y, sr, segments[:3])
    for name, job in (
        ("timeline", lambda: reader.read_windows(y, sr, voice_segments(y, sr))),
        ("speakers", lambda: reader.embeddings(y, sr, segments)),
    ):
        started = time.process_time()
        job()
        found[name] = (time.process_time() - started) / SOUND_S * 1000
    return {
        "timeline_ms_a_second": round(found["timeline"], 2),
        "timeline_with_speakers_ms_a_second": round(found["timeline"] + found["speakers"], 2),
        "memory_mb": round(_memory_mb() - before, 0),
    }


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
    path = models_dir() / vf.NAME / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    cores = len(os.sched_getaffinity(0))
    metrics["serving"] = {**timeline(), **many_files(), "cores": cores, "measured": "processor seconds"}
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    voice_card.write(path.parent)
    print(json.dumps(metrics["serving"], indent=1))


if __name__ == "__main__":
    main()
