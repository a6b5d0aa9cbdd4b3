"""One measured job in a process of its own, so that memory and imports are its own as well.

Prints one JSON object: seconds by stage, peak memory in MB, what was found.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAIN_EVERY = 6
ROUNDS = 3
STEP_S = 0.2
"""The reader takes five pictures a second."""


def ours(clip: Path) -> dict[str, Any]:
    started = time.perf_counter()
    from emotion import analyse, load_readers

    readers = load_readers()
    loaded = time.perf_counter()
    first: list[float] = []

    def note(progress: Any) -> None:
        if progress.partial is not None and not first:
            first.append(time.perf_counter() - loaded)

    timeline = analyse(clip, readers, on_progress=note)
    done, peak_mb = time.perf_counter(), _peak_mb()
    assert "tensorflow" not in sys.modules
    decoding, ratio = _against_decoding(lambda: analyse(clip, readers), clip)
    cpu, cpu_of_decoding = _cpu_of(lambda: analyse(clip, readers)), _cpu_of(lambda: _decode(clip))
    return {
        "peak_mb": peak_mb,
        "load": loaded - started,
        "voice": first[0],
        "decoding": decoding,
        "ratio": ratio,
        "cpu": cpu,
        "cpu_ratio": cpu / cpu_of_decoding,
        "grid": _grid_s(),
        "face": _faces_alone(clip, readers.face),
        "all": done - loaded,
        "total": done - started,
        "frames_with_face": max((len(t.sightings) for t in timeline.tracks), default=0),
    }


def _against_decoding(work: Callable[[], object], clip: Path) -> tuple[float, float]:
    """Seconds of decoding the clip, and how many times as long the work takes: both by turns, the best of each."""
    plain, ours = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        _decode(clip)
        between = time.perf_counter()
        work()
        plain.append(between - started)
        ours.append(time.perf_counter() - between)
    return min(plain), min(ours) / min(plain)


def _cpu_of(work: Callable[[], object]) -> float:
    """Seconds of the processor, those of the workers too, the best of some rounds: what else runs on the machine hardly
    changes them."""
    taken = []
    for _ in range(ROUNDS):
        started = _cpu_s()
        work()
        taken.append(_cpu_s() - started)
    return min(taken)


def _cpu_s() -> float:
    import psutil

    me = psutil.Process()
    return sum(me.cpu_times()[:2]) + sum(sum(child.cpu_times()[:4]) for child in me.children())


def _decode(clip: Path) -> None:
    """Every frame with PyAV alone; the sound as 16 kHz mono and five pictures a second as the reader needs them."""
    import av

    with av.open(str(clip)) as container:
        streams = [container.streams.video[0], container.streams.audio[0]]
        for stream in streams:
            stream.thread_type = "AUTO"
        resampler, due_s = av.AudioResampler(format="fltp", layout="mono", rate=16_000), 0.0
        for packet in container.demux(streams):
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    for part in resampler.resample(frame):
                        part.to_ndarray()
                elif isinstance(frame, av.VideoFrame) and (frame.time or 0.0) >= due_s:
                    due_s += STEP_S
                    frame.reformat(640, 360, "rgb24", interpolation="AREA").to_ndarray()


def _grid_s(minutes: int = 30) -> float:
    """The grid of half an hour in which two people are seen all along and somebody speaks."""
    from emotion import grid
    from emotion.fusion import Reliability
    from emotion.labels import EMOTIONS
    from emotion.timeline import Box, Clip, EmotionScores, FaceTrack, Segment, Sighting

    scores = EmotionScores.from_array([1.0 + i for i in range(len(EMOTIONS))])
    windows = [(Segment(float(i), i + 3.0), scores) for i in range(minutes * 60 - 3)]
    tracks = [
        FaceTrack(n, tuple(Sighting(i / 5, Box(0, 0, 50, 50), 0.9, scores) for i in range(minutes * 300)), 1.0)
        for n in (1, 2)
    ]
    started = time.perf_counter()
    grid.of_clip(Clip("c", minutes * 60.0), windows, tracks, Reliability(0.7, 0.7))
    return time.perf_counter() - started


def _faces_alone(clip: Path, reader: Any) -> float:
    """Finding, reading and following the faces of frames that are decoded already."""
    from emotion import media
    from emotion.face.frames import analyse_frames

    frames = list(media.read_frames(clip))
    started = time.perf_counter()
    analyse_frames(frames, reader)
    return time.perf_counter() - started


def plain(clip: Path) -> dict[str, Any]:
    """What a tutorial does: librosa with kaiser_fast, trim, MFCC, DeepFace frame by frame, Keras predict."""
    started = time.perf_counter()
    os.environ["DEEPFACE_HOME"] = tempfile.mkdtemp()
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import librosa
    import numpy as np
    from deepface import DeepFace

    _use_random_weights()
    loaded = time.perf_counter()
    y, sr = librosa.load(_wav(clip), res_type="kaiser_fast")
    y, _ = librosa.effects.trim(y, top_db=30, frame_length=1024, hop_length=512)
    features = np.mean(librosa.feature.mfcc(y=y, sr=sr, n_mfcc=100).T, axis=0)
    _seed_network().predict(features[None, :, None], verbose=0)
    heard = time.perf_counter()
    from emotion import media

    count, taken = 0, []
    for frame in media.read_frames(clip, max_side=1280):
        if count % PLAIN_EVERY == 0:
            taken.append(frame.rgb)
        count += 1
    decoded = time.perf_counter()
    found = 0
    for rgb in taken:
        faces: Any = DeepFace.analyze(rgb[..., ::-1], actions=["emotion"], enforce_detection=False, silent=True)
        found += faces[0]["face_confidence"] > 0
    face = (time.perf_counter() - decoded) / len(taken) * count
    return {
        "load": loaded - started,
        "voice": heard - loaded,
        "face": face,
        "all": (decoded - loaded) + face,
        "total": (decoded - started) + face,
        "frames_with_face": round(found / len(taken) * count),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _wav(clip: Path) -> str:
    """librosa cannot open MP4; the tutorial would call ffmpeg here."""
    import soundfile

    from emotion import media

    path = clip.with_suffix(".plain.wav")
    soundfile.write(path, media.read_sound(clip, 48_000), 48_000)
    return str(path)


def _use_random_weights() -> None:
    """DeepFace's own weights need a download; random ones of its own network cost the same time."""
    from deepface.commons import weight_utils

    weight_utils.download_weights_if_necessary = lambda *args, **kwargs: ""
    weight_utils.load_model_weights = lambda model, weight_file: model


def _seed_network() -> Any:
    import keras
    from keras import layers

    def block() -> list[Any]:
        pair = (layers.Conv1D(128, 5, padding="same"), layers.BatchNormalization(), layers.ReLU())
        return [*pair, layers.Conv1D(128, 5, padding="same"), layers.BatchNormalization(), layers.ReLU()]

    head = [layers.Flatten(), layers.Dense(8, "softmax")]
    return keras.Sequential([keras.Input((100, 1)), *block(), layers.MaxPooling1D(8), *block(), *head])


if __name__ == "__main__":
    jobs = {"ours": ours, "plain": plain}
    result = jobs[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps({"peak_mb": _peak_mb()} | result))
