"""Beats, bars, tempo and key on pieces that code wrote and FluidSynth played: their truth is known.

    python -m recommender.training.evaluate_rendered [--pieces 48] [--first 100] [--varied]

The choice of the tempo is taught pieces of the same code, of other seeds (:mod:`tempo_examples`); the beat network
none of them. Pieces from another seed on are written down beside the usual ones, as unseen;
``--varied`` ones, whose chords last two bars or half of one or never return, as varied.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion import media
from emotion.training import card
from emotion.weights import models_dir
from recommender.library import beats, front_end, tonal
from recommender.library.beats import Pulse
from recommender.library.hear import MODEL, Networks
from recommender.library.tempo import Choice
from recommender.library.tonal import Key
from recommender.training import heard_card, rendered
from recommender.training.rendered import Piece
from recommender.training.train_music import card_lines

FIRST_SEED: Final = 100
USUAL_BPM: Final = (70.0, 150.0)
"""Most music; slower and faster, people too disagree on what a beat is."""
TOLERANCE_S: Final = 0.07
TEMPO: Final = 0.04
"""A tempo within so much of the truth is right."""


def f_measure(truth: tuple[float, ...], found: tuple[float, ...]) -> float:
    """Of beats within 70 ms, each counted once (Davies, Degara and Plumbley 2009)."""
    i = j = hits = 0
    while i < len(truth) and j < len(found):
        if abs(truth[i] - found[j]) <= TOLERANCE_S:
            hits, i, j = hits + 1, i + 1, j + 1
        elif truth[i] < found[j]:
            i += 1
        else:
            j += 1
    return 2 * hits / max(1, len(truth) + len(found))


def described(wav: Path, networks: Networks, choice: Choice) -> tuple[Pulse, Key | None]:
    """Pulse and key as :mod:`recommender.library.describe` finds them; what says nothing of them is not run."""
    y = media.read_sound(wav, front_end.SR)
    bands, pitch = front_end.beat_bands(y), tonal.pitch_energy(y)
    answers = networks.beats(bands, bands[:0])
    return beats.track(answers, bands, pitch, choice, networks.pulse), tonal.find_key(pitch)


def judged(piece: Piece, sound: Pulse, key: Key | None) -> dict[str, float]:
    ratio = (sound.tempo_bpm or 1.0) / piece.tempo_bpm
    return {
        "beat_f_measure": f_measure(piece.beats_s, sound.beats_s),
        "bar_f_measure": f_measure(piece.bars_s, sound.bars_s),
        "tempo": abs(ratio - 1) < TEMPO,
        "tempo_half_and_double_allowed": any(abs(ratio * k - 1) < TEMPO for k in (0.5, 1, 2)),
        "key": key is not None and (key.tonic, key.mode) == (piece.key, piece.mode),
    }


def _mean(rows: list[dict[str, float]], name: str, those: list[bool]) -> float:
    return round(float(np.mean([r[name] for r, counts in zip(rows, those, strict=True) if counts])), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=48)
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="seed of the first piece")
    parser.add_argument("--varied", action="store_true", help="chords that do not last a bar")
    args = parser.parse_args()
    networks = Networks()
    choice = Choice.load(networks.weights)
    rows: list[dict[str, float]] = []
    pieces: list[Piece] = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(args.first, args.first + args.pieces):
            harmony = rendered.unusual(seed) if args.varied else "a bar"
            piece, content = rendered.compose(seed, half=seed % 2, harmony=harmony)
            wav = Path(scratch) / "piece.wav"
            rendered.render(content, wav)
            rows.append(judged(piece, *described(wav, networks, choice)))
            pieces.append(piece)
            print(piece.name, {k: round(float(v), 2) for k, v in rows[-1].items()}, flush=True)
    figures = summed(rows, pieces)
    first = ("" if args.first == FIRST_SEED else f" --first {args.first}") + (" --varied" if args.varied else "")
    command = f"python -m recommender.training.evaluate_rendered --pieces {len(rows)}{first}"
    figures |= {"pieces": len(rows), "command": command}
    folder = models_dir() / MODEL
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    name = "rendered_varied" if args.varied else "rendered_unseen" if first else "rendered"
    (folder / "metrics.json").write_text(json.dumps({**metrics, name: figures}, indent=1) + "\n", encoding="utf-8")
    card.write(folder, card_lines)
    card.write(folder, heard_card.lines, block=heard_card.BLOCK)
    print(json.dumps(figures, indent=1))


def summed(rows: list[dict[str, float]], pieces: list[Piece]) -> dict[str, Any]:
    """The means over all pieces, and over those with and without drums and of a usual tempo."""
    drums, usual = [p.drums for p in pieces], [USUAL_BPM[0] <= p.tempo_bpm <= USUAL_BPM[1] for p in pieces]
    without, unusual = [not d for d in drums], [not u for u in usual]
    return {
        **{k: _mean(rows, k, [True] * len(rows)) for k in rows[0]},
        "beat_f_measure_with_drums": _mean(rows, "beat_f_measure", drums),
        "beat_f_measure_without_drums": _mean(rows, "beat_f_measure", without),
        "tempo_with_drums": _mean(rows, "tempo", drums),
        "tempo_without_drums": _mean(rows, "tempo", without),
        "beat_f_measure_70_to_150_bpm": _mean(rows, "beat_f_measure", usual),
        "tempo_70_to_150_bpm": _mean(rows, "tempo", usual),
        "tempo_slower_or_faster": _mean(rows, "tempo", unusual),
        "pieces_with_drums": sum(drums),
        "pieces_70_to_150_bpm": sum(usual),
    }


if __name__ == "__main__":
    main()
