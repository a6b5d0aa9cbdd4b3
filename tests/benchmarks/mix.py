"""``python -m tests.benchmarks mix``: music under twenty clips of real speech, beside the two usual ways.

Clips: the real ones with a picture, and readings of nine speakers joined with pauses. Judged by other tools than
those that set the level: loudness and true peak by FFmpeg's ``ebur128``, the usual ducking by its
``sidechaincompress`` as commonly set (threshold 0.05, ratio 8, attack 20, release 250), and music at a fixed -18 dB.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.filter
import numpy as np
import soundfile

from emotion import media
from emotion.media import program
from emotion.timeline import Segment
from emotion.voice.speech import SpeechDetector, voice_segments
from recommender.mix import arrange, duck, levels, own_music, score, sources
from recommender.mix.command import described
from recommender.mix.plan import SR, TARGETS, Wanted
from recommender.songs import installed
from tests.conftest import DATA, SAMPLES

UNDER_LU = 14.0
CLIPS = 20
REAL = 8
"""So many come first that are real clips; the rest are readings."""
FIXED_DB = -18.0


def measure() -> list[str]:
    rng = np.random.default_rng(7)
    tracks = [t.usable() for t in installed.tracks()]
    tracks = [tracks[i] for i in rng.permutation(len(tracks))]
    detector = SpeechDetector.build()
    studio = score.Studio(sources.installed_sounds(), described)
    ours: list[float] = []
    side: list[float] = []
    fixed: list[float] = []
    off: list[float] = []
    peaks: list[float] = []
    null: list[float] = []
    seams: list[float] = []
    away: list[float] = []
    rates: list[float] = []
    noticed: list[tuple[float | None, bool]] = []
    lengths = packets = pictures = 0
    spent = rendered = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = list(_clips(folder, rng))[:CLIPS]
        for i, path in enumerate(clips):
            speech = tuple(voice_segments(media.read_sound(path, 16_000), 16_000, detector=detector))
            duration_s = media.probe(path).duration_s
            clip = score.Clip(path, path.name, duration_s, speech)
            music = score.music_of(tracks[i % len(tracks)])
            target = list(TARGETS.values())[i % len(TARGETS)]
            peak_s = 0.6 * duration_s if i % 2 else None
            plan = studio.plan(clip, [Wanted(1, 0.0, duration_s, music, peak_s)], under_lu=UNDER_LU, target=target)
            if peak_s is not None:
                strong = [s / plan.placements[0].fit.rate for s in studio.study(music).material.strong_s]
                away.append(arrange.distance(plan.placements[0].fit.pieces, strong, peak_s))
            if i >= REAL:  # readings, which have no music of their own
                noticed += [(under, _noticed(path, music.path, speech, under)) for under in (None, 14.0, 20.0)]
            out = folder / f"out{i}"
            started = time.perf_counter()
            report = studio.render(clip, plan, out)
            spent, rendered = spent + time.perf_counter() - started, rendered + duration_s
            wanted = round(duration_s * SR)
            lengths += all(soundfile.info(out / f).frames == wanted for f in report.files if f.endswith(".wav"))
            own = np.concatenate(list(program.stereo(path)), axis=1)[:, :wanted]
            dialogue = _wav(out / "stems/dialogue.wav")
            null.append(_db(((dialogue[:, : own.shape[1]] - own) ** 2).mean() / max((own**2).mean(), 1e-12)))
            delivered = out / report.files[0]
            lufs, peak = _ebur128(delivered)
            off.append(abs(lufs - target.lufs))
            peaks.append(peak)
            if delivered.suffix != ".wav":
                pictures += 1
                packets += _packets(path) == _packets(delivered)
            ours += [s.under_lu for s in report.seconds]
            flat = _wav(out / "stems/music-flat.wav")
            inside = duck.speaking(speech, len(levels.of(dialogue, SR).powers))
            # Both usual ways take the track as it is, 18 dB down.
            usual = flat * 10 ** ((FIXED_DB - plan.placements[0].level_db) / 20)
            side += _under(dialogue, _sidechained(usual, dialogue), inside)
            fixed += _under(dialogue, usual, inside)
            rates += [abs(p.fit.rate - 1) for p in plan.placements]
            seams += [s.roughness for p in plan.placements for s in p.fit.seams]
    return [
        f"Music under {len(clips)} clips ({rendered:.0f} s), {len(ours)} seconds of speech, wanted {UNDER_LU:.0f} LU",
        f"{'':<34}{'MoodCue':>10}{'sidechain':>11}{'fixed -18':>11}",
        _row("median, LU", ours, side, fixed, lambda x: float(np.median(x))),
        _row("5th percentile, LU", ours, side, fixed, lambda x: float(np.percentile(x, 5))),
        _row("missed by more than 3 LU, %", ours, side, fixed, _missed),
        f"every WAV as long as the clip, to the sample: {lengths} of {len(clips)}",
        f"the picture's packets identical: {packets} of {pictures}",
        f"dialogue against the clip's own sound: at most {max(null):.0f} dB",
        f"loudness off the target, by ebur128: at most {max(off):.2f} LU; true peak at most {max(peaks):.2f} dBTP",
        f"seams: {len(seams)}, of these {100 * np.mean(np.less_equal(seams, 1.25)):.0f} % no rougher than 1.25"
        if seams else "no seam was needed",
        f"the strongest moment on the mark, to 0.1 s: {sum(a < 0.1 for a in away)} of {len(away)}",
        *(
            f"music of the clip's own noticed, {'none' if u is None else f'{u:.0f} LU under the words'}: "
            f"{sum(there for v, there in noticed if v == u)} of {sum(v == u for v, _ in noticed)}"
            for u in (None, 14.0, 20.0)
        ),
        f"stretched by at most {100 * max(rates):.1f} %",
        f"rendering: {spent / rendered:.3f} of the clip's length",
    ]  # fmt: skip


def _noticed(path: Path, track: Path, speech: Sequence[Segment], under_lu: float | None) -> bool:
    """Whether music under the words, by loudness so far, is noticed in the clip."""
    own = np.concatenate(list(program.stereo(path)), axis=1)
    if under_lu is not None:
        music = np.resize(np.concatenate(list(program.stereo(track)), axis=1), own.shape).astype(np.float32)
        inside = duck.speaking(speech, len(levels.of(own, SR).powers))
        words = float(levels.lufs(levels.of(own, SR).powers[inside].mean()))
        gain = words - under_lu - levels.of(music, SR).integrated_lufs
        own = (own + music * 10 ** (gain / 20)).astype(np.float32)
    listener = own_music.Listener(own.shape[1] / SR)
    listener.add(own)
    return listener.there


def _row(
    name: str, ours: list[float], side: list[float], fixed: list[float], how: Callable[[list[float]], float]
) -> str:
    return f"{name:<34}{how(ours):>10.1f}{how(side):>11.1f}{how(fixed):>11.1f}"


def _missed(under: list[float]) -> float:
    return 100 * float(np.mean(np.less(under, UNDER_LU - 3)))


def _clips(folder: Path, rng: np.random.Generator) -> Iterator[Path]:
    """Real clips with a picture first, then readings of one speaker with pauses of half a second to three."""
    yield from sorted(SAMPLES.glob("*.mp4"))
    yield from sorted((DATA / "video").glob("*.m*"))
    with (DATA / "voice" / "manifest.tsv").open(encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f, delimiter="\t") if r["corpus"] in ("ravdess_speech", "emodb", "nemo")]
    speakers = sorted({r["speaker"] for r in rows})
    for speaker in rng.permutation(speakers)[:CLIPS]:
        own = [r for r in rows if r["speaker"] == speaker]
        parts: list[np.ndarray] = []
        for r in rng.permutation(np.array(own, dtype=object))[:6]:
            y = media.read_sound(DATA / "voice" / r["file"], SR)
            parts += [y / max(np.abs(y).max(), 1e-6) * rng.uniform(0.2, 0.8), np.zeros(round(rng.uniform(0.5, 3) * SR))]
        path = folder / f"{speaker}.wav"
        soundfile.write(path, np.concatenate(parts), SR, subtype="PCM_16")
        yield path


def _wav(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def _db(power: float) -> float:
    return 10 * float(np.log10(max(power, 1e-20)))


def _under(dialogue: np.ndarray, music: np.ndarray, inside: np.ndarray) -> list[float]:
    own, other = levels.of(dialogue, SR).powers, levels.of(music.astype(np.float32), SR).powers
    return [s.under_lu for s in duck.measure(own, other, inside)]


def _frames(y: np.ndarray) -> Iterator[av.AudioFrame]:
    for start in range(0, y.shape[1], 4800):
        part = np.ascontiguousarray(y[:, start : start + 4800], np.float32)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SR, start, Fraction(1, SR)
        yield frame


def _sidechained(music: np.ndarray, key: np.ndarray) -> np.ndarray:
    """FFmpeg's own compressor, keyed by the dialogue, as the tools of this field set it."""
    graph = av.filter.Graph()
    sources_ = [
        graph.add_abuffer(sample_rate=SR, format="fltp", layout="stereo", time_base=Fraction(1, SR)) for _ in range(2)
    ]
    squeeze = graph.add("sidechaincompress", "threshold=0.05:ratio=8:attack=20:release=250")
    sink = graph.add("abuffersink")
    sources_[0].link_to(squeeze, 0, 0)
    sources_[1].link_to(squeeze, 0, 1)
    squeeze.link_to(sink)
    graph.configure()
    out = []
    for a, b in zip(_frames(music), _frames(key), strict=False):
        sources_[0].push(a)
        sources_[1].push(b)
        while True:
            try:
                pulled = sink.pull()
                assert isinstance(pulled, av.AudioFrame)
                out.append(pulled.to_ndarray())
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    return np.concatenate(out, axis=1)


def _ebur128(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak of the delivered file, by FFmpeg."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SR, format="fltp", layout="stereo", time_base=Fraction(1, SR))
    meter = graph.add("ebur128", "peak=true:metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    lufs = peak = float("-inf")
    y = np.concatenate(list(program.stereo(path)), axis=1)
    for frame in _frames(y):
        source.push(frame)
        while True:
            try:
                told = sink.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            lufs = float(told.get("lavfi.r128.I", lufs))
            found = [float(told[k]) for k in told if k.startswith("lavfi.r128.true_peaks_ch")]
            peak = max([peak, *(20 * float(np.log10(max(p, 1e-9))) for p in found)])
    return lufs, peak


def _packets(path: Path) -> str:
    digest = hashlib.sha256()
    with av.open(str(path)) as f:
        for packet in f.demux(f.streams.video[0]):
            digest.update(bytes(packet))
    return digest.hexdigest()
