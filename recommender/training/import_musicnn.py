"""musicnn's network (Pons and Serra 2019, PyPI ``musicnn`` 0.1.0, ISC) as one ONNX file.

    pip download --no-deps -d WHEELS musicnn==0.1.0
    python -m recommender.training.import_musicnn --wheels WHEELS

The wheel holds TensorFlow checkpoints; the network is written out anew from its variables and
compared with the wheel's own TensorFlow graph. Structure: batch norm over the log-mel patch, two
timbral and three temporal convolutions pooled over frequency, three residual convolutions of seven
frames, mean and maximum over time (1,506 values), 200 units, 50 tags.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from emotion.training import export
from emotion.weights import models_dir
from recommender.library.front_end import MEL_BANDS, PATCH_FRAMES
from recommender.library.hear import MODEL

CHECKPOINT: Final = "MSD_musicnn"
FILE: Final = "musicnn.onnx"
EPSILON: Final = 1e-3
"""Of TensorFlow's batch norm where nothing else is said."""

Variables = dict[str, npt.NDArray[np.float32]]


def unpack(wheels: Path, folder: Path, name: str = CHECKPOINT) -> Path:
    """A checkpoint's files out of the wheel, under its name: the wheel calls them ``.index`` and so on."""
    (wheel,) = wheels.glob("musicnn-0.1.0-*.whl")
    with zipfile.ZipFile(wheel) as z:
        for suffix in ("index", "data-00000-of-00001", "meta"):
            content = z.read(f"musicnn/{name}/.{suffix}")
            (folder / f"{name}.{suffix}").write_bytes(content)
    return folder / name


def read_variables(checkpoint: Path) -> Variables:
    """The trained arrays by their names, without the optimiser's."""
    import tensorflow as tf

    reader: Any = tf.train.load_checkpoint(str(checkpoint))
    names = [n for n in reader.get_variable_to_shape_map() if "Adam" not in n and "power" not in n]
    return {n.removeprefix("model/"): np.asarray(reader.get_tensor(n)) for n in names}


