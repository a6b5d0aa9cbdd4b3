"""Clips in and out: one reader (:mod:`read`) and what writes files (:mod:`preview`, :mod:`remux`, :mod:`tape`).

Import the package for reading: ``media.probe``, ``media.read_sound``, ``media.read_frames``.
"""

from emotion.media.accepted import SUFFIXES, Limits
from emotion.media.decode import VideoFrame
from emotion.media.one_frame import frame_at
from emotion.media.probing import MIN_DURATION_S, probe, said_length
from emotion.media.read import FRAMES_PER_SECOND, MAX_SIDE, SAMPLE_RATE, decode, read_frames, read_sound
from emotion.media.sound import SoundChunk

__all__ = [
    "FRAMES_PER_SECOND",
    "MAX_SIDE",
    "MIN_DURATION_S",
    "SAMPLE_RATE",
    "SUFFIXES",
    "Limits",
    "SoundChunk",
    "VideoFrame",
    "decode",
    "frame_at",
    "probe",
    "read_frames",
    "read_sound",
    "said_length",
]
