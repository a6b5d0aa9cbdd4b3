"""The network for grey faces: a narrow MobileNet (Howard et al. 2017, arXiv:1704.04861) with two heads.

It starts from a network that tells people apart (:mod:`emotion.training.face_backbone`). That one knows faces
hundreds of pixels large, so FER2013's 48 pixels are enlarged to ``SIDE`` inside the network: what it knows reads faces
of 160 pixels far better than of 96. In return it loses channels (:mod:`emotion.training.face_narrow`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from emotion.training.face_backbone import Convolution, Floats
from emotion.training.face_narrow import narrowed

SIDE: Final = 160
STRIDES: Final = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
WIDE: Final = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
"""Channels after the first convolution and after each block, as MobileNet has them."""
WIDTHS: Final = (16, 24, 56, 64, 144, 144, 352, 352, 352, 352, 352, 352, 448, 448)
"""As this network has them."""
FIXED: Final = 5
"""Convolutions that training leaves as they are."""
EPSILON: Final = 1e-3
SPREAD: Final = 60.0
"""A standardised picture times this has the spread that the backbone saw: pictures in 0 to 255, less their mean."""
MIDDLE: Final = 11
"""Blocks before the map of 10 x 10 places that the heads see beside the last one of 5 x 5."""
HEADS: Final = {"ferplus": 8, "fer2013": 7}
"""FER+'s votes, and FER2013's own single label, which is another question (they agree on 63 % of PrivateTest)."""


class Standardise(layers.Layer):
    """Each picture to mean 0 and deviation 1, so that light and contrast matter less."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = x - tf.reduce_mean(x, axis=[1, 2], keepdims=True)
        return x * tf.math.rsqrt(tf.reduce_mean(x * x, axis=[1, 2], keepdims=True) + 1e-3)


class Places(layers.Layer):
    """The mean over the picture, in which each channel learns what each place counts: faces stand alike in it.

    Source: the global depthwise convolution of MobileFaceNets (Chen et al. 2018, arXiv:1804.07573).
    """

    def build(self, input_shape: Sequence[int]) -> None:
        even = keras.initializers.Constant(1 / (input_shape[1] * input_shape[2]))
        self.share = self.add_weight(shape=tuple(input_shape[1:]), initializer=even, name="share")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(x * self.share, axis=[1, 2])


def build(widths: Sequence[int] = WIDTHS) -> keras.Model:
    """Grey pictures in [0, 1], float32 (n, SIDE, SIDE, 1), to logits (n, 15): the heads side by side."""
    inputs = keras.Input((SIDE, SIDE, 1), name="face")
    middle, last = maps(Standardise()(inputs), widths)
    return keras.Model(inputs, _heads(middle, last))


def maps(x: tf.Tensor, widths: Sequence[int]) -> list[tf.Tensor]:
    """MobileNet's convolutions: (n, height, width, channels) to what the block ``MIDDLE`` sees and what the last."""
    seen = []
    stem, *widths = widths
    x = _relu6(layers.Conv2D(stem, 3, 2, padding="same")(x))
    for width, stride in zip(widths, STRIDES, strict=True):
        x = _relu6(layers.DepthwiseConv2D(3, stride, padding="same")(x))
        x = _relu6(layers.Conv2D(width, 1)(x))
        seen.append(x)
    return [seen[MIDDLE - 1], seen[-1]]


def build_for_training(widths: Sequence[int] = WIDTHS) -> keras.Model:
    """The same network in the form that learns best.

    The first ``FIXED`` convolutions, which see edges and cost most, stay as they came. After each of the others
    stands batch normalisation. Pointwise convolutions are products of matrices, which TensorFlow trains twice as fast.
    """
    inputs = keras.Input((SIDE, SIDE, 1), name="face")
    made: list[layers.Layer] = []

    def then(kind: type[layers.Layer], *args: Any, **more: Any) -> None:
        nonlocal x
        made.append(kind(*args, **more, use_bias=len(made) < FIXED, trainable=len(made) >= FIXED))
        x = made[-1](x)
        x = _relu6(x if made[-1].use_bias else layers.BatchNormalization(momentum=0.99, epsilon=EPSILON)(x))

    x = Standardise()(inputs)
    seen = []
    stem, *widths = widths
    then(layers.Conv2D, stem, 3, 2, padding="same")
    for width, stride in zip(widths, STRIDES, strict=True):
        then(layers.DepthwiseConv2D, 3, stride, padding="same")
        then(layers.Dense, width)
        seen.append(x)
    return keras.Model(inputs, _heads(seen[MIDDLE - 1], seen[-1], dropout=0.3))


