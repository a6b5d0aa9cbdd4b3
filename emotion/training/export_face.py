"""Turn trained weights into ``assets/models/face-ferplus-v2``: ``python -m emotion.training.export_face RUN``.

The graph has DeepFace's signature: float32 (n, 48, 48, 1) in [0, 1] to probabilities over angry, disgust, fear,
happy, sad, surprise, neutral; a second output, ``ferplus``, holds FER+'s eight classes. Inside it are the mean over
the face and its mirror image, the temperature (fitted on PublicTest), and the folding of contempt. Then
``python -m emotion.training.evaluate_face`` measures what was exported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
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
from emotion.training import face_data, face_measures, train_face
from emotion.weights import models_dir

OPSET: Final = 17
SIGNATURE: Final = tf.TensorSpec((None, 48, 48, 1), tf.float32, name="face")
SURE_RIGHT: Final = 0.90
"""Answers called sure must be right this often on PublicTest (seven classes)."""
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


def graph(model: keras.Model, temperature: float, fold: npt.NDArray[np.float64]) -> onnx.ModelProto:
    """The network as it is served."""

    @tf.function(input_signature=[SIGNATURE])
    def serve(face: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = model(tf.concat([face, tf.reverse(face, axis=[2])], axis=0), training=False)
        there, mirrored = tf.split(logits, 2, axis=0)
        ferplus = tf.nn.softmax((there + mirrored) / (2 * temperature))
        return {"emotion": tf.matmul(ferplus, tf.constant(fold, tf.float32)), "ferplus": ferplus}

    proto, _ = tf2onnx.convert.from_function(serve, input_signature=[SIGNATURE], opset=OPSET)
    return in_order(proto, ["emotion", "ferplus"])


def in_order(proto: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """Outputs in this order (DeepFace reads the first) and under these names."""
    outputs = {}
    for o in proto.graph.output:
        width = o.type.tensor_type.shape.dim[1].dim_value
        outputs["emotion" if width == len(DEEPFACE_LABELS) else "ferplus"] = o
    for name, o in outputs.items():
        if o.name != name:
            proto.graph.node.append(onnx.helper.make_node("Identity", [o.name], [name]))
            o.name = name
    del proto.graph.output[:]
    proto.graph.output.extend(outputs[name] for name in names)
    onnx.checker.check_model(proto)
    return proto


def export(run: Path, data: Path, command: str) -> Path:
    """Write the model folder; metrics and card are the evaluation's and the author's."""
    splits = face_data.load_clean(data)
    public = splits["public"]
    model = train_face.float32_network(train_face.load_weights(run / "averaged.npz"))
    temperature = face_measures.fit_temperature(train_face.predict(model, public.images), public.votes)
    fold = folding(splits["train"])
    out = models_dir() / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    part = out / f"{FILE}.part"
    onnx.save(graph(model, temperature, fold), part)
    part.replace(out / FILE)
    config = {
        "name": FOLDER,
        "files": {FILE: hashlib.sha256((out / FILE).read_bytes()).hexdigest()},
        "labels": list(DEEPFACE_LABELS),
        "labels_ferplus": list(face_data.FERPLUS),
        "preprocessing": PREPROCESSING,
        "temperature": round(temperature, 4),
        "contempt_becomes": dict(zip(DEEPFACE_LABELS, fold[face_data.CONTEMPT].round(4).tolist(), strict=True)),
        "threshold": 0.5,
        "reliability": 0.5,
        "licence": "weights MIT as the project; trained on FER2013 (pictures: research use) with FER+ votes (MIT)",
        "command": command,
    }
    write(out / "config.json", config)
    probs, truth = FaceNetwork().predict(face_input(list(public.images))), face_measures.fold_votes(public.votes, fold)
    config["threshold"] = face_measures.threshold_for(probs, truth.argmax(axis=1), SURE_RIGHT)
    config["threshold_rule"] = f"answers at or above it are right {SURE_RIGHT:.0%} of the time on PublicTest"
    config["reliability"] = round(face_measures.uar(probs.argmax(axis=1), truth.argmax(axis=1), 7), 3)
    config["reliability_rule"] = "UAR over seven classes on PublicTest"
    write(out / "config.json", config)
    return out


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the --output of emotion.training.train_face")
    parser.add_argument("--data")
    parser.add_argument("--trained-by", default="python -m emotion.training.train_face --output RUN")
    a = parser.parse_args()
    out = export(a.run, face_data.data_dir(a.data), f"{a.trained_by} && python -m emotion.training.export_face RUN")
    print(out)


if __name__ == "__main__":
    main()
