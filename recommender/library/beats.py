"""Beats and bars from the answers of two networks: the likeliest steady pulse, then the likeliest metre on top of it.

The pulse is a hidden Markov model over (length of the beat, place within it), as Krebs, Boeck and
Widmer (2015, "An efficient state-space model for joint tempo and meter tracking") lay it out: within
a beat the place moves on by one frame; only at a beat may its length change, the less likely the more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library import tonal
from recommender.library.beat_net import HIGH_BANDS, LOW_BANDS, SILENT_SHARE, Run, in_parts, picture, rises
from recommender.library.front_end import BEAT_FPS, Spectrogram
from recommender.library.tempo import NEAR, Choice, Heard, around, laid_out, moves

Activations = npt.NDArray[np.float32]

TEMPO_RANGES: Final = (
    (52.0, 68.0), (64.0, 82.0), (78.0, 101.0), (96.0, 124.0), (118.0, 153.0), (146.0, 189.0), (180.0, 215.0),
)  # fmt: skip
"""Beats are looked for in each, so that all tempi that the piece might have can be weighed against each other."""
FASTEST_BPM: Final = 192.0
"""What is found faster is nobody's beat; only where nothing else is found, it counts."""
SAME: Final = 0.02
RISE_WEIGHT: Final = 0.7
OURS: Final = 0.7
"""What the beat network counts where beats are looked for, against BeatNet and the rises together."""
OURS_OPENS: Final = 2.0
"""What its answer for a bar counts, as log odds; picked on 45 of the rendered pieces that the choice was taught."""

CHANGE: Final = 100.0
"""How unwillingly the beat's length changes: log-probability -100 for a doubling."""
ROUNDING: Final = 0.3
"""The same for one frame more or less, which is rounding: 17.5 frames are 17 and 18 in turn."""
BEAT_PART: Final = 16
"""The first sixteenth of a beat is where its onset is heard."""
FLOOR: Final = 0.02

METRES: Final = (2, 3, 4)
HEARD_METRES: Final = (3, 4)
"""Bars of two beats are taken in pairs: what is cut on their bars is cut on bars all the same."""
SLIP: Final = 0.002
"""How likely it is that a bar does not have its length."""
PULSE: Final = 0.12
"""Mean answer at the beats under which there is no pulse to speak of."""
MIN_BEATS: Final = 4


@dataclass(frozen=True, slots=True)
class Pulse:
    """Times of the beats and of the bars' first beats, in seconds; ``tempo_bpm`` None where there is no pulse."""

    beats_s: tuple[float, ...]
    bars_s: tuple[float, ...]
    tempo_bpm: float | None
    beats_a_bar: int | None
    clarity: float
    """Mean answer of the network at the beats, in [0, 1]."""


NO_PULSE: Final = Pulse((), (), None, None, 0.0)


def track(beats: Activations, bands: Spectrogram, pitch: npt.NDArray[np.float32], choice: Choice, ours: Run) -> Pulse:
    """The pulse under the answers of both networks.

    Args:
        beats: (frames, 2), how likely a beat within the bar is, and a bar's first beat, by BeatNet.
        bands: (frames, 136), the log-frequency spectrogram that the answers were read from.
        pitch: (tenths of a second, 320), of :func:`tonal.pitch_energy`.
        choice: decides between half and double the tempo.
        ours: the beat network.
    """
    heard = hearing(beats, bands, pitch, ours)
    rows = {k: frames for k, frames in enumerate(candidates(heard, bands)) if len(frames) >= MIN_BEATS}
    if not rows:
        return NO_PULSE
    best = choice.best([laid_out(heard, frames) for frames in rows.values()])
    frames = list(rows.values())[best]
    clarity = float(around(heard.pulse, frames).mean())
    if clarity < PULSE:
        return Pulse((), (), None, None, clarity)
    times = refined(heard.pulse, frames)
    opens, metre = _opened(beats, heard, frames)
    return Pulse(
        tuple(round(float(t), 3) for t in times),
        tuple(round(float(t), 3) for t in times[opens]),
        round(tempo(times), 2),
        metre,
        clarity,
    )


