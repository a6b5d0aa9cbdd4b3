"""How well speakers of one clip are told apart: one command, on conversations joined from real recordings.

    python -m emotion.training.evaluate_speakers

Two actors of one corpus take turns of two utterances each, in all their moods, with half a second of
silence between; beside it, clips of one actor in all moods. A third of the actors make the space, on
another third the threshold is chosen, the last third is reported. Writes ``metrics.json`` of the space.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import media
from emotion.timeline import Segment
from emotion.training import train_speakers, voice_data
from emotion.training.voice_data import Recording
from emotion.voice import infer, speakers
from emotion.voice.speakers import VoiceSpace
from emotion.voice.speech import voice_segments
from emotion.weights import models_dir

SEED: Final = 20
SR: Final = 16_000
PAUSE_S: Final = 0.5
TURN: Final = 2
UTTERANCES: Final = 8
"""So many of each speaker in a clip."""
CLIPS: Final = {"ravdess_speech": (12, 16), "nemo": (3, 6), "emodb": (3, 6)}
"""Conversations of each kind (same sex, different sex), and clips of one speaker, for each corpus and third."""
THRESHOLDS: Final = tuple(np.arange(0.05, 0.5, 0.05).round(2).tolist())
SPLIT_AT_MOST: Final = 0.02
"""The threshold is the one that tells most windows right and splits no more of the clips of one speaker."""
TO_MAKE, TO_CHOOSE, TO_REPORT = 0, 1, 2


@dataclass(frozen=True)
class Joined:
    """A clip made of recordings: its windows, whose they are (-1: two at once), their voices."""

    kind: str
    segments: list[Segment]
    truth: npt.NDArray[np.int64]
    voices: speakers.Embeddings


def joined(turns: Sequence[tuple[int, Recording]]) -> tuple[npt.NDArray[np.float32], list[tuple[Segment, int]]]:
    """The sound of several recordings one after the other, and who speaks when."""
    parts, spoken, at = [], [], 0
    for who, item in turns:
        y = media.read_sound(item.path, SR)
        spoken.append((Segment(at / SR, (at + len(y)) / SR), who))
        parts += [y, np.zeros(int(PAUSE_S * SR), np.float32)]
        at += len(parts[-2]) + len(parts[-1])
    return np.concatenate(parts), spoken


def whose(segment: Segment, spoken: Sequence[tuple[Segment, int]]) -> int:
    """Who speaks in at least four fifths of what is spoken in this window, else -1."""
    heard = np.zeros(2)
    for stretch, who in spoken:
        heard[who] += segment.overlap_s(stretch)
    return int(heard.argmax()) if heard.max() >= 0.8 * heard.sum() else -1


def clip(reader: infer.VoiceReader, space: VoiceSpace, kind: str, turns: Sequence[tuple[int, Recording]]) -> Joined:
    y, spoken = joined(turns)
    segments = voice_segments(y, SR)
    truth = np.array([whose(s, spoken) for s in segments])
    return Joined(kind, segments, truth, space(reader.embeddings(y, SR, segments)))


def drawn(items: Sequence[Recording], rng: np.random.Generator, count: int = UTTERANCES) -> list[Recording]:
    """Utterances of one speaker, as many moods as there are."""
    by_mood: dict[int, list[Recording]] = {}
    for item in items:
        by_mood.setdefault(item.emotion, []).append(item)
    moods = itertools.islice(itertools.cycle(rng.permutation(sorted(by_mood)).tolist()), count)
    return [by_mood[m][int(rng.integers(len(by_mood[m])))] for m in moods]


def third(items: Sequence[Recording], part: int) -> list[str]:
    """The speakers of one part of a corpus: every third woman and every third man."""
    sex = {item.speaker: item.sex for item in items}
    return [name for wanted in "FM" for name in sorted(n for n in sex if sex[n] == wanted)[part::3]]


def clips(reader: infer.VoiceReader, space: VoiceSpace, part: int) -> list[Joined]:
    """Every clip of one third of the actors."""
    found = []
    for corpus, (conversations, alone) in CLIPS.items():
        rng = np.random.default_rng([SEED, part, len(corpus)])
        of: dict[str, list[Recording]] = {}
        for item in voice_data.recordings([corpus]):
            of.setdefault(item.speaker, []).append(item)
        names = third(voice_data.recordings([corpus]), part)
        pairs = list(itertools.combinations(names, 2))
        same = [p for p in pairs if of[p[0]][0].sex == of[p[1]][0].sex]
        other = [p for p in pairs if p not in same]
        for kind, choice in (("same sex", same), ("different sex", other)):
            for i in rng.permutation(len(choice))[:conversations].tolist():
                a, b = (drawn(of[name], rng) for name in choice[i])
                turns = [
                    (who, item)
                    for t in range(0, UTTERANCES, TURN)
                    for who, mine in enumerate((a, b))
                    for item in mine[t : t + TURN]
                ]
                found.append(clip(reader, space, kind, turns))
        found += [
            clip(reader, space, "one speaker", [(0, r) for r in drawn(of[names[i % len(names)]], rng)])
            for i in range(alone)
        ]
        print(f"third {part}: {corpus} joined", flush=True)
    return found


def right(found: Joined, who: Sequence[int]) -> tuple[int, int]:
    """How many windows of one speaker are given to the right one, of how many; numbers may be swapped."""
    pure = found.truth >= 0
    numbers = np.array(who)[pure]
    truth = found.truth[pure]
    best = max(int((numbers == np.array(order)[truth]).sum()) for order in ((0, 1), (1, 0)))
    return best, int(pure.sum())


def figures(found: Sequence[Joined], same: float) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for kind in ("same sex", "different sex", "one speaker"):
        mine = [c for c in found if c.kind == kind]
        told = [speakers.tell_apart(c.voices, c.segments, same=same) for c in mine]
        hits, windows = (
            sum(part) for part in zip(*(right(c, w) for c, w in zip(mine, told, strict=True)), strict=True)
        )
        report[kind] = {
            "clips": len(mine),
            "windows": windows,
            "windows_right": round(hits / windows, 4),
            "number_of_speakers_right": round(
                float(np.mean([max(w) + 1 == (1 if kind == "one speaker" else 2) for w in told])), 4
            ),
        }
        if kind != "one speaker":
            known = [right(c, speakers.tell_apart(c.voices, c.segments, count=2)) for c in mine]
            report[kind]["windows_right_where_it_is_known_that_two_speak"] = round(
                sum(hit for hit, _ in known) / windows, 4
            )
    report["one speaker"]["wrongly_split"] = round(1 - report["one speaker"].pop("number_of_speakers_right"), 4)
    return report


def footage(found: Sequence[Joined]) -> dict[str, float]:
    """Further footage of about eight seconds: half of a clip of one speaker, or who else speaks in a conversation."""
    same, other = [], []
    for c in found:
        pure = [np.flatnonzero(c.truth == n) for n in range(2)]
        if c.kind == "one speaker":
            half = len(pure[0]) // 2
            same.append(_cosine(c, pure[0][:half], pure[0][half:]))
        elif len(pure[0]) and len(pure[1]):
            other.append(_cosine(c, pure[0], pure[1]))
    return {
        "of_the_speaker_taken": round(float(np.mean(np.array(same) >= speakers.KNOWN_VOICE)), 4),
        "of_somebody_else_taken": round(float(np.mean(np.array(other) >= speakers.KNOWN_VOICE)), 4),
    }


def _cosine(c: Joined, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> float:
    one, two = speakers.unit(np.stack([c.voices[i].mean(axis=0) for i in (a, b)]))
    return float(one @ two)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    reader = infer.build_reader(threads=1)
    items = voice_data.recordings()
    makers = [n for corpus in CLIPS for n in third([r for r in items if r.corpus == corpus], TO_MAKE)]
    made = np.array([r.speaker in makers for r in items])
    rows, speaker = train_speakers.embeddings(items), np.array([r.speaker for r in items])
    space = train_speakers.space(rows[made], speaker[made])
    to_choose, to_report = (clips(reader, space, part) for part in (TO_CHOOSE, TO_REPORT))
    tried = {t: figures(to_choose, t) for t in THRESHOLDS}
    allowed = {t: f for t, f in tried.items() if f["one speaker"]["wrongly_split"] <= SPLIT_AT_MOST} or tried
    best = max(allowed, key=lambda t: sum(allowed[t][k]["windows_right"] for k in ("same sex", "different sex")))
    report = {
        "what": f"joined clips, {UTTERANCES} utterances a speaker in turns of {TURN}, {PAUSE_S} s apart; windows in "
        "which both speak (more than a fifth) are not counted; one third of the actors made the space, the threshold "
        "was chosen on another",
        "threshold_chosen": best,
        "threshold_served": speakers.SAME_VOICE,
        "on_actors_not_heard_before": figures(to_report, speakers.SAME_VOICE),
        "on_the_actors_it_was_chosen_on": figures(to_choose, speakers.SAME_VOICE),
        "further_footage": footage(to_report),
        "further_footage_where_its_threshold_was_chosen": footage(to_choose),
        "command": "python -m emotion.training.evaluate_speakers",
    }
    text = json.dumps(report, indent=1)
    (models_dir() / speakers.DEFAULT / "metrics.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
