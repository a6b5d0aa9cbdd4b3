"""Voice and face together, and what is read where nobody says what is right: read from the files, nothing typed in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.evidence.reading import Evidence
from pages.evidence.sections import metric_name
from pages.shared.language import markdown, number, percent, t, t_plain

FACES: Final = ("posed", "web")
SIDES: Final = ("voice", "face", "both")
NOBODY_ACTED: Final = ("meetings", "interview", "read_aloud", "singing")


def show(evidence: Sequence[Evidence]) -> None:
    """Pairs of left-out voices and faces, pairs that do not fit, the clips at hand, and voices without a label."""
    pairs, unacted = _file(evidence, "fusion.json"), _file(evidence, "metrics.json").get("unacted")
    if not pairs and not unacted:
        st.info(t("evidence.nothing_measured"), icon=":material/hourglass_empty:")
    if pairs:
        st.markdown(t("evidence.together.lead"))
        st.caption(t("evidence.together.models", models=", ".join(pairs["models"])))
        for kind in FACES:
            _pairs(kind, pairs["pairs"][kind])
        _apart(pairs["pairs"])
        _clips(pairs["clips"])
    if unacted:
        _unacted(unacted)
    st.subheader(t("evidence.together.untested"), anchor=False)
    st.markdown(t("evidence.together.untested.list"))


def _file(evidence: Sequence[Evidence], name: str) -> dict[str, Any]:
    """Of the served voice; empty where it was not written."""
    paths = [e.weights.folder / name for e in evidence if e.weights.name == "voice"]
    return next((json.loads(p.read_text(encoding="utf-8")) for p in paths if p.is_file()), {})


def _pairs(kind: str, by_known: Mapping[str, Any]) -> None:
    st.subheader(t(f"evidence.together.{kind}"), anchor=False)
    st.caption(t(f"evidence.together.{kind}.how"))
    rows = []
    for known, by_corpus in by_known.items():
        for corpus, found in by_corpus.items():
            row = {t_plain("evidence.what"): metric_name((known, corpus))}
            row |= {t_plain(f"evidence.together.right.{side}"): percent(found[side]["accuracy"]) for side in SIDES}
            both = found["both"]
            row[t_plain("evidence.together.sure")] = percent(both["sure"])
            row[t_plain("evidence.together.right_when_sure")] = _percent(both["right_when_sure"])
            row[t_plain("evidence.together.voice_sure")] = _doubt(found["voice"])
            row[t_plain("evidence.together.face_sure")] = _doubt(found["face"])
            rows.append(row | {t_plain("evidence.score.n"): number(both["n"])})
    st.dataframe(rows, hide_index=True, key=f"together_{kind}", alt=t_plain(f"evidence.together.{kind}"))


def _doubt(found: Mapping[str, Any]) -> str:
    return f"{percent(found['sure'])}, {_percent(found['right_when_sure'])}"


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _apart(pairs: Mapping[str, Any]) -> None:
    st.subheader(t("evidence.together.apart"), anchor=False)
    st.caption(t("evidence.together.apart.how"))
    rows = [
        {
            t_plain("evidence.what"): metric_name((kind, known)),
            **{
                t_plain(f"evidence.together.apart.{name}"): percent(by_corpus["mean"]["of_different_moods"][name])
                for name in ("sure", "says_the_voices", "says_the_faces", "says_a_third")
            },
        }
        for kind, by_known in pairs.items()
        for known, by_corpus in by_known.items()
    ]
    st.dataframe(rows, hide_index=True, key="together_apart", alt=t_plain("evidence.together.apart"))


def _clips(clips: Sequence[Mapping[str, Any]]) -> None:
    st.subheader(t("evidence.together.clips"), anchor=False)
    st.caption(t("evidence.together.clips.how"))
    names = {side: t_plain(f"evidence.together.{side}") for side in SIDES}
    rows = [
        {t_plain("evidence.together.clip"): clip["clip"]} | {names[side]: _verdict(clip[side]) for side in SIDES}
        for clip in clips
    ]
    st.dataframe(rows, hide_index=True, key="together_clips", alt=t_plain("evidence.together.clips"))


def _verdict(said: Mapping[str, Any] | None) -> str:
    if said is None:
        return "–"
    text = f"{t_plain('emotion.' + said['label'])} {percent(said['confidence'])}"
    return text if said["sure"] else t_plain("evidence.together.not_sure", said=text)


def _unacted(found: Mapping[str, Any]) -> None:
    st.subheader(t("evidence.unacted"), anchor=False)
    st.caption(t("evidence.unacted.how"))
    rows = [
        {
            t_plain("evidence.what"): t_plain(f"evidence.unacted.{name}"),
            t_plain("evidence.unacted.speech"): number(told["speech_s"]),
            t_plain("evidence.together.sure"): percent(told["sure_seconds"]),
            t_plain("evidence.unacted.said"): _spread(told["said_of_seconds"]),
            t_plain("evidence.unacted.said_when_sure"): _spread(told["said_when_sure"]),
        }
        for name in NOBODY_ACTED
        if (told := found.get(name)) and "sure_seconds" in told
    ]
    st.dataframe(rows, hide_index=True, key="unacted", alt=t_plain("evidence.unacted"))
    singing = found.get("singing", {})
    if "valence_sign" in singing:
        told = {k: singing[k] for k in ("files", "heard", "valence_sign", "energy_sign")}
        st.markdown(t("evidence.unacted.singing_signs", **told))


def _spread(shares: Mapping[str, float], most: int = 4) -> str:
    """The commonest emotions with their shares."""
    order = sorted(shares, key=shares.__getitem__, reverse=True)[:most]
    return markdown(", ".join(f"{t_plain('emotion.' + e)} {percent(shares[e])}" for e in order)) or "–"