def _opened(beats: Activations, heard: Heard, frames: npt.NDArray[np.int_]) -> tuple[npt.NDArray[np.bool_], int]:
    """Where bars begin: by both networks, and by where chords change and basses enter."""
    down, within = around(beats[:, 1], frames), around(beats[:, 0], frames)
    share = np.clip(around(heard.opens, frames) / np.maximum(around(heard.ours, frames), 1e-3), 0.02, 0.98)
    lean = _deviations(moves(heard.colours, frames)) + _deviations(around(heard.low, frames))
    return bars(down, within, lean + OURS_OPENS * np.log(share / (1 - share)), HEARD_METRES)


def hearing(beats: Activations, bands: Spectrogram, pitch: npt.NDArray[np.float32], run: Run) -> Heard:
    """Everything that beats are looked for in."""
    colours = tonal.chroma(pitch)
    answers = in_parts(run, picture(bands, beats, colours))
    net, new, ours = beats.sum(axis=1), rises(bands), answers[:, 0]
    plain = net + RISE_WEIGHT * new * (1 - net)
    pulse = OURS * ours + (1 - OURS) * plain
    low, high = rises(bands[:, LOW_BANDS]), rises(bands[:, HIGH_BANDS])
    basses, chords = (tonal.chords(pitch, register) for register in (tonal.LOW, tonal.MIDDLE))
    return Heard(net, new, pulse, low, high, colours, basses, chords, ours, answers[:, 1])


def candidates(heard: Heard, bands: Spectrogram) -> list[npt.NDArray[np.int_]]:
    """The likeliest beats in each range of tempo, in frames; those of one tempo come once."""
    if len(heard.pulse) < 2 * BEAT_FPS:
        return []
    found: list[npt.NDArray[np.int_]] = []
    for slowest, fastest in TEMPO_RANGES:
        frames = _sounding(likeliest_beats(heard.pulse, slowest, fastest), bands)
        bpm = [tempo(f / BEAT_FPS) for f in (*found, frames) if len(f) >= 2]
        if len(frames) >= 2 and all(abs(bpm[-1] / other - 1) >= SAME for other in bpm[:-1]):
            found.append(frames)
    usual = [frames for frames in found if tempo(frames / BEAT_FPS) < FASTEST_BPM]
    return usual or found


def _sounding(frames: npt.NDArray[np.int_], bands: Spectrogram) -> npt.NDArray[np.int_]:
    """The beats from where the music begins to where it has died away."""
    level = bands.mean(axis=1)
    there = np.flatnonzero(level > SILENT_SHARE * np.percentile(level, 90)) if len(level) else []
    if len(there) == 0:
        return frames[:0]
    return frames[(frames >= there[0] - NEAR) & (frames <= there[-1])]


def tempo(times: npt.NDArray[np.float64]) -> float:
    """Beats a minute over all beats: the median of the intervals over spans of up to eight beats."""
    span = min(8, len(times) - 1)
    return float(60.0 * span / np.median(times[span:] - times[:-span]))


