"""A cue in words, alike wherever one is shown: when, what mood, what music, and songs with why."""

from __future__ import annotations

import itertools
from typing import Final

import streamlit as st

import recommender
from emotion.timeline import EmotionScores, Notice
from pages.shared.language import clock, emotion_name, language, markdown, t, t_plain
from recommender import suggestions
from recommender.cues import Cue, CueSheet, Song, reasons
from recommender.cues.mood import doubt
from recommender.cues.peaks import Peak
from recommender.cues.usable import may_be_used
from recommender.songs.usable import UNKNOWN

NAMED: Final = 6
"""Emotions of a side that are told one after another."""


def span(cue: Cue) -> str:
    return f"{clock(float(cue.start))}–{clock(float(cue.end))}"


def name(cue: Cue) -> str:
    said = cue.name(language())
    return said[:1].upper() + said[1:]


def about(cue: Cue) -> str:
    """The mood beside a name of one's own, and whether it is the visitor's word."""
    said = [cue.mood.words(language())] if cue.title else []
    if cue.corrected is not None:
        said.append(t_plain("cues.corrected"))
    return " · ".join(said)


def sides(sheet: CueSheet) -> list[str]:
    """Markdown: what voice and face say from cue to cue, each in a line; none for a sheet of one cue.

    A mean over cues that differ would say what none of them shows.
    """
    if len(sheet) == 1:
        return []
    lines = []
    for side in ("voice", "face"):
        read = [_named(scores) for cue in sheet.cues if (scores := getattr(cue.evidence, side)) is not None]
        names = [name for name, _ in itertools.groupby(read)]
        if names:
            more = " → …" if len(names) > NAMED else ""
            said = f"{' → '.join(names[:NAMED])}{more}"
            lines.append(t("cues.said", what=t_plain(f"side.{side}"), said=said))
    return lines


def _named(scores: EmotionScores) -> str:
    """The leading emotion, with a question mark where it is hard to tell."""
    name = emotion_name(scores.label)
    return t_plain("cue.words.short", mood=name) if doubt(scores) == "perhaps" else name


def advice(cue: Cue) -> str:
    """What voice and face show, the advice, and what kind of music to look for: all that the cue's music shares."""
    d = cue.direction
    parts = [reasons.seen(cue, language()), cue.advice(language())]
    if d.advice != "none":
        if d.level:
            parts.append(t_plain(f"music.energy.{d.level}"))
        if d.tempo_bpm:
            parts.append(t_plain("cues.bpm", slow=d.tempo_bpm[0], fast=d.tempo_bpm[1]))
        if d.mode:
            parts.append(t_plain(f"music.key.{d.mode}"))
        parts.append(t_plain("songs.join").join(t_plain(f"music.instrument.{i}") for i in d.instruments))
    return " · ".join(filter(None, parts))


def peak(one: Peak) -> str:
    """What a mark stands for."""
    return t_plain(f"cue.peak.{one.kind}", emotion=emotion_name(one.emotion))


def searches(cue: Cue) -> None:
    """The words to search with, ready to copy, and links into libraries whose music may be used."""
    d = cue.direction
    if d.advice == "none" or not d.words:
        return
    st.caption(t("cues.search"))
    st.code(" · ".join(d.words), language=None, wrap_lines=True)
    emotion = d.wanted.label if d.wanted else None
    links = [link for genre in d.genres[:1] for link in suggestions.links("genre", genre, emotion)]
    st.markdown(" · ".join(f"[{link.library}]({link.url}) :small[{markdown(link.licence)}]" for link in links))


def song(one: Song) -> str:
    """Markdown."""
    return markdown(f"{one.title} · {one.artist}")


def use(one: Song) -> str:
    """Whether it may go into the cut: a licence's name, or that it takes one."""
    if not may_be_used(one):
        return t_plain("cues.use.reference")
    if one.licence == UNKNOWN:
        return t_plain("cues.use.yours")
    return t_plain("cues.use.free", licence=one.licence)


def why(reason: Notice) -> str:
    return recommender.sentence(reason, language())
