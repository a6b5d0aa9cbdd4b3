"""From a piece to a file: MIDI, FluidSynth, a little mastering, Opus."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import mido
import numpy as np
import numpy.typing as npt
import pyloudnorm

from emotion.media.write import writing
from recommender.building.beds.patterns import play
from recommender.building.beds.score import BEATS_A_BAR, Note, Piece

SOUNDFONT: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SR: Final = 48_000
TICKS: Final = 960
LOUDNESS_LUFS: Final = -18.0
PEAK: Final = 10 ** (-2 / 20)
WIDTH: Final = 0.6
"""What differs between left and right is at most this much of what they share: a phone plays both as one."""
TAIL_S: Final = 2.5
"""What rings after the last bar."""
JITTER_BEATS: Final = 0.012
"""How far a note may lie off the beat, as one standard deviation: hands are not a grid."""

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rendered:
    """``y`` has shape (2, n) at :data:`SR`; times in seconds."""

    y: Sound
    loop_start_s: float
    loop_end_s: float
    beats_s: tuple[float, ...]


def midi(piece: Piece) -> mido.MidiFile:
    """The piece as a MIDI file: one channel a layer, channel 10 for drums."""
    file = mido.MidiFile(ticks_per_beat=TICKS)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(piece.tempo_bpm), time=0)])
    file.tracks.append(head)
    channels = iter([c for c in range(16) if c != 9])
    rng = np.random.default_rng((piece.seed, 99))
    for layer, notes in zip(piece.layers, play(piece), strict=True):
        channel = 9 if layer.programme is None else next(channels)
        events: list[tuple[int, int, Any]] = [
            (0, 0, mido.Message("control_change", channel=channel, control=c, value=int(v * 127)))
            for c, v in ((7, layer.level), (10, layer.pan), (91, layer.reverb))
        ]
        if layer.programme is not None:
            events.append((0, 1, mido.Message("program_change", channel=channel, program=layer.programme)))
        for note in _apart(notes, tied=layer.pattern in ("pad", "drone")):
            off_grid = float(np.clip(rng.standard_normal(), -2, 2)) * JITTER_BEATS if layer.pattern != "drone" else 0.0
            start = max(0, round((note.start + off_grid) * TICKS))
            end = start + max(1, round(note.length * TICKS))
            events.append((start, 3, mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)))
            events.append((end, 2, mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)))
        track, now = mido.MidiTrack(), 0
        for tick, _, message in sorted(events, key=lambda e: (e[0], e[1])):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    return file


def _apart(notes: Sequence[Note], *, tied: bool) -> list[Note]:
    """No pitch sounds twice at once: the end of the first would silence the second.

    What goes on at the same strength is ``tied`` into one long note, as a player would hold it.
    """
    out: list[Note] = []
    for _, same in itertools.groupby(sorted(notes, key=lambda n: (n.pitch, n.start)), key=lambda n: n.pitch):
        held: Note | None = None
        for note in same:
            if held is not None and note.start < held.start + held.length:
                if tied and note.velocity == held.velocity:
                    held = replace(held, length=note.start + note.length - held.start)
                    continue
                held = replace(held, length=max(0.05, note.start - held.start - 0.03))
            if held is not None:
                out.append(held)
            held = note
        if held is not None:
            out.append(held)
    return out


def render(piece: Piece, soundfont: Path = SOUNDFONT) -> Rendered:
    """The piece as sound, at one loudness.

    Raises:
        FileNotFoundError: FluidSynth or the soundfont is missing; the message says how to get it.
    """
    if not soundfont.is_file():
        raise FileNotFoundError(f"{soundfont}; on Debian: sudo apt-get install fluidsynth fluid-soundfont-gm")
    with tempfile.TemporaryDirectory() as folder:
        score, raw = Path(folder) / "piece.mid", Path(folder) / "piece.raw"
        midi(piece).save(score)
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", str(SR), "-T", "raw", "-O", "float",
             "-o", "synth.reverb.room-size=0.7", "-o", "synth.reverb.width=0.8", "-o", "synth.reverb.level=0.6",
             "-F", str(raw), str(soundfont), str(score)],
            check=True,
            capture_output=True,
        )  # fmt: skip
        y = np.fromfile(raw, dtype=np.float32).reshape(-1, 2).T
    bar_s = BEATS_A_BAR * 60 / piece.tempo_bpm
    wanted = round((piece.bars * bar_s + TAIL_S) * SR)
    y = np.pad(y[:, :wanted], ((0, 0), (0, max(0, wanted - y.shape[1]))))
    fade = round(TAIL_S * SR)
    y[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    looped = [s for s in piece.form if s.part not in ("intro", "end")]
    beats = tuple(round(i * 60 / piece.tempo_bpm, 4) for i in range(piece.bars * BEATS_A_BAR))
    return Rendered(
        mastered(y), looped[0].first_bar * bar_s, (looped[-1].first_bar + looped[-1].bars) * bar_s, beats
    )  # fmt: skip


def mastered(y: Sound, lufs: float = LOUDNESS_LUFS) -> Sound:
    """No rumble, not too wide, one loudness, peaks bent softly under the ceiling; shape (2, n)."""
    spectrum = np.fft.rfft(y.astype(np.float64), axis=1)
    hz = np.fft.rfftfreq(y.shape[1], 1 / SR)
    y = np.fft.irfft(spectrum * (hz**4 / (hz**4 + 32.0**4)), n=y.shape[1], axis=1).astype(np.float32)
    middle, side = (y[0] + y[1]) / 2, (y[0] - y[1]) / 2
    wide = float(np.sqrt((side**2).mean() / (middle**2).mean()))
    side = side * np.float32(min(1.0, WIDTH / max(wide, 1e-9)))
    y = np.stack([middle + side, middle - side])
    loudness = pyloudnorm.Meter(SR).integrated_loudness(y.T.astype(np.float64))
    y = y * np.float32(10 ** ((lufs - loudness) / 20))
    knee = 0.7 * PEAK
    over = np.abs(y) > knee
    bent = knee + (PEAK - knee) * np.tanh((np.abs(y[over]) - knee) / (PEAK - knee))
    y[over] = np.sign(y[over]) * bent
    return y.astype(np.float32)


def write_opus(y: Sound, path: Path, *, kbit_s: int, tags: dict[str, str]) -> None:
    """Stereo or mono float sound of shape (channels, n) at :data:`SR` as Opus in Ogg."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path, tags=tags) as out:
        out.sound(rate=SR, layout="stereo" if len(y) == 2 else "mono", kbit_s=kbit_s, codec="libopus").write(
            np.ascontiguousarray(y.T)
        )
