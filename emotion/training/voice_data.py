"""Speech recordings with labels: six corpora, where each lies, and what its licence allows.

Three come with a manifest under ``data_dir()/voice``. The others are public repositories, of each of
which one folder is unpacked into one place that the commands take as ``--more DIR``:

    git --git-dir=ASED_V1 archive HEAD 01Neutral 02Fearful 03Happy 04Sad 05Angry | tar x -C DIR/ased
    git --git-dir=SER archive HEAD data/EMOVO | tar x -C DIR/emovo
    git --git-dir=speech archive HEAD casia | tar x -C DIR/casia

No recording is ever committed. Nobody else's labelled emotions are read: whatever else is kept, is
kept for judging.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import errors, settings
from emotion.labels import EMOTIONS, INDEX

FOLDS = 6
HOME = "ravdess_speech"
"""The corpus that is judged by speaker."""
ASIDE = frozenset({"nemo_EB0", "nemo_KS0", "emodb_03", "emodb_08"})
"""The first woman and man of each of these corpora: the judged babble is made of their voices, no training."""


def data_dir() -> Path:
    """``MOODCUE_DATA``, or ``../shared/data`` beside the repository."""
    return settings.DATA.read() or Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Recording:
    """One labelled utterance; ``emotion`` indexes ``emotion.labels.EMOTIONS``."""

    corpus: str
    path: Path
    speaker: str
    sex: str
    emotion: int
    intensity: str
    sentence: str

    @property
    def key(self) -> str:
        """Tells it from every other one of its corpus, wherever the folders lie."""
        return "/".join(self.path.parts[-3:]) if CORPORA[self.corpus].more else self.path.name


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set of recordings.

    Attributes:
        title: language, and who speaks.
        labels: which emotions its speakers were asked for; the others are masked in training, not denied.
        licence: what may be done with the recordings.
        source: where they come from.
        read: its recordings in a fixed order, from the folder given.
        more: whether it lies under ``--more`` and not beside the manifest.
    """

    title: str
    labels: frozenset[str]
    licence: str
    source: str
    read: Callable[[Path], Iterator[Recording]]
    more: bool = False


def _of_manifest(corpus: str, sentence: Callable[[str], str]) -> Callable[[Path], Iterator[Recording]]:
    def read(folder: Path) -> Iterator[Recording]:
        with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as f:
            for row in csv.DictReader(f, delimiter="\t"):
                if row["corpus"] == corpus and row["emotion"] in INDEX:
                    path = folder / row["file"]
                    emotion, said = INDEX[row["emotion"]], sentence(path.stem)
                    yield Recording(corpus, path, row["speaker"], row["sex"], emotion, row["intensity"], said)

    return read


_ASED = {"n": "neutral", "f": "fearful", "h": "happy", "s": "sad", "a": "angry"}
_EMOVO = {
    "neu": "neutral",
    "dis": "disgust",
    "gio": "happy",
    "pau": "fearful",
    "rab": "angry",
    "sor": "surprised",
    "tri": "sad",
}
_CASIA = {
    "angry": "angry",
    "fear": "fearful",
    "happy": "happy",
    "neutral": "neutral",
    "sad": "sad",
    "surprise": "surprised",
}
_CASIA_SEX = {"liuchanhg": "F", "wangzhe": "M", "zhaoquanyin": "F", "ZhaoZuoxiang": "M"}


def _ased(folder: Path) -> Iterator[Recording]:
    """``a5-03-01-02-50.wav``: emotion and folder, sentence, repetition, sex (01 a woman, 02 a man), speaker."""
    for path in sorted((folder / "ased").glob("0*/*.wav")):
        mood, sentence, _, sex, speaker = path.stem.split("-")
        emotion = INDEX[_ASED[mood[0].lower()]]
        yield Recording("ased", path, f"ased_{speaker}", {"01": "F", "02": "M"}[sex], emotion, "", mood + sentence)


