"""What the constants are worth that were chosen with all six corpora in view: chosen on five, measured on the sixth.

    python -m emotion.training.evaluate_nested --wheels WHEELS --more DIR

For each corpus in turn, how much the two covariances weigh beside the layers, and what share of sure answers the
threshold aims at, are chosen by the other five, each of which is left out in turn of the remaining four; then the sixth
is read with what they chose. How many directions count and how strongly the layers are held is not chosen anew: that
would train them again some hundred times. The layers of the home studio are chosen likewise, by five of its six folds
for the sixth. Writes ``nested_choice`` and ``home_choice`` into the voice's metrics.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion.labels import INDEX
from emotion.training import scores
from emotion.training import voice_features as vf
from emotion.training.evaluate_corpora import (
    MOST_JUDGED,
    SURE_SETTINGS,
    answers,
    figures,
    left_out,
    name_of,
    rounded,
    said,
    threshold,
    write,
)
from emotion.training.voice_calibration import SETTINGS, Left, calibrated, doubt_of, guarded, judged
from emotion.training.voice_head import Examples, Labels, Recipe, softmax
from emotion.training.voice_protocols import FOLDS, Study, general_logits
from emotion.training.voice_reading import HOME_DATA, HOME_RECIPES
from emotion.voice.reading import Reading

COMMAND: Final = "python -m emotion.training.evaluate_nested --wheels WHEELS --more DIR"
WEIGHTS: Final = (0.0, 1.0, 2.0, 4.0)
TARGETS: Final = (0.75, 0.78, 0.82, 0.86, 0.88, 0.9)
HOME_CHOICES: Final[Mapping[str, Sequence[Recipe]]] = {
    "three heads of a block each": HOME_RECIPES,
    "one head of all blocks, held by 0.1": [Recipe(l2=0.1)],
    "one head of all blocks, held by 0.3": [Recipe(l2=0.3)],
    "one head of all blocks, held by 0.5": [Recipe(l2=0.5)],
}
PROMISED: Final = 0.75
LEAST: Final = 0.65
"""Right of the sure answers: the mean over corpora, and each of them."""

Probs = npt.NDArray[np.float64]
Answers = tuple[Labels, Probs]


@dataclass(frozen=True, eq=False)
class Heard:
    """A left-out corpus in each setting, before any temperature: logits and circumstances, calm left out."""

    logits: Mapping[tuple[int, bool], npt.NDArray[np.floating]]
    told: Mapping[tuple[int, bool], npt.NDArray[np.floating]]
    label: Labels

    @classmethod
    def of(cls, left: Left) -> Heard:
        kept = left.truth != INDEX["calm"]
        found = {setting: judged(left, *setting) for setting in SETTINGS}
        logits = {setting: z[kept] for setting, (z, _) in found.items()}
        return cls(logits, {setting: told[kept] for setting, (_, told) in found.items()}, left.truth[kept])

    def answers(self, doubt: npt.NDArray[np.floating], setting: tuple[int, bool]) -> Answers:
        temperature = np.exp(np.clip(self.told[setting] @ doubt, -3, 3))
        return self.label, softmax(self.logits[setting] / temperature[:, None])


def weighed(left: Left, weight: float, guard: npt.NDArray[np.float64] | None = None) -> Left:
    """The same with another weight of the covariances, and another guard."""
    more = {"generative": np.array(weight)} | ({} if guard is None else {"guard": guard})
    return replace(left, reading=Reading({**left.reading.a, **more}))


def doubt_by(heard: Sequence[Heard]) -> npt.NDArray[np.floating]:
    """As :func:`calibrated` finds it: corpora and settings count alike."""
    rows = [(h.logits[s], h.told[s], h.label) for h in heard for s in SETTINGS]
    weight = np.concatenate([np.full(len(label), 1 / len(label)) for _, _, label in rows])
    logits, told, label = (np.concatenate(part) for part in zip(*rows, strict=True))
    return doubt_of(logits, told, label, weight)


def recall(found: Answers) -> float:
    """UAR among the classes that the corpus has."""
    label, probs = found
    classes = np.unique(label)
    among = classes[probs[:, classes].argmax(axis=1)]
    return float(np.mean([(among[label == c] == c).mean() for c in classes]))


def right_when_sure(found: Sequence[Answers], sure_from: float) -> float:
    right = np.concatenate([(p.argmax(axis=1) == label)[p.max(axis=1) >= sure_from] for label, p in found])
    return float(right.mean()) if len(right) else float("nan")


def target_of(by_target: Mapping[float, Sequence[float]]) -> float:
    """The lowest target whose sure answers keep the promise on corpora left out; the highest where none does."""
    for target, right in sorted(by_target.items()):
        if np.nanmean(right) >= PROMISED and np.nanmin(right) >= LEAST:
            return target
    return max(by_target)


def chosen(five: Sequence[Left]) -> tuple[float, float]:
    """Weight and target by which five corpora do best, each read by what the other four say."""
    guard = guarded([left.some() for left in five])
    by_weight: dict[float, float] = {}
    rows: dict[float, dict[float, list[float]]] = {}
    for weight in WEIGHTS:
        heard = [Heard.of(weighed(left.some(), weight, guard)) for left in five]
        recalls = []
        for j, mine in enumerate(heard):
            four = [h for i, h in enumerate(heard) if i != j]
            doubt = doubt_by(four)
            recalls += [recall(mine.answers(doubt, setting)) for setting in SETTINGS]
            others = [h.answers(doubt, setting) for h in four for setting in SURE_SETTINGS]
            own = [mine.answers(doubt, setting) for setting in SURE_SETTINGS]
            for target in TARGETS:
                right = right_when_sure(own, threshold(others, target))
                rows.setdefault(weight, {}).setdefault(target, []).append(right)
        by_weight[weight] = float(np.mean(recalls))
    best = max(by_weight, key=by_weight.__getitem__)
    return best, target_of(rows[best])


def measured(lefts: Mapping[str, Left]) -> dict[str, Any]:
    """Each corpus with what the others chose, and the mean over corpora, for each setting."""
    report: dict[str, Any] = {"chosen": {}, **{name_of(s): {} for s in SETTINGS}}
    for corpus, left in lefts.items():
        five = [found for name, found in lefts.items() if name != corpus]
        weight, target = chosen(five)
        five = [weighed(found, weight) for found in five]
        ready = calibrated(weighed(left, weight).reading, five)
        known = [said(found.by(ready).some(), setting) for found in five for setting in SURE_SETTINGS]
        sure_from = threshold(known, target)
        mine = weighed(left, weight).some(MOST_JUDGED).by(ready)
        report["chosen"][corpus] = {"weight_of_the_covariances": weight, "target_of_the_threshold": target}
        print(corpus, report["chosen"][corpus], flush=True)
        for setting in SETTINGS:
            report[name_of(setting)][corpus] = figures(mine.truth, answers(mine, setting), sure_from, ready.affect)
    for setting in SETTINGS:
        by_corpus = report[name_of(setting)]
        rows = list(by_corpus.values())
        mean = {k: float(np.nanmean([row[k] for row in rows])) for k in rows[0] if k != "classes"}
        by_corpus["mean"] = {**mean, "n": sum(row["n"] for row in rows)}
    return rounded(report)


def home_measured(data: Examples) -> dict[str, Any]:
    """What five folds of the home studio choose, on the sixth: single recordings, nothing known of the speaker."""
    study = Study.of(data)
    tests = [study.clean(k) for k in FOLDS]
    logits: dict[str, list[Any]] = {name: [] for name in HOME_CHOICES}
    for k, test in zip(FOLDS, tests, strict=True):
        train = study.without(k)
        train = train.where(np.isin(train.corpus, HOME_DATA))
        for name, recipes in HOME_CHOICES.items():
            logits[name].append(general_logits(train, test.x, recipes))
        print(f"home fold {k}", flush=True)

    def uar(name: str, folds: Sequence[int]) -> float:
        said = np.concatenate([logits[name][k].argmax(axis=1) for k in folds])
        return scores.uar(np.concatenate([tests[k].label for k in folds]), said)

    best = [max(HOME_CHOICES, key=lambda name: uar(name, [j for j in FOLDS if j != k])) for k in FOLDS]
    said = np.concatenate([logits[name][k].argmax(axis=1) for k, name in zip(FOLDS, best, strict=True)])
    return {
        **scores.summary(np.concatenate([test.label for test in tests]), said),
        "chosen_by_the_other_folds": {str(k): name for k, name in zip(FOLDS, best, strict=True)},
        "uar_of_each": {name: round(uar(name, list(FOLDS)), 4) for name in HOME_CHOICES},
    }


def main() -> None:
    args = vf.arguments(__doc__)
    noise, _ = vf.noise_pools(vf.music_of(args.wheels))
    data = vf.examples(noise, args.more)[1]
    at_home = home_measured(data)
    print(at_home)
    found = measured(left_out(data))
    for setting in SETTINGS:
        mean = found[name_of(setting)]["mean"]
        print(name_of(setting), {k: mean[k] for k in ("uar", "uar_of_all_eight", "sure", "right_when_sure", "ece")})
    write({"nested_choice": found, "home_choice": at_home, "nested_command": COMMAND})


if __name__ == "__main__":
    main()
