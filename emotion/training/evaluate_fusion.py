"""How good voice and face are together, and whether they know it: one command.

    python -m emotion.training.evaluate_fusion --wheels WHEELS --more DIR

No corpus at hand shows many people's faces and lets their voices be heard. So pairs are made: each clip of a corpus
that the voice's reading was never trained on (everything about it comes from the other five) with a face that shows the
same emotion, of people who train no network: posed faces, by which the face's answer was chosen, and web pictures of
FER2013's test split that most voters agree on. The two are of different people, and what they express is independent
given the label; in one person it is not. Beside it stand pairs that express different things, which nobody should be
sure about, and what the app says of the real clips. Writes ``fusion.json`` into the voice's folder and docs/fusion.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import fusion, pipeline
from emotion.face.features import face_input
from emotion.face.infer import FaceReader
from emotion.face.model import COLUMNS, RAVDESS_NAME, to_scores
from emotion.fusion import Reliability
from emotion.labels import EMOTIONS, INDEX
from emotion.timeline import EmotionScores, Timeline, Verdict
from emotion.training import face_data, scores, voice_data
from emotion.training import voice_features as vf
from emotion.training.evaluate_corpora import MOST_JUDGED, abroad, answers, left_out, name_of, ready_for
from emotion.training.voice_calibration import Left
from emotion.weights import models_dir

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs" / "fusion.md"
START, END = "<!-- figures -->", "<!-- /figures -->"
COMMAND: Final = "python -m emotion.training.evaluate_fusion --wheels WHEELS --more DIR"
SETTINGS: Final = ((0, False), (12, False))
SEED: Final = 20
SIDES: Final = ("voice", "face", "both")
SAMPLES: Final = ("good-news.mp4", "long-evening.mp4", "two-at-the-table.mp4")
FILMED: Final = {
    "01-01-01-01-01-01-01.mp4": "RAVDESS 01-01-01-01-01-01-01, acted neutral",
    "lrwp9a.mpg": "GRID lrwp9a, a command read aloud",
    "bbaf2n.mpg": "GRID bbaf2n, the same",
    "swiz3n.mpg": "GRID swiz3n, the same",
    "short_hamilton_clip.mp4": "a stage with music and several people",
}

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Shown:
    """Faces with what the network says of each: scores, and the label among the eight."""

    scores: Sequence[EmotionScores]
    label: Labels


@dataclass(frozen=True, eq=False)
class Sides:
    """What is fused: a corpus's clips as a voice that never heard it reads them, and how each side decides."""

    voice: Sequence[EmotionScores]
    label: Labels
    reliability: Reliability
    thresholds: tuple[float, float]


def faces(reader: FaceReader, folder: Path) -> dict[str, Shown]:
    """Posed faces, and test pictures of the web that more than half of the voters agree on; contempt is left out."""
    posed, test = face_data.load_posed(folder), face_data.load_clean(folder)["private"]
    names = [face_data.DEEPFACE_NAME.get(name) for name in face_data.FERPLUS]
    eight = np.array([-1 if name is None else INDEX[RAVDESS_NAME[name]] for name in names])
    eight[face_data.FERPLUS.index("contempt")] = -1
    test = test.where(test.clear & (eight[test.majority] >= 0))
    return {
        "posed": Shown(_read(reader, posed.images), COLUMNS[posed.labels]),
        "web": Shown(_read(reader, test.images), eight[test.majority]),
    }


def _read(reader: FaceReader, images: npt.NDArray[np.uint8]) -> list[EmotionScores]:
    return to_scores(reader.network.predict(face_input(list(images))))


def partners(label: Labels, shown: Labels, rng: np.random.Generator, alike: bool) -> Labels:
    """For each label a face that shows it, or one that shows something else; -1 where there is none."""
    found = np.full(len(label), -1)
    for emotion in np.unique(label).tolist():
        pool = np.flatnonzero((shown == emotion) if alike else (shown != emotion))
        mine = label == emotion
        if (shown == emotion).any():
            found[mine] = rng.choice(pool, mine.sum())
    return found