def _relu6(x: tf.Tensor) -> tf.Tensor:
    return layers.ReLU(6.0)(x)


def _heads(middle: tf.Tensor, last: tf.Tensor, dropout: float = 0.0) -> tf.Tensor:
    x = layers.Concatenate()([Places(name="last")(last), Places(name="middle")(middle)])
    return layers.Dense(sum(HEADS.values()), kernel_initializer="zeros", name="logits")(layers.Dropout(dropout)(x))


def give(model: keras.Model, convolutions: Sequence[Convolution]) -> None:
    """The weights to the serving form's convolutions, in order."""
    arrays = [array for c in convolutions for array in (c.kernel, c.bias)]
    for v, w in zip(model.weights, arrays, strict=False):
        v.assign(w)


def for_grey(backbone: Sequence[Convolution]) -> list[Convolution]:
    """The backbone's convolutions for standardised grey pictures: the first one sees the same grey three times."""
    first, *rest = backbone
    return [Convolution(np.asarray(SPREAD * first.kernel.sum(axis=2, keepdims=True), np.float32), first.bias), *rest]


def narrow(wide: Sequence[Convolution], faces: Floats, seed: int) -> list[Convolution]:
    """The same with ``WIDTHS`` channels. ``faces``: what channels are judged by, shape (n, SIDE, SIDE, 1)."""
    return narrowed(wide, STRIDES, WIDTHS, Standardise()(faces).numpy(), seed)


def widths_of(kernels: Sequence[Floats]) -> list[int]:
    """Channels after the first convolution and after each block, from the kernels of all convolutions in order."""
    return [k.shape[-1] for k in (kernels[0], *kernels[2::2])]


def start_from(convolutions: Sequence[Convolution], faces: Floats) -> keras.Model:
    """The training form with these weights: it computes what they compute.

    The backbone's batch normalisation was folded into its convolutions; it is put back with the means and deviations
    that ``faces`` give, shape (n, SIDE, SIDE, 1).
    """
    widths = widths_of([c.kernel for c in convolutions])
    plain = build(widths)
    give(plain, convolutions)
    outputs = [x.output for x in plain.layers if isinstance(x, layers.Conv2D | layers.DepthwiseConv2D)]
    moments = [tf.nn.moments(y, [0, 1, 2]) for y in keras.Model(plain.inputs, outputs)(faces, training=False)]
    arrays = [array for c in convolutions[:FIXED] for array in (c.kernel, c.bias)]
    for c, (mean, variance) in zip(convolutions[FIXED:], moments[FIXED:], strict=True):
        # the convolution's own shift is part of the mean, which the normalisation takes away and adds again
        arrays += [c.kernel, np.sqrt(variance + EPSILON), mean.numpy(), mean.numpy() - c.bias, variance.numpy()]
    model = build_for_training(widths)
    for v, w in zip(model.weights, arrays, strict=False):
        v.assign(w.reshape(v.shape))
    return model


def folded(weights: Sequence[Floats]) -> keras.Model:
    """The serving form, its normalisation folded into its convolutions, from weights of the training form."""
    fixed, normed, heads = weights[: 2 * FIXED], weights[2 * FIXED : -4], weights[-4:]
    model = build(widths_of([*fixed[::2], *normed[::5]]))
    arrays = [w.reshape(v.shape) for v, w in zip(model.weights, fixed, strict=False)]
    for layer, i in zip(model.weights[2 * FIXED : -4 : 2], range(0, len(normed), 5), strict=True):
        w, gamma, beta, mean, variance = normed[i : i + 5]
        scale = gamma / np.sqrt(variance + EPSILON)
        depthwise = layer.shape[-1] == 1
        w = w.reshape(layer.shape) * (scale[:, None] if depthwise else scale)
        arrays += [w, beta - mean * scale]
    for v, w in zip(model.weights, [*arrays, *heads], strict=True):
        v.assign(w)
    return model


def enlarged(face: tf.Tensor, closer: float = 1.0) -> tf.Tensor:
    """(n, 48, 48, 1) to (n, SIDE, SIDE, 1), bilinear, as it is served; of a picture seen closer its middle."""
    side = 2 * round(SIDE * closer / 2)
    edge = (side - SIDE) // 2
    return tf.image.resize(face, (side, side))[:, edge : edge + SIDE, edge : edge + SIDE]
