"""An exported ``face.onnx`` back to Keras: what a version knows can be answered with anew, without training."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from emotion.training import face_network
from emotion.training.face_backbone import Convolution

POINTWISE, DEPTHWISE = (2, 3, 1, 0), (2, 3, 0, 1)
"""How ONNX's axes of a kernel (out, in, height, width) are ordered in Keras."""


def read(path: Path) -> keras.Model:
    """The serving form of the network in the file: grey pictures (n, 160, 160, 1) to the logits of both heads (n, 15).

    Temperatures, answers and the folding of contempt, which the file holds behind them, are left out.

    Raises:
        ValueError: the file is no export of :mod:`emotion.training.export_face`.
    """
    graph = onnx.load(str(path)).graph
    arrays = _arrays(graph)
    convolutions = []
    for i, node in enumerate(n for n in graph.node if n.op_type == "Conv"):
        _, kernel, bias = node.input
        axes = DEPTHWISE if i % 2 else POINTWISE
        convolutions.append(Convolution(np.ascontiguousarray(arrays[kernel].transpose(axes)), arrays[bias]))
    model = face_network.build(face_network.widths_of([c.kernel for c in convolutions]))
    face_network.give(model, convolutions)
    for name in ("last", "middle"):
        model.get_layer(name).set_weights([_only(arrays, f"/{name}_1/mul/")])
    model.get_layer("logits").set_weights([_only(arrays, "/logits_1/Cast/"), _only(arrays, "/logits_1/BiasAdd/")])
    return model


def _arrays(graph: onnx.GraphProto) -> dict[str, npt.NDArray[np.float32]]:
    """What the file stores, by name; what it stores in 16 bits under the name of what it is widened to."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            stored[node.output[0]] = stored.pop(node.input[0])
    return {name: np.asarray(a, np.float32) for name, a in stored.items()}


def _only(arrays: dict[str, npt.NDArray[np.float32]], part: str) -> npt.NDArray[np.float32]:
    found = [array for name, array in arrays.items() if part in name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} arrays are called *{part}*: this file was not written by export_face")
    return found[0]
