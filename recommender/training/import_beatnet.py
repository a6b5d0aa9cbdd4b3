"""BeatNet's network (Heydari, Cwitkowitz and Duan 2021, PyPI ``BeatNet`` 1.1.3, CC BY 4.0) as one ONNX file.

    pip download --no-deps -d WHEELS BeatNet==1.1.3
    python -m recommender.training.import_beatnet --wheels WHEELS

A convolution over the bands of one frame, a linear layer, two causal LSTM layers of 150 cells and
three answers a frame: beat, downbeat, neither. The wheel's torch files are read without torch, and
nothing but arrays is built from them. The result is compared with a plain NumPy pass.
"""

from __future__ import annotations

import argparse
import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from emotion.training import export
from emotion.weights import models_dir
from recommender.library.front_end import BEAT_FPS
from recommender.library.hear import MODEL

MODELS: Final = (1, 2, 3)
"""Three trainings, each with another corpus kept out; their answers are averaged."""
FILE: Final = "beatnet.onnx"
BANDS: Final = 272
KERNEL: Final = 10
CELLS: Final = 150
LAYERS: Final = 2

Variables = dict[str, npt.NDArray[np.float32]]


class _Reader(pickle.Unpickler):
    """Knows the names that a checkpoint of tensors needs, and refuses every other: nothing in the file can run."""

    def __init__(self, file: io.BytesIO, storages: Mapping[str, bytes]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch", "FloatStorage"): np.float32,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a checkpoint")
        return known[module, name]

    def persistent_load(self, pid: Any) -> npt.NDArray[np.float32]:
        kind, dtype, key, *_ = pid
        if kind != "storage" or dtype is not np.float32:
            raise pickle.UnpicklingError(f"unknown storage {pid!r}")
        return np.frombuffer(self._storages[key], "<f4")


