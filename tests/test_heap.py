"""Memory that was freed goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PROGRAM = """
import ctypes, sys
import psutil
if sys.argv[1] == "give back":
    from emotion import heap
    heap.give_back()
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def touched(size):
    place = libc.malloc(size)
    ctypes.memset(place, 1, size)
    return place
libc.free(touched(30_000_000))  # glibc draws its conclusion from this
before = psutil.Process().memory_info().rss
large = []
for _ in range(20):  # small pieces that stay lie between large ones that go, as after a clip
    large.append(touched(6_000_000))
    touched(100_000)
for place in large:
    libc.free(place)
print((psutil.Process().memory_info().rss - before) // 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one")
def test_freed_memory_goes_back_to_the_system() -> None:
    def left_mb(how: str) -> int:
        out = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, cwd=ROOT, check=True)
        return int(out.stdout)

    assert left_mb("give back") < left_mb("leave") / 10
