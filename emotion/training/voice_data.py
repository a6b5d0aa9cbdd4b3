"""Speech recordings with labels, and folds that never put one speaker on both sides."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion import settings
from emotion.labels import EMOTIONS, INDEX

FOLDS = 6
HOME = "ravdess_speech"
"""The corpus that is judged by speaker."""
LABELS_OF = {
    "ravdess_speech": frozenset(EMOTIONS),
    "nemo": frozenset(EMOTIONS) - {"calm", "disgust"},
    "emodb": frozenset(EMOTIONS) - {"calm", "surprised"},
}
"""Which emotions the speakers of a corpus were asked for; the others are masked in training, not denied."""
ASIDE = frozenset({"nemo_EB0", "nemo_KS0", "emodb_03", "emodb_08"})
"""The first woman and man of each of these corpora: the judged babble is made of their voices, no training."""


def data_dir() -> Path:
    """``MOODCUE_DATA``, or ``../shared/data`` beside the repository."""
    return settings.DATA.read() or Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Recording:
    """One labelled utterance; ``emotion`` indexes ``emotion.labels.EMOTIONS``."""

    corpus: str
    path: Path
    speaker: str
    sex: str
    emotion: int
    intensity: str
    sentence: str


def recordings(corpora: Sequence[str] = tuple(LABELS_OF), folder: Path | None = None) -> list[Recording]:
    """Every recording of these corpora whose label is one of the eight emotions, in manifest order."""
    folder = (folder or data_dir()) / "voice"
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as f:
        return [
            Recording(
                row["corpus"],
                folder / row["file"],
                row["speaker"],
                row["sex"],
                INDEX[row["emotion"]],
                row["intensity"],
                _sentence(row["corpus"], Path(row["file"]).stem),
            )
            for row in csv.DictReader(f, delimiter="\t")
            if row["corpus"] in corpora and row["emotion"] in INDEX
        ]


def _sentence(corpus: str, stem: str) -> str:
    """What was said: RAVDESS statement, EMO-DB text code, nEMO sentence number."""
    return {"ravdess_speech": lambda: stem.split("-")[4], "emodb": lambda: stem[2:5], "nemo": lambda: stem}[corpus]()


def actor_folds(speakers: Sequence[str], folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """The fold of each recording: speakers in order of name, two neighbours at a time.

    RAVDESS numbers men odd and women even, so that every fold of it holds as many of both.
    """
    names = sorted(set(speakers))
    of = {name: i // 2 % folds for i, name in enumerate(names)}
    return np.array([of[name] for name in speakers])


def labels(items: Sequence[Recording]) -> npt.NDArray[np.int64]:
    return np.array([item.emotion for item in items])
