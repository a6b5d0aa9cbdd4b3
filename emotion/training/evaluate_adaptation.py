"""Is it right to read a clip in the light of its own speaker? One command, on clips joined from real recordings.

    python -m emotion.training.evaluate_adaptation --wheels WHEELS --more DIR

Utterances of one RAVDESS actor are joined into clips of several moods, of two and of one, heard as the app hears them,
and judged by readings that have never heard the actor (six folds). Every window counts; it is right when it says what
was acted. Writes ``adaptation.json`` into the voice model's folder, and its table into the card.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS
from emotion.timeline import ModelUsed
from emotion.training import scores, voice_card, voice_data
from emotion.training import voice_features as vf
from emotion.training.evaluate_corpora import left_out
from emotion.training.evaluate_speakers import SR, drawn, joined
from emotion.training.train_voice import judged as judged_folds
from emotion.training.voice_data import HOME, Recording
from emotion.voice import adapt, infer
from emotion.voice.profile import SpeakerProfile
from emotion.voice.reading import Reading
from emotion.voice.speech import voice_segments
from emotion.weights import load, models_dir

SEED: Final = 20
UTTERANCES: Final = 12
LENGTHS: Final = (2, 3, 4, 6, 8, 12)
"""The clip is read as a whole, and as if it had ended after so many utterances."""
MOODS: Final = {"several moods": len(EMOTIONS), "two moods": 2, "one mood": 1}
DRAWS: Final = 2


@dataclass(frozen=True)
class Joined:
    """A clip of one actor: its windows, the utterance of each, and what was acted in each utterance."""

    actor: str
    kind: str
    listened: adapt.Listened
    utterance: npt.NDArray[np.int64]
    acted: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Unheard:
    """Stands in for the reader: a reading that was trained without the actor."""

    reading: Reading
    threshold: float
    adapts: bool = True
    used: ModelUsed = ModelUsed("nested", "0", "")  # noqa: RUF009 - frozen

    def judge(self, rows: npt.NDArray[np.float32], profile: SpeakerProfile | None = None) -> npt.NDArray[np.float64]:
        return self.reading.probs(rows, profile)


def clips(items: Sequence[Recording]) -> list[Joined]:
    """Every clip of every actor."""
    listen = vf.extractor()
    found = []
    for actor in sorted({r.speaker for r in items}):
        rng = np.random.default_rng([SEED, int(actor.split("_")[-1])])
        mine = [r for r in items if r.speaker == actor]
        for kind, moods in MOODS.items():
            for _ in range(DRAWS):
                chosen = rng.choice(len(EMOTIONS), moods, replace=False)
                pool = drawn([r for r in mine if r.emotion in chosen], rng, UTTERANCES)
                y, spoken = joined([(0, r) for r in pool])
                segments = voice_segments(y, SR)
                x = listen.extract(y, segments, lambda fraction: None, lambda: False)
                utterance = np.array([int(np.argmax([w.overlap_s(s) for s, _ in spoken])) for w in segments])
                nobody = np.zeros((len(x), 0), np.float32)
                listened = adapt.Listened(tuple(segments), x, np.zeros((len(x), 8)), nobody, (0,) * len(x))
                found.append(Joined(actor, kind, listened, utterance, np.array([r.emotion for r in pool])))
        print(f"{actor} joined", flush=True)
    return found


def cut(clip: Joined, reader: Unheard, length: int) -> tuple[adapt.Listened, npt.NDArray[np.int64]]:
    """The clip as if it had ended after so many utterances, and what was acted in each window."""
    kept = np.flatnonzero(clip.utterance < length)
    x = reader.reading.place(clip.listened.features[kept])
    segments = tuple(clip.listened.segments[i] for i in kept)
    listened = adapt.Listened(segments, x, reader.judge(x), clip.listened.voices[kept], (0,) * len(kept))
    return listened, clip.acted[clip.utterance[kept]]


def with_itself(reader: Unheard, listened: adapt.Listened) -> npt.NDArray[np.float64]:
    """The same with every window in its own profile, for comparison."""
    clips = listened.clips(range(len(listened.segments)))
    return reader.judge(listened.features, SpeakerProfile.learn(listened.features, listened.general, clips))


def summary(label: npt.NDArray[np.int64], probs: npt.NDArray[np.float64], threshold: float) -> dict[str, Any]:
    right, sure = probs.argmax(axis=1) == label, probs.max(axis=1) >= threshold
    return {
        "accuracy": round(float(right.mean()), 4),
        "uar": round(scores.uar(label, probs.argmax(axis=1)), 4),
        "sure": round(float(sure.mean()), 4),
        "right_when_sure": round(float(right[sure].mean()), 4) if sure.any() else None,
        "n": len(label),
    }


def judged(found: Sequence[Joined], readers: dict[str, Unheard], threshold: float) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for kind in MOODS:
        for length in LENGTHS:
            ways: dict[str, list[npt.NDArray[np.float64]]] = {"without": [], "with": [], "with_itself": []}
            labels, speech = [], []
            for clip in found:
                if clip.kind != kind:
                    continue
                reader: Any = readers[clip.actor]
                listened, label = cut(clip, reader, length)
                told = adapt.adapted(reader, listened)
                assert told is not None
                ways["without"].append(listened.general)
                ways["with"].append(np.array([w.adapted.probs for w in told.windows]))
                ways["with_itself"].append(with_itself(reader, listened))
                labels.append(label)
                speech.append(told.speakers[0].speech_s)
            label = np.concatenate(labels)
            report.setdefault(kind, {})[str(length)] = {
                "speech_s": round(float(np.mean(speech)), 1),
                **{way: summary(label, np.concatenate(p), threshold) for way, p in ways.items()},
            }
    return report


def main() -> None:
    args = vf.arguments(__doc__)
    config = load(infer.DEFAULT).config
    items, data = vf.examples(vf.noise_pools(vf.music_of(args.wheels))[0], args.more)
    home = [r for r in items if r.corpus == HOME]
    fold = dict(zip((r.speaker for r in home), voice_data.actor_folds([r.speaker for r in home]).tolist(), strict=True))
    by_fold = [Unheard(found.reading, config["threshold"]) for found in judged_folds(data, left_out(data))]
    report = {
        "what": f"clips of {UTTERANCES} utterances of one actor, {DRAWS} of each kind for each of 24 actors, and their "
        "beginnings; windows judged by heads that have not heard the actor; a window is not in its own profile but "
        "where it says with_itself",
        "least_clips": adapt.LEAST_CLIPS,
        "clips": judged(clips(home), {a: by_fold[k] for a, k in fold.items()}, config["threshold"]),
        "command": "python -m emotion.training.evaluate_adaptation --wheels WHEELS --more DIR",
    }
    folder = models_dir() / infer.DEFAULT
    (folder / voice_card.ADAPTATION).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    voice_card.write(folder)
    for kind, lengths in report["clips"].items():
        for length, row in lengths.items():
            ways = {way: (row[way]["accuracy"], row[way]["uar"]) for way in ("without", "with", "with_itself")}
            print(kind, length, f"{row['speech_s']} s", ways)


if __name__ == "__main__":
    main()
