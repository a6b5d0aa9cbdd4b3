"""The figures in the voice's model card, written from metrics.json."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from emotion.training import card

ADAPTATION: Final = "adaptation.json"
"""Written by ``emotion.training.evaluate_adaptation``."""


def write(folder: Path) -> None:
    card.write(folder, lambda metrics: itertools.chain(_tables(metrics), _light_of_itself(folder / ADAPTATION)))


def _light_of_itself(path: Path) -> Iterator[str]:
    """Clips of one actor, read with and without what the rest of the clip says of the voice."""
    if not path.is_file():
        return
    clips = json.loads(path.read_text(encoding="utf-8"))["clips"]
    yield ""
    yield "| windows of clips joined from one actor's recordings: UAR, each read by itself; in the light of the clip |"
    yield "| --- |"
    for moods, by_length in clips.items():
        pairs = (f"{n} utterances {f['without']['uar']:.2f}; {f['with']['uar']:.2f}" for n, f in by_length.items())
        yield f"| {moods}: {', '.join(pairs)} |"


def _tables(metrics: dict[str, Any]) -> Iterator[str]:
    yield "| measure | value |"
    yield "| --- | --- |"
    for measure, value in _measures(metrics) if "speaker_independent" in metrics else ():
        yield f"| {measure} | {value} |"
    yield ""
    yield (
        "| a corpus left out of training: UAR among its classes, among all eight; share it is sure of, right of these; "
        "calibration error; valence, energy told right by sign | version 3 | version 2's recipe |"
    )
    yield "| --- | --- | --- |"
    for known, versions in metrics["corpus_left_out"].items():
        for corpus, found in versions["version_3"].items():
            yield f"| {known}: {corpus} | {_left_out(found)} | {_left_out(versions['version_2'][corpus])} |"

    if nested := metrics.get("nested_choice"):
        yield ""
        yield "| the same, mean; the covariances' weight and the threshold's aim chosen on the other five | version 3 |"
        yield "| --- | --- |"
        for known, found in nested.items():
            if known != "chosen":
                yield f"| {known} | {_left_out(found['mean'])} |"
    if unacted := metrics.get("unacted"):
        yield ""
        yield "| nobody acted it: no right answer | seconds of voice | sure of | most often said | when sure |"
        yield "| --- | --- | --- | --- | --- |"
        for found in unacted.values():
            if "sure_seconds" in found:
                said, when_sure = _commonest(found["said_of_seconds"]), _commonest(found["said_when_sure"])
                cells = (found["about"], f"{found['speech_s']:,}", f"{found['sure_seconds']:.2f}", said, when_sure)
                yield f"| {' | '.join(cells)} |"


def _commonest(shares: dict[str, float], most: int = 4) -> str:
    order = sorted(shares, key=shares.__getitem__, reverse=True)[:most]
    return ", ".join(f"{name} {shares[name]:.2f}" for name in order) or "–"


def _left_out(found: dict[str, float]) -> str:
    pairs = (("uar", "uar_of_all_eight"), ("sure", "right_when_sure"), ("ece",), ("valence_sign", "arousal_sign"))
    return "; ".join(", ".join(f"{found[k]:.2f}" for k in pair) for pair in pairs)


def _measures(metrics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    main, known = metrics["speaker_independent"], metrics["speaker_adaptation"]
    yield (
        "speaker-independent, eight classes, six folds by actor, nested: accuracy / UAR",
        f"{main['accuracy']:.3f} / {main['uar']:.3f}",
    )
    yield "neither speaker nor sentence heard before: UAR", f"{metrics['text_and_speaker_independent']['uar']:.3f}"
    if "home_choice" in metrics:
        yield "its layers chosen by the other five folds: UAR", f"{metrics['home_choice']['uar']:.3f}"
    for kind, words in (
        ("any_emotion", "twelve unlabelled clips of the speaker, any emotions"),
        ("one_emotion", "up to twelve clips, all of one emotion"),
    ):
        pair = f"{known[f'{kind}_with']['uar']:.3f}, {known[f'{kind}_without']['uar']:.3f}"
        yield f"{words}: UAR, against the same clips without", pair
    for name, found in metrics["degraded"].items():
        if isinstance(found, dict):
            yield f"{name.replace('_', ' ')}: UAR ({found['n']} recordings)", f"{found['uar']:.3f}"
    yield "mean over the degraded kinds above: UAR", f"{metrics['degraded']['mean_uar']:.3f}"
    for name, found in metrics.get("simulated", {}).items():
        if isinstance(found, dict):
            sure = "" if found["right_when_sure"] is None else f", {found['right_when_sure']:.3f} right"
            words = "the same recordings as they are" if name == "clean" else f"{name.replace('_', ' ')}, imitated"
            yield f"{words}: UAR; called sure, of these right", f"{found['uar']:.3f}; {found['called_sure']:.3f}{sure}"
    yield "expected calibration error", f"{main['ece']:.3f}"
    sure = main["sure"]
    yield "of what it is sure of, right; share it is sure of", f"{sure['right']:.3f}; {sure['answered']:.3f}"
    yield "women / men: UAR", f"{main['uar_by_sex']['F']:.3f} / {main['uar_by_sex']['M']:.3f}"
    by_intensity = main["uar_by_intensity"]
    yield "acted strongly / normally: UAR", f"{by_intensity['strong']:.3f} / {by_intensity['normal']:.3f}"
    plane = main["valence_arousal"]
    yield (
        "valence / arousal against the acted emotion's coordinates: Pearson r",
        f"{plane['valence_r']:.3f} / {plane['arousal_r']:.3f}",
    )
    worst = sorted(main["recall"], key=main["recall"].__getitem__)[:2]
    yield "weakest: recall", ", ".join(f"{name} {main['recall'][name]:.3f}" for name in worst)
    if serving := metrics.get("serving"):
        yield (
            "one core, for a second of unbroken speech in windows of 3 s every second, front ends included",
            f"{serving['reading_ms_a_second']:.1f} ms, "
            f"{serving['timeline_ms_a_second']:.1f} ms with finding the speech, "
            f"{serving['timeline_with_speakers_ms_a_second']:.1f} ms with speakers told apart as well",
        )
        yield "memory that the voice adds to the process", f"{serving['memory_mb']:.0f} MB"
        if "files" in serving:
            yield (
                f"`python -m emotion voice` on {serving['files']:,} recordings, times real time on one core",
                f"{serving['times_real_time']:.0f}",
            )
