"""What a song's words say of its mood, and whether its sound says another.

Words are those of its title, of its mood tags and of its lyrics. Each of our lexicon's words stands for a quarter of
the plane; the reading of a word is ours, not a measurement. Only a clear difference counts: the words must agree
among themselves, and the sound must be far from where they point.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from recommender.songs.text import fold

Corner = Literal["bright", "tense", "sombre", "calm"]
"""Pleasant and stirred, unpleasant and stirred, unpleasant and quiet, pleasant and quiet."""
CORNERS: Final[tuple[Corner, ...]] = get_args(Corner)

LEXICON: Final[Mapping[Corner, str]] = {
    "bright": (
        "happy happiness joy joyful joyous cheerful cheery sunny sunshine bright upbeat uplifting party "
        "dance dancing celebrate celebration festive jolly merry smile smiling laugh playful funny "
        "bouncy excited excitement energetic grooving hopeful victory triumph fun summer confident power "
        "wonder surprised 快樂 開心 歡樂 喜悅 陽光 派對 慶祝 微笑 活潑 希望 勝利"
    ),
    "tense": (
        "angry anger rage fury furious aggression aggressive angst war battle fight attack kill hate "
        "horror terror scary panic danger threat threatening suspense suspenseful tense tension "
        "unnerving intense action fear fearful chase evil violent nightmare disgust 憤怒 戰鬥 恐怖 恐懼 "
        "危險 緊張 懸疑 追逐 惡夢"
    ),
    "sombre": (
        "sad sadness sorrow sorrowful grief grieving mourning mourn tears crying cry weep lonely "
        "loneliness alone funeral farewell goodbye broken heartbreak heartbroken depressed depression "
        "pessimism brooding somber sombre melancholy melancholic gloomy despair regret lament elegy "
        "requiem dark resigned 悲傷 傷心 哀傷 眼淚 哭泣 孤單 孤獨 寂寞 葬禮 告別 離別 憂鬱 絕望"
    ),
    "calm": (
        "calm calmness calming peace peaceful relax relaxed relaxing serene serenity tranquil gentle "
        "tender tenderness quiet soft sleep sleepy lullaby dream dreamy meditation romantic warm mellow "
        "still 平靜 寧靜 安詳 放鬆 溫柔 安靜 搖籃曲 冥想 浪漫 溫暖"
    ),
}
_CORNER_OF: Final[Mapping[str, Corner]] = {word: corner for corner in CORNERS for word in LEXICON[corner].split()}
_CHINESE: Final = tuple(word for word in _CORNER_OF if not word.isascii())
_WORD: Final = re.compile(r"[^\W\d_]+")

CLEAR: Final = 0.7
"""So much of the words that count must point to one corner."""
FAR: Final = 0.25
"""The sound counts as elsewhere where it lies so far beyond an axis."""
LYRICS_LEAST: Final = 3
"""A line of lyrics says little: so many words must point one way before lyrics count."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """The words say one corner of the plane, the sound another."""

    words: Corner
    sound: Corner


def corner_at(valence: float, energy: float) -> Corner:
    if energy >= 0:
        return "bright" if valence >= 0 else "tense"
    return "calm" if valence >= 0 else "sombre"


def mood_words(text: str, *, least: int = 1) -> tuple[str, ...]:
    """The words of a text that our lexicon knows, commonest first; none where fewer than ``least`` are there."""
    folded = fold(text)
    counts = Counter(w for w in _WORD.findall(folded) if w in _CORNER_OF)
    counts.update({w: folded.count(w) for w in _CHINESE if w in folded})
    return tuple(w for w, _ in counts.most_common()) if sum(counts.values()) >= least else ()


def said_corner(words: Iterable[str]) -> Corner | None:
    """The corner to which words point; None where they say nothing, or several things."""
    counts: Counter[Corner] = Counter(_CORNER_OF[w] for word in words for w in mood_words(word))
    if not counts:
        return None
    corner, most = counts.most_common(1)[0]
    return corner if most / counts.total() > CLEAR else None


def contrast(title: str, said: Iterable[str], valence: float, energy: float) -> Contrast | None:
    """Where title and mood words point to one corner and the measured place is clearly not there; else None."""
    words = said_corner((title, *said))
    if words is None:
        return None
    bright, high = words in ("bright", "calm"), words in ("bright", "tense")
    pleasant = valence if bright else -valence
    stirred = energy if high else -energy
    if pleasant > -FAR and stirred > -FAR:
        return None
    # Pleasantness is what people mean by another mood; energy alone only where it is plainly the other way.
    if pleasant > -FAR and stirred > -2 * FAR:
        return None
    return Contrast(words, corner_at(valence, energy))
