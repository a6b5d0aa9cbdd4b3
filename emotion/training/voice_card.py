"""The figures in the voice's model card, written from metrics.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emotion.training import card


def write(folder: Path) -> None:
    card.write(folder, _tables)


def _tables(metrics: dict[str, Any]) -> Iterator[str]:
    yield "| measure | value |"
    yield "| --- | --- |"
    for measure, value in _measures(metrics):
        yield f"| {measure} | {value} |"
    yield ""
    yield "| what else was tried, the same six folds: one thing changed | accuracy | UAR |"
    yield "| --- | --- | --- |"
    for row in [{"change": "this model", **metrics["speaker_independent"]}, *metrics["alternatives"]]:
        yield f"| {row['change']} | {row['accuracy']:.3f} | {row['uar']:.3f} |"


def _measures(metrics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    main, known = metrics["speaker_independent"], metrics["speaker_adaptation"]
    yield (
        "speaker-independent, eight classes, six folds by actor, nested: accuracy / UAR",
        f"{main['accuracy']:.3f} / {main['uar']:.3f}",
    )
    yield "neither speaker nor sentence heard before: UAR", f"{metrics['text_and_speaker_independent']['uar']:.3f}"
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
    yield "expected calibration error", f"{main['ece']:.3f}"
    sure = main["sure"]
    yield "of what it is sure of, right; share it is sure of", f"{sure['right']:.3f}; {sure['answered']:.3f}"
    for corpus, found in metrics["corpus_left_out"].items():
        yield (
            f"trained without {corpus}, judged on it ({len(found['classes'])} classes): "
            "UAR among these classes, among all eight",
            f"{found['among_its_classes']['uar']:.3f}, {found['among_all_eight']['uar']:.3f}",
        )
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
        yield (
            f"`python -m emotion voice` on {serving['files']:,} recordings, times real time on one core",
            f"{serving['times_real_time']:.0f}",
        )
