"""Whether ``vocals`` is right: music without voices, speech over music, and songs.

    python -m recommender.training.evaluate_vocals --talk DIR --quadrants DIR --cache DIR [--wheels DIR]

Nobody sings or speaks in pieces that code wrote (:mod:`rendered`) and in what is installed. LibriSpeech is laid over
both, at several levels (``--talk``: as :mod:`emotion.training.evaluate_unacted` takes it). That somebody sings in 4Q's
clips (``--quadrants`` and ``--cache`` as :mod:`train_music` takes them) is weak truth: AllMusic names genres of whole
artists, and half a minute of a song may be without words. musicnn's tags of MagnaTagATune (``--wheels``, as
:mod:`import_musicnn` takes it) are a second opinion on the same clips; it too is a network's.

How long somebody must be heard is picked on every other one of each and judged on the rest.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import media
from emotion.media import fence
from emotion.training import card
from emotion.weights import models_dir
from recommender.library import front_end
from recommender.library.hear import MODEL, VOICE_SR, Networks
from recommender.library.track_sound import Vocals
from recommender.library.vocals import LEAST_SHARE, vocals
from recommender.songs import installed
from recommender.training import heard_card, import_musicnn, music_data, rendered

COMMAND: Final = "python -m recommender.training.evaluate_vocals --talk DIR --quadrants DIR --cache DIR"
FIRST_SEED: Final = 6000
PIECES: Final = 40
SECONDS: Final = 30.0
LEVELS_DB: Final = (12, 6, 0, -6, -12)
"""Speech over music, by their mean powers; an editor's talk stands 10 to 20 dB over the music."""
SPOKEN_OVER: Final = 24
BEFORE: Final = 0.08
"""What was served before anything was measured."""
SHARES: Final = (0.02, 0.05, BEFORE, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4)
SUNG: Final = frozenset({"Vocal", "R&B", "Rap", "Country"})
"""AllMusic's genres in which nearly everybody sings."""
TAGS: Final = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano", "ambient",
    "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals", "no vocals",
    "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft", "sitar", "solo", "man",
    "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello",
    "no voice", "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip
"""musicnn's order of MagnaTagATune's fifty."""
VOICES: Final = tuple(
    t for t in TAGS if t.split()[-1] in ("vocal", "vocals", "voice", "singing", "opera", "choir", "choral", "man",
                                         "woman", "male", "female") and not t.startswith("no ")
)  # fmt: skip
TAGGED, UNTAGGED = 0.8, 0.12
"""Sums of these tags' likelihoods: above the one somebody sings, under the other nobody does; between, no opinion."""

NOBODY: Final[tuple[Vocals, ...]] = ("none",)
SPEAKER: Final[tuple[Vocals, ...]] = ("speech",)
ANYBODY: Final[tuple[Vocals, ...]] = ("singing", "speech")

Signal = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Voiced:
    """Seconds of singing and of speech that the detector heard, and of sound."""

    singing_s: float
    speech_s: float
    duration_s: float

    def said(self, share: float) -> Vocals:
        return vocals(self.singing_s, self.speech_s, self.duration_s, least_share=share)[0]


def heard(y: Signal, networks: Networks) -> Voiced:
    return Voiced(*networks.voices(y), len(y) / VOICE_SR)


