"""DeepFace as the frame that our weights, and its own, plug into.

DeepFace reads ``$DEEPFACE_HOME/.deepface/weights/facial_expression_model_weights.onnx`` and checks no hash. It is
given a home of its own in the user's cache folder, with a verified copy of our file under that name, and never
the real one. It keeps models and home for the whole process, so calls are serialised and its emotion model is
dropped when the home changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion import settings, weights
from emotion.errors import DetectorMissing, EngineMissing
from emotion.face.detect import Detection, Image
from emotion.face.features import Faces
from emotion.face.model import DEEPFACE_LABELS, FILE, FOLDER
from emotion.messages import Words
from emotion.timeline import Box, ModelUsed
from emotion.weights import sha256_of

WEIGHTS_NAME: Final = "facial_expression_model_weights.onnx"
PICTURE: Final = 224
"""Side of the picture that DeepFace scales every face to before it scales it down to 48."""
DETECTORS: Final = ("opencv", "yunet", "ssd", "centerface", "dlib", "mediapipe", "yolov8n", "yolov11n")
WITH_TENSORFLOW: Final = ("retinaface", "mtcnn")
"""DeepFace's detectors that would load TensorFlow into the serving process."""

_lock = threading.RLock()


def private_home(model: weights.Weights | None) -> Path:
    """A home for DeepFace: with our weights in it, or empty (``model`` None) for DeepFace to load its own into."""
    if model is None:
        home = settings.cache_dir() / "deepface-original"
        (home / ".deepface" / "weights").mkdir(parents=True, exist_ok=True)
        return home
    source = model.path(FILE)
    home = settings.cache_dir() / f"deepface-{model.used.sha256[:16]}"
    target = home / ".deepface" / "weights" / WEIGHTS_NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file() or sha256_of(target) != model.used.sha256:
        part = target.with_suffix(f".{os.getpid()}.part")
        shutil.copyfile(source, part)
        part.replace(target)
    return home


@contextlib.contextmanager
def deepface(home: Path) -> Iterator[Any]:
    """The module ``deepface.DeepFace`` on its ONNX backend, with the given home, for this thread alone."""
    with _lock:
        settings.tell_library("DEEPFACE_BACKEND_ENGINE", "onnx")
        settings.tell_library("DEEPFACE_LOG_LEVEL", "40", replace=False)
        changed = settings.tell_library("DEEPFACE_HOME", str(home))
        from deepface import DeepFace
        from deepface.modules import modeling

        if changed:
            getattr(modeling, "cached_models", {}).get("facial_attribute", {}).pop("Emotion", None)
        yield DeepFace


class DeepFaceNetwork:
    """``DeepFace.analyze(actions=["emotion"])``, face by face.

    Args:
        model: the weights to plug in; the registered ones where None.
        original: use DeepFace's own weights instead, which it loads from the network once.

    Raises:
        EngineMissing: its own weights cannot be had.
    """

    def __init__(self, model: weights.Weights | None = None, *, original: bool = False) -> None:
        model = None if original else model or weights.load(FOLDER)
        self.home = private_home(model)
        blank = np.full((1, 48, 48, 1), 0.5, np.float32)
        try:
            self.predict(blank)
        except Exception as e:  # DeepFace raises what its many parts raise
            raise EngineMissing(engine="deepface-original" if original else "deepface", **reason(e)) from e
        self.used = model.used if model else self._original()

    def predict(self, faces: Faces) -> npt.NDArray[np.float32]:
        """Probabilities, shape (n, 7), in the order of ``DEEPFACE_LABELS``."""
        out = np.zeros((len(faces), len(DEEPFACE_LABELS)), np.float32)
        with deepface(self.home) as module:
            for i, face in enumerate(faces):
                answer = module.analyze(
                    enlarged(face), actions=["emotion"], detector_backend="skip", enforce_detection=False, silent=True
                )[0]["emotion"]
                out[i] = [answer[name] / 100 for name in DEEPFACE_LABELS]
        return out

    def _original(self) -> ModelUsed:
        return ModelUsed(
            "deepface-original", version("deepface"), sha256_of(self.home / ".deepface" / "weights" / WEIGHTS_NAME)
        )


def enlarged(face: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A face (48, 48, 1) as a picture (224, 224, 3) that DeepFace scales back to exactly the same face.

    Each pixel becomes a block; where DeepFace samples the middle of a block, it finds that pixel's value.
    """
    large = cv2.resize(face[:, :, 0], (PICTURE, PICTURE), interpolation=cv2.INTER_NEAREST)
    return np.repeat(large[:, :, None], 3, axis=2).astype(np.float32)


class DeepFaceDetector:
    """One of DeepFace's detectors.

    Raises:
        DetectorMissing: it is unknown, a package it needs is missing, or its weights cannot be fetched.
    """

    def __init__(self, backend: str) -> None:
        if backend in WITH_TENSORFLOW:
            raise DetectorMissing(detector=backend, detail=Words.of("fault.tensorflow"))
        if backend not in DETECTORS:
            raise DetectorMissing(
                detector=backend, detail=Words.of("fault.known", known=", ".join(("centerface", *DETECTORS)))
            )
        self.backend = backend
        self.home = private_home(None)
        try:
            self.detect(np.full((64, 64, 3), 127, np.uint8))
        except Exception as e:  # DeepFace raises what its many parts raise
            raise DetectorMissing(detector=backend, **reason(e)) from e
        name = f"deepface-{backend}"
        self.used = ModelUsed(name, version("deepface"), hashlib.sha256(name.encode()).hexdigest())

    def detect(self, rgb: Image) -> list[Detection]:
        """Faces with a confidence above 0: DeepFace calls the whole picture a face, with 0, where it finds none."""
        with deepface(self.home) as module:
            found = module.extract_faces(
                np.ascontiguousarray(rgb[:, :, ::-1]),
                detector_backend=self.backend,
                enforce_detection=False,
                align=False,
                normalize_face=False,
            )
        out = []
        for face in found:
            area, confidence = face["facial_area"], float(face["confidence"])
            if confidence > 0:
                box = Box(float(area["x"]), float(area["y"]), float(area["w"]), float(area["h"]))
                out.append(Detection(box, min(1.0, confidence)))
        return sorted(out, key=lambda d: -d.confidence)


def reason(error: BaseException) -> dict[str, object]:
    """Why something of DeepFace's failed, from the first cause: the values that the error's sentence quotes."""
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    if isinstance(root, OSError) and hasattr(root, "request"):  # the errors of requests
        return {"detail": Words.of("fault.download")}
    text = str(root).strip() or type(root).__name__
    return {"detail": Words.of("fault.engine"), "cause": text.splitlines()[0]}
