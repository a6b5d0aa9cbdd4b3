"""What guests of a link say, as its owner sees it while it comes in; and the end of the vote."""

from __future__ import annotations

import streamlit as st

from pages.shared.language import markdown, t
from pages.shared.ui import cue_words
from pages.shared.ui.failures import calm
from recommender.cues import CueSheet
from recommender.store.votes import Votes

EVERY_S = 4.0


@st.fragment(run_every=EVERY_S)
def show(sheet: CueSheet, share: str) -> None:
    """``share`` is the link's key. Renews itself while the page is open."""
    with calm():
        votes = Votes(share)
        tally = votes.tally()
        lines: list[str] = []
        for cue in sheet.cues:
            names = {s.id: cue_words.song(s) for s in cue.music}
            counts = sorted(tally.votes.get(cue.id, {}).items(), key=lambda item: -item[1])
            said = [f"{names.get(s, markdown(s))}: {t('vote.count', count=n)}" for s, n in counts]
            said += [f"“{markdown(note.text)}”" for note in tally.notes if note.cue == cue.id]
            if said:
                lines.append(f"- **{cue_words.span(cue)}** {' · '.join(said)}")
        st.markdown("\n".join(lines) if lines else f":small[{t('vote.none')}]")
        st.button(
            t("vote.again") if tally.ended else t("vote.end"),
            icon=":material/how_to_vote:",
            key=f"vote_end_{share}",
            on_click=_end,
            args=(share, not tally.ended),
        )


def _end(share: str, ended: bool) -> None:
    with calm():
        Votes(share).end(ended)
