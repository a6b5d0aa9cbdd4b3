"""Whether a laugh can be told from the voice's own features: what was tried before "a laugh" was to be a mark in a cue.

    python -m emotion.training.evaluate_laughs --sounds DIR --voices ../shared/data/voice

Windows of a second, the features that the voice's reader has of them anyway, and a linear judge. Whoever laughs, speaks
or makes a noise is judged by one that never heard them (folds by source). Nothing of it is served: the reasons stand
in docs/laughs.md. ``DIR`` holds ``laugh``, ``sound``, ``talk`` and ``far``, each with a folder for each source
(a person, or a kind of noise) and its files; these are of four public repositories:

    laugh   nevermoreLin/Laugh_LSN (clips), Sharwin24/Machine-Learning-and-Sensing (A1/21524/laugh*, one student in two
            rooms, one stranger), jonjonsson/SoundMonster (laughter*)
    sound   the same student coughing, clapping, knocking, and an alarm; SoundMonster's crowds, coughs, sirens
    talk    resemble-ai/Resemblyzer (audio_data), OpenTalker/SadTalker (examples), snakers4/silero-vad (tests/data)
    far     pyannote/pyannote-audio (tests/data: meetings; nobody says where somebody laughs there)

Acted speech is drawn from the manifest of ``--voices``. Nothing of it is committed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import errors, media
from emotion.timeline import Segment
from emotion.voice.infer import VoiceReader, build_reader

SEED: Final = 0
FOLDS: Final = 5
WINDOW_S: Final = 1.0
HOP_S: Final = 0.5
QUIETER_DB: Final = 6.0
"""A window that lies so far under its file's level is left out: it holds a pause."""
MOST_WINDOWS: Final = 60
"""Of one source, drawn once: nobody counts for more."""
ACTED: Final = 300
KINDS: Final = ("laugh", "sound", "talk", "far", "acted")


@dataclass(frozen=True)
class Heard:
    """Windows as features (n, d), and of each its kind and its source."""

    x: npt.NDArray[np.float32]
    kind: npt.NDArray[np.str_]
    source: npt.NDArray[np.str_]


def windows(y: npt.NDArray[np.float32], sr: int) -> list[Segment]:
    """Where something sounds."""

    def level_db(part: npt.NDArray[np.float32]) -> float:
        return 10 * float(np.log10(np.mean(part**2) + 1e-12))

    least = level_db(y) - QUIETER_DB
    starts = np.arange(0.0, max(len(y) / sr - 0.6, 0.01), HOP_S)
    ends = np.minimum(starts + WINDOW_S, len(y) / sr)
    return [
        Segment(float(a), float(b))
        for a, b in zip(starts, ends, strict=True)
        if b - a > 0.3 and level_db(y[int(a * sr) : int(b * sr)]) >= least
    ]


def hear(files: Iterable[tuple[str, str, Path]], reader: VoiceReader) -> Heard:
    """Files as (kind, source, path); what cannot be read is passed over."""
    rng = np.random.default_rng(SEED)
    found: dict[tuple[str, str], list[npt.NDArray[np.float32]]] = {}
    for kind, source, path in files:
        try:
            y = media.read_sound(path, reader.sr)
        except errors.MediaError:
            continue
        parts = windows(y, reader.sr)
        if len(parts) > MOST_WINDOWS:
            parts = [parts[i] for i in sorted(rng.choice(len(parts), MOST_WINDOWS, replace=False))]
        if parts:
            found.setdefault((kind, source), []).append(reader.features(y, reader.sr, parts))
    rows: list[npt.NDArray[np.float32]] = []
    kinds: list[str] = []
    sources: list[str] = []
    for (kind, source), some in found.items():
        x = np.concatenate(some)
        x = x[rng.permutation(len(x))[:MOST_WINDOWS]]
        rows.append(x)
        kinds += [kind] * len(x)
        sources += [source] * len(x)
    return Heard(np.concatenate(rows), np.array(kinds), np.array(sources))


def judged(heard: Heard) -> npt.NDArray[np.float64]:
    """How much like a laugh each window is, by judges that never heard its source; shape (n,)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    student = np.char.startswith(heard.source, "student")  # whose noises go with whose laughs
    group = np.where(student, "student", heard.source)
    names = np.random.default_rng(SEED).permutation(np.unique(group))
    fold = {name: k % FOLDS for k, name in enumerate(names)}
    mine = np.array([fold[name] for name in group])
    laugh, scores = heard.kind == "laugh", np.zeros(len(heard.x))
    for k in range(FOLDS):
        train = mine != k
        judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=3000, class_weight="balanced")).fit(
            heard.x[train], laugh[train]
        )
        scores[~train] = judge.decision_function(heard.x[~train])
    return scores


def table(heard: Heard, scores: npt.NDArray[np.float64]) -> Iterable[str]:
    """For each strictness: who is found to laugh, and how many windows of all else are called laughs."""
    laugh = heard.kind == "laugh"
    people = np.unique(heard.source[laugh])
    count = {
        kind: (int((heard.kind == kind).sum()), len(np.unique(heard.source[heard.kind == kind]))) for kind in KINDS
    }
    yield "windows of a second (sources): " + ", ".join(f"{k} {n} ({s})" for k, (n, s) in count.items())
    yield f"{'of acted speech called a laugh':<32}{'laughs':>9}{'sources':>10}" + "".join(f"{k:>9}" for k in KINDS[1:])
    acted = scores[heard.kind == "acted"]
    for share in (0.01, 0.002, 0.0):
        over = scores > np.quantile(acted, 1 - share)
        rates = [float(over[heard.kind == kind].mean()) for kind in KINDS[1:]]
        who = sum(bool(over[laugh & (heard.source == p)].any()) for p in people)
        found = f"{float(over[laugh].mean()):>9.2f}{f'{who} of {len(people)}':>10}"
        yield f"{share:<32.1%}" + found + "".join(f"{r:>9.3f}" for r in rates)


def files_of(sounds: Path, voices: Path) -> Iterable[tuple[str, str, Path]]:
    for kind in KINDS[:4]:
        for path in sorted((sounds / kind).glob("*/*")):
            yield kind, path.parent.name, path
    with (voices / "manifest.tsv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    for i in sorted(np.random.default_rng(SEED).choice(len(rows), min(ACTED, len(rows)), replace=False)):
        yield "acted", rows[i]["speaker"], voices / rows[i]["file"]


def main() -> None:
    parser = argparse.ArgumentParser("python -m emotion.training.evaluate_laughs", description=__doc__)
    parser.add_argument("--sounds", type=Path, required=True)
    parser.add_argument("--voices", type=Path, required=True)
    args = parser.parse_args()
    heard = hear(files_of(args.sounds, args.voices), build_reader())
    print(*table(heard, judged(heard)), sep="\n")


if __name__ == "__main__":
    main()
