"""Sentences about music: a :class:`emotion.timeline.Notice` whose values may be words of ours.

The sentences lie in ``assets/locale/music.<language>.json`` and are read with ``emotion.messages``.
A value that is one of our words (an emotion, a mood, an energy, ...) is stored by its English name
and looked up in the same language as the sentence.
"""

from __future__ import annotations

from typing import Final

from emotion.messages import clock as clock
from emotion.messages import message
from emotion.messages import place as place
from emotion.timeline import Notice

WORDS: Final = {
    "emotion": "emotion",
    "emotion_from": "emotion",
    "emotion_to": "emotion",
    "emotion_voice": "emotion",
    "emotion_face": "emotion",
    "mood": "music.mood",
    "energy": "music.energy",
    "modality": "music.modality",
    "goal": "music.goal",
}
"""Placeholder to the prefix of the keys under which its value is looked up."""


def sentence(notice: Notice, language: str = "en") -> str:
    """The sentence in a language, with our words in that language too."""
    values = {k: message(f"{WORDS[k]}.{v}", language) if k in WORDS and v else v for k, v in notice.values}
    return message(notice.key, language, **values)
