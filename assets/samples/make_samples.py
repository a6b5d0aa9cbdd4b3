"""Makes the sample clips beside this file, and ``samples.json``: ``python assets/samples/make_samples.py``.

The picture is scikit-image's public-domain portrait of the astronaut Eileen Collins (NASA), moved by
our own warps; the speech comes from flite's CMU ARCTIC voices (``apt-get install flite``). Needs
requirements-dev.txt. What is written is deterministic but for the encoders' versions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import portrait
import soundfile
import soxr
from portrait import Face, View

from emotion.media.write import writing

HERE = Path(__file__).resolve().parent
FPS = 25
SR = 44100
WIDTH, HEIGHT = 640, 360
LEAD_S = 0.35
LICENCE = "MIT"
PORTRAIT_SOURCE = (
    "NASA portrait of Eileen Collins, public domain (scikit-image data.astronaut, https://flic.kr/p/r9qvLn)"
)
SPEECH_SOURCE = "speech synthesised with flite 2.2, CMU ARCTIC voices {voices}"


@dataclass(frozen=True)
class Line:
    """A sentence spoken with one mood. ``f0_hz`` and ``f0_spread_hz`` are flite's targets of the pitch."""

    text: str
    face: Face
    voice: str = "slt"
    f0_hz: float = 175.0
    f0_spread_hz: float = 18.0
    stretch: float = 1.0
    """Durations times this: above 1 is slower."""
    gain_db: float = 0.0
    tilt: float = 0.0
    """In [-0.9, 0.9]: above 0 brighter (pressed), below 0 duller (soft)."""
    tremor: float = 0.0
    """Depth in [0, 1] of a 6 Hz trembling of the loudness."""
    pause_s: float = 0.35
    speaker: int = 0


@dataclass(frozen=True)
class Sample:
    id: str
    suffix: str
    lines: Sequence[Line]
    views: Sequence[View] = field(default=(View(0, 0, WIDTH, HEIGHT, scale=1.9),))
    """One panel of the picture for each speaker; none for sound only."""
    crf: int = 24
    """How coarsely the picture is kept; higher is coarser and smaller."""

    @property
    def file(self) -> str:
        return f"{self.id.replace('_', '-')}{self.suffix}"


RELAXED = Face(smile=-0.6)
CALM = Face(smile=-0.9, lids=-0.15)
HAPPY = Face(smile=1.15, teeth=1.0, lids=-0.1)
SURPRISED = Face(smile=-0.3, teeth=0.2, brows=1.0, lids=0.4, jaw=0.9)
ANGRY = Face(smile=-1.1, teeth=0.5, brows=-0.8, frown=1.0, lids=-0.4)
SAD = Face(smile=-1.2, teeth=0.1, brows=-0.4, worry=2.0, lids=-0.4, jaw=0.3)
AFRAID = Face(smile=0.05, teeth=0.45, brows=0.7, worry=0.8, lids=0.4, jaw=0.2)

CALMLY = partial(Line, face=CALM, f0_hz=145, f0_spread_hz=14, stretch=1.15, gain_db=-8, tilt=-0.3)
SHARPLY = partial(Line, face=ANGRY, f0_hz=245, f0_spread_hz=60, stretch=0.68, gain_db=3, tilt=0.7)
SADLY = partial(Line, face=SAD, f0_hz=165, f0_spread_hz=4, stretch=1.3, gain_db=-9, tilt=-0.5)

