"""librosa without its compiler: ``from emotion.plain_librosa import librosa``, where it is needed.

librosa compiles loops that numpy cannot run at once (beats, pitch, sequences) with numba, which brings 170 MB of LLVM
along and holds 130 MB of memory from the first import on. What is used here (trim, MFCC, mel, decibels, chroma) is
numpy all through and gives the same numbers without, to the last bit (tests/test_signals.py). So while librosa is
imported, decorators that leave a function as it is stand in for numba's; afterwards numba is what it was, and the parts
of librosa that are not imported here take the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final, NoReturn, TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def _as_it_is(*of: object, **options: object) -> object:
    """A decorator, with or without arguments, that changes nothing."""
    if len(of) == 1 and callable(of[0]) and not options:
        return of[0]

    def decorate(function: Function) -> Function:
        return function

    return decorate


def _missing(*of: object, **options: object) -> object:
    """A decorator of what does not work uncompiled."""
    del options

    def refuse(*args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        raise RuntimeError("this part of librosa needs numba: import librosa before emotion.plain_librosa")

    return refuse if len(of) == 1 and callable(of[0]) else lambda function: refuse


DECORATORS: Final = {"jit": _as_it_is, "vectorize": _as_it_is, "guvectorize": _missing, "stencil": _missing}


@contextmanager
def _without_numba() -> Iterator[None]:
    if "numba" in sys.modules:
        yield
        return
    stand_in = ModuleType("numba", "Decorators that compile nothing.")
    for name, decorator in DECORATORS.items():
        setattr(stand_in, name, decorator)
    sys.modules["numba"] = stand_in
    try:
        yield
    finally:
        del sys.modules["numba"]


with _without_numba():
    import librosa

    # each of its parts is imported when it is first asked for
    USED: Final = (
        librosa.effects.trim,
        librosa.feature.chroma_stft,
        librosa.feature.melspectrogram,
        librosa.feature.mfcc,
        librosa.power_to_db,
    )

__all__ = ["librosa"]
