"""What further footage tells of a voice, in memory and as a small file. Neither holds any sound."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import errors
from emotion.labels import EMOTIONS
from emotion.timeline import ModelUsed
from emotion.voice.profile import SpeakerProfile

Vector = npt.NDArray[np.float32]

SUFFIX: Final = "npz"
MAX_BYTES: Final = 1024 * 1024
MOST_CLIPS: Final = 10_000.0
_DAMAGE: Final = (
    *(ValueError, TypeError, KeyError, OSError, EOFError, RuntimeError, SyntaxError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading a file that is not ours may raise."""
_ARRAYS: Final = ("mean", "deviation", "mixture", "voiceprint", "numbers", "model")


@dataclass(frozen=True, slots=True, eq=False)
class KnownVoice:
    """One person's voice.

    Attributes:
        profile: where the features of this voice lie.
        voiceprint: shape (d,), length 1: whose voice it is; empty where the model tells nobody apart.
        model: the model whose features these are; no other can use them.
        files: how many files were heard.
    """

    profile: SpeakerProfile
    voiceprint: Vector
    model: ModelUsed
    files: int = 1

    def merge(self, other: KnownVoice) -> KnownVoice:
        """Both footages of the same person together."""
        own, others = self.profile.count, other.profile.count
        voice = self.voiceprint * own + other.voiceprint * others
        return replace(
            self,
            profile=self.profile.merge(other.profile),
            voiceprint=(voice / max(float(np.linalg.norm(voice)), 1e-9)).astype(np.float32),
            files=self.files + other.files,
        )


def save(voice: KnownVoice) -> bytes:
    """An .npz file of about 50 KB: means, no sound; :func:`load` takes it back."""
    out = io.BytesIO()
    p, m = voice.profile, voice.model
    arrays: dict[str, Any] = {
        "mean": p.mean,
        "deviation": p.deviation,
        "mixture": p.mixture,
        "voiceprint": voice.voiceprint,
        "numbers": np.array([p.count, voice.files], np.float64),
        "model": np.array([m.name, m.version, m.sha256]),
    }
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def load(data: bytes, *, name: str, model: ModelUsed, width: int, voice_width: int) -> KnownVoice:
    """The voice that :func:`save` wrote.

    Args:
        data: the file, from anybody.
        name: how messages call it.
        model: the model that reads here.
        width: how many features it has; ``voice_width``: how many numbers a voiceprint has.

    Raises:
        SpeakerFileError: it is no such file, or damaged.
        SpeakerOfOtherModel: it was made with another model.
    """
    try:
        found = _arrays(data)
        theirs = ModelUsed(*map(str, found["model"].tolist()))
        mean, deviation, mixture, voiceprint = (found[n] for n in _ARRAYS[:4])
        count, files = map(float, found["numbers"])
        numbers = (mean, deviation, mixture, voiceprint, found["numbers"])
        sound = all(np.issubdtype(a.dtype, np.floating) and np.isfinite(a).all() for a in numbers)
        if (
            not sound
            or not 0 < count <= MOST_CLIPS
            or not 1 <= files <= MOST_CLIPS
            or mixture.shape != (len(EMOTIONS),)
        ):
            raise ValueError("numbers that cannot be")
        if mixture.min() < 0 or abs(mixture.sum() - 1) > 1e-3:
            raise ValueError("no mixture")
    except _DAMAGE as e:
        raise errors.SpeakerFileError(name=name) from e
    if theirs != model or mean.shape != (width,) or deviation.shape != (width,) or voiceprint.shape != (voice_width,):
        raise errors.SpeakerOfOtherModel(name=name, model=f"{model.name}-v{model.version}")
    profile = SpeakerProfile(mean.astype(np.float32), deviation.astype(np.float32), mixture.astype(np.float64), count)
    return KnownVoice(profile, voiceprint.astype(np.float32), theirs, int(files))


def _arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Exactly the arrays of a saved voice; nothing large is unpacked and nothing is run."""
    if len(data) > MAX_BYTES:
        raise ValueError("too large")
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        members = z.infolist()
        if sorted(m.filename for m in members) != sorted(f"{n}.npy" for n in _ARRAYS):
            raise ValueError("other members")
        if sum(m.file_size for m in members) > MAX_BYTES:
            raise ValueError("too large when unpacked")
        found = {n: _array(z.read(f"{n}.npy")) for n in _ARRAYS}
    if found["model"].shape != (3,) or found["model"].dtype.kind != "U" or found["numbers"].shape != (2,):
        raise ValueError("other shapes")
    return found


def _array(data: bytes) -> npt.NDArray[Any]:
    """One array whose header claims no more than the file holds: NumPy makes room for what it claims."""
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize > MAX_BYTES:
        raise ValueError("more than the file holds")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)
