"""From Keras to a small ONNX file: parity checked, large weights stored in fewer bits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    import keras

Storage = Literal["float32", "float16", "int8"]
SMALL = 4096
"""Arrays with fewer values stay float32: biases, norms, scales."""
GROUP = 32
"""So many weights share one scale in eight-bit storage."""


def to_onnx(
    model: keras.Model, example: Mapping[str, npt.NDArray[Any]], path: Path, *, storage: Storage = "float32"
) -> float:
    """Write the model and compare it with Keras on one example.

    Args:
        model: a functional model whose input names are those of ``example``.
        storage: how arrays of weights are stored; they are widened to float32 once, on loading.

    Returns:
        The largest difference between Keras and onnxruntime, over the largest value.
    """
    import onnxruntime as ort

    expected = np.asarray(model(dict(example) if len(example) > 1 else next(iter(example.values()))))
    model.export(str(path), format="onnx", verbose=False)
    if storage != "float32":
        onnx.save(shrunk(onnx.load(str(path)), storage), str(path))
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, dict(example))
    return float(np.abs(np.asarray(found) - expected).max() / np.abs(expected).max())


def shrunk(model: onnx.ModelProto, storage: Storage) -> onnx.ModelProto:
    graph = model.graph
    widening: list[onnx.NodeProto] = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALL:
            continue
        graph.initializer.remove(tensor)
        in_groups = storage == "int8" and values.ndim == 2 and values.shape[0] % GROUP == 0
        arrays, nodes = (_in_groups if in_groups else _halved)(tensor.name, values)
        graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())
        widening.extend(nodes)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*widening, *nodes])
    return model


Stored = tuple[dict[str, npt.NDArray[Any]], list[onnx.NodeProto]]


def _halved(name: str, values: npt.NDArray[np.float32]) -> Stored:
    cast = helper.make_node("Cast", [f"{name}/half"], [name], to=onnx.TensorProto.FLOAT)
    return {f"{name}/half": values.astype(np.float16)}, [cast]


def _in_groups(name: str, values: npt.NDArray[np.float32]) -> Stored:
    """Eight bits a weight, with one scale for each GROUP of inputs of an output: (inputs, outputs)."""
    grouped = values.reshape(-1, GROUP, values.shape[1])
    scale = (np.maximum(np.abs(grouped).max(axis=1, keepdims=True), 1e-8) / 127).astype(np.float16)
    steps = np.clip(np.round(grouped / scale.astype(np.float32)), -127, 127).astype(np.int8)
    arrays = {
        f"{name}/steps": steps,
        f"{name}/scale": scale,
        f"{name}/shape": np.array(values.shape, np.int64),
    }
    nodes = [
        helper.make_node("Cast", [f"{name}/steps"], [f"{name}/wide"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Cast", [f"{name}/scale"], [f"{name}/wide_scale"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}/wide", f"{name}/wide_scale"], [f"{name}/scaled"]),
        helper.make_node("Reshape", [f"{name}/scaled", f"{name}/shape"], [name]),
    ]
    return arrays, nodes
