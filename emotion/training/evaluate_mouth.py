"""Measure how far mouths are seen to move: ``python -m emotion.training.evaluate_mouth``.

On the test clips with one speaker: the mean change of the mouth's opening from frame to frame while the sound has
speech, and while it has none. Writes ``metrics.json`` beside the weights.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion import media
from emotion.face.detect import CenterFace
from emotion.face.mouth import FOLDER, SIDE, MouthReader
from emotion.training import face_data
from emotion.voice.speech import SR, SpeechDetector, voice_segments
from emotion.weights import models_dir

CLIPS: Final = ("01-01-01-01-01-01-01.mp4", "bbaf2n.mpg", "lrwp9a.mpg", "swiz3n.mpg")
RUNS: Final = 50


def movements(path: Path, speech: SpeechDetector) -> tuple[list[float], list[float], int]:
    """Changes of the opening with and without speech, and in how many frames no mouth was found."""
    segments = voice_segments(media.read_sound(path, SR), SR, detector=speech)
    finder, mouths = CenterFace(), MouthReader()
    seen = [(f.time_s, mouths.open(f.rgb, finder.detect(f.rgb)[:1])) for f in media.read_frames(path)]
    speaking, silent, lost = [], [], 0
    for (before_s, before), (now_s, now) in pairwise(seen):
        if not (before and now) or before[0] is None or now[0] is None:
            lost += 1
            continue
        middle_s = (before_s + now_s) / 2
        inside = any(s.start_s <= middle_s < s.end_s for s in segments)
        (speaking if inside else silent).append(abs(now[0] - before[0]))
    return speaking, silent, lost


def face_ms(mouths: MouthReader) -> float:
    face, taken = np.full((SIDE, SIDE, 3), 127, np.uint8), []
    for _ in range(RUNS):
        begin = time.perf_counter()
        mouths.points(face)
        taken.append(time.perf_counter() - begin)
    return round(min(taken) * 1e3, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    folder = face_data.data_dir(parser.parse_args().data) / "video"
    speech = SpeechDetector.build()
    found = [movements(folder / name, speech) for name in CLIPS]
    speaking, silent = (np.concatenate([f[i] for f in found]) for i in (0, 1))
    metrics: dict[str, Any] = {
        "command": "python -m emotion.training.evaluate_mouth",
        "clips": list(CLIPS),
        "pairs_of_frames": {"speech": len(speaking), "silence": len(silent), "lost": sum(f[2] for f in found)},
        "mean_change": {"speech": round(float(speaking.mean()), 4), "silence": round(float(silent.mean()), 4)},
        "ms_a_face": face_ms(MouthReader()),
    }
    path = models_dir() / FOLDER / "metrics.json"
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
