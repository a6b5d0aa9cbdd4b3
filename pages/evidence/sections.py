"""One modality's evidence: headline figures, ladder, confusion, recall, calibration, failures, all figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.evidence import figures, strangers
from pages.evidence.reading import SCORES, Evidence, Path, Result
from pages.shared.language import known, language, markdown, number, percent, t, t_plain


def modality(kind: str, evidence: Sequence[Evidence]) -> None:
    """Everything measured on the models of ``kind`` (voice or face), the served one first."""
    judged = [(e, e.main) for e in evidence if e.main is not None]
    if not judged:
        st.info(t("evidence.nothing_measured"), icon=":material/hourglass_empty:")
        return
    # the one that serves is the voice- or face- model without a remark in its name, else the last
    served, main = next(((e, r) for e, r in judged if e.weights.name in SERVED), judged[-1])
    st.markdown(t(f"evidence.{kind}.lead"))
    if kind == "voice" and strangers.show(served):
        st.subheader(t("evidence.at_home"), anchor=False)
    _headline(served, main)
    _ladder(kind, [e for e, _ in judged])
    chosen = _choose(kind, [e for e, _ in judged], main)
    left, right = st.columns(2)
    with left:
        st.subheader(t("evidence.confusion"), anchor=False)
        st.caption(t("evidence.confusion.how"))
        st.plotly_chart(
            figures.confusion_figure(chosen.matrix, chosen.labels, t_plain),
            key=f"{kind}_confusion",
            alt=_confusion_alt(chosen),
            config=_STILL,
        )
    with right:
        st.subheader(t("evidence.recall"), anchor=False)
        st.caption(t("evidence.recall.how"))
        st.plotly_chart(
            figures.recall_figure(chosen, t_plain), key=f"{kind}_recall", alt=_recall_alt(chosen), config=_STILL
        )
    _failures(kind, chosen)
    _calibration(kind, served)
    _conditions(served, main)
    _all_figures(evidence)


SERVED: Final = frozenset({"voice", "face"})
COMMAND: Final = "python -m "
"""What a note that is a command begins with."""
_STILL: Final = {"displayModeBar": False}


def metric_name(path: Path) -> str:
    """A path of metrics.json in the visitor's words; a part without a sentence stands as it is written."""
    parts = [t_plain(f"metric.{p}") if known(f"metric.{p}") else p.replace("_", " ") for p in path]
    return " · ".join(parts)


def _headline(served: Evidence, main: Result) -> None:
    shown = [(s, percent(getattr(main, s), 1)) for s in SCORES if getattr(main, s) is not None]
    shown += [("n", number(main.n))] if main.n else []
    for column, (score, text) in zip(st.columns(len(shown)), shown, strict=True):
        column.metric(t_plain(f"evidence.score.{score}"), text, help=t(f"evidence.score.{score}.help"), border=True)
    st.caption(t("evidence.measured_on", model=served.folder, how=metric_name(main.path)))
    if served.notes:
        with st.expander(t_plain("evidence.notes")):
            for note in served.notes:
                if note.startswith(COMMAND):
                    st.code(note, language="bash")
                else:
                    st.caption(markdown(note))


def _ladder(kind: str, judged: Sequence[Evidence]) -> None:
    told = [e for e in judged if any(r.step for r in e.results)] or judged
    shown = [(e, r) for e in told for r in e.compared if _worth(e, r) is not None]
    if len(shown) < 2:
        return
    steps = [
        {"name": _step_name(e, r), "value": _worth(e, r), "kind": _kind(r), "text": percent(_worth(e, r) or 0, 1)}
        for e, r in shown
    ]
    st.subheader(t("evidence.ladder"), anchor=False)
    st.caption(t(f"evidence.{kind}.ladder"))
    alt = "; ".join(f"{s['name']} ({t_plain('evidence.kind.' + str(s['kind']))}): {s['text']}" for s in steps)
    st.plotly_chart(figures.ladder_figure(steps, t_plain), key=f"ladder_{kind}", alt=alt, config=_STILL)
    sources = [f"{_step_name(e, r)}: {r.source}" for e, r in shown if r.source]
    if sources:
        st.caption(markdown("; ".join(sources)))
    if any(s["kind"] == "leaked" for s in steps):
        st.warning(t("evidence.leaked.warning"), icon=":material/warning:")


def _kind(result: Result) -> str:
    return "published" if result.published else "leaked" if result.leaked else "own"


def _worth(evidence: Evidence, result: Result) -> float | None:
    """What the bar shows: UAR for the voice, accuracy for the face and where no UAR is stated."""
    return result.accuracy if evidence.weights.name.startswith("face") else result.score


def _step_name(evidence: Evidence, result: Result) -> str:
    return metric_name(result.path[1:2]) if result.published or result.step else evidence.folder


