"""Whose face it is: pictures of one person lie close to each other, those of two people do not.

Used to know somebody again after a cut, in another pose or light. Nothing of it is kept after the clip was read,
and no face is compared with any of another clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion import weights
from emotion.face.session import Session

FOLDER: Final = "person-faceres-v1"
FILE: Final = "person.onnx"
SIDE: Final = 160
SAME: Final = 0.6
"""Faces at least this much alike are most likely one person (metrics.json)."""
LINKED: Final = 0.72
"""Stretches of film whose mean faces are this much alike are one person, if no two stretches are less alike than
``SAME``. No two of the people in metrics.json are."""
HERE: Final = 0.55
"""In one place a moment later, a face less alike than this is somebody else's."""
OTHER: Final = 0.4
"""Faces less alike than this are two people, wherever."""

Image = npt.NDArray[np.uint8]
Embeddings = npt.NDArray[np.float32]


class PersonEncoder:
    """Opened when it is first asked: most clips show one person in one shot and never need it."""

    def __init__(self, model: weights.Weights | None = None, *, threads: int = 1) -> None:
        self._model = model or weights.load(FOLDER)
        self._threads = threads
        self._session: Session | None = None

    @property
    def used(self) -> weights.ModelUsed:
        return self._model.used

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Unit vectors, shape (n, 1024), of square RGB faces as :func:`emotion.face.features.crop` cuts them.

        The product of two is how much alike they are, in [0, 1].
        """
        if not crops:
            return np.zeros((0, 1024), np.float32)
        self._session = self._session or Session(self._model.path(FILE), self._threads)
        (vectors,) = self._session.run(np.stack([_scaled(c) for c in crops]))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def groups(
    faces: Sequence[Embeddings], times: Sequence[frozenset[float]], *, least: float = LINKED, each: float = SAME
) -> list[list[int]]:
    """Which stretches of film show one person: their indices, person by person.

    The two groups most alike (the cosine of the means of their faces) are joined until none are alike enough; what
    was seen at the same time is never joined, nor are groups with two stretches that are too little alike: a chain of
    similar faces must not lead from one person to another.

    Args:
        faces: for each stretch the vectors of some of its faces, shape (k, 1024), k >= 1.
        times: for each stretch the moments at which it was seen.
        least: how much alike groups must be to be joined.
        each: how much alike any two of their stretches must be.
    """
    stretches, seen = [[i] for i in range(len(faces))], list(times)
    # the cosine of two means is that of two sums
    sums = np.array([f.sum(axis=0, dtype=np.float64) for f in faces])
    apart = np.array([[not a.isdisjoint(b) for b in seen] for a in seen])
    alike = _cosines(sums, sums)
    apart |= alike < each
    np.fill_diagonal(apart, True)
    alike = np.where(apart, -1.0, alike)
    while alike.max() >= least:
        a, b = sorted(int(k) for k in np.unravel_index(int(alike.argmax()), alike.shape))
        stretches[a] += stretches[b]
        stretches[b] = []
        sums[a] += sums[b]
        apart[a] |= apart[b]
        apart[:, a] = apart[a]
        apart[b] = apart[:, b] = True
        alike[a] = alike[:, a] = np.where(apart[a], -1.0, _cosines(sums[a : a + 1], sums)[0])
        alike[b] = alike[:, b] = -1.0
    return [sorted(g) for g in stretches if g]


def _cosines(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def _scaled(crop: Image) -> npt.NDArray[np.float32]:
    """RGB, 0 to 255, shape (SIDE, SIDE, 3)."""
    how = cv2.INTER_AREA if crop.shape[0] > SIDE else cv2.INTER_LINEAR
    return cv2.resize(crop, (SIDE, SIDE), interpolation=how).astype(np.float32)
