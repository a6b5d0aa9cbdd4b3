"""The network that reads the emotion of a face, on onnxruntime."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from emotion import weights
from emotion.face.features import Faces
from emotion.face.session import Session
from emotion.labels import EMOTIONS, INDEX
from emotion.timeline import EmotionScores, ModelUsed

FOLDER: Final = "face-v8"
FILE: Final = "face.onnx"
BATCH: Final = 32

DEEPFACE_LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
RAVDESS_NAME: Final = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "happy": "happy",
    "sad": "sad",
    "surprise": "surprised",
    "neutral": "neutral",
}
"""A face shows no calm that the data sets label; what a calm face gives is neutral. See emotion/fusion.py."""

COLUMNS: Final = np.array([INDEX[RAVDESS_NAME[name]] for name in DEEPFACE_LABELS])


class EmotionNetwork(Protocol):
    """Reads faces as :func:`emotion.face.features.face_input` makes them."""

    @property
    def used(self) -> ModelUsed: ...

    def predict(self, faces: Faces) -> npt.NDArray[np.float32]:
        """Probabilities, shape (n, 7), in the order of ``DEEPFACE_LABELS``."""
        ...


class FaceNetwork:
    """Our own weights, many faces in one call."""

    def __init__(self, model: weights.Weights | None = None, *, threads: int = 1) -> None:
        model = model or weights.load(FOLDER)
        self.session = Session(model.path(FILE), threads)
        self.used = model.used

    def predict(self, faces: Faces) -> npt.NDArray[np.float32]:
        """Calibrated probabilities, shape (n, 7), in the order of ``DEEPFACE_LABELS``."""
        return self._run(faces, "emotion", 7)

    def predict_both(self, faces: Faces) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The seven classes that are shown (n, 7), and what FER+'s voters would say (n, 8): neutral, happiness,
        surprise, sadness, anger, disgust, fear, contempt. They are two questions: voters call posed anger neutral."""
        return self._run(faces, "emotion", 7), self._run(faces, "ferplus", 8)

    def predict_shown(self, faces: Faces) -> npt.NDArray[np.float32]:
        """What is shown before contempt is folded into the seven, (n, 8), in FER+'s order; for measuring."""
        return self._run(faces, "shown", 8)

    def predict_fer2013(self, faces: Faces) -> npt.NDArray[np.float32]:
        """What FER2013's own labels would say, (n, 7): another question than FER+'s votes, for comparison only."""
        return self._run(faces, "fer2013", 7)

    def _run(self, faces: Faces, output: str, width: int) -> npt.NDArray[np.float32]:
        parts = [self.session.run(faces[i : i + BATCH], (output,))[0] for i in range(0, len(faces), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, width), np.float32)


def to_scores(probs: npt.NDArray[np.float32]) -> list[EmotionScores]:
    """From (n, 7) in DeepFace's order to the eight RAVDESS emotions; calm is 0."""
    eight = np.zeros((len(probs), len(EMOTIONS)))
    eight[:, COLUMNS] = np.maximum(probs, 0)
    return [EmotionScores.from_array(row) for row in eight]
