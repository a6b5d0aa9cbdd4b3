"""How the voice's networks are run: one thread for each call, and several calls at a time.

Two threads within one call wait for each other at every layer, and waiting they keep a core busy that looks at the
picture meanwhile: two calls at a time cost two fifths less of the processor and are as quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def session(path: str) -> Any:
    """An onnxruntime session on the processor; several threads may call it at a time."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the memory of the largest batch ever seen
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def abreast(work: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None) -> Iterator[Result]:
    """What ``work`` makes of each item, in their order, so many at a time (as many as there are cores where None).

    Closed early, it waits for what has begun and drops the rest.
    """
    at_once = min(threads or os.cpu_count() or 1, len(items))
    if at_once <= 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="voice")
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
