"""Measure the face detectors: ``python -m emotion.training.evaluate_detector``.

Writes ``metrics.json`` beside CenterFace's weights. A face counts as found if the middle of a detection lies in its
box and their areas differ by less than a factor of three. What is detected elsewhere in a picture with faces is not
counted, for not every face in the background was marked; false faces are counted on pictures without any.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from emotion.errors import DetectorMissing
from emotion.face import detect
from emotion.face.deepface_frame import DETECTORS, WITH_TENSORFLOW, DeepFaceDetector
from emotion.face.detect import Detection, Detector
from emotion.timeline import Box
from emotion.training import face_data
from emotion.training.detector_cases import Case, cases
from emotion.training.face_measures import wilson
from emotion.weights import models_dir

UPRIGHT: Final = ("upright",)
NO_FACE: Final = "no face"
HARD: Final = ("third", "rotated 25", "dark", "blurred", "turned")


def finds(found: Sequence[Detection], box: Box) -> bool:
    """Whether one of the detections is this face."""

    def fits(d: Detection) -> bool:
        x, y = d.box.x + d.box.width / 2 - box.x, d.box.y + d.box.height / 2 - box.y
        return 0 < x < box.width and 0 < y < box.height and 1 / 3 < d.box.area / box.area < 3

    return any(fits(d) for d in found)


def measure(detector: Detector, all_cases: Sequence[Case]) -> dict[str, Any]:
    """Recall by kind of picture, false faces, and milliseconds for a 640 x 360 frame with one face."""
    right: dict[str, list[bool]] = defaultdict(list)
    false: dict[str, float] = {}
    for case in all_cases:
        found = detector.detect(case.rgb)
        right[case.kind] += [finds(found, box) for box in case.boxes]
        if case.kind == NO_FACE and found:
            false[case.name] = round(found[0].confidence, 3)
    without = sum(c.kind == NO_FACE for c in all_cases)
    recall = {kind: _share(hits) for kind, hits in right.items() if hits}
    return {
        "recall": recall,
        "recall_upright": _share([h for k in UPRIGHT for h in right[k]]),
        "recall_hard": _share([h for k in HARD for h in right[k]]),
        "pictures_without_face": without,
        "false_faces": {"pictures": len(false), "share": round(len(false) / without, 4), "confidence": false},
        "frame_ms": _frame_ms(detector, all_cases),
    }


def _share(hits: Sequence[bool]) -> dict[str, Any]:
    low, high = wilson(sum(hits), len(hits))
    return {
        "share": round(sum(hits) / max(1, len(hits)), 4),
        "n": len(hits),
        "interval": [round(low, 4), round(high, 4)],
    }


def _frame_ms(detector: Detector, all_cases: Sequence[Case], times: int = 15) -> dict[str, float]:
    """Best and median of some runs on clear 640 x 360 frames with one face."""
    frames = [c.rgb for c in all_cases if c.kind == "upright" and c.rgb.shape[:2] == (360, 640)] or [all_cases[0].rgb]
    taken = []
    for i in range(times):
        begin = time.perf_counter()
        detector.detect(frames[i % len(frames)])
        taken.append((time.perf_counter() - begin) * 1e3)
    return {"best": round(min(taken), 2), "median": round(float(np.median(taken)), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--output", type=Path, default=models_dir() / detect.FOLDER / "metrics.json")
    a = parser.parse_args()
    cv2.setNumThreads(1)
    all_cases = list(cases(face_data.data_dir(a.data)))
    kinds = {k: sum(c.kind == k for c in all_cases) for k in dict.fromkeys(c.kind for c in all_cases)}
    metrics: dict[str, Any] = {"pictures": kinds, "detectors": {}, "missing": {}}
    metrics["detectors"]["centerface"] = measure(detect.CenterFace(), all_cases)
    for name in (*DETECTORS, *WITH_TENSORFLOW):
        try:
            metrics["detectors"][f"deepface-{name}"] = measure(DeepFaceDetector(name), all_cases)
        except DetectorMissing as e:
            metrics["missing"][f"deepface-{name}"] = str(e)
    metrics["command"] = "python -m emotion.training.evaluate_detector"
    a.output.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
