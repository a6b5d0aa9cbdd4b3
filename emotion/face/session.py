"""How networks are opened for serving."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime


@functools.cache
def _share_memory() -> None:
    """One arena for all of the face's networks: a call leaves it to the next, of whichever network."""
    cpu = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(cpu, onnxruntime.OrtArenaCfg({}))


class Session:
    """A network with one input, on onnxruntime's CPU; its idle threads sleep, so that other work runs."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        _share_memory()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def run(self, x: npt.NDArray[np.float32], outputs: Sequence[str] | None = None) -> list[npt.NDArray[np.float32]]:
        """The named outputs (all, in the file's order, where None) for one input."""
        return [np.asarray(y, np.float32) for y in self._session.run(outputs, {self._input: x})]
