"""Turn trained weights into ``assets/models/face-ferplus-v7``: ``python -m emotion.training.export_face RUN...``.

The graph has DeepFace's signature: float32 (n, 48, 48, 1) in [0, 1] to probabilities over angry, disgust, fear,
happy, sad, surprise, neutral; further outputs hold FER+'s eight classes (``ferplus``) and what FER2013's own labels
would say (``fer2013``). Inside it are the enlarging, the temperatures (fitted on the pictures of PublicTest that did
not train), and the folding of contempt. Of several runs, one begun from the other, the mean of their weights is
exported (Wortsman et al. 2022, arXiv:2203.05482). Then ``python -m emotion.training.evaluate_face`` measures what was
exported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import numpy.typing as npt
import onnx
import tensorflow as tf
import tf2onnx

from emotion.face.features import face_input
from emotion.face.model import DEEPFACE_LABELS, FILE, FOLDER, FaceNetwork
from emotion.training import face_data, face_measures, face_network, train_face
from emotion.training.export import shrunk
from emotion.weights import models_dir

OPSET: Final = 17
OUTPUTS: Final = ("emotion", "ferplus", "fer2013")
"""DeepFace reads the first."""
SIGNATURE: Final = tf.TensorSpec((None, 48, 48, 1), tf.float32, name="face")
SURE_RIGHT: Final = 0.90
"""Answers called sure must be right this often on PublicTest's kept pictures (seven classes)."""
PREPROCESSING: Final = (
    "detector's box to a square framed as FER2013 frames faces, eyes level where turned by more than 5 degrees; "
    "grey (ITU-R BT.601); 48 x 48 (area when smaller, bilinear when larger); float32 in [0, 1]: "
    "emotion.face.features.crop and face_input"
)


def folding(train: face_data.Faces) -> npt.NDArray[np.float64]:
    """Shape (8, 7): how FER+'s classes become DeepFace's.

    Seven go over as they are. Contempt, which DeepFace does not have, goes to what the other raters saw in the
    training pictures that at least two called contempt: mostly neutral, then anger and the rest.
    """
    others = train.votes[train.votes[:, face_data.CONTEMPT] > 0][:, : face_data.CONTEMPT].sum(axis=0)
    matrix = np.zeros((8, 7))
    for i, name in enumerate(face_data.FERPLUS[: face_data.CONTEMPT]):
        column = DEEPFACE_LABELS.index(face_data.DEEPFACE_NAME[name])
        matrix[i, column] = 1.0
        matrix[face_data.CONTEMPT, column] = others[i] / others.sum()
    return matrix


def graph(model: keras.Model, temperatures: tuple[float, float], fold: npt.NDArray[np.float64]) -> onnx.ModelProto:
    """The network as it is served; large weights in 16 bits, widened once on loading."""

    @tf.function(input_signature=[SIGNATURE])
    def serve(face: tf.Tensor) -> list[tf.Tensor]:
        heads = tf.split(model(face_network.enlarged(face), training=False), list(face_network.HEADS.values()), axis=1)
        ferplus, fer2013 = (tf.nn.softmax(x / t) for x, t in zip(heads, temperatures, strict=True))
        return [tf.matmul(ferplus, tf.constant(fold, tf.float32)), ferplus, fer2013]

    proto, _ = tf2onnx.convert.from_function(serve, input_signature=[SIGNATURE], opset=OPSET)
    return shrunk(named(proto, OUTPUTS), "float16")


def named(proto: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The outputs, in their order, under these names."""
    for output, name in zip(proto.graph.output, names, strict=True):
        proto.graph.node.append(onnx.helper.make_node("Identity", [output.name], [name]))
        output.name = name
    onnx.checker.check_model(proto)
    return proto


def mean_weights(runs: Sequence[Path]) -> train_face.Arrays:
    """Of runs of one width, which lie in one valley: each began from another's weights."""
    weights = [train_face.load_weights(run / "averaged.npz") for run in runs]
    return [np.mean(arrays, axis=0) for arrays in zip(*weights, strict=True)]


def kept_figures(weights: train_face.Arrays, public: face_data.Faces) -> dict[str, float]:
    """What versions are chosen by: how one does on PublicTest's kept pictures, of which none trained.

    ``majority`` is the cross-entropy with the class that most named, after the temperature.
    """
    model = face_network.folded(weights)
    logits = train_face.predict(model, public.images)[:, : len(face_data.FERPLUS)]
    scaled = logits / face_measures.fit_temperature(logits, public.votes)
    majority = float(np.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(public.majority, scaled)))
    return train_face.accuracy(model, public) | {"majority": majority}


def export(runs: Sequence[Path], data: Path, command: str) -> Path:
    """Write the model folder; metrics and card are the evaluation's and the author's."""
    splits = face_data.load_clean(data)
    public = splits["public"]
    model = face_network.folded(mean_weights(runs))
    ferplus, fer2013 = np.split(train_face.predict(model, public.images), [len(face_data.FERPLUS)], axis=1)
    labels = np.eye(len(face_data.FER2013))[public.fer2013]
    temperatures = face_measures.fit_temperature(ferplus, public.votes), face_measures.fit_temperature(fer2013, labels)
    fold = folding(splits["train"])
    out = models_dir() / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    part = out / f"{FILE}.part"
    onnx.save(graph(model, temperatures, fold), part)
    part.replace(out / FILE)
    config = {
        "name": FOLDER,
        "files": {FILE: hashlib.sha256((out / FILE).read_bytes()).hexdigest()},
        "labels": list(DEEPFACE_LABELS),
        "labels_ferplus": list(face_data.FERPLUS),
        "preprocessing": PREPROCESSING,
        "temperature": round(temperatures[0], 4),
        "temperature_fer2013": round(temperatures[1], 4),
        "contempt_becomes": dict(zip(DEEPFACE_LABELS, fold[face_data.CONTEMPT].round(4).tolist(), strict=True)),
        "threshold": 0.5,
        "reliability": 0.5,
        "licence": "weights MIT as the project; trained on FER2013 (pictures: research use) with FER+ votes (MIT), "
        "from the weights of HSE-FaceRes (npm package @vladmandic/human, MIT)",
        "command": command,
    }
    write(out / "config.json", config)
    probs, truth = FaceNetwork().predict(face_input(list(public.images))), face_measures.fold_votes(public.votes, fold)
    config["threshold"] = face_measures.threshold_for(probs, truth.argmax(axis=1), SURE_RIGHT)
    config["threshold_rule"] = (
        f"answers at or above it are right {SURE_RIGHT:.0%} of the time on the kept pictures of PublicTest"
    )
    config["reliability"] = round(face_measures.uar(probs.argmax(axis=1), truth.argmax(axis=1), 7), 3)
    config["reliability_rule"] = "UAR over seven classes on the kept pictures of PublicTest"
    write(out / "config.json", config)
    return out


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="+", help="the --output of emotion.training.train_face")
    parser.add_argument("--data")
    parser.add_argument(
        "--trained-by",
        default="python -m emotion.training.train_face --output RUN --backbone vladmandic-human-3.3.6.tgz",
    )
    a = parser.parse_args()
    names = " ".join(run.name for run in a.run)
    out = export(a.run, face_data.data_dir(a.data), f"{a.trained_by} && python -m emotion.training.export_face {names}")
    public = face_data.load_clean(face_data.data_dir(a.data))["public"]
    for runs in [*([run] for run in a.run), a.run]:
        print(*(run.name for run in runs), kept_figures(mean_weights(runs), public))
    print(out)


if __name__ == "__main__":
    main()
