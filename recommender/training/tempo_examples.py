"""What the choice of the tempo is taught from: pieces laid out on every tempo that they might have.

Rendered pieces (:mod:`rendered`) with a chord a bar, two bars or half of one, or with chords that hardly come again,
half of them for instruments drawn at random; written ones (:mod:`written`); and songs of POP909, arranged otherwise
than for the beat network (:func:`beat_examples.arranged`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from emotion import media
from recommender.library import beats, front_end, tonal
from recommender.library.front_end import BEAT_FPS
from recommender.library.tempo import laid_out
from recommender.training import beat_examples, free_pieces, rendered, written
from recommender.training.evaluate_rendered import TEMPO
from recommender.training.networks import networks
from recommender.training.rendered import HARMONIES, Ensembles

USUAL: Final = range(1000, 1530)
"""Seeds of rendered pieces with a chord a bar, one for each half of :data:`rendered.ENSEMBLES`; those that judge have
others (:mod:`evaluate_rendered`)."""
VARIED: Final = range(2000, 2200)
"""The same with other harmony."""
DRAWN: Final = range(20_000, 22_000)
"""With any harmony in turn, for ensembles most of which are drawn at random."""
ENSEMBLES: Final = 60
"""Drawn ones beside those of each half."""
PLUCKED: Final = 0.65
"""So many of them have chords on instruments whose notes begin at once."""
SONGS: Final = 450
"""Half of POP909: they are slow, and one kind of music."""
TAKE: Final = 1
"""The beat network was taught the songs' arrangements numbered 0."""

Kind = Literal["a chord a bar", "other harmony", "written", "song"]
"""The first two are rendered; written are pieces of VGMIDI, songs are POP909's."""
Signal = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A piece laid out on each candidate's beats, in half precision, and which of them are right (n,).

    Pieces of a ``group`` (ensemble, game series, song) are left out together.
    """

    kind: Kind
    group: str
    laid: tuple[npt.NDArray[np.float16], ...]
    right: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Source:
    """A piece not yet heard: ``play`` gives its sound at :data:`front_end.SR` and its beats a minute."""

    name: str
    kind: Kind
    group: str
    play: partial[tuple[Signal, float]]


def ensembles(half: int) -> Ensembles:
    """Those of one half, and more whose instruments are drawn at random."""
    rng = np.random.default_rng([2029, half])

    def program(plucked: float) -> int:
        return int(rng.choice(free_pieces.PLUCKED if rng.random() < plucked else free_pieces.BLOWN))

    drawn = {
        f"drawn {half}-{k}": (program(PLUCKED), int(rng.choice(free_pieces.BASSES)), program(0.5))
        for k in range(ENSEMBLES)
    }
    return {**rendered.ENSEMBLES[half], **drawn}


def sources(vgmidi: Path, songs: Path) -> Iterator[Source]:
    """The rendered pieces, and those of the checkouts of VGMIDI and of POP909."""
    yield from _rendered()
    for w in written.written(vgmidi):
        yield Source(f"written-{w.piece.name}", "written", w.series, partial(_played, w.content, w.piece.tempo_bpm))
    for folder in sorted(p for p in (songs / "POP909").iterdir() if p.is_dir())[:SONGS]:
        yield Source(f"song-{folder.name}", "song", folder.name, partial(_arranged, folder))


def _rendered() -> Iterator[Source]:
    halves = range(len(rendered.ENSEMBLES))
    own = [(seed, half, "a bar", None) for seed in USUAL for half in halves]
    own += [(seed, half, rendered.unusual(seed + half), None) for seed in VARIED for half in halves]
    drawn = [ensembles(half) for half in halves]
    others = [(seed, seed % 2, HARMONIES[seed // 2 % len(HARMONIES)], drawn[seed % 2]) for seed in DRAWN]
    for seed, half, harmony, playing in [*others, *own]:
        piece, content = rendered.compose(seed, half=half, harmony=harmony, ensembles=playing)
        kind: Kind = "a chord a bar" if harmony == "a bar" else "other harmony"
        yield Source(f"rendered-{half}-{seed}", kind, piece.ensemble, partial(_played, content, piece.tempo_bpm))


def all_heard(found: Iterable[Source], cache: Path, *, workers: int = 2) -> Iterator[Example]:
    """Every piece played, heard and laid out; kept in ``cache``."""
    cache.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(partial(_kept, cache), found, chunksize=8)


def _played(content: bytes, bpm: float) -> tuple[Signal, float]:
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "piece.wav"
        rendered.render(content, wav)
        return media.read_sound(wav, front_end.SR)[: round(written.SECONDS * front_end.SR)], bpm


def _arranged(folder: Path) -> tuple[Signal, float]:
    score = beat_examples.arranged(folder, TAKE)
    return beat_examples.played(score, int(folder.name)), score.bpm


def _kept(cache: Path, source: Source) -> Example:
    path = cache / f"{source.name}.npz"
    if not path.is_file():
        y, truth = source.play()
        laid, bpm = _laid(y)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            part = Path(scratch) / "heard.npz"
            each = {f"laid{k}": rows for k, rows in enumerate(laid)}
            np.savez_compressed(part, allow_pickle=False, right=np.abs(bpm / truth - 1) < TEMPO, **each)
            part.replace(path)
    with np.load(path) as arrays:
        laid = tuple(arrays[f"laid{k}"] for k in range(len(arrays["right"])))
        return Example(source.kind, source.group, laid, arrays["right"])


def _laid(y: Signal) -> tuple[list[npt.NDArray[np.float16]], npt.NDArray[np.float64]]:
    """The piece on each candidate's beats, and their beats a minute."""
    bands = front_end.beat_bands(y)
    heard = beats.hearing(networks().beats(bands, bands[:0]), bands, tonal.pitch_energy(y), networks().pulse)
    found = [f for f in beats.candidates(heard, bands) if len(f) >= beats.MIN_BEATS]
    return [laid_out(heard, f).astype(np.float16) for f in found], np.array([beats.tempo(f / BEAT_FPS) for f in found])
