"""``python -m tests.benchmarks joins``: the sheets of real talking-head clips that were joined, 57 to 590 s.

The recordings (``../shared/data/video``: five people on camera; and the samples) are put one after another in an
order that changes, which is harsher than a cut vlog: another person every 3 to 12 s. Beside them stands one speaker:
sound of the sentences that a person of nEMO (``../shared/data/voice``) read in one mood, each of them once; and two
takes on camera, each said again until it is as long, because nobody is on camera for longer in what is there. Every
clip is read whole, as an upload is; ``--write`` keeps the readings in ``tests/data/joins.json.gz``, which
``tests/test_joins.py`` holds the sheet to on every run.
"""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from emotion import media, pipeline, result
from emotion.media.write import writing
from emotion.timeline import Timeline
from recommender.cues import CueSheet, make_sheet
from tests.benchmarks.browser import ROOT

VIDEO: Final = ROOT.parent / "shared" / "data" / "video"
SAMPLES: Final = ROOT / "assets" / "samples"
KEPT: Final = ROOT / "tests" / "data" / "joins.json.gz"
CAST: Final = (
    VIDEO / "bbaf2n.mpg", VIDEO / "01-01-01-01-01-01-01.mp4", SAMPLES / "good-news.mp4", VIDEO / "lrwp9a.mpg",
    VIDEO / "short_hamilton_clip.mp4", VIDEO / "swiz3n.mpg", SAMPLES / "two-at-the-table.mp4",
)  # fmt: skip
VOICE: Final = ROOT.parent / "shared" / "data" / "voice"
AGAIN: Final = {
    "a take again, 60 s": VIDEO / "swiz3n.mpg",
    "a take again, 96 s": VIDEO / "01-01-01-01-01-01-01.mp4",
}
SPOKEN: Final = {
    "one speaker, 60 s": ("nemo_KD0", "neutral"),
    "one speaker, 96 s": ("nemo_MP0", "neutral"),
    "angry throughout, 96 s": ("nemo_KS0", "angry"),
    "sad throughout, 96 s": ("nemo_WR0", "sad"),
    "happy throughout, 96 s": ("nemo_SM0", "happy"),
}
"""Whose sentences, and in which mood."""
TAKES: Final = (*AGAIN, *SPOKEN)
LENGTHS: Final = (57, 96, 180, 590)
WIDTH, HEIGHT, FPS, SR = 480, 270, 12, 16_000


@dataclass(frozen=True)
class Part:
    """A clip in the form in which all are joined: pictures (n, h, w, 3) a twelfth of a second each, and its sound."""

    frames: Sequence[np.ndarray]
    y: np.ndarray

    @classmethod
    def of(cls, path: Path) -> Part:
        y = media.read_sound(path, SR)
        seen = list(media.read_frames(path, fps=FPS, max_side=WIDTH))
        count = int(len(y) / SR * FPS)
        times = np.array([f.time_s for f in seen])
        rows = [seen[max(0, int(np.searchsorted(times, k / FPS, side="right")) - 1)].rgb for k in range(count)]
        return cls([_boxed(rgb) for rgb in rows], y[: round(count / FPS * SR)])

    @property
    def seconds(self) -> float:
        return len(self.frames) / FPS


def _boxed(rgb: np.ndarray) -> np.ndarray:
    """The picture whole in a frame of one size, black beside it."""
    from PIL import Image

    picture = Image.fromarray(rgb)
    picture.thumbnail((WIDTH, HEIGHT))
    out = Image.new("RGB", (WIDTH, HEIGHT))
    out.paste(picture, ((WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2))
    return np.asarray(out)


def joined(path: Path, parts: Sequence[Part], seconds: float, rng: np.random.Generator | None = None) -> Path:
    """The parts one after another until ``seconds`` are full; in an order that changes where ``rng`` is given."""
    order: list[Part] = []
    while sum(p.seconds for p in order) < seconds:
        order += [parts[k] for k in (rng.permutation(len(parts)) if rng is not None else range(len(parts)))]
    y = np.concatenate([p.y for p in order])[: round(seconds * SR)]
    frames = (rgb for p in order for rgb in p.frames)
    with writing(path) as out:
        film = out.picture(WIDTH, HEIGHT, time_base=Fraction(1, FPS), rate=FPS)
        voice = out.sound(rate=SR, layout="mono")
        for k, rgb in zip(range(round(seconds * FPS)), frames, strict=False):
            film.write(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p"), k / FPS)
        voice.write(y[:, None])
    return path


def spoken(path: Path, speaker: str, emotion: str, seconds: float) -> Path:
    """Sound of one person's sentences in one mood, each once, in the order of the manifest."""
    import soundfile

    with (VOICE / "manifest.tsv").open(encoding="utf-8", newline="") as f:
        rows = [
            row for row in csv.DictReader(f, delimiter="\t") if (row["speaker"], row["emotion"]) == (speaker, emotion)
        ]
    y = np.concatenate([media.read_sound(VOICE / row["file"], SR) for row in rows])
    soundfile.write(path, y[: round(seconds * SR)], SR)
    return path


def seconds_of(name: str) -> float:
    """``one speaker, 60 s``: 60."""
    return float(name.split()[-2])


def read_all() -> Iterator[tuple[str, Timeline]]:
    """Every join, every take and every speaker, read by the served models."""
    readers = pipeline.load_readers()
    cast = [Part.of(p) for p in CAST]
    rng = np.random.default_rng(0)
    wanted: list[tuple[str, list[Part], float, np.random.Generator | None]] = [
        *((f"joined, {s} s", cast, float(s), rng) for s in LENGTHS),
        *((name, [Part.of(p)], seconds_of(name), None) for name, p in AGAIN.items()),
    ]
    for name, parts, seconds, order in wanted:
        with tempfile.TemporaryDirectory() as folder:
            path = joined(Path(folder, "clip.mp4"), parts, seconds, order)
            yield name, pipeline.analyse(path, readers)
    yield from read_spoken(readers)


def read_spoken(readers: pipeline.Readers) -> Iterator[tuple[str, Timeline]]:
    """One speaker, sentence by sentence."""
    for name, (speaker, emotion) in SPOKEN.items():
        with tempfile.TemporaryDirectory() as folder:
            path = spoken(Path(folder, "clip.wav"), speaker, emotion, seconds_of(name))
            yield name, pipeline.analyse(path, readers)


def kept() -> dict[str, Timeline]:
    """The readings that were kept, by name."""
    rows = json.loads(gzip.decompress(KEPT.read_bytes()))
    return {name: result.from_dict(row) for name, row in rows.items()}


def keep(read: dict[str, Timeline]) -> None:
    """What the sheet is made of, in few digits and without the faces: small enough to lie beside the tests."""
    rows = {name: _short(result.to_dict(replace(t, tracks=()))) for name, t in read.items()}
    KEPT.write_bytes(gzip.compress(json.dumps(rows, separators=(",", ":")).encode(), mtime=0))


def _short(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, list) else value


def row(name: str, sheet: CueSheet) -> str:
    shortest = min(float(c.length) for c in sheet.cues)
    return f"{name:<22}{float(sheet.end):>8.1f}{len(sheet):>6}{shortest:>10.1f}   {sheet.course()}"


def measure(*, write: bool = False) -> Iterator[str]:
    yield f"{'':<22}{'seconds':>8}{'cues':>6}{'shortest':>10}   course"
    read: dict[str, Timeline] = {}
    for name, timeline in read_all():
        read[name] = timeline
        yield row(name, make_sheet(timeline))
        if write:
            keep(read)
