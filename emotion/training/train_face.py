"""Train the face network on FER+ label distributions: ``python -m emotion.training.train_face --output DIR``.

The length is fixed beforehand, either in epochs or, on a shared machine, in minutes; the learning rate runs one
cycle over it. Nothing is chosen on PrivateTest: PublicTest is looked at every few epochs, for the log alone, and
the averaged weights of the last epoch are the result. Each epoch leaves a checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from emotion.training import face_augment, face_data, face_network

Arrays = list[npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Plan:
    """Everything that shapes a run."""

    epochs: int = 60
    minutes: float | None = None
    """If set, the run lasts this long, whatever number of epochs that comes to."""
    batch_size: int = 96
    peak_lr: float = 0.1
    warm_up: float = 0.08
    weight_decay: float = 5e-4
    average: float = 0.999
    small_size: int = 36
    small_until: float = 0.3
    """Part of the run on pictures of ``small_size``, which are nearly twice as fast; the rest on 48."""
    mild_from: float = 0.7
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

    def __init__(self, plan: Plan) -> None:
        keras.utils.set_random_seed(plan.seed)
        keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
        self.model = face_network.build()
        self.optimizer: Any = keras.optimizers.SGD(plan.peak_lr, momentum=0.9, nesterov=True)
        self.optimizer.build(self.model.trainable_variables)
        self.decayed = [v for v in self.model.trainable_variables if len(v.shape) > 1]
        self.average = [tf.Variable(v) for v in self.model.weights]
        self.plan = plan
        self.steps = 0

    @tf.function(reduce_retracing=True)
    def _step(self, x: tf.Tensor, y: tf.Tensor, shrink: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = self.model(x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, logits))
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        for v in self.decayed:
            v.assign_sub(v * shrink)
        for mean, v in zip(self.average, self.model.weights, strict=True):
            mean.assign(mean * keep + tf.cast(v, mean.dtype) * (1 - keep))
        return loss

    def step(self, batch: face_augment.Batch, progress: float) -> tf.Tensor:
        lr = self.plan.lr(progress)
        self.optimizer.learning_rate.assign(lr)
        self.steps += 1
        keep = min(self.plan.average, (self.steps + 1) / (self.steps + 10))
        shrink = tf.constant(lr * self.plan.weight_decay, tf.float32)
        x, y = batch
        return self._step(tf.constant(x), tf.constant(y), shrink, tf.constant(keep, tf.float32))

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


def float32_network(weights: Arrays, size: int | None = 48) -> keras.Model:
    """The network in full precision with the given weights (order of ``model.weights``)."""
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("float32")
    model = face_network.build(size)
    keras.mixed_precision.set_dtype_policy(policy)
    for v, w in zip(model.weights, weights, strict=True):
        v.assign(w)
    return model


def predict(model: keras.Model, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Logits (n, 8), the mean over each picture and its mirror image."""
    run = tf.function(lambda x: model(x, training=False) + model(x[:, :, ::-1], training=False), reduce_retracing=True)
    x = (images.astype(np.float32) / 255)[..., None]
    logits = [run(tf.constant(x[i : i + 128])).numpy() for i in range(0, len(x), 128)]
    return np.asarray(np.concatenate(logits) / 2, np.float32)


def accuracy(model: keras.Model, faces: face_data.Faces) -> dict[str, float]:
    right = predict(model, faces.images).argmax(axis=1) == faces.majority
    return {"all": float(right.mean()), "clear": float(right[faces.clear].mean())}


def train(plan: Plan, folder: Path, output: Path, every: int, resume: bool) -> None:
    """Train and leave ``averaged.npz`` (weights), ``state.npz`` (to go on from) and ``log.jsonl`` in ``output``."""
    splits = face_data.load_clean(folder)
    trainer = Trainer(plan)
    rng = np.random.default_rng(plan.seed)
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
        size = plan.small_size if done < plan.small_until else 48
        strength = face_augment.MILD if done >= plan.mild_from else face_augment.STRONG
        losses = []
        for batch in face_augment.batches(splits["train"], plan.batch_size, size, strength, rng):
            if progress() >= 1:
                break
            losses.append(trainer.step(batch, progress()))
        epoch += 1
        row: dict[str, float] = {"epoch": epoch, "progress": progress(), "seconds": time.monotonic() - begin}
        row |= {
            "images": trainer.steps * plan.batch_size,
            "size": size,
            "loss": float(np.mean([x.numpy() for x in losses])) if losses else float("nan"),
        }
        _save(output, trainer)
        if epoch % every == 0 or progress() >= 1:
            row |= accuracy(float32_network(trainer.averaged()), splits["public"])
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--data", help="folder with face/fer2013.npz (default MOODCUE_DATA or ../shared/data)")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=4, help="epochs between looks at PublicTest")
    parser.add_argument("--resume", action="store_true")
    a = parser.parse_args()
    cv2.setNumThreads(1)
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    plan = Plan(epochs=a.epochs, minutes=a.minutes, seed=a.seed)
    train(plan, face_data.data_dir(a.data), a.output, a.every, a.resume)


if __name__ == "__main__":
    main()