def together(sides: Sides, shown: Shown, rng: np.random.Generator) -> dict[str, Any]:
    """Voice alone, face alone and both, on pairs that express the same; and how sure it is of pairs that do not."""
    face = partners(sides.label, shown.label, rng, alike=True)
    other = partners(sides.label, shown.label, rng, alike=False)
    at = np.flatnonzero(face >= 0)
    label = sides.label[at]
    ways = _ways(sides, [shown.scores[j] for j in face[at]], at)
    found: dict[str, Any] = {name: _figures(label, verdicts) for name, verdicts in ways.items()}
    apart = _ways(sides, [shown.scores[j] for j in other[at]], at)["both"]
    said = np.array([INDEX[v.label] for v in apart])
    sure = np.array([v.sure for v in apart])
    heard, seen = said == label, said == shown.label[other[at]]
    found["of_different_moods"] = {
        "pairs": len(at),
        "sure": _share(sure),
        "says_the_voices": _share(heard),
        "says_the_faces": _share(seen),
        "says_a_third": _share(~heard & ~seen),
    }
    return found


def _ways(sides: Sides, seen: Sequence[EmotionScores], at: Labels) -> dict[str, list[Verdict]]:
    heard = [sides.voice[i] for i in at.tolist()]
    limits, both = sides.thresholds, []
    for voice, face in zip(heard, seen, strict=True):
        verdict, _ = fusion.verdict_of_both(voice, face, sides.reliability, limits)
        both += [verdict] if verdict else []
    return {
        "voice": [Verdict(s, s.confidence >= limits[0]) for s in heard],
        "face": [Verdict(s, s.confidence >= limits[1]) for s in seen],
        "both": both,
    }


