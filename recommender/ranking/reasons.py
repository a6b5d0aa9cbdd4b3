"""Why a song stands where it does, as a sentence that is true of the clip.

It names the stretch, what voice and face show there, and what the song brings; never the song's own emotion as if
the clip had it. What a person put in place of the reading is called theirs.
"""

from __future__ import annotations

from emotion.timeline import Notice, Segment
from recommender.messages import clock
from recommender.ranking import intents


def for_stretch(
    intent: str,
    segment: Segment,
    *,
    energy: str,
    emotion: str,
    voice: str | None = None,
    face: str | None = None,
    said: bool = False,
    goal: str | None = None,
    step: tuple[int, int] | None = None,
) -> Notice:
    """``emotion`` leads in the stretch, ``voice`` and ``face`` each show theirs (None where one has nothing to say).

    With ``said`` the emotion is what a person put there. ``goal`` and ``step`` (from 1, and of how many) are for
    the intent "steer" alone.
    """
    values = {"start": clock(segment.start_s), "end": clock(segment.end_s), "energy": energy, "emotion": emotion}
    if intent == "steer" and goal is not None and step is not None:
        values |= {"goal": goal, "step": str(step[0]), "steps": str(step[1])}
        return Notice("music.reason.steer", tuple(values.items()))
    key, sides = _sides(emotion, voice, face, said=said)
    return Notice(f"music.reason.{intent}_{key}", tuple((values | sides).items()))


def without_times(reason: Notice) -> Notice:
    """A reason of :func:`for_stretch` for an emotion by itself, which lasts from nowhere to nowhere."""
    intent = reason.key.rpartition(".")[2].partition("_")[0]
    values = tuple((name, value) for name, value in reason.values if name not in ("start", "end"))
    return Notice(f"music.reason.{intent}_emotion", values)


def key_now(key: str) -> str:
    """The key of a reason that an earlier version stored, by the intent's name of today."""
    room, _, rest = key.rpartition(".")
    intent, mark, side = rest.partition("_")
    return f"{room}.{intents.now(intent)}{mark}{side}"


def _sides(emotion: str, voice: str | None, face: str | None, *, said: bool) -> tuple[str, dict[str, str]]:
    if said:
        return "said", {}
    if voice is None and face is None:
        return "both", {}
    if voice is None or face is None:
        side, shown = ("face", face) if voice is None else ("voice", voice)
        return side, {"emotion": shown or emotion}
    if voice == face:
        return "both", {"emotion": voice}
    return "differ", {"emotion_voice": voice, "emotion_face": face}


def for_list(modality: str, *, emotion: str, energy: str, mood: str | None) -> Notice:
    """For a song of the list by label: which side's emotion it suits, and how it sounds."""
    key = f"music.reason.{'list_said' if modality == 'fused' else f'seed_{modality}'}"
    values = {"energy": energy, "emotion": emotion}
    if mood is None:
        return Notice(f"{key}_no_mood", tuple(values.items()))
    return Notice(key, tuple({"mood": mood, **values}.items()))