def middle(y: Signal, seconds: float = SECONDS) -> Signal:
    first = max(0, (len(y) - round(seconds * VOICE_SR)) // 2)
    return y[first : first + round(seconds * VOICE_SR)]


def written() -> Iterable[Signal]:
    """Pieces that code wrote, half a minute each."""
    for seed in range(FIRST_SEED, FIRST_SEED + PIECES):
        _, content = rendered.compose(seed, half=seed % len(rendered.ENSEMBLES))
        with tempfile.TemporaryDirectory() as scratch:
            wav = Path(scratch) / "piece.wav"
            rendered.render(content, wav)
            yield media.read_sound(wav, VOICE_SR)


def over(speech: Signal, music: Signal, level_db: float) -> Signal:
    """Speech over music, of which it has the length; ``level_db`` between their mean powers."""
    together = music.copy()
    spoken = np.resize(speech, len(music))
    gain = np.sqrt(np.mean(music**2) / max(float(np.mean(spoken**2)), 1e-12)) * 10 ** (level_db / 20)
    together += (gain * spoken).astype(np.float32)
    return together / max(1.0, float(np.abs(together).max()))


def talk(root: Path) -> list[Signal]:
    """Half minutes of one reader each, from LibriSpeech's files in a row."""
    readers: dict[str, list[Path]] = {}
    for path in sorted(root.glob("audio_data/librispeech_test-other/*/*.flac")):
        readers.setdefault(path.parent.name, []).append(path)
    made = []
    for paths in readers.values():
        parts, length = [], 0
        for path in paths:
            parts.append(media.read_sound(path, VOICE_SR))
            length += len(parts[-1])
            if length >= SECONDS * VOICE_SR:
                made.append(np.concatenate(parts)[: round(SECONDS * VOICE_SR)])
                break
    return made


def genres(root: Path) -> dict[str, frozenset[str]]:
    """AllMusic's genres of each of 4Q's songs."""
    table = root / "MER_audio_taffc_dataset" / "panda_dataset_taffc_metadata.csv"
    with table.open(encoding="utf-8", errors="replace") as f:
        return {r["Song"]: frozenset(g.strip() for g in r["GenresStr"].split(";")) for r in csv.DictReader(f)}


def second_opinion(wheels: Path, kept: Sequence[Path]) -> list[float]:
    """The sums of :data:`VOICES` of each clip, by musicnn as it was taught MagnaTagATune."""
    import onnxruntime as ort

    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = import_musicnn.unpack(wheels, Path(scratch), "MTT_musicnn")
        graph = import_musicnn.build(import_musicnn.read_variables(checkpoint))
    session = ort.InferenceSession(graph.SerializeToString())
    columns = [TAGS.index(t) for t in VOICES]
    sums = []
    for path in kept:
        with np.load(path) as arrays:
            patches = front_end.patches(arrays["mel"].astype(np.float32))
        runs = (session.run(["tags"], {"patches": patches[i : i + 1]}) for i in range(len(patches)))
        tags = np.concatenate([np.asarray(of) for (of,) in runs])
        sums.append(float(tags.mean(axis=0)[columns].sum()))
    return sums


def _share(found: Sequence[Voiced], share: float, kinds: Sequence[Vocals]) -> float:
    return round(float(np.mean([v.said(share) in kinds for v in found])), 3)


def picked(none: Sequence[Voiced], sung: Sequence[Voiced], spoken: Sequence[Voiced]) -> float:
    """The share at which the mean of the three rates of right answers is highest."""

    def right(share: float) -> float:
        return _share(none, share, NOBODY) + _share(sung, share, ANYBODY) + _share(spoken, share, SPEAKER)

    return max(SHARES, key=right)


def measured(args: argparse.Namespace) -> dict[str, Any]:
    networks = Networks()
    music = [middle(y) for y in written()]
    beds = [middle(fence.read_sound(e.path, VOICE_SR)) for e in installed.tracks()]
    none = {"rendered": [heard(y, networks) for y in music], "installed": [heard(y, networks) for y in beds]}
    voices, under = talk(args.talk), [y for pair in zip(music, beds, strict=False) for y in pair][:SPOKEN_OVER]
    spoken = {
        level: [heard(over(voices[i % len(voices)], y, level), networks) for i, y in enumerate(under)]
        for level in LEVELS_DB
    }
    kept = list(music_data.all_kept(music_data.four_quadrants(args.quadrants), args.cache))
    clips = [_numbers(path) for path in kept]
    named = genres(args.quadrants)
    sung = [c for c, path in zip(clips, kept, strict=True) if named[path.stem.split("-", 1)[1]] & SUNG]
    nobody = [v for found in none.values() for v in found]
    share = picked(nobody[::2], sung[::2], [v for found in spoken.values() for v in found[::2]])
    report: dict[str, Any] = {"picked_share": share, "served_share": LEAST_SHARE, "speech_readers": len(voices)}
    for name, at in (("before", BEFORE), ("served", LEAST_SHARE)):
        report[name] = {
            **{f"none_{kind}": _share(found[1::2], at, NOBODY) for kind, found in none.items()},
            **{f"speech_at_{level}_db": _share(found[1::2], at, SPEAKER) for level, found in spoken.items()},
            "sung_genres": _share(sung[1::2], at, ANYBODY),
        }
    if args.wheels:
        sums = np.array(second_opinion(args.wheels, kept))
        for name, at in (("before", BEFORE), ("served", LEAST_SHARE)):
            for kind, those in (("tagged_as_sung", sums > TAGGED), ("tagged_as_not_sung", sums < UNTAGGED)):
                chosen = [c for c, of in zip(clips, those, strict=True) if of][1::2]
                report[name][f"{kind}_called_vocals"] = _share(chosen, at, ANYBODY)
                report[f"{kind}_clips"] = len(chosen)
    counts = {f"none_{k}": len(v[1::2]) for k, v in none.items()} | {"sung_genres": len(sung[1::2])}
    return report | {
        "counts": counts | {"speech_at_each_level": len(under[1::2])},
        "command": COMMAND + " --wheels DIR" * bool(args.wheels),
    }


def _numbers(kept: Path) -> Voiced:
    with np.load(kept) as arrays:
        duration_s, singing_s, speech_s, _ = arrays["numbers"].tolist()
    return Voiced(singing_s, speech_s, duration_s)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("talk", "quadrants", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    parser.add_argument("--wheels", type=Path, metavar="DIR")
    report = measured(parser.parse_args(arguments))
    folder = models_dir() / MODEL
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    (folder / "metrics.json").write_text(json.dumps({**metrics, "vocals": report}, indent=1) + "\n", encoding="utf-8")
    card.write(folder, heard_card.lines, block=heard_card.BLOCK)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
