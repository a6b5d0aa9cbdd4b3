"""Resemblyzer's speaker encoder in Keras, from the weights in its PyPI wheel, and as one ONNX file.

Three LSTM layers over 40 mel bands and a linear layer on the last state: Wan et al. (2018),
"Generalized end-to-end loss for speaker verification", as trained by Jemine (Resemblyzer 0.1.4,
Apache-2.0). The wheel holds a torch checkpoint; :func:`read_checkpoint` reads it without torch and
builds nothing but arrays from it. The layers stay frozen.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from emotion.training import export
from emotion.voice.features import SPEAKER_MELS

WIDTH = 256
LAYERS = 3
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C

Variables = Mapping[str, npt.NDArray[np.float32]]


class _Storage:
    """A named run of numbers that stands later in the file."""

    def __init__(self, key: str, size: int) -> None:
        self.key, self.size = key, size


class _Tensor:
    """A view on a storage."""

    def __init__(
        self, storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any
    ) -> None:
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride


KNOWN: Final[Mapping[tuple[str, str], Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch", "FloatStorage"): np.float32,
}


class _Reader(pickle.Unpickler):
    """Knows the three names such a checkpoint needs, and refuses every other: nothing in the file can run."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a checkpoint")
        return KNOWN[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, size, *_ = pid
        if kind != "storage" or dtype is not np.float32:
            raise pickle.UnpicklingError(f"unknown storage {pid!r}")
        return _Storage(key, size)


def checkpoint_bytes(wheels: Path) -> bytes:
    """``resemblyzer/pretrained.pt`` out of the wheel (``pip download``) in a folder."""
    (wheel,) = [p for p in wheels.glob("*.whl") if p.name.lower().startswith("resemblyzer-")]
    with zipfile.ZipFile(wheel) as z:
        return z.read("resemblyzer/pretrained.pt")


def read_checkpoint(content: bytes) -> Variables:
    """The arrays of ``model_state`` in a torch checkpoint of the old layout.

    Five pickles (magic number, version, machine, the tree, the names of the storages), then for each
    storage its length as a 64-bit number and its float32 values, little-endian.

    Raises:
        ValueError: another layout.
        pickle.UnpicklingError: the file asks for anything but tensors.
    """
    file = io.BytesIO(content)
    if _Reader(file).load() != LEGACY_MAGIC:
        raise ValueError("not a torch checkpoint of the old layout")
    _version, _machine, tree, keys = (_Reader(file).load() for _ in range(4))
    storages: dict[str, npt.NDArray[np.float32]] = {}
    for key in keys:
        size = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(4 * size), "<f4")
    return {name: _array(tensor, storages) for name, tensor in tree["model_state"].items()}


def _array(tensor: _Tensor, storages: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    values = storages[tensor.storage.key][tensor.offset :]
    # A view of the right strides, checked against the end of the storage by numpy itself.
    strides = tuple(4 * step for step in tensor.stride)
    return np.ndarray(tensor.shape, np.float32, values.tobytes(), 0, strides).copy()


def build(variables: Variables) -> keras.Model:
    """Mel frames to hidden frames and to what the embedding is taken from.

    Returns:
        A model from ``mel`` (clips, frames, 40) to ``hidden`` (clips, frames, 256), the second
        layer, and ``voice`` (clips, frames, 256), the embedding (not yet of length 1) if the clip
        ended at that frame.
    """
    mel = keras.Input((None, SPEAKER_MELS), name="mel")
    x: Any = mel
    outputs = []
    for i in range(LAYERS):
        layer = keras.layers.LSTM(WIDTH, return_sequences=True, name=f"lstm_{i}")
        x = layer(x)
        outputs.append(x)
        kernel, recurrent = (variables[f"lstm.weight_{part}_l{i}"].T for part in ("ih", "hh"))
        layer.set_weights([kernel, recurrent, variables[f"lstm.bias_ih_l{i}"] + variables[f"lstm.bias_hh_l{i}"]])
    linear = keras.layers.Dense(WIDTH, activation="relu", name="linear")
    voice = linear(x)
    linear.set_weights([variables["linear.weight"].T, variables["linear.bias"]])
    model = keras.Model(mel, [outputs[1], voice], name="speaker_encoder")
    model.trainable = False
    return model


def to_onnx(model: keras.Model, path: Path, *, storage: export.Storage = "float16") -> None:
    """Write the Keras model with ONNX's own LSTM nodes: tf2onnx would spell out a loop over the frames."""
    inits: dict[str, npt.NDArray[Any]] = {"time": np.array([1], np.int64)}
    nodes = [helper.make_node("Transpose", ["mel"], ["x_0"], perm=[1, 0, 2])]
    for i in range(LAYERS):
        kernel, recurrent, bias = model.get_layer(f"lstm_{i}").get_weights()
        inits[f"w_{i}"], inits[f"r_{i}"] = _gates(kernel.T)[None], _gates(recurrent.T)[None]
        inits[f"b_{i}"] = np.concatenate([_gates(bias), np.zeros_like(bias)])[None]
        nodes += [
            helper.make_node("LSTM", [f"x_{i}", f"w_{i}", f"r_{i}", f"b_{i}"], [f"y_{i}"], hidden_size=WIDTH),
            helper.make_node("Squeeze", [f"y_{i}", "time"], [f"x_{i + 1}"]),
        ]
    inits["kernel"], inits["bias"] = model.get_layer("linear").get_weights()
    nodes += [
        helper.make_node("Transpose", ["x_2"], ["hidden"], perm=[1, 0, 2]),
        helper.make_node("Transpose", [f"x_{LAYERS}"], ["last"], perm=[1, 0, 2]),
        helper.make_node("MatMul", ["last", "kernel"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["voice"]),
    ]
    frames = ["clips", "frames"]
    graph = helper.make_graph(
        nodes,
        "speaker_encoder",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [*frames, SPEAKER_MELS])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [*frames, WIDTH]) for name in ("hidden", "voice")],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in inits.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    onnx.save(made if storage == "float32" else export.shrunk(made, storage), str(path))


def _gates(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Keras stacks input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, c, o = np.split(rows, 4)
    return np.concatenate([i, o, f, c])