def refined(either: npt.NDArray[np.float32], frames: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """Each beat moved to the centre of the answers around it, if there are any; in seconds."""
    padded = np.pad(either, NEAR)
    offsets = np.arange(-NEAR, NEAR + 1)
    weights = np.stack([padded[frames + k + NEAR] for k in offsets], axis=1) ** 2
    total = weights.sum(axis=1)
    shift = np.where(total > 0.01, (weights * offsets).sum(axis=1) / np.maximum(total, 1e-9), 0.0)
    return np.maximum.accumulate(np.maximum(frames + shift, 0.0)) / BEAT_FPS


def likeliest_beats(either: Activations, slowest_bpm: float, fastest_bpm: float) -> npt.NDArray[np.int_]:
    """Frames of the beats on the likeliest path (Viterbi) in a range of tempo."""
    shortest, longest = round(60 * BEAT_FPS / fastest_bpm), round(60 * BEAT_FPS / slowest_bpm)
    lengths = np.arange(shortest, longest + 1)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    last = first + lengths - 1
    place = np.concatenate([np.arange(n) / n for n in lengths])
    on = place < 1 / BEAT_PART
    frames = np.abs(lengths[None, :] - lengths[:, None])  # from, to
    change = -CHANGE * np.maximum(frames - 1, 0) / lengths[:, None] - ROUNDING * (frames > 0)
    change -= np.logaddexp.reduce(change, axis=1, keepdims=True)

    answer = np.clip(either, FLOOR, 1 - FLOOR)
    heard, unheard = np.log(answer), np.log((1 - answer) / (BEAT_PART - 1))
    score = np.where(on, heard[0], unheard[0])
    came_from = np.empty((len(answer), len(lengths)), np.int16)
    to = np.arange(len(lengths))
    for t in range(1, len(answer)):
        ends = score[last][:, None] + change
        best = ends.argmax(axis=0)
        came_from[t] = best
        score[1:] = score[:-1]
        score[first] = ends[best, to]
        score += np.where(on, heard[t], unheard[t])
    return _path(int(score.argmax()), came_from, lengths, first)


def _path(
    state: int, came_from: npt.NDArray[np.int16], lengths: npt.NDArray[np.int_], first: npt.NDArray[np.int_]
) -> npt.NDArray[np.int_]:
    """Back from the last state, one beat at a time."""
    length = int(np.searchsorted(first, state, side="right")) - 1
    t = len(came_from) - 1 - (state - int(first[length]))
    beats = []
    while t > 0:
        beats.append(t)
        length = int(came_from[t, length])
        t -= int(lengths[length])
    if t == 0:
        beats.append(0)
    return np.array(beats[::-1], int)


def _deviations(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """From the mean, at most two."""
    return np.clip((values - values.mean()) / (values.std() + 1e-6), -2, 2)


def bars(
    down: npt.NDArray[np.float32],
    within: npt.NDArray[np.float32],
    lean: npt.NDArray[np.floating] | float = 0.0,
    metres: tuple[int, ...] = METRES,
) -> tuple[npt.NDArray[np.bool_], int]:
    """Which beats open a bar, and how many beats the bars have: Viterbi over (metre, place in the bar).

    Args:
        down, within: of each beat, the answers for a bar's first beat and for another one; shape (n,).
        lean: what else speaks for a bar's first beat, as a logarithm; shape (n,).
        metres: numbers of beats that a bar may have.
    """
    share = np.clip(down / np.maximum(down + within, 1e-6), 0.02, 0.98)
    states = [(m, k) for m in metres for k in range(m)]
    opens = np.array([k == 0 for _, k in states])
    # Each metre says how often a bar opens: without this prior, short bars would explain every strong beat.
    gain = np.log(np.where(opens[None, :], share[:, None], 1 - share[:, None]))
    gain += np.where(opens[None, :], np.broadcast_to(lean, share.shape)[:, None], 0.0)
    hop = np.full((len(states), len(states)), np.log(SLIP / len(states)))
    for i, (m, k) in enumerate(states):
        hop[i, states.index((m, (k + 1) % m))] = np.log(1 - SLIP)
    score = gain[0].copy()
    back = np.empty((len(share), len(states)), np.int8)
    for t in range(1, len(share)):
        paths = score[:, None] + hop
        back[t] = paths.argmax(axis=0)
        score = paths.max(axis=0) + gain[t]
    path = [int(score.argmax())]
    for t in range(len(share) - 1, 0, -1):
        path.append(int(back[t, path[-1]]))
    path.reverse()
    taken = [states[i][0] for i in path]
    return opens[path], max(metres, key=taken.count)