SAMPLES: Sequence[Sample] = (
    Sample(
        "good_news",
        ".mp4",
        (
            Line("They said yes!", HAPPY, f0_hz=245, f0_spread_hz=55, stretch=0.9, tilt=0.2),
            Line("We are flying to the stars, all of us!", HAPPY, f0_hz=235, f0_spread_hz=50, stretch=0.88, tilt=0.2),
            Line("What? Tomorrow?", SURPRISED, f0_hz=220, f0_spread_hz=195, stretch=0.88,
                 gain_db=8, tilt=0.2, pause_s=0.45),
            Line("Oh! I did not see that coming at all!", SURPRISED, f0_hz=215, f0_spread_hz=195, stretch=0.86,
                 gain_db=9, tilt=0.2),
        ),
    ),
    Sample(
        "long_evening",
        ".mp4",
        (
            CALMLY("The water is still, and there is no hurry.", pause_s=0.5),
            CALMLY("We sat by the shore and watched the boats come home.", pause_s=0.6),
            CALMLY("Nobody had to be anywhere until the morning.", pause_s=0.5),
            SHARPLY("No! That is not what we agreed!", pause_s=0.2),
            SHARPLY("Stop it, right now!", pause_s=0.3),
            SHARPLY("You took it, you broke it, and you never said a word!", pause_s=0.25),
            SHARPLY("How dare you stand there and smile!", pause_s=0.3),
            SHARPLY("Go away, all of you, leave me alone!", pause_s=0.3),
            SHARPLY("Get out! Get out of my house!", pause_s=0.9),
            SADLY("I am so tired. I miss them.", pause_s=0.7),
            SADLY("The house is empty now, and it is so cold.", pause_s=0.7),
            SADLY("I should have said goodbye."),
        ),
        crf=30,
    ),
    Sample(
        "two_at_the_table",
        ".mp4",
        (
            Line("Did you hear? We won the first prize!", HAPPY, f0_hz=240, f0_spread_hz=50, stretch=0.9, tilt=0.2),
            Line("Yes. After you took my place in the team.", ANGRY, f0_hz=185, f0_spread_hz=30, stretch=0.95,
                 gain_db=2, tilt=0.5, speaker=1),
            Line("Oh. I am sorry. I did not know.", SAD, f0_hz=165, f0_spread_hz=8, stretch=1.25, gain_db=-8,
                 tilt=-0.4),
        ),
        (View(0, 0, 400, HEIGHT, scale=1.9), View(400, 0, 240, HEIGHT, scale=1.45, mirrored=True, warmth=-0.05)),
    ),
    Sample(
        "voice_note",
        ".mp3",
        (
            Line("Did you hear that? Something is out there!", AFRAID, voice="awb", f0_hz=205, f0_spread_hz=47,
                 stretch=0.68, gain_db=-3, tilt=-0.2, tremor=1.0),
            Line("Please, hurry. I can not see it!", AFRAID, voice="awb", f0_hz=212, f0_spread_hz=48, stretch=0.66,
                 gain_db=-3, tilt=-0.2, tremor=1.0, pause_s=1.0),
            Line("It is gone. It was only the wind.", CALM, voice="awb", f0_hz=100, f0_spread_hz=7, stretch=1.25,
                 gain_db=-8, tilt=-0.3),
        ),
        (),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Spoken:
    """A line and where its sound stands in the clip."""

    line: Line
    start_s: float
    end_s: float


def speak(line: Line) -> npt.NDArray[np.float32]:
    """The line's sound at :data:`SR`, shape (n,), peak about 0.5 before its gain."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "line.wav"
        settings = {
            "int_f0_target_mean": line.f0_hz,
            "int_f0_target_stddev": line.f0_spread_hz,
            "duration_stretch": line.stretch,
        }
        command = ["flite", "-voice", line.voice, "-t", line.text, "-o", str(wav)]
        for name, value in settings.items():
            command += ["--setf", f"{name}={value}"]
        subprocess.run(command, check=True)
        y, sr = soundfile.read(wav, dtype="float32")
    y = np.trim_zeros(np.where(np.abs(y) < 1e-3, 0, y))
    y = y - line.tilt * np.concatenate([[0], y[:-1]])
    y = y / np.abs(y).max() * 0.5
    if line.tremor:
        y *= 1 - line.tremor / 2 * (1 + np.sin(2 * np.pi * 6 * np.arange(y.size) / sr)) / 2
    y = np.tanh(y * 10 ** (line.gain_db / 20))
    return soxr.resample(y.astype(np.float32), sr, SR)


def sound(sample: Sample) -> tuple[npt.NDArray[np.float32], list[Spoken]]:
    """All lines one after another over a very quiet room, shape (n,), and their places."""
    parts: list[npt.NDArray[np.float32]] = [np.zeros(round(LEAD_S * SR), np.float32)]
    places: list[Spoken] = []
    for line in sample.lines:
        start_s = sum(map(len, parts)) / SR
        parts += [speak(line)]
        places.append(Spoken(line, start_s, sum(map(len, parts)) / SR))
        parts += [np.zeros(round(line.pause_s * SR), np.float32)]
    y = np.concatenate(parts)
    room = np.random.default_rng(0).normal(0, 10 ** (-62 / 20), y.size)
    return np.clip(y + room, -0.98, 0.98).astype(np.float32), places


def loudness(y: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """How far the mouth is open at each frame, in [0, 1], from the sound's smoothed root mean square."""
    count = int(len(y) / SR * FPS)
    hop = SR // FPS
    rms = np.array([np.sqrt(np.mean(y[i * hop : (i + 1) * hop] ** 2)) for i in range(count)])
    level = np.clip((20 * np.log10(rms + 1e-6) + 40) / 32, 0, 1)
    return np.convolve(level, [0.2, 0.6, 0.2], mode="same")


def faces(sample: Sample, places: Sequence[Spoken], y: npt.NDArray[np.float32], speaker: int) -> Iterator[Face]:
    """The face of one speaker, frame by frame: it turns to a line's mood over 0.4 s and keeps it."""
    opened = loudness(y)
    own = [p for p in places if p.line.speaker == speaker]
    current = own[0].line.face if own[0].start_s <= LEAD_S else RELAXED
    for i, level in enumerate(opened):
        now = i / FPS
        begun = [p for p in own if p.start_s - 0.3 <= now]
        target = begun[-1].line.face if begun else current
        current = current.towards(target, 1 / (0.4 * FPS) * 2)
        speaking = any(p.start_s <= now < p.end_s for p in own)
        yield replace(current, jaw=min(1.0, current.jaw * 0.6 + (level * 0.8 if speaking else 0)))


def frames(sample: Sample, places: Sequence[Spoken], y: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.uint8]]:
    """RGB frames, shape (360, 640, 3)."""
    streams = [faces(sample, places, y, i) for i in range(len(sample.views))]
    for i, row in enumerate(zip(*streams, strict=True)):
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for n, (view, face) in enumerate(zip(sample.views, row, strict=True)):
            panel = portrait.draw(face, view, i / FPS + n * 1.7)
            picture[view.top : view.top + view.height, view.left : view.left + view.width] = panel
        yield picture


def write(sample: Sample, path: Path) -> float:
    """Encode the sample; returns its seconds."""
    y, places = sound(sample)
    with writing(path) as out:
        codec, kbit_s = ("aac", 96) if sample.views else ("libmp3lame", 64)
        voice = out.sound(rate=SR, layout="mono", kbit_s=kbit_s, codec=codec)
        if sample.views:
            film = out.picture(
                WIDTH, HEIGHT, time_base=Fraction(1, FPS), rate=FPS, options={"crf": str(sample.crf), "preset": "slow"}
            )
            for i, picture in enumerate(frames(sample, places, y)):
                film.write(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p"), i / FPS)
        voice.write(y[:, None])
    return len(y) / SR


def entry(sample: Sample, folder: Path, duration_s: float) -> dict[str, object]:
    """The sample's row of samples.json."""
    voices = ", ".join(sorted({f"cmu_us_{line.voice}" for line in sample.lines}))
    speech = SPEECH_SOURCE.format(voices=voices)
    return {
        "id": sample.id,
        "file": sample.file,
        "title_key": f"sample.{sample.id}",
        "licence": LICENCE,
        "source": f"{PORTRAIT_SOURCE}; {speech}" if sample.views else speech,
        "duration_s": round(duration_s, 2),
        "faces": len(sample.views),
        "sha256": hashlib.sha256((folder / sample.file).read_bytes()).hexdigest(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE)
    folder: Path = parser.parse_args().output
    rows = [entry(sample, folder, write(sample, folder / sample.file)) for sample in SAMPLES]
    (folder / "samples.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(row["file"], row["duration_s"], "s", (folder / str(row["file"])).stat().st_size // 1024, "KB")


if __name__ == "__main__":
    main()
