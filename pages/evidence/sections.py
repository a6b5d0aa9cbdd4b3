"""One modality's evidence: headline figures, ladder, confusion, recall, calibration, failures, all figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.evidence import figures
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
    _headline(served, main)
    _ladder([e for e, _ in judged])
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
    _all_figures([e for e, _ in judged])


SERVED: Final = frozenset({"voice", "face-ferplus"})
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
    for note in served.notes:
        st.caption(markdown(note))


def _ladder(judged: Sequence[Evidence]) -> None:
    steps = [step for e in judged for step in _steps(e)]
    if len(steps) < 2:
        return
    st.subheader(t("evidence.ladder"), anchor=False)
    st.caption(t("evidence.ladder.how"))
    alt = "; ".join(f"{s['name']} ({t_plain('evidence.kind.' + str(s['kind']))}): {s['text']}" for s in steps)
    st.plotly_chart(figures.ladder_figure(steps, t_plain), key=f"ladder_{judged[0].folder}", alt=alt, config=_STILL)
    if any(s["kind"] == "leaked" for s in steps):
        st.warning(t("evidence.leaked.warning"), icon=":material/warning:")


def _steps(evidence: Evidence) -> list[dict[str, object]]:
    """The model's own result, the leaked one beside it, and the published ones it cites."""
    steps = []
    shown = [("own", evidence.main), ("leaked", evidence.leaked)]
    shown += [("published", r) for r in evidence.results if r.published]
    for kind, result in shown:
        if result is None or result.score is None:
            continue
        name = evidence.folder if kind != "published" else result.name or metric_name(result.path[-1:])
        steps.append({"name": name, "value": result.score, "kind": kind, "text": percent(result.score, 1)})
    return steps


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
    result = served.calibrated
    if result is None:
        return
    st.subheader(t("evidence.calibration"), anchor=False)
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
    threshold = served.weights.config.get("threshold")
    if isinstance(threshold, int | float):
        right.markdown(t("evidence.threshold", value=float(threshold)))


def _all_figures(judged: Sequence[Evidence]) -> None:
    with st.expander(t_plain("evidence.all_figures")):
        st.caption(t("evidence.all_figures.how"))
        for e in judged:
            st.markdown(f"**{markdown(e.folder)}** · `assets/models/{e.folder}/metrics.json`")
            rows = [
                {t_plain("evidence.what"): metric_name(f.path), t_plain("evidence.value"): f.value} for f in e.figures
            ]
            st.dataframe(rows, hide_index=True, key=f"figures_{e.folder}")
            if command := e.weights.config.get("command"):
                st.code(str(command), language="bash")


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
