"""The README's evidence table, written from the metrics files: ``python -m emotion.training.readme``."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
README: Final = ROOT / "README.md"
START, END = "<!-- evidence -->", "<!-- /evidence -->"

VOICE, SEED, FACE, MUSIC = "voice-v3", "voice-seed-v1", "face-v8", "music-v5"
BOTH = f"{VOICE}/fusion"
"""A file beside a model's metrics.json."""

# What is measured, and where its figures stand: (model folder, path to accuracy and UAR or macro-F1).
ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    ("Voice, six corpora left out in turn, single recordings, mean", VOICE, "corpus_left_out/alone/version_3/mean"),
    ("the same, version 2's recipe", VOICE, "corpus_left_out/alone/version_2/mean"),
    ("the same, with twelve other recordings of the speaker", VOICE, "corpus_left_out/12 others/version_3/mean"),
    ("the same, version 2's recipe", VOICE, "corpus_left_out/12 others/version_2/mean"),
    ("Voice, left out in turn, some constants chosen on the other five", VOICE, "nested_choice/alone/mean"),
    ("Voice, RAVDESS, six folds by actor, eight classes", VOICE, "speaker_independent"),
    ("the same, neither speaker nor sentence heard before", VOICE, "text_and_speaker_independent"),
    ("the same, with twelve unlabelled clips of the speaker", VOICE, "speaker_adaptation/any_emotion_with"),
    ("Voice, phone band", VOICE, "degraded/phone_band"),
    ("Voice, babble at 10 dB", VOICE, "degraded/babble_10_db"),
    ("Both together, left-out voices with posed faces of other people", BOTH, "pairs/posed/alone/mean/both"),
    ("the same, with faces from the web", BOTH, "pairs/web/alone/mean/both"),
    ("The seed's recipe, six folds by actor", SEED, "speaker_independent_six_folds_by_actor"),
    ("The seed's recipe, random split: **leaked**, shown as a warning", SEED, "leaked_random_split_80_20"),
    ("Face, what is shown, FER+ majority, all 3,545 test faces, seven classes", FACE, "private/seven"),
    ("the same, the 3,265 with a majority above half", FACE, "private/seven_clear"),
    ("the same, posed faces of 60 people, by whom it was chosen, seven classes", FACE, "posed/among_all"),
    ("Face, what FER+'s voters would say, all test faces, eight classes", FACE, "private/ferplus_eight"),
    ("Face, FER2013's own labels, seven classes, by a head that learnt them", FACE, "private/fer2013_labels"),
    ("mini_XCEPTION on the same faces, FER+, seven classes", FACE, "baselines/0/seven"),
)  # fmt: skip


def metrics(folder: str) -> Any:
    """Of a model's folder its metrics.json, or the file named."""
    file = f"{folder}.json" if "/" in folder else f"{folder}/metrics.json"
    return json.loads((ROOT / "assets" / "models" / file).read_text(encoding="utf-8"))


def at(tree: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    return reduce(
        lambda node, key: node[int(key)] if isinstance(node, list) else (node or {}).get(key), path.split("/"), tree
    )


def table() -> str:
    lines = [
        "| measured on speakers and pictures that were not trained on, but where it says leaked | accuracy | UAR | n |",
        "| --- | --- | --- | --- |",
    ]
    for name, folder, path in ROWS:
        if (found := at(metrics(folder), path)) is None:
            continue  # not measured with this version
        lines.append(f"| {name} | {found['accuracy']:.3f} | {found['uar']:.3f} | {found['n']:,} |")
    voice, face = metrics(VOICE), metrics(FACE)
    abroad = voice["corpus_left_out"]["alone"]
    away, old = abroad["version_3"]["mean"], abroad["version_2"]["mean"]
    seen, spoken = face["private"]["sure_seven"], at(voice, "speaker_independent/sure")
    pairs = metrics(BOTH)["pairs"]["posed"]["alone"]["mean"]
    both, apart = pairs["both"], pairs["of_different_moods"]
    lines += [
        "",
        "With all eight emotions to choose from, UAR on corpora that the voice never met is "
        f"{away['uar_of_all_eight']:.2f} "
        f"(version 2: {old['uar_of_all_eight']:.2f}). "
        f"There it is sure of {away['sure']:.0%} of single recordings, of which "
        f"{away['right_when_sure']:.0%} are right (version 2: sure of {old['sure']:.0%}, {old['right_when_sure']:.0%} "
        f"right). "
        f"Of what the face is sure of ({seen['share']:.0%}), {seen['right']:.0%} is right.",
        *([f"On RAVDESS it is sure of {spoken['answered']:.0%}, {spoken['right']:.0%} right."] if spoken else []),
        f"Of left-out voices paired with posed faces the app is sure of {both['sure']:.0%}, "
        f"{both['right_when_sure']:.0%} right; "
        f"of a voice with a face that shows something else, of {apart['sure']:.0%}.",
        f"Expected calibration error: voice, corpora left out, {away['ece']:.3f}, "
        f"face {face['private']['seven']['ece']:.3f}.",
        *_music(music := metrics(MUSIC)),
        "Commands: "
        + "; ".join(f"`{c}`" for c in (voice["left_out_command"], face["command"], music["command"]))
        + ".",
    ]
    return "\n".join(lines)


def _music(measured: Any) -> tuple[str, str]:
    quadrants, rendered, varied = (measured[k] for k in ("four_quadrants", "rendered_unseen", "rendered_varied"))
    ours, most = quadrants["this_model"], quadrants["majority"]
    (published,) = quadrants["published_f1"].values()
    left_out = {kind: of["right"] for kind, of in measured["tempo"]["left_out"].items()}
    return (
        f"Music, the 4Q set's {quadrants['clips']} clips in ten folds by artist: macro-F1 {ours['macro_f1']:.3f} over "
        f"four quadrants (published {published}, always the same {most['macro_f1']:.2f}); pleasantness on the right "
        f"side of the middle {ours['valence_sign']:.0%}, energy {ours['energy_sign']:.0%}.",
        f"On {rendered['pieces']} rendered pieces whose truth is known: beats F {rendered['beat_f_measure']:.2f}, "
        f"bars F {rendered['bar_f_measure']:.2f}, tempo right {rendered['tempo']:.0%}, key {rendered['key']:.0%}; on "
        f"{varied['pieces']} with other harmony {varied['beat_f_measure']:.2f}, {varied['bar_f_measure']:.2f}, "
        f"{varied['tempo']:.0%} (half and double allowed {varied['tempo_half_and_double_allowed']:.0%}), "
        f"{varied['key']:.0%}. Nothing was picked on either. The tempo of what its choice was not taught: ensembles "
        f"{left_out['a chord a bar']:.0%} and {left_out['other harmony']:.0%}, piano written by people "
        f"{left_out['written']:.0%}, pop songs {left_out['song']:.0%}.",
    )


def written() -> str:
    """The README with the table as the metrics have it now."""
    head, rest = README.read_text(encoding="utf-8").split(START)
    return f"{head}{START}\n\n{table()}\n\n{END}{rest.split(END)[-1]}"


def main() -> None:
    README.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
