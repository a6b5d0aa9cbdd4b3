"""How the voice's networks are run."""

from __future__ import annotations

import os
from typing import Any


def session(path: str, threads: int | None = None) -> Any:
    """An onnxruntime session on the processor; ``threads`` is all cores where None."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the memory of the largest batch ever seen
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
