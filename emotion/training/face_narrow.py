"""Fewer channels in a network that has learnt, so that it may read larger pictures in the same time.

Layer after layer the channels go whose loss changes the next layer's sums least, and the next layer's weights are
fitted anew, by least squares on pictures of faces, to give what the wide network gives. Sources: He et al. (2017),
"Channel pruning for accelerating very deep neural networks", arXiv:1707.06168 (fitting to the wide network's answers);
Hassibi and Stork (1993), "Second order derivatives for network pruning: optimal brain surgeon" (which to take out).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from emotion.training.face_backbone import Convolution, Floats

PLACES: Final = 120
"""Places of a picture that the fit looks at."""
AT_ONCE: Final = 60
RIDGE: Final = 1e-4


def narrowed(
    wide: Sequence[Convolution], strides: Sequence[int], widths: Sequence[int], faces: Floats, seed: int
) -> list[Convolution]:
    """The same convolutions with fewer channels.

    Args:
        wide: a first convolution of stride 2, then a depthwise and a pointwise one by turns, ReLU6 after each.
        strides: of the depthwise ones.
        widths: channels to be left after the first convolution and after each pointwise one.
        faces: what the first convolution is fed, shape (n, side, side, channels).
        seed: of the places looked at.
    """
    rng = np.random.default_rng(seed)
    first, *rest = wide
    pending, narrow = first, []
    original = shrunk = _convolved(faces, first, 2)
    for stride, width, depthwise, pointwise in zip(strides, widths, rest[::2], rest[1::2], strict=False):
        original, shrunk = (_depthwise(x, depthwise, stride) for x in (original, shrunk))
        places = np.stack([rng.permutation(original.shape[1] * original.shape[2])[:PLACES] for _ in original])
        wanted = _at(original, places) @ pointwise.kernel[0, 0] + pointwise.bias
        seen = _at(shrunk, places)
        kept = fewest_missed(seen, wanted, width)
        kernel, bias = fit(seen[:, kept], wanted)
        narrow += [_outputs(pending, kept), Convolution(depthwise.kernel[:, :, kept], depthwise.bias[kept])]
        pending = Convolution(kernel[None, None], bias)
        original = np.clip(original @ pointwise.kernel[0, 0] + pointwise.bias, 0, 6)
        shrunk = np.clip(shrunk[..., kept] @ kernel + bias, 0, 6)
    channels = shrunk.shape[-1]
    kept = fewest_missed(shrunk.reshape(-1, channels), original.reshape(-1, channels), widths[-1])
    return [*narrow, _outputs(pending, kept)]


def fewest_missed(x: Floats, y: Floats, keep: int) -> npt.NDArray[np.int64]:
    """Which ``keep`` columns of ``x`` (n, a) give ``y`` (n, b) nearly as well as all: one is left out at a time."""
    gram, product = _moments(x, y, 10 * RIDGE)
    inverse = np.linalg.inv(gram)
    weights, alive = inverse @ product, np.arange(len(gram))
    while len(alive) > keep:
        out = int(np.argmin((weights**2).sum(axis=1) / np.diag(inverse)))
        share = inverse[:, out] / inverse[out, out]
        weights = np.delete(weights - np.outer(share, weights[out]), out, axis=0)
        inverse = np.delete(np.delete(inverse - np.outer(share, inverse[out]), out, axis=0), out, axis=1)
        alive = np.delete(alive, out)
    return alive


def fit(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Weights (a, b) and shifts (b,) by least squares."""
    gram, product = _moments(x, y, RIDGE)
    weights = np.linalg.solve(gram, product)
    return weights.astype(np.float32), (y.mean(axis=0) - x.mean(axis=0) @ weights).astype(np.float32)


def _moments(x: Floats, y: Floats, ridge: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    gram = (x.T @ x / len(x)).astype(np.float64)
    gram[np.diag_indices(len(gram))] += ridge * np.trace(gram) / len(gram) + 1e-9
    return gram, (x.T @ y / len(x)).astype(np.float64)


def _at(x: Floats, places: npt.NDArray[np.int64]) -> Floats:
    """The channels at some places of each picture, shape (pictures * places, channels)."""
    flat = x.reshape(len(x), -1, x.shape[-1])
    return np.take_along_axis(flat, places[..., None], axis=1).reshape(-1, x.shape[-1])


def _outputs(c: Convolution, kept: npt.NDArray[np.int64]) -> Convolution:
    return Convolution(c.kernel[..., kept], c.bias[kept])


def _convolved(x: Floats, c: Convolution, stride: int) -> Floats:
    parts = (x[i : i + AT_ONCE] for i in range(0, len(x), AT_ONCE))
    return np.concatenate([tf.nn.relu6(tf.nn.conv2d(p, c.kernel, stride, "SAME") + c.bias).numpy() for p in parts])


def _depthwise(x: Floats, c: Convolution, stride: int) -> Floats:
    steps = [1, stride, stride, 1]
    parts = (x[i : i + AT_ONCE] for i in range(0, len(x), AT_ONCE))
    sums = (tf.nn.depthwise_conv2d(p, c.kernel, steps, "SAME") + c.bias for p in parts)
    return np.concatenate([tf.nn.relu6(s).numpy() for s in sums])