def _choose(kind: str, judged: Sequence[Evidence], main: Result) -> Result:
    options = [(e, r) for e in judged for r in e.results if r.confusion is not None]
    if not options:
        return main
    start = next((i for i, (_, r) in enumerate(options) if r is main), 0)
    index = st.selectbox(
        t_plain("evidence.choose"),
        range(len(options)),
        index=start,
        format_func=lambda i: f"{options[i][0].folder} · {metric_name(options[i][1].path)}",
        key=f"{kind}_chosen_{language()}",
    )
    chosen = options[index][1]
    if chosen.leaked:
        st.warning(t("evidence.leaked.warning"), icon=":material/warning:")
    return chosen


def _failures(kind: str, result: Result) -> None:
    """Where it fails, told from the confusion matrix."""
    recalls = result.recalls()
    if not recalls:
        return
    st.subheader(t("evidence.failures"), anchor=False)
    worst = sorted(recalls, key=lambda label: recalls[label][0])[:2]
    lines = [
        t("evidence.failures.worst", emotion=_name(label), share=recalls[label][0], n=recalls[label][1])
        for label in worst
    ]
    lines += [
        t("evidence.failures.mix_up", true=_name(a), taken=_name(b), share=share) for a, b, share in result.mix_ups()
    ]
    lines.append(t(f"evidence.{kind}.untested"))
    st.markdown("\n".join(f"- {line}" for line in lines))


def _calibration(kind: str, served: Evidence) -> None:
    """The reliability diagram, and how much is called sure."""
    result = served.calibrated
    threshold = served.weights.config.get("threshold")
    if result is None and served.sure is None:
        return
    st.subheader(t("evidence.calibration"), anchor=False)
    if served.sure is not None and isinstance(threshold, int | float):
        doubt = served.sure
        st.markdown(t("evidence.sure", threshold=float(threshold), answered=doubt.answered, right=doubt.right))
    if result is None:
        return
    left, right = st.columns([3, 2])
    bins = [f"{percent(b['confidence'])} → {percent(b['accuracy'])}" for b in result.reliability]
    left.plotly_chart(
        figures.reliability_figure(result, t_plain),
        key=f"{kind}_reliability",
        alt=t_plain("evidence.calibration.alt", bins=", ".join(bins)),
        config=_STILL,
    )
    right.markdown(t("evidence.calibration.how"))
    if result.ece is not None:
        right.metric(
            t_plain("evidence.score.ece"), number(result.ece, 3), help=t("evidence.score.ece.help"), border=True
        )


def _conditions(served: Evidence, main: Result) -> None:
    """Every other evaluation of the served model: noise, other corpora, small pictures, ..."""
    others = [r for r in served.results if r is not main and r.score is not None and not (r.published or r.step)]
    if not others:
        return
    st.subheader(t("evidence.conditions"), anchor=False)
    st.caption(t("evidence.conditions.how"))
    columns = {s: t_plain(f"evidence.score.{s}") for s in SCORES}
    rows = [
        {t_plain("evidence.what"): metric_name(r.path)}
        | {columns[s]: "–" if getattr(r, s) is None else percent(getattr(r, s), 1) for s in SCORES}
        | {t_plain("evidence.score.n"): "–" if r.n is None else number(r.n)}
        for r in others
    ]
    st.dataframe(rows, hide_index=True, key=f"conditions_{served.folder}", alt=t_plain("evidence.conditions"))


def _all_figures(evidence: Sequence[Evidence]) -> None:
    with st.expander(t_plain("evidence.all_figures")):
        st.caption(t("evidence.all_figures.how"))
        for e in evidence:
            if not e.figures:
                continue
            st.markdown(f"**{markdown(e.folder)}** · `assets/models/{e.folder}/metrics.json`")
            what, value = t_plain("evidence.what"), t_plain("evidence.value")
            st.dataframe(
                [{what: metric_name(f.path), value: f.value} for f in e.figures],
                hide_index=True,
                key=f"figures_{e.folder}",
                column_config={what: st.column_config.TextColumn(width="large")},
            )
            if command := e.command:
                st.code(command, language="bash")


def _name(label: str) -> str:
    return figures.label_name(label, t_plain)


def _recall_alt(result: Result) -> str:
    return ", ".join(f"{_name(label)} {percent(share)}" for label, (share, _) in result.recalls().items())


def _confusion_alt(result: Result) -> str:
    mixed = [
        t_plain("evidence.failures.mix_up", true=_name(a), taken=_name(b), share=share)
        for a, b, share in result.mix_ups(5)
    ]
    return f"{t_plain('evidence.confusion')}. {_recall_alt(result)}. {' '.join(mixed)}"
