"""Reading faces: pictures to :class:`Sighting`.

The ladder: :meth:`FaceReader.read_crops` for what is a face already, :meth:`FaceReader.read` for one picture,
:func:`emotion.face.frames.analyse_frames` for a clip.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from emotion import errors, settings, weights
from emotion.face import features, model
from emotion.face.detect import CenterFace, Detection, Detector
from emotion.face.model import EmotionNetwork
from emotion.face.mouth import MouthReader
from emotion.face.person import PersonEncoder
from emotion.messages import Words
from emotion.timeline import EmotionScores, ModelUsed, Sighting

Image = npt.NDArray[np.uint8]
Engine = Literal["batch", "deepface", "deepface-original"]

ENGINES: Final[tuple[Engine, ...]] = ("batch", "deepface", "deepface-original")
DEFAULT_ENGINE: Final[Engine] = "batch"
"""The same numbers as "deepface" (tested to 1e-4) at less than half the time a face."""
DEFAULT_DETECTOR: Final = settings.DETECTOR.default

FULL_SIZE_PX: Final = 48.0
LEAST_SIZE_PX: Final = 16.0
FULL_SHARPNESS: Final = 0.25
FULL_CONTRAST: Final = 0.06
LEAST_WEIGHT: Final = 0.05
ABREAST: Final = 2
"""Two frames at a time use two cores better than two threads on one frame."""
LOOSE: Final = 0.85
"""A crop whose face is smaller than this part of the usual framing is cut anew."""


@dataclass(frozen=True, eq=False)
class FaceReader:
    """A detector and an emotion network.

    Attributes:
        threshold: a largest probability below this means "not sure"; from it on, 90 % of the kept pictures are right.
        reliability: the network's UAR on faces it was not trained on, its weight beside the voice.
        persons: tells whether two faces are one person's.
        mouths: tells how far mouths are open where a picture shows several faces.
        abreast: so many frames of a clip are read at a time.
        thorough: search every frame of a clip whole, not first where the faces were.
    """

    detector: Detector
    network: EmotionNetwork
    threshold: float
    reliability: float
    persons: PersonEncoder = field(default_factory=PersonEncoder)
    mouths: MouthReader = field(default_factory=MouthReader)
    abreast: int = 1
    thorough: bool = False

    @property
    def used(self) -> ModelUsed:
        """The emotion network that ran."""
        return self.network.used

    @property
    def detector_used(self) -> ModelUsed:
        return self.detector.used

    def detect(self, rgb: Image) -> list[Detection]:
        """The faces in a picture of shape (height, width, 3), uint8; the surest first."""
        return self.detector.detect(rgb)

    def read(self, rgb: Image, time_s: float = 0.0, found: Sequence[Detection] | None = None) -> list[Sighting]:
        """Each face with its emotion, how far it can be read, and its crop; none gives an empty list.

        ``found`` are the picture's faces where they are known already.
        """
        found = self.detect(rgb) if found is None else found
        if not found:
            return []
        crops = [features.crop(rgb, d) for d in found]
        inputs = features.face_input(crops)
        scores = model.to_scores(self.network.predict(inputs))
        sharp = features.sharpness(inputs)
        mouths = self.mouths.open(rgb, found) if len(found) > 1 else [None]
        return [
            Sighting(time_s, d.box, d.confidence, s, readability(d, float(f), float(x.std())), c, mouth)
            for d, s, f, x, c, mouth in zip(found, scores, sharp, inputs, crops, mouths, strict=True)
        ]

    def read_crops(self, crops: Sequence[Image]) -> list[EmotionScores]:
        """The emotion of pictures that each are a face already: RGB (height, width, 3) or grey (height, width).

        Where a crop turns out to be loose (the face fills less than 0.85 of the usual framing), the face in it is
        cut out anew; everything else is read as it is.
        """
        inputs = features.face_input([self._tight(c) for c in crops])
        return model.to_scores(self.network.predict(inputs))

    def _tight(self, crop: Image) -> Image:
        whole = features.square(crop)
        if crop.ndim != 3 or min(crop.shape[:2]) < 2 * features.SIZE:
            return whole
        faces = self.detector.detect(crop)
        largest = max(faces, key=lambda d: d.box.area, default=None)
        if largest is None or largest.box.height > LOOSE * features.BOX_HEIGHT * whole.shape[0]:
            return whole
        return features.crop(crop, largest)


def readability(d: Detection, sharpness: float, contrast: float) -> float:
    """How far a face can be read, in (0, 1]: the product of size, sharpness, contrast and turn.

    Size counts in full from 48 pixels on (what the network reads) and nothing below 16; sharpness in full
    from 0.25 on (see :func:`emotion.face.features.sharpness`); contrast, the deviation of the grey values in
    [0, 1], from 0.06 on; a turned head counts less from about 25 degrees on and a fifth in profile.
    """
    side = (d.box.width + d.box.height) / 2
    size = np.clip((side - LEAST_SIZE_PX) / (FULL_SIZE_PX - LEAST_SIZE_PX), 0.0, 1.0)
    sharp = np.clip(sharpness / FULL_SHARPNESS, 0.2, 1.0)
    lit = np.clip(contrast / FULL_CONTRAST, 0.1, 1.0)
    facing = np.clip(1.4 - d.turn, 0.2, 1.0)
    return float(max(LEAST_WEIGHT, size * sharp * lit * facing))


def build_reader(
    engine: str = DEFAULT_ENGINE, detector: str = DEFAULT_DETECTOR, *, folder: str = model.FOLDER, threads: int = 1
) -> FaceReader:
    """The reader with registered weights.

    Args:
        engine: "deepface" (``DeepFace.analyze`` on our weights), "batch" (our weights directly: the same numbers,
            many faces in a call) or "deepface-original" (DeepFace's own weights, loaded from the network once).
        detector: "centerface", or "deepface-<name>" for one of DeepFace's.
        threads: of each network's calls.

    Raises:
        WeightsError, EngineMissing, DetectorMissing.
    """
    ours = weights.load(folder)
    finder = build_detector(detector, threads=threads)
    network: EmotionNetwork
    if engine == "batch":
        network = model.FaceNetwork(ours, threads=threads)
    elif engine in ENGINES:
        from emotion.face.deepface_frame import DeepFaceNetwork

        network = DeepFaceNetwork(ours, original=engine == "deepface-original")
    else:
        raise errors.EngineMissing(engine=engine, detail=Words.of("fault.known", known=", ".join(ENGINES)))
    # DeepFace does not say that it may be called from two threads at a time
    abreast = min(ABREAST, os.cpu_count() or 1) if (engine, detector) == (DEFAULT_ENGINE, DEFAULT_DETECTOR) else 1
    threshold, reliability = float(ours.config["threshold"]), float(ours.config["reliability"])
    return FaceReader(finder, network, threshold, reliability, abreast=abreast)


def build_detector(name: str = DEFAULT_DETECTOR, *, threads: int = 1) -> Detector:
    """ "centerface", or "deepface-opencv", "deepface-yunet" ... for DeepFace's.

    Raises:
        WeightsError, DetectorMissing.
    """
    if name == DEFAULT_DETECTOR:
        return CenterFace(threads=threads)
    from emotion.face.deepface_frame import DeepFaceDetector

    return DeepFaceDetector(name.removeprefix("deepface-"))
