"""Make ``assets/models/person-faceres-v1`` from the npm package ``@vladmandic/human`` (MIT).

    npm pack @vladmandic/human@3.3.6
    python -m emotion.training.import_person vladmandic-human-3.3.6.tgz

The weights are taken as they are (16-bit floats); what the package's network says of age and sex is left out.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from emotion.face.person import FILE, FOLDER, SIDE
from emotion.training import export, face_backbone, face_network
from emotion.training.face_backbone import Convolution
from emotion.weights import MODELS_DIR, sha256_of


class CentreBgr(keras.layers.Layer):
    """RGB in 0 to 255 to BGR less the mean."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.reverse(x, axis=[-1]) - tf.constant(face_backbone.MEAN_BGR)


def build(backbone: list[Convolution]) -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, 3), name="face")
    last = face_network.maps(CentreBgr()(inputs), face_network.WIDE)[-1]
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(last))
    face_network.give(model, backbone)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    model = build(face_backbone.read(parser.parse_args().package))
    out = MODELS_DIR / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    example = {"face": np.random.default_rng(0).uniform(0, 255, (2, SIDE, SIDE, 3)).astype(np.float32)}
    parity = export.to_onnx(model, example, out / FILE, storage="float16")
    config = {
        "name": FOLDER,
        "files": {FILE: sha256_of(out / FILE)},
        "labels": ["person"],
        "preprocessing": f"emotion.face.features.crop; RGB, 0 to 255, float32, (n, {SIDE}, {SIDE}, 3)",
        "licence": "MIT (npm package @vladmandic/human 3.3.6, Copyright Vladimir Mandic; HSE-FaceRes of A. Savchenko)",
        "source": f"{face_backbone.WEIGHTS}, sha256 {face_backbone.WEIGHTS_SHA256}",
        "parity": float(f"{parity:.1e}"),
        "command": "python -m emotion.training.import_person vladmandic-human-3.3.6.tgz",
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
