"""What the C library does with freed memory: large pieces go back to the system at once, small ones to all threads.

glibc keeps ever larger pieces for itself after each such piece that is freed (it raises ``M_MMAP_THRESHOLD`` up to
32 MB: mallopt(3)), so that a server which reads clips and weights now and then would hold their memory for good. And
it opens a heap for each thread, up to eight a core, of which none gives back to the others.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
LARGE: Final = 2**20
"""More than a frame that is analysed (640 x 360), so that frames are not asked of the system one by one."""


def give_back() -> None:
    """Set it once and for all; elsewhere than with glibc nothing happens."""
    if (libc := _glibc()) is not None:
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
        libc.mallopt(M_TRIM_THRESHOLD, 2 * LARGE)


def trim() -> None:
    """Give back what lies free between pieces in use, as after a compilation or a clip."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def settle() -> None:
    """Take what is loaded for good out of the collector's rounds.

    Streamlit collects garbage after every run of every page; over 300,000 objects of libraries that stops all
    visitors for a quarter of a second each time, and with several of them following their progress, for good.
    """
    gc.collect()
    gc.freeze()
    trim()


def _glibc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
