"""The figures in the face reader's model card, written from metrics.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion.training import card

ROWS: Final = (
    ("ferplus_eight", "what voters would say: eight classes, all"),
    ("ferplus_eight_clear", "the same, one class above half of the votes"),
    ("shown_eight", "what is shown, before contempt is folded: eight classes, all"),
    ("shown_eight_clear", "the same, one class above half"),
    ("seven", "what is shown: seven classes, all"),
    ("seven_clear", "the same, one class above half"),
    ("fer2013_labels", "FER2013's own labels, the head that learnt them"),
    ("fer2013_labels_by_votes", "FER2013's own labels, by what the app shows"),
)
WEAK: Final = 4


def write(folder: Path) -> None:
    card.write(folder, lines)


def lines(metrics: dict[str, Any]) -> Iterator[str]:
    private = metrics["private"]
    yield "| PrivateTest | n | accuracy | 95 % interval | macro-F1 | UAR | ECE |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for key, name in ROWS:
        m = private[key]
        low, high = m["interval"]
        yield (
            f"| {name} | {m['n']} | {m['accuracy']:.3f} | {low:.3f} to {high:.3f} | {m['macro_f1']:.3f} "
            f"| {m['uar']:.3f} | {m['ece']:.3f} |"
        )
    yield ""
    eight, shown = private["ferplus_eight"], private["seven"]
    recall = ", ".join(f"{name} {shown['recall'][name]:.2f} ({shown['support'][name]})" for name in shown["labels"])
    yield f"Recall by class, what is shown (number of pictures): {recall}."
    yield f"Where it fails: {'; '.join(failures(shown))}."
    sides = {"48": {"all": eight["accuracy"]}, **metrics["private_by_side_px"]}
    yield (
        "Smaller faces, what voters would say, all: "
        + ", ".join(f"{s} px {m['all']:.3f}" for s, m in sides.items())
        + "."
    )
    yield from _posed(metrics["posed"])
    sure = private["sure_seven"]
    yield (
        f"An answer is shown as sure from {sure['threshold']} on: {sure['share']:.1%} of the answers are, and "
        f"{sure['right']:.1%} of these are right."
    )
    speed = metrics["speed"]
    yield (
        f"One thread, best of {speed['runs']}: {speed['ms_a_face_batch_1']} ms for one face, "
        f"{speed['ms_a_face_batch_8']} ms a face "
        "in eights."
    )
    yield ""
    yield "| turned by | found | read, eyes level | read as turned | the same pictures without a frame |"
    yield "| --- | --- | --- | --- | --- |"
    for turn, m in metrics["in_frames_by_turn_deg"].items():
        yield (
            f"| {turn} degrees | {m['found']} of {m['n']} | {m['level']:.3f} | {m['as_turned']:.3f} "
            f"| {m['as_pictures']:.3f} |"
        )
    yield ""
    for m in metrics["baselines"]:
        accuracies = (m[k]["accuracy"] for k in ("seven", "seven_clear", "fer2013_labels"))
        yield "- {}: {:.3f} on all and {:.3f} on the clear ones, {:.3f} on FER2013's labels.".format(
            m["name"], *accuracies
        )
    for name, why in metrics["not_available"].items():
        yield f"- {name}: not measured ({why.rstrip('.')})."


def _posed(posed: dict[str, Any]) -> Iterator[str]:
    six, everything, others = posed["among_six"], posed["among_all"], posed["of_people_not_chosen_by"]
    recall = ", ".join(f"{name} {everything['recall'][name]:.2f}" for name in six["labels"])
    yield (
        f"Posed faces ({six['n']} of {posed['people']} people, none neutral): mean recall {six['uar']:.3f} among their "
        f"six classes, {everything['uar']:.3f} among all seven ({recall}); of people by whom the answer was not chosen "
        f"{others['among_six']:.3f} and {others['among_all']:.3f}. Sure: {posed['sure']['share']:.1%} of the answers, "
        f"and {posed['sure']['right']:.1%} of these are right."
    )


def failures(m: dict[str, Any]) -> Iterator[str]:
    """The classes with the least recall, and the two that each is most taken for."""
    labels, matrix = m["labels"], np.array(m["confusion"])
    for i in sorted(range(len(labels)), key=lambda i: m["recall"][labels[i]])[:WEAK]:
        taken = [j for j in np.argsort(-matrix[i]) if j != i][:2]
        others = " and ".join(f"{labels[j]} ({matrix[i, j]})" for j in taken)
        yield f"{labels[i]} ({matrix[i, i]} of {matrix[i].sum()} right) is taken for {others}"