class Graph:
    """ONNX nodes written one after the other; convolutions and norms are numbered as TensorFlow did."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.nodes: list[onnx.NodeProto] = []
        self.inits: dict[str, npt.NDArray[Any]] = {}
        self.counts = {"conv2d": 0, "batch_normalization": 0, "dense": 0, "out": 0}

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        self.counts["out"] += 1
        out = f"x{self.counts['out']}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], **attributes))
        return out

    def constant(self, name: str, values: npt.ArrayLike, dtype: Any = np.float32) -> str:
        self.inits[name] = np.asarray(values, dtype)
        return name

    def _next(self, kind: str) -> str:
        n = self.counts[kind]
        self.counts[kind] += 1
        return f"{kind}_{n}" if n else kind

    def conv(self, x: str, *, pads: tuple[int, int, int, int]) -> str:
        """Convolution and ReLU on (n, channels, time, bands)."""
        name = self._next("conv2d")
        kernel = self.constant(f"{name}/w", self.variables[f"{name}/kernel"].transpose(3, 2, 0, 1))
        bias = self.constant(f"{name}/b", self.variables[f"{name}/bias"])
        return self.add("Relu", self.add("Conv", x, kernel, bias, pads=pads))

    def norm(self, x: str) -> str:
        """Batch norm over the second axis, from its stored mean and variance."""
        name = self._next("batch_normalization")
        parts = [
            self.constant(f"{name}/{part}", self.variables[f"{name}/{part}"])
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        ]
        return self.add("BatchNormalization", x, *parts, epsilon=EPSILON)

    def dense(self, x: str) -> str:
        name = self._next("dense")
        kernel = self.constant(f"{name}/w", self.variables[f"{name}/kernel"])
        bias = self.constant(f"{name}/b", self.variables[f"{name}/bias"])
        return self.add("Gemm", x, kernel, bias)


def build(variables: Variables) -> onnx.ModelProto:
    """``patches`` (n, 187, 96) log-mel to ``embedding`` (n, 200) and ``tags`` (n, 50), probabilities."""
    g = Graph(variables)
    time_axis = g.constant("axis1", [1], np.int64)
    x = g.norm(g.add("Unsqueeze", "patches", time_axis))
    fronts = []
    for pads in ((3, 0, 3, 0), (3, 0, 3, 0), (63, 0, 64, 0), (31, 0, 32, 0), (15, 0, 16, 0)):  # TensorFlow's "same"
        y = g.norm(g.conv(x, pads=pads))
        fronts.append(g.add("ReduceMax", y, axes=[3], keepdims=1))
    front = g.add("Concat", *fronts, axis=1)  # (n, 561, time, 1)
    as_picture = g.add("Transpose", front, perm=[0, 3, 2, 1])  # (n, 1, time, 561)
    first = g.norm(g.conv(as_picture, pads=(3, 0, 3, 0)))  # (n, 64, time, 1)
    second = g.add("Add", g.norm(g.conv(_upright(g, first), pads=(3, 0, 3, 0))), first)
    third = g.add("Add", g.norm(g.conv(_upright(g, second), pads=(3, 0, 3, 0))), second)
    everything = g.add("Concat", front, first, second, third, axis=1)  # (n, 753, time, 1)
    longest = g.add("Flatten", g.add("ReduceMax", everything, axes=[2, 3], keepdims=0))
    mean = g.add("Flatten", g.add("ReduceMean", everything, axes=[2, 3], keepdims=0))
    # TensorFlow flattens (753, 2): each map's maximum beside its mean.
    last = g.constant("axis2", [2], np.int64)
    pair = g.add("Concat", g.add("Unsqueeze", longest, last), g.add("Unsqueeze", mean, last), axis=2)
    pooled = g.add("Reshape", pair, g.constant("flat", [-1, 1506], np.int64))
    embedding = g.norm(g.add("Relu", g.dense(g.norm(pooled))))
    tags = g.add("Sigmoid", g.dense(embedding))
    g.nodes += [
        helper.make_node("Identity", [pooled], ["pooled"]),
        helper.make_node("Identity", [embedding], ["embedding"]),
        helper.make_node("Identity", [tags], ["tags"]),
    ]
    return _model(g)


def _upright(g: Graph, x: str) -> str:
    """(n, 64, time, 1) to (n, 1, time, 64): the maps become bands."""
    return g.add("Transpose", x, perm=[0, 3, 2, 1])


def _model(g: Graph) -> onnx.ModelProto:
    outputs = (("pooled", 1506), ("embedding", 200), ("tags", 50))
    used = {name for node in g.nodes for name in node.input}
    graph = helper.make_graph(
        g.nodes,
        "musicnn",
        [helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["n", PATCH_FRAMES, MEL_BANDS])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width]) for name, width in outputs],
        [numpy_helper.from_array(np.ascontiguousarray(a), name) for name, a in g.inits.items() if name in used],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def parity(model: Path, checkpoint: Path, variables: Variables, patches: npt.NDArray[np.float32]) -> dict[str, float]:
    """Largest difference from the wheel's own graph (its ``.meta`` file), over the largest value."""
    import onnxruntime as ort
    import tensorflow as tf
    from tensorflow.core.protobuf import meta_graph_pb2

    meta = meta_graph_pb2.MetaGraphDef()
    meta.ParseFromString(checkpoint.with_suffix(".meta").read_bytes())
    wanted = {"embedding": "model/batch_normalization_10/batchnorm/add_1", "tags": "model/Sigmoid"}
    pruned = tf.compat.v1.graph_util.extract_sub_graph(meta.graph_def, list(wanted.values()))
    for node in pruned.node:
        node.attr.pop("_output_shapes", None)  # this TensorFlow infers others for the gradients
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        tf.import_graph_def(pruned, name="")
        there = {op.name for op in graph.get_operations()}
        feed = {f"{n}/read:0": a for n, a in variables.items() if f"{n}/read" in there}
        feed |= {"model/Placeholder:0": patches, "model/Placeholder_2:0": False}
        expected = {name: session.run(f"{node}:0", feed) for name, node in wanted.items()}
    ran = ort.InferenceSession(str(model)).run(list(wanted), {"patches": patches})
    found = dict(zip(wanted, (np.asarray(r) for r in ran), strict=True))
    return {name: float(np.abs(found[name] - e).max() / np.abs(e).max()) for name, e in expected.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = unpack(args.wheels, Path(scratch))
        variables = read_variables(folder)
        target = models_dir() / MODEL
        target.mkdir(exist_ok=True)
        onnx.save(export.shrunk(build(variables), "float16"), str(target / FILE))
        print(f"{sum(v.size for v in variables.values()):,} parameters; {(target / FILE).stat().st_size:,} bytes")
        rng = np.random.default_rng(0)
        patches = (rng.random((4, PATCH_FRAMES, MEL_BANDS)) * 4).astype(np.float32)
        for name, difference in parity(target / FILE, folder, variables, patches).items():
            print(f"{name}: largest difference from the wheel's graph {difference:.1e}")


if __name__ == "__main__":
    main()