def _tensor(
    storage: npt.NDArray[np.float32], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> npt.NDArray[np.float32]:
    strides = tuple(4 * step for step in stride)
    return np.ndarray(shape, np.float32, storage[offset:].tobytes(), 0, strides).copy()


def read_variables(wheels: Path, model: int) -> Variables:
    """The arrays of one of the three networks by their names."""
    (wheel,) = wheels.glob("BeatNet-1.1.3-*.whl")
    with zipfile.ZipFile(wheel) as z:
        checkpoint = io.BytesIO(z.read(f"BeatNet/models/model_{model}_weights.pt"))
    with zipfile.ZipFile(checkpoint) as z:
        names = z.namelist()
        (tree,) = [n for n in names if n.endswith("/data.pkl")]
        storages = {n.rsplit("/", 1)[1]: z.read(n) for n in names if "/data/" in n}
        return dict(_Reader(io.BytesIO(z.read(tree)), storages).load())


def build(networks: list[Variables]) -> onnx.ModelProto:
    """``bands`` (frames, 272) to ``beats`` (frames, 2): how likely a beat within the bar is, and a downbeat."""
    inits: dict[str, npt.NDArray[Any]] = {
        "one": np.array([1], np.int64),
        "flat": np.array([-1, 2 * ((BANDS - KERNEL + 1) // 2)], np.int64),
        "from": np.array([0], np.int64),
        "to": np.array([2], np.int64),
        "count": np.array(float(len(networks)), np.float32),
    }
    nodes = [helper.make_node("Unsqueeze", ["bands", "one"], ["frames"])]
    outs = []
    for i, variables in enumerate(networks):
        made, arrays, out = _network(variables, f"n{i}/")
        nodes += made
        inits |= arrays
        outs.append(out)
    nodes += [
        helper.make_node("Sum", outs, ["total"]),
        helper.make_node("Div", ["total", "count"], ["mean"]),
        helper.make_node("Slice", ["mean", "from", "to", "one"], ["beats"]),
    ]
    graph = helper.make_graph(
        nodes,
        "beatnet",
        [helper.make_tensor_value_info("bands", TensorProto.FLOAT, ["frames", BANDS])],
        [helper.make_tensor_value_info("beats", TensorProto.FLOAT, ["frames", 2])],
        [numpy_helper.from_array(np.ascontiguousarray(a), name) for name, a in inits.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _network(v: Variables, at: str) -> tuple[list[onnx.NodeProto], dict[str, npt.NDArray[Any]], str]:
    inits: dict[str, npt.NDArray[Any]] = {
        f"{at}conv/w": v["conv1.weight"],
        f"{at}conv/b": v["conv1.bias"],
        f"{at}in/w": v["linear0.weight"].T,
        f"{at}in/b": v["linear0.bias"],
        f"{at}out/w": v["linear.weight"].T,
        f"{at}out/b": v["linear.bias"],
    }
    nodes = [
        helper.make_node("Conv", ["frames", f"{at}conv/w", f"{at}conv/b"], [f"{at}c"]),
        helper.make_node("Relu", [f"{at}c"], [f"{at}r"]),
        helper.make_node("MaxPool", [f"{at}r"], [f"{at}p"], kernel_shape=[2], strides=[2]),
        helper.make_node("Reshape", [f"{at}p", "flat"], [f"{at}f"]),
        helper.make_node("Gemm", [f"{at}f", f"{at}in/w", f"{at}in/b"], [f"{at}i"]),
        helper.make_node("Unsqueeze", [f"{at}i", "one"], [f"{at}h0"]),  # (time, one sound, cells)
    ]
    for k in range(LAYERS):
        inits[f"{at}w{k}"] = _gates(v[f"lstm.weight_ih_l{k}"])[None]
        inits[f"{at}r{k}"] = _gates(v[f"lstm.weight_hh_l{k}"])[None]
        inits[f"{at}b{k}"] = np.concatenate([_gates(v[f"lstm.bias_{part}_l{k}"]) for part in ("ih", "hh")])[None]
        weights = [f"{at}{part}{k}" for part in "wrb"]
        nodes += [
            helper.make_node("LSTM", [f"{at}h{k}", *weights], [f"{at}y{k}"], hidden_size=CELLS),
            helper.make_node("Squeeze", [f"{at}y{k}", "one"], [f"{at}h{k + 1}"]),
        ]
    nodes += [
        helper.make_node("Squeeze", [f"{at}h{LAYERS}", "one"], [f"{at}s"]),
        helper.make_node("Gemm", [f"{at}s", f"{at}out/w", f"{at}out/b"], [f"{at}l"]),
        helper.make_node("Softmax", [f"{at}l"], [f"{at}a"], axis=1),
    ]
    return nodes, inits, f"{at}a"


def _gates(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Torch stacks input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, c, o = np.split(rows, 4)
    return np.concatenate([i, o, f, c])


def by_hand(v: Variables, bands: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """One network in plain NumPy, (frames, 3): what the ONNX file is compared with."""
    windows = np.lib.stride_tricks.sliding_window_view(bands, KERNEL, axis=1)
    x = np.maximum(np.einsum("tfk,ok->tof", windows, v["conv1.weight"][:, 0]) + v["conv1.bias"][:, None], 0)
    x = x[:, :, : x.shape[2] // 2 * 2].reshape(len(x), 2, -1, 2).max(axis=3).reshape(len(x), -1)
    x = x @ v["linear0.weight"].T + v["linear0.bias"]
    for k in range(LAYERS):
        h = c = np.zeros(CELLS)
        rows = []
        for row in x @ v[f"lstm.weight_ih_l{k}"].T + v[f"lstm.bias_ih_l{k}"] + v[f"lstm.bias_hh_l{k}"]:
            i, f, g, o = np.split(row + v[f"lstm.weight_hh_l{k}"] @ h, 4)
            c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            h = np.tanh(c) / (1 + np.exp(-o))
            rows.append(h)
        x = np.stack(rows)
    logits = x @ v["linear.weight"].T + v["linear.bias"]
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    networks = [read_variables(args.wheels, n) for n in MODELS]
    target = models_dir() / MODEL / FILE
    target.parent.mkdir(exist_ok=True)
    onnx.save(export.shrunk(build(networks), "float16"), str(target))
    print(f"{sum(a.size for v in networks for a in v.values()):,} parameters; {target.stat().st_size:,} bytes")

    import onnxruntime as ort

    bands = np.random.default_rng(0).random((4 * BEAT_FPS, BANDS)).astype(np.float32)
    (found,) = ort.InferenceSession(str(target)).run(["beats"], {"bands": bands})
    expected = np.mean([by_hand(v, bands) for v in networks], axis=0)[:, :2]
    print(f"largest difference from NumPy {np.abs(np.asarray(found) - expected).max():.1e}")


if __name__ == "__main__":
    main()
