"""Many short files at once: one row of eight probabilities each, for scoring and for scripts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emotion import errors, media, signals
from emotion.labels import EMOTIONS
from emotion.media import fence
from emotion.timeline import Affect, EmotionScores

if TYPE_CHECKING:
    from emotion.face.infer import FaceReader
    from emotion.voice.infer import VoiceReader

WORKERS: Final = 2
COLUMNS: Final = (*EMOTIONS, "label", "sure", "valence", "arousal")
"""What a table says of each file, after its name."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """``scores`` is None where there is nothing to read (silence, no face) or the file is broken; ``sure`` is
    whether they pass the reader's threshold; ``affect`` is the voice's, which is measured with intervals."""

    file: str
    scores: EmotionScores | None = None
    error: errors.MoodCueError | None = None
    sure: bool = False
    affect: Affect | None = None

    def cells(self) -> list[str]:
        """In the order of ``COLUMNS``; empty where there is nothing to say."""
        if self.scores is None:
            return [""] * len(COLUMNS)
        plane = self.affect or self.scores
        pleasure = [f"{plane.valence:.3f}", f"{plane.arousal:.3f}"]
        return [*(f"{p:.6f}" for p in self.scores.probs), self.scores.label, str(self.sure).lower(), *pleasure]

    def as_dict(self) -> dict[str, object]:
        """For JSON: valence and arousal in [-1, 1], None where there is nothing to say."""
        s = self.scores
        plane = self.affect or s
        return {
            "file": self.file,
            "probabilities": s.as_dict() if s else None,
            "label": s.label if s else None,
            "sure": self.sure if s else None,
            "valence": round(plane.valence, 3) if plane else None,
            "arousal": round(plane.arousal, 3) if plane else None,
        }


def hear_files(paths: Iterable[Path], reader: VoiceReader) -> Iterator[Row]:
    """Each file as one utterance, in the order given."""
    limits = media.Limits.from_environment()

    def read(path: Path) -> EmotionScores | None:
        y = fence.read_sound(path, reader.sr, limits=limits)
        return None if signals.is_silent(y) else reader.read(y, reader.sr)

    for row in _each(paths, read, reader.threshold):
        yield replace(row, affect=reader.affect(row.scores)) if row.scores else row


def hear_together(paths: Iterable[Path], reader: VoiceReader) -> Iterator[Row]:
    """Each file as one utterance, read in the light of all the others: they are of one speaker, or of one recording."""
    from emotion.voice import together

    limits = media.Limits.from_environment()
    heard: dict[str, npt.NDArray[np.float32]] = {}

    def listen(path: Path) -> EmotionScores | None:
        y = signals.mono(fence.read_sound(path, reader.sr, limits=limits))
        if signals.is_silent(y):
            return None
        heard[str(path)] = reader.features(y, reader.sr, reader.whole(y, reader.sr))
        return EmotionScores.from_array(reader.judge(heard[str(path)]).mean(axis=0))

    rows = list(_each(paths, listen, reader.threshold))
    spoken = [row.file for row in rows if row.scores]
    scores = dict(zip(spoken, together.read(reader, [heard[file] for file in spoken]), strict=True))
    for row in rows:
        if (known := scores.get(row.file)) is None:
            yield row
        else:
            sure = known.confidence >= reader.threshold
            yield replace(row, scores=known, sure=sure, affect=reader.affect(known))


def look_at_files(paths: Iterable[Path], reader: FaceReader, *, cropped: bool) -> Iterator[Row]:
    """The largest face of each picture, or the whole picture where it is ``cropped`` to a face already."""

    def read(path: Path) -> EmotionScores | None:
        rgb = read_picture(path)
        if cropped:
            return reader.read_crops([rgb])[0]
        sightings = reader.read(rgb, 0.0)
        return max(sightings, key=lambda s: s.box.area).scores if sightings else None

    yield from _each(paths, read, reader.threshold)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """RGB, shape (height, width, 3), uint8, turned upright by its EXIF tag; decoded behind the fence.

    Raises:
        FileMissing, EmptyFile, PictureError, PictureTooLarge, DecoderDied.
    """
    return fence.read_picture(path)


def expand(paths: Sequence[str], suffixes: frozenset[str]) -> list[Path]:
    """The files named, and those of the right type anywhere under the folders named, sorted.

    In folders hidden files are passed over: a Mac puts ``._clip.mov`` beside each clip on a foreign disk.

    Raises:
        NoFileNamed: a path is empty, as a script's unset variable is: that is not all of this folder.
    """
    if "" in paths:
        raise errors.NoFileNamed
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if _wanted(p.relative_to(path), suffixes) and p.is_file())
        else:
            found.append(path)
    return found


def _wanted(path: Path, suffixes: frozenset[str]) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and path.suffix.lower().lstrip(".") in suffixes


def _each(paths: Iterable[Path], read: Callable[[Path], EmotionScores | None], threshold: float) -> Iterator[Row]:
    def row(path: Path) -> Row:
        try:
            scores = read(path)
            return Row(str(path), scores, sure=scores is not None and scores.confidence >= threshold)
        except errors.MoodCueError as e:
            return Row(str(path), error=e.with_traceback(None))
        except Exception:  # no file ends the others
            _log.exception("%r could not be read", str(path))
            return Row(str(path), error=errors.MediaError(name=path.name))

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(row, paths)