def _emovo(folder: Path) -> Iterator[Recording]:
    """``dis-f1-b1.wav``: emotion, actor, sentence."""
    for path in sorted((folder / "emovo" / "data" / "EMOVO").glob("[fm]?/*.wav")):
        mood, actor, sentence = path.stem.split("-")
        yield Recording("emovo", path, f"emovo_{actor}", actor[0].upper(), INDEX[_EMOVO[mood]], "", sentence)


def _casia(folder: Path) -> Iterator[Recording]:
    """``casia/wangzhe/angry/201.wav``: speaker, emotion, sentence."""
    for path in sorted((folder / "casia" / "casia").glob("*/*/*.wav")):
        speaker, mood = path.parts[-3:-1]
        emotion = INDEX[_CASIA[mood]]
        yield Recording("casia", path, f"casia_{speaker}", _CASIA_SEX[speaker], emotion, "", path.stem)


CORPORA: Final[dict[str, Corpus]] = {
    HOME: Corpus(
        "English, 24 actors of one studio",
        frozenset(EMOTIONS),
        "CC BY-NC-SA 4.0",
        "RAVDESS speech (Livingstone and Russo, 2018)",
        _of_manifest(HOME, lambda stem: stem.split("-")[4]),
    ),
    "nemo": Corpus(
        "Polish, 9 actors",
        frozenset(EMOTIONS) - {"calm", "disgust"},
        "CC BY-NC-SA 4.0",
        "nEMO (Christop, 2024), odd-numbered recordings",
        _of_manifest("nemo", lambda stem: stem),
    ),
    "emodb": Corpus(
        "German, 10 actors",
        frozenset(EMOTIONS) - {"calm", "surprised"},
        "free to use (its authors); audEERING lists CC0-1.0",
        "EMO-DB (Burkhardt et al., 2005)",
        _of_manifest("emodb", lambda stem: stem[2:5]),
    ),
    "ased": Corpus(
        "Amharic, 65 speakers",
        frozenset(_ASED.values()),
        "none stated; published for research, to be cited",
        "ASED v1 (Retta et al., 2022), github.com/Ethio2021/ASED_V1",
        _ased,
        True,
    ),
    "emovo": Corpus(
        "Italian, 6 actors",
        frozenset(_EMOVO.values()),
        "free for research (its authors)",
        "EMOVO (Costantini et al., 2014), in github.com/fp1acm8/SER",
        _emovo,
        True,
    ),
    "casia": Corpus(
        "Mandarin, 4 speakers",
        frozenset(_CASIA.values()),
        "a research corpus of the Chinese Academy of Sciences, none stated",
        "CASIA, public part, in github.com/Codesheep0511/speech",
        _casia,
        True,
    ),
}
LABELS_OF: Final = {name: corpus.labels for name, corpus in CORPORA.items()}


def recordings(
    corpora: Sequence[str] = tuple(c for c, found in CORPORA.items() if not found.more),
    folder: Path | None = None,
    more: Path | None = None,
) -> list[Recording]:
    """Every recording of these corpora whose label is one of the eight emotions, in a fixed order.

    Args:
        folder: where ``voice/manifest.tsv`` lies, ``data_dir()`` unless told.
        more: where the public repositories are unpacked (see above).

    Raises:
        FileMissing: a corpus is not where it should be.
    """
    found: list[Recording] = []
    for name in corpora:
        corpus = CORPORA[name]
        place = more if corpus.more else (folder or data_dir()) / "voice"
        of_corpus = list(corpus.read(place)) if place else []
        if not of_corpus:
            raise errors.FileMissing(name=f"{name} ({corpus.source})")
        found += of_corpus
    return found


def actor_folds(speakers: Sequence[str], folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """The fold of each recording: speakers in order of name, two neighbours at a time.

    RAVDESS numbers men odd and women even, so that every fold of it holds as many of both.
    """
    names = sorted(set(speakers))
    of = {name: i // 2 % folds for i, name in enumerate(names)}
    return np.array([of[name] for name in speakers])


def labels(items: Sequence[Recording]) -> npt.NDArray[np.int64]:
    return np.array([item.emotion for item in items])
