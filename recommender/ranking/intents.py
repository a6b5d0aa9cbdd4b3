"""What music is to do with a mood: one set of words in commands, files and on pages.

*match* the mood; *contrast* with it, as irony does; *steer* it from where it is to a goal.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from recommender.errors import UnknownChoice

Intent = Literal["match", "contrast", "steer"]
INTENTS: Final[tuple[Intent, ...]] = get_args(Intent)

FORMER: Final[dict[str, Intent]] = {"counter": "contrast", "lead": "steer"}
"""What earlier versions said: still understood in a call and in what was saved, and shown nowhere."""


def now(word: str) -> str:
    """The word of today for one that may be of an earlier version."""
    return FORMER.get(word, word)


def of(word: str) -> Intent:
    """The intent of that name, or of that former name.

    Raises:
        UnknownChoice: there is none.
    """
    for intent in INTENTS:
        if intent == now(word):
            return intent
    raise UnknownChoice(value=word, what="intent", known=", ".join(INTENTS))
