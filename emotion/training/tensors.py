"""Keras' operations on tensors of whatever backend it runs on.

They come without useful types: what each returns is declared as any backend's tensor, or nothing. So they are named
here once, as what cannot be checked.
"""

from typing import Any, Final

import keras

Tensor = Any
ops: Final[Any] = keras.ops
chance: Final[Any] = keras.random