def _figures(label: Labels, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    probs = np.array([v.scores.probs for v in verdicts])
    sure, right = np.array([v.sure for v in verdicts]), probs.argmax(axis=1) == label
    return {
        "accuracy": _share(right),
        "uar": round(scores.uar(label, probs.argmax(axis=1)), 4),
        "n": len(label),
        "sure": _share(sure),
        "right_when_sure": _share(right[sure]) if sure.any() else None,
        "ece": round(scores.expected_calibration_error(label, probs), 4),
    }


def _share(found: npt.NDArray[np.bool_]) -> float:
    return round(float(found.mean()), 4)


def voices(lefts: dict[str, Left], face: FaceReader) -> Iterator[tuple[str, str, Sides]]:
    """Each corpus, and what is known of its speakers, as readings hear it that were trained and calibrated without."""
    for corpus, left in lefts.items():
        others = [found for name, found in lefts.items() if name != corpus]
        ready, sure_from = ready_for(corpus, lefts)
        reliability = Reliability(abroad(ready, others), face.reliability)
        limits = (sure_from, face.threshold)
        some = left.some(MOST_JUDGED).by(ready)
        kept = np.flatnonzero(some.truth != INDEX["calm"])
        for setting in SETTINGS:
            said = [EmotionScores.from_array(p) for p in answers(some, setting)[kept]]
            yield corpus, name_of(setting), Sides(said, some.truth[kept], reliability, limits)


def pairs(lefts: dict[str, Left], reader: FaceReader, folder: Path) -> dict[str, Any]:
    """By faces, by what is known of the speaker, by corpus left out; and the mean of the corpora."""
    shown = faces(reader, folder)
    report: dict[str, Any] = {kind: {name_of(s): {} for s in SETTINGS} for kind in shown}
    for corpus, known, sides in voices(lefts, reader):
        for kind, pool in shown.items():
            rng = np.random.default_rng([SEED, list(voice_data.CORPORA).index(corpus), list(shown).index(kind)])
            report[kind][known][corpus] = together(sides, pool, rng)
    for by_known in report.values():
        for by_corpus in by_known.values():
            by_corpus["mean"] = _mean(list(by_corpus.values()))
    return report


def _mean(rows: Sequence[Any]) -> Any:
    """Of trees alike; counts are added up, what is None is left out."""
    if isinstance(rows[0], dict):
        return {k: sum(r[k] for r in rows) if k in {"n", "pairs"} else _mean([r[k] for r in rows]) for k in rows[0]}
    told = [r for r in rows if r is not None]
    return round(float(np.mean(told)), 4) if told else None


def clips(readers: pipeline.Readers, folder: Path) -> list[dict[str, Any]]:
    """What the app says of the clips at hand, as the app reads them."""
    paths = {ROOT / "assets" / "samples" / name: f"sample {name}" for name in SAMPLES}
    paths |= {folder / "video" / name: what for name, what in FILMED.items()}
    return [_told(what, pipeline.analyse(path, readers)) for path, what in paths.items() if path.is_file()]


def _told(what: str, timeline: Timeline) -> dict[str, Any]:
    verdicts = {"voice": timeline.voice, "face": timeline.face, "both": timeline.fused}
    said = {
        side: v and {"label": v.label, "confidence": round(v.scores.confidence, 2), "sure": v.sure}
        for side, v in verdicts.items()
    }
    differ = timeline.disagreement
    return {"clip": what, **said, "divergence_bits": None if differ is None else round(differ, 2)}


def tables(report: dict[str, Any]) -> Iterator[str]:
    """The figures in words of Markdown."""
    voice, face = report["models"]
    yield f"Measured with {voice} and {face}. Each cell: share right; share it is sure of, and of these right."
    yield ""
    for kind, words in (("posed", "posed faces"), ("web", "web pictures")):
        yield f"| {words}; the voice's corpus was left out of training | voice | face | both | pairs |"
        yield "| --- | --- | --- | --- | --- |"
        for known, by_corpus in report["pairs"][kind].items():
            for corpus, found in by_corpus.items():
                cells = " | ".join(_cell(found[side]) for side in SIDES)
                yield f"| {known}: {corpus} | {cells} | {found['both']['n']:,} |"
        yield ""
    yield "| a voice with a face that shows something else, mean | sure | says the voice's | the face's | a third |"
    yield "| --- | --- | --- | --- | --- |"
    for kind, by_known in report["pairs"].items():
        for known, by_corpus in by_known.items():
            a = by_corpus["mean"]["of_different_moods"]
            shares = (a["sure"], a["says_the_voices"], a["says_the_faces"], a["says_a_third"])
            yield f"| {kind}, {known} | " + " | ".join(f"{share:.0%}" for share in shares) + " |"
    yield ""
    yield "| clip | voice | face | both | divergence, bits |"
    yield "| --- | --- | --- | --- | --- |"
    for clip in report["clips"]:
        differ = "–" if clip["divergence_bits"] is None else f"{clip['divergence_bits']:.2f}"
        yield f"| {clip['clip']} | " + " | ".join(_said(clip[side]) for side in SIDES) + f" | {differ} |"


def _cell(found: dict[str, Any]) -> str:
    right = found["right_when_sure"]
    return f"{found['accuracy']:.2f}; {found['sure']:.2f}, " + ("–" if right is None else f"{right:.2f}")


def _said(verdict: dict[str, Any] | None) -> str:
    return (
        "–" if verdict is None else f"{verdict['label']} {verdict['confidence']:.2f}{'' if verdict['sure'] else ' ?'}"
    )


def written(report: dict[str, Any], text: str, lines: Callable[[dict[str, Any]], Iterator[str]] = tables) -> str:
    """The page with the figures of the report between its marks."""
    head, rest = text.split(START)
    return "\n".join([f"{head}{START}", "", *lines(report), "", f"{END}{rest.split(END)[-1]}"])


def main() -> None:
    args = vf.arguments(__doc__)
    readers = pipeline.load_readers()
    if readers.voice is None or readers.face is None:
        raise SystemExit("both readers are needed")
    folder = face_data.data_dir()
    told = clips(readers, folder)
    _, data = vf.examples(vf.noise_pools(vf.music_of(args.wheels))[0], args.more)
    report = {
        "models": [vf.NAME, readers.face.used.name + "-v" + readers.face.used.version],
        "emotions": list(EMOTIONS),
        "pairs": pairs(left_out(data), readers.face, folder),
        "clips": told,
        "command": COMMAND,
    }
    (models_dir() / vf.NAME / "fusion.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    DOCS.write_text(written(report, DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    print("\n".join(tables(report)))


if __name__ == "__main__":
    main()
