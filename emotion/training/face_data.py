"""FER2013 pictures with FER+ votes, cleaned: what every training and measuring command for the face reads.

Sources: Goodfellow et al. (2013), "Challenges in representation learning" (FER2013, pictures for
research); Barsoum et al. (2016), "Training deep networks for facial expression recognition with
crowd-sourced label distribution", arXiv:1608.01041 (FER+ votes, MIT). The rule of the latter is kept:
votes of one are noise and are zeroed; a picture whose largest vote is "unknown" or "not a face" is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from emotion import settings

Split = Literal["train", "public", "private"]

FERPLUS: Final = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
CONTEMPT: Final = FERPLUS.index("contempt")
DEEPFACE_NAME: Final = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
}
FER2013: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGE: Final[dict[Split, int]] = {"train": 0, "public": 1, "private": 2}
TWIN_CORRELATION: Final = 0.96
"""Thumbnails of 16 x 16 that correlate above this are the same photograph; looked at by eye down to it."""


KEPT: Final = 1_200
"""Pictures of PublicTest that do not train."""


@dataclass(frozen=True)
class Faces:
    """One split. Rows are aligned.

    Attributes:
        images: uint8, shape (n, 48, 48), grey.
        votes: float32, shape (n, 8), FER+ votes in the order of ``FERPLUS``, ones zeroed, each row sums to 1.
        fer2013: uint8, shape (n,), the older single label, an index into ``FER2013``.
    """

    images: npt.NDArray[np.uint8]
    votes: npt.NDArray[np.float32]
    fer2013: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.images)

    def where(self, keep: npt.NDArray[np.bool_]) -> Faces:
        return Faces(self.images[keep], self.votes[keep], self.fer2013[keep])

    @property
    def majority(self) -> npt.NDArray[np.int64]:
        """The class with most votes; of equal ones, the first in the order of ``FERPLUS``."""
        return self.votes.argmax(axis=1)

    @property
    def clear(self) -> npt.NDArray[np.bool_]:
        """Where one class holds more than half of the votes."""
        return self.votes.max(axis=1) > 0.5


def data_dir(argument: str | None = None) -> Path:
    """The folder of data sets: the argument, else ``MOODCUE_DATA``, else ``../shared/data``."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(argument) if argument else settings.DATA.read() or beside


def load(folder: Path) -> dict[Split, Faces]:
    """The three splits with FER+ labels: 28,386, 3,553 and 3,545 pictures before any cleaning across splits."""
    fer = np.load(folder / "face" / "fer2013.npz")
    votes = np.load(folder / "face" / "ferplus_votes.npz")["votes"].astype(np.int64)
    votes[votes <= 1] = 0
    keep = (votes.sum(axis=1) > 0) & (votes.argmax(axis=1) < len(FERPLUS))
    emotions = votes[:, : len(FERPLUS)].astype(np.float32)
    shares = emotions / np.maximum(emotions.sum(axis=1, keepdims=True), 1)
    faces = Faces(fer["images"], shares, fer["labels"])
    return {name: faces.where(keep & (fer["usage"] == code)) for name, code in USAGE.items()}


@dataclass(frozen=True)
class Posed:
    """Posed faces of people who are told apart: to choose by, never to train on. Rows are aligned.

    Attributes:
        images: uint8, shape (n, 48, 48), grey.
        labels: int64, shape (n,), an index into ``FER2013``; none is neutral.
        subjects: shape (n,), who it is.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    subjects: npt.NDArray[np.str_]


def load_posed(folder: Path) -> Posed:
    """Half of the subjects of CK+48 (Lucey et al. 2010, for research): 561 faces of 60 people, six emotions."""
    with np.load(folder / "face" / "posed_validation.npz") as stored:
        names = ["angry", "disgust", "fearful", "happy", "sad", "surprised"]
        labels = np.array([names.index(label) for label in stored["labels"]], np.int64)
        return Posed(stored["images"], labels, stored["subjects"])


def load_clean(folder: Path) -> dict[Split, Faces]:
    """As :func:`load`, with no photograph in two splits: the test keeps it, then the public one.

    Identical pictures and near copies (another crop of brightness, another watermark, mirrored) are left
    out of ``train`` if they stand in either other split, and out of ``public`` if they stand in ``private``.
    ``public`` is ``KEPT`` pictures of PublicTest, for calibration and for looking at; the others train.
    """
    splits = load(folder)
    private = splits["private"]
    public = splits["public"].where(~has_twin(splits["public"], private))
    kept = np.zeros(len(public), bool)
    kept[np.random.default_rng(0).permutation(len(public))[:KEPT]] = True
    rest, public = public.where(~kept), public.where(kept)
    train = join(splits["train"], rest)
    return {
        "train": train.where(~has_twin(train, private) & ~has_twin(train, public)),
        "public": public,
        "private": private,
    }


def join(a: Faces, b: Faces) -> Faces:
    return Faces(*(np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("images", "votes", "fer2013")))


def has_twin(faces: Faces, others: Faces) -> npt.NDArray[np.bool_]:
    """Shape (len(faces),): whether the same photograph stands in ``others``, mirrored or not."""
    known = np.concatenate([thumbnails(others.images), thumbnails(others.images[:, :, ::-1])])
    alike = (thumbnails(faces.images) @ known.T).max(axis=1) > TWIN_CORRELATION
    pixels = {image.tobytes() for image in others.images}
    return alike | np.array([image.tobytes() in pixels for image in faces.images])


def thumbnails(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Shape (n, 256): 16 x 16 averages with mean 0 and length 1, so that a product is a correlation."""
    small = np.stack([cv2.resize(i, (16, 16), interpolation=cv2.INTER_AREA) for i in images])
    flat = small.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
