"""The network for grey faces: a narrow MobileNet (Howard et al. 2017, arXiv:1704.04861) with two heads.

Its first version came from a network that tells people apart (:mod:`emotion.training.face_backbone`). That one knows
faces hundreds of pixels large, so FER2013's 48 pixels are enlarged to ``SIDE`` inside the network: what it knows reads
faces of 160 pixels far better than of 96. In return it has lost channels. With all channels it is a teacher.
Nothing here asks for a backend of Keras: it is trained on one and exported from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import keras
import numpy as np
from keras import layers

from emotion.training.face_backbone import Convolution, Floats
from emotion.training.tensors import Tensor, ops

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

    def call(self, x: Tensor) -> Tensor:
        x = x - ops.mean(x, axis=(1, 2), keepdims=True)
        return x * ops.rsqrt(ops.mean(x * x, axis=(1, 2), keepdims=True) + 1e-3)


class Depthwise(layers.DepthwiseConv2D):
    """A depthwise convolution of 3 x 3 as the sum of nine shifted pictures: XLA makes one kernel of it, where an
    accelerator's library takes many times longer to find its gradient."""

    def call(self, inputs: Tensor) -> Tensor:
        stride, side = self.strides[0], inputs.shape[1]
        out = -(-side // stride)
        missing = max((out - 1) * stride + 3 - side, 0)
        edge = (missing // 2, missing - missing // 2)
        x = ops.pad(inputs, ((0, 0), edge, edge, (0, 0)))
        seen = [slice(i, i + stride * (out - 1) + 1, stride) for i in range(3)]
        parts = [x[:, seen[i], seen[j]] * self.kernel[i, j, :, 0] for i in range(3) for j in range(3)]
        total = sum(parts[1:], parts[0])
        return total + self.bias if self.use_bias else total


class Places(layers.Layer):
    """The mean over the picture, in which each channel learns what each place counts: faces stand alike in it.

    Source: the global depthwise convolution of MobileFaceNets (Chen et al. 2018, arXiv:1804.07573).
    """

    def build(self, input_shape: Sequence[int]) -> None:
        even = keras.initializers.Constant(1 / (input_shape[1] * input_shape[2]))
        self.share = self.add_weight(shape=tuple(input_shape[1:]), initializer=even, name="share")

    def call(self, x: Tensor) -> Tensor:
        return ops.sum(x * self.share, axis=(1, 2))


def build(widths: Sequence[int] = WIDTHS) -> keras.Model:
    """Grey pictures in [0, 1], float32 (n, SIDE, SIDE, 1), to logits (n, 15): the heads side by side."""
    inputs = keras.Input((SIDE, SIDE, 1), name="face")
    middle, last = maps(Standardise()(inputs), widths)
    return keras.Model(inputs, heads(middle, last))


def maps(x: Tensor, widths: Sequence[int]) -> list[Tensor]:
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
    stands batch normalisation. Pointwise convolutions are products of matrices, which are trained twice as fast.
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
        then(Depthwise, 3, stride, padding="same")
        then(layers.Dense, width)
        seen.append(x)
    return keras.Model(inputs, heads(seen[MIDDLE - 1], seen[-1], dropout=0.3))


def _relu6(x: Tensor) -> Tensor:
    return layers.ReLU(6.0)(x)


def heads(middle: Tensor, last: Tensor, dropout: float = 0.0) -> Tensor:
    """Two maps to logits (n, 15)."""
    x = layers.Concatenate()([Places(name="last")(last), Places(name="middle")(middle)])
    out = layers.Dense(sum(HEADS.values()), kernel_initializer="zeros", name="logits", dtype="float32")
    return out(layers.Dropout(dropout)(x))


def give(model: keras.Model, convolutions: Sequence[Convolution]) -> None:
    """The weights to the serving form's convolutions, in order."""
    arrays = [array for c in convolutions for array in (c.kernel, c.bias)]
    for v, w in zip(model.weights, arrays, strict=False):
        v.assign(w)


def for_grey(backbone: Sequence[Convolution]) -> list[Convolution]:
    """The backbone's convolutions for standardised grey pictures: the first one sees the same grey three times."""
    first, *rest = backbone
    return [Convolution(np.asarray(SPREAD * first.kernel.sum(axis=2, keepdims=True), np.float32), first.bias), *rest]


def widths_of(kernels: Sequence[Floats]) -> list[int]:
    """Channels after the first convolution and after each block, from the kernels of all convolutions in order."""
    return [k.shape[-1] for k in (kernels[0], *kernels[2::2])]


def start_from(plain: keras.Model, faces: Floats) -> keras.Model:
    """The training form of a serving form: it computes what that one computes.

    The serving form's batch normalisation was folded into its convolutions; it is put back with the means and
    deviations that ``faces`` give, shape (n, SIDE, SIDE, 1).
    """
    made = [x for x in plain.layers if isinstance(x, layers.Conv2D | layers.DepthwiseConv2D)]
    given = [w.numpy() for w in plain.weights[:-4]]
    arrays = given[: 2 * FIXED]
    for x, seen in zip(made[FIXED:], maps_of(plain, made[FIXED:], faces), strict=True):
        kernel, bias = x.get_weights()
        arrays += normed(kernel, bias, seen)
    model = build_for_training(widths_of(given[::2]))
    for v, w in zip(model.weights, [*arrays, *(w.numpy() for w in plain.weights[-4:])], strict=True):
        v.assign(w.reshape(v.shape))
    return model


def maps_of(plain: keras.Model, made: Sequence[layers.Layer], faces: Floats) -> Iterator[Floats]:
    """What each of these layers makes of the faces, (places, channels)."""
    seeing: Any = keras.Model(plain.inputs, [x.output for x in made])
    for seen in seeing.predict(faces, batch_size=32, verbose=0):
        yield seen.reshape(-1, seen.shape[-1])


def normed(kernel: Floats, bias: Floats, seen: Floats, scale: Floats | float = 1.0) -> list[Floats]:
    """A convolution and the normalisation that changes nothing: kernel, gamma, beta, mean and variance.

    ``seen``, (places, channels), is what was made of faces: the sums times ``scale`` (more than 0), plus ``bias``.
    """
    mean, variance = seen.mean(axis=0, dtype=np.float64), seen.var(axis=0, dtype=np.float64) / np.square(scale)
    # the shift is part of the mean, which the normalisation takes away and adds again
    made = scale * np.sqrt(variance + EPSILON), mean, (mean - bias) / scale, variance
    return [kernel, *(np.asarray(x, np.float32) for x in made)]


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


def enlarged(face: Tensor, closer: float = 1.0) -> Tensor:
    """(n, 48, 48, 1) to (n, SIDE, SIDE, 1), bilinear, as it is served; of a picture seen closer its middle."""
    side = 2 * round(SIDE * closer / 2)
    edge = (side - SIDE) // 2
    return ops.image.resize(face, (side, side))[:, edge : edge + SIDE, edge : edge + SIDE]
