"""What the voice's reader does where nobody says what is right: talk that nobody acted, reading aloud, singing.

    python -m emotion.training.evaluate_unacted --talk DIR --songs DIR

There is no label, so nothing can be right; what can be told is how often it is sure, which emotions it names, and
where it places the voice. Songs have a quarter of the plane of valence and energy each, as their listeners heard it
with all instruments. ``--talk`` holds parts of two public repositories, unpacked:

    git --git-dir=Resemblyzer archive HEAD audio_data | tar x -C DIR        (resemble-ai/Resemblyzer)
    git --git-dir=pyannote-audio archive HEAD tests/data | tar x -C DIR     (pyannote/pyannote-audio)

``--songs`` is MER_audio_taffc_dataset of Famelgas/MULT_TP2 (``recommender.training.music_data``). Nothing of it is
committed. Writes ``unacted`` into the voice's metrics.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion import pipeline
from emotion.labels import EMOTIONS
from emotion.timeline import Affect, EmotionScores, Timeline
from emotion.training.evaluate_corpora import write
from emotion.voice.infer import VoiceReader

COMMAND: Final = "python -m emotion.training.evaluate_unacted --talk DIR --songs DIR"
SEED: Final = 20
SONGS_EACH: Final = 15
"""So many songs of each quarter, drawn once."""
QUARTERS: Final = {"Q1": (1, 1), "Q2": (-1, 1), "Q3": (-1, -1), "Q4": (1, -1)}
"""The signs of valence and energy."""
TALK: Final = {
    "meetings": ("tests/data/*.wav", "AMI meetings, a minute each, several people, distant or close (CC BY 4.0)"),
    "interview": ("audio_data/*.mp3", "an interview from the web, two people"),
    "read_aloud": ("audio_data/librispeech_test-other/*/*[0-4].flac", "LibriSpeech, books read aloud (CC BY 4.0)"),
}


@dataclass(frozen=True)
class Said:
    """What was said of one file: of each second that was heard, and of the whole."""

    moments: Sequence[EmotionScores]
    affects: Sequence[Affect]
    whole: EmotionScores | None
    speech_s: float

    @classmethod
    def of(cls, timeline: Timeline) -> Said:
        heard = [m for m in timeline.moments if m.voice]
        return cls(
            [m.voice for m in heard if m.voice],
            [m.affect for m in heard if m.affect],
            timeline.voice and timeline.voice.scores,
            sum(s.duration_s for s in timeline.speech),
        )


def heard(paths: Iterable[Path], readers: pipeline.Readers) -> list[Said]:
    return [Said.of(pipeline.analyse(path, readers)) for path in paths]


def spread(found: Sequence[Said], threshold: float) -> dict[str, Any]:
    """How sure, and how the answers are spread, by seconds and by files; shares of what is heard at all."""
    wholes = [s.whole for s in found if s.whole]
    seconds = [scores for s in found for scores in s.moments]
    affects = [a for s in found for a in s.affects]
    report: dict[str, Any] = {
        "files": len(found),
        "heard": len(wholes),
        "speech_s": round(sum(s.speech_s for s in found)),
    }
    if not wholes:
        return report
    return {
        **report,
        "sure_files": _sure(wholes, threshold),
        "sure_seconds": _sure(seconds, threshold),
        "said_of_files": _named(wholes),
        "said_of_seconds": _named(seconds),
        "said_when_sure": _named([s for s in seconds if s.confidence >= threshold]),
        "confidence": {q: round(float(np.quantile([s.confidence for s in seconds], q / 100)), 3) for q in (10, 50, 90)},
        "valence": {q: round(float(np.quantile([a.valence for a in affects], q / 100)), 3) for q in (10, 50, 90)},
        "arousal": {q: round(float(np.quantile([a.arousal for a in affects], q / 100)), 3) for q in (10, 50, 90)},
    }


def _sure(scores: Sequence[EmotionScores], threshold: float) -> float:
    return round(float(np.mean([s.confidence >= threshold for s in scores])), 4)


def _named(scores: Sequence[EmotionScores]) -> dict[str, float]:
    """The share of each emotion, none of those that were never said."""
    labels = [s.label for s in scores]
    return {e: round(labels.count(e) / len(labels), 4) for e in EMOTIONS if e in labels}


def drawn(folder: Path, each: int = SONGS_EACH) -> dict[str, list[Path]]:
    """Some songs of each quarter."""
    rng = np.random.default_rng(SEED)
    found = {}
    for quarter in QUARTERS:
        files = sorted((folder / quarter).rglob("*.mp3"))
        found[quarter] = [files[i] for i in sorted(rng.permutation(len(files))[:each].tolist())]
    return found


def sung(by_quarter: dict[str, list[Said]], threshold: float, reader: VoiceReader) -> dict[str, Any]:
    """Songs: as talk, and how often the voice is placed on the side of the plane that listeners heard."""
    valence, energy = [], []
    for quarter, found in by_quarter.items():
        pleasant, lively = QUARTERS[quarter]
        for affect in (reader.affect(s.whole) for s in found if s.whole):
            valence.append(affect.valence * pleasant > 0)
            energy.append(affect.arousal * lively > 0)
    every = [s for found in by_quarter.values() for s in found]
    report = spread(every, threshold)
    if not valence:
        return report
    return {
        **report,
        "valence_sign": round(float(np.mean(valence)), 4),
        "energy_sign": round(float(np.mean(energy)), 4),
    }


def measured(readers: pipeline.Readers, reader: VoiceReader, talk: Path, songs: Path) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for name, (pattern, what) in TALK.items():
        found = heard(sorted(talk.glob(pattern)), readers)
        report[name] = {"about": what, **spread(found, reader.threshold)}
        print(name, report[name], flush=True)
    by_quarter = {quarter: heard(paths, readers) for quarter, paths in drawn(songs).items()}
    about = f"songs with their instruments, {SONGS_EACH} of each quarter of the 4Q set, 30 s each"
    report["singing"] = {"about": about, **sung(by_quarter, reader.threshold, reader)}
    print("singing", report["singing"], flush=True)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--talk", type=Path, required=True, help="where the two repositories' recordings are unpacked")
    parser.add_argument("--songs", type=Path, required=True, help="the folder that holds Q1 to Q4")
    args = parser.parse_args()
    readers = pipeline.load_readers()
    if readers.voice is None:
        raise SystemExit("there is no voice reader")
    alone = pipeline.Readers(readers.voice, readers.speech)
    report = measured(alone, readers.voice, args.talk, args.songs)
    write({"unacted": report, "unacted_command": COMMAND})
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
