"""Train a network for faces: ``python -m emotion.training.train_face --start RUN --output RUN``.

It learns FER+'s label distributions and, with a second head, FER2013's own labels, from pictures that are changed anew
each time (:mod:`emotion.training.face_augment`). What it starts from is a run, an earlier one or one made by
:mod:`emotion.training.face_runs`. With ``--teacher RUN ...`` the mean of what those say of the very pictures that are
learnt from, changed and mixed as they are, is most of the targets (Beyer et al. 2022, arXiv:2106.05237).

Pictures of rare classes come more often than there are of them, and the loss takes that out again (Menon et al. 2021,
arXiv:2007.07314): rare classes are learnt with more care, and the answers still say what voters would.

Nothing is chosen on PrivateTest: the part of PublicTest that is kept out of training is looked at a few times a run,
for the log alone, and the averaged weights of the last step are the result. It runs on whatever backend of Keras
``KERAS_BACKEND`` names; pictures and their changes stay on the accelerator, where there is one. With ``--parcel`` it
needs no data beside that file (:mod:`emotion.training.face_parcel`).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import numpy.typing as npt

from emotion.training import face_augment, face_data, face_measures, face_network, face_parcel, face_runs
from emotion.training.face_augment import Strength
from emotion.training.face_data import Faces
from emotion.training.tensors import Tensor, ops

Floats = npt.NDArray[np.float32]

FIRST: Final = face_network.HEADS["ferplus"]
LOG: Final = "log.jsonl"


@dataclass(frozen=True)
class Plan:
    """Everything that shapes a run."""

    epochs: int = 24
    """Passes: as many pictures as there are, each time."""
    batch_size: int = 256
    peak_lr: float = 1e-3
    warm_up: float = 0.04
    weight_decay: float = 0.05
    average: float = 0.998
    second_head: float = 0.3
    """Weight of the loss on FER2013's own labels."""
    smooth: float = 0.1
    """Part of such a label that is shared out among the classes: it is one person's word."""
    teacher: float = 0.8
    """Share of the teachers' answers in the targets, if there are any."""
    decided: float = 0.15
    """Share of the class that FER+'s majority names: it is what accuracy is measured by."""
    rare: float = 0.5
    """How much more often pictures of rare classes come: 0 as there are, 1 each class alike."""
    mild_from: float = 0.85
    """Part of the run after which no pictures are mixed and fewer are spoilt, so that the end looks like real ones."""
    looks: int = 4
    """How often the averaged weights are saved and looked at."""
    seed: int = 7

    def steps(self, pictures: int) -> int:
        """Of one look."""
        return max(1, self.epochs * pictures // (self.batch_size * self.looks))


class Rows(keras.utils.PyDataset):
    """Which pictures a step learns from, drawn by their weight, and whether it is a mild one; (n,) each."""

    def __init__(self, weights: npt.NDArray[np.float64], plan: Plan) -> None:
        super().__init__()
        self.plan, self.cumulated = plan, np.cumsum(weights) / weights.sum()
        self.steps, self.look = plan.steps(len(weights)), 0

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[tuple[npt.NDArray[np.int32], Floats]]:
        n = self.plan.batch_size
        rng = np.random.default_rng((self.plan.seed, self.look, index))
        rows = np.minimum(np.searchsorted(self.cumulated, rng.random(n)), len(self.cumulated) - 1)
        progress = (self.look + index / self.steps) / self.plan.looks
        return ((rows.astype(np.int32), np.full(n, progress >= self.plan.mild_from, np.float32)),)

    def on_epoch_end(self) -> None:
        self.look += 1


class Learner(keras.Model):
    """A network, the pictures it learns from, what changes them, and its teachers: all of a step in one graph."""

    def __init__(self, network: keras.Model, faces: Faces, plan: Plan, teachers: Sequence[keras.Model] = ()) -> None:
        super().__init__(dtype="float32")
        self.network, self.teachers, self.plan = network, list(teachers), plan
        for teacher in self.teachers:
            teacher.trainable = False
        self.changes = face_augment.Changes(Strength(), plan.seed)
        self.pictures = self._kept("pictures", faces.images)
        answers = targets(faces, plan)
        self.answers = self._kept("answers", answers)
        weights = often(faces, plan.rare)
        self.tilt = tilt(answers, weights)

    def _kept(self, name: str, values: npt.NDArray[np.generic]) -> keras.Variable:
        made = self.add_weight(
            name=name, shape=values.shape, dtype=str(values.dtype), initializer="zeros", trainable=False
        )
        made.assign(values)
        return made

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> tuple[Tensor, Tensor]:
        """Which pictures, and whether mildly changed, to logits and targets, (n, 15) each."""
        rows, mild = (ops.reshape(v, (self.plan.batch_size,)) for v in inputs)
        faces = ops.cast(ops.take(self.pictures, rows, axis=0), "float32") / 255.0
        x, wanted = self.changes(faces, ops.take(self.answers, rows, axis=0), mild)
        if self.teachers:
            wanted = (1 - self.plan.teacher) * wanted + self.plan.teacher * self.taught(x)
        return self.network(x, training=training), ops.stop_gradient(wanted)

    def taught(self, x: Tensor) -> Tensor:
        """What the teachers say of the very pictures that are learnt from, (n, 15).

        Every other teacher sees the mirror image, so that the mean says what holds for both.
        """
        views = (x, ops.flip(x, axis=2))
        said = [m(views[i % 2], training=False) for i, m in enumerate(self.teachers)]
        parts = [ops.concatenate([ops.softmax(y[:, :FIRST]), ops.softmax(y[:, FIRST:])], axis=1) for y in said]
        return sum(parts[1:], parts[0]) / len(parts)

    def compute_loss(
        self,
        x: object = None,
        y: object = None,
        y_pred: Any = None,
        sample_weight: object = None,
        training: bool = True,
    ) -> Tensor:
        """Both heads', as Keras asks for it; ``y_pred`` is what :meth:`call` returns."""
        said, wanted = y_pred
        first = loss(said[:, :FIRST], wanted[:, :FIRST], self.tilt[:FIRST])
        return first + self.plan.second_head * loss(said[:, FIRST:], wanted[:, FIRST:], self.tilt[FIRST:])


def loss(logits: Tensor, wanted: Tensor, tilt: Floats) -> Tensor:
    """Mean cross-entropy of pictures that come oftener than there are of them, by ``tilt``, a logarithm a class.

    Logits and what is wanted are for pictures as often as there are of them.
    """
    wanted = wanted * np.exp(tilt)
    wanted = wanted / ops.sum(wanted, axis=1, keepdims=True)
    return -ops.mean(ops.sum(wanted * ops.log_softmax(logits + tilt, axis=1), axis=1))


def targets(faces: Faces, plan: Plan) -> Floats:
    """Shape (n, 15): what both heads shall answer."""
    decided = np.eye(FIRST, dtype=np.float32)[faces.majority]
    votes = (1 - plan.decided) * faces.votes + plan.decided * decided
    labels = np.eye(len(face_data.FER2013), dtype=np.float32)[faces.fer2013]
    labels = labels * (1 - plan.smooth) + plan.smooth / labels.shape[1]
    return np.concatenate([votes, labels], axis=1).astype(np.float32)


def often(faces: Faces, rare: float) -> npt.NDArray[np.float64]:
    """Shape (n,), mean 1: how often each picture comes."""
    priors = faces.votes.mean(axis=0, dtype=np.float64)
    weights = faces.votes.astype(np.float64) @ np.maximum(priors, 1e-9) ** -rare
    return weights / weights.mean()


def tilt(answers: Floats, weights: npt.NDArray[np.float64]) -> Floats:
    """Shape (15,): the logarithm of how much oftener each class comes with these weights."""
    drawn, there = (np.average(answers, axis=0, weights=w) for w in (weights, None))
    return np.log((drawn + 1e-9) / (there + 1e-9)).astype(np.float32)


class Kept(keras.callbacks.Callback):
    """Saves the averaged weights and looks at the pictures that do not train. It comes after what averages."""

    def __init__(self, network: keras.Model, public: Faces, output: Path, kind: face_runs.Kind, plan: Plan) -> None:
        super().__init__()
        self.network, self.public, self.output, self.plan = network, public, output, plan
        self.kind: face_runs.Kind = kind
        self.begun = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        face_runs.save(self.output, self.kind, self.network.get_weights(), asdict(self.plan))
        row = {"look": epoch + 1, "seconds": round(time.monotonic() - self.begun, 1), **(logs or {})}
        row |= accuracy(self.network, self.public)
        with (self.output / LOG).open("a", encoding="utf-8") as f:
            f.write(json.dumps({k: round(float(v), 4) for k, v in row.items()}) + "\n")
        print(self.output.name, row, flush=True)


def predict(model: Any, images: npt.NDArray[np.uint8], closer: float = 1.0) -> Floats:
    """Logits (n, 15) of faces 48 x 48, both heads."""
    out = []
    for i in range(0, len(images), 400):
        x = ops.convert_to_tensor(images[i : i + 400, ..., None].astype(np.float32) / 255)
        out.append(predict_enlarged(model, ops.convert_to_numpy(face_network.enlarged(x, closer))))
    return np.concatenate(out)


def predict_enlarged(model: Any, faces: Floats) -> Floats:
    """Logits (n, 15) of faces (n, SIDE, SIDE, 1) in [0, 1]."""
    return model.predict(faces, batch_size=100, verbose=0)


def accuracy(model: keras.Model, faces: Faces) -> dict[str, float]:
    """How the pictures are read by what voters would say, and by FER2013's labels."""
    logits = predict(model, faces.images)
    votes, labels = logits[:, :FIRST], logits[:, FIRST:]
    said = votes.argmax(axis=1)
    right = said == faces.majority
    return {
        "all": float(right.mean()),
        "clear": float(right[faces.clear].mean()),
        "uar": face_measures.uar(said, faces.majority, FIRST),
        "fer2013": float((labels.argmax(axis=1) == faces.fer2013).mean()),
        "cross_entropy": float(-(faces.votes * face_measures.log_softmax(votes)).sum(axis=1).mean()),
    }


def optimizer(plan: Plan, steps: int) -> keras.optimizers.Optimizer:
    """AdamW, one cycle of the learning rate, and the running average of the weights."""
    warm = max(1, round(plan.warm_up * steps))
    cycle = keras.optimizers.schedules.CosineDecay(
        0.05 * plan.peak_lr, max(1, steps - warm), alpha=1e-3, warmup_target=plan.peak_lr, warmup_steps=warm
    )
    adam: Any = keras.optimizers.AdamW  # takes a cycle as well as the number that its type names
    made = adam(cycle, weight_decay=plan.weight_decay, use_ema=True, ema_momentum=plan.average, clipnorm=5.0)
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def train(
    plan: Plan, splits: dict[face_data.Split, Faces], start: Path, teachers: Sequence[Path], output: Path
) -> None:
    """Leave a run in ``output``: ``averaged.npz``, ``plan.json`` and ``log.jsonl``."""
    keras.utils.set_random_seed(plan.seed)
    output.mkdir(parents=True, exist_ok=True)
    (output / LOG).unlink(missing_ok=True)
    network, faces = face_runs.load(start), splits["train"]
    learner: Any = Learner(network, faces, plan, [face_runs.load(run) for run in teachers])
    compiled = keras.backend.backend() != "tensorflow"  # whose own graphs start sooner
    learner.compile(optimizer(plan, plan.steps(len(faces)) * plan.looks), jit_compile=compiled)
    kept = Kept(network, splits["public"], output, face_runs.kind_of(start), plan)
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    learner.fit(Rows(often(faces, plan.rare), plan), epochs=plan.looks, callbacks=[averaged, kept], verbose=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="a run: an earlier one's, or face_runs'")
    parser.add_argument("--teacher", type=Path, nargs="+", default=(), help="runs to be learnt from too")
    parser.add_argument("--data", help="folder with face/fer2013.npz (default MOODCUE_DATA or ../shared/data)")
    parser.add_argument("--parcel", type=Path, help="what face_parcel left, in place of the data")
    parser.add_argument("--half", action="store_true", help="most in bfloat16, for an accelerator")
    for name in ("epochs", "batch_size", "peak_lr", "looks", "seed"):
        default = getattr(Plan, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    a = parser.parse_args()
    if a.half:
        keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    splits = face_parcel.unpack(a.parcel) if a.parcel else face_data.load_clean(face_data.data_dir(a.data))
    plan = Plan(epochs=a.epochs, batch_size=a.batch_size, peak_lr=a.peak_lr, looks=a.looks, seed=a.seed)
    train(plan, splits, a.start, a.teacher, a.output)


if __name__ == "__main__":
    main()
