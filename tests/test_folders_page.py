"""Folders on the page: walked by numbers of what was shown, on one's own machine alone, and clips opened from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.analyse import browse
from pages.analyse.browse import Asked
from pages.shared.services import recent

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")


@pytest.mark.parametrize(
    "told",
    [
        None,
        "open",
        {},
        {"kind": "delete", "value": "x"},
        {"kind": "open", "value": 5},
        {"kind": "open", "value": ["x"]},
    ],
)
def test_what_is_none_of_it_is_passed_over(told: object) -> None:
    assert browse.parse(told) is None


def test_the_browser_walks_by_numbers_of_what_it_was_shown(footage: Path) -> None:
    def page() -> None:
        import streamlit as st

        from pages.analyse import browse
        from pages.shared.services import memory

        local = bool(st.session_state.get("local", True))
        st.session_state["_memory"] = memory.Remembered("local" if local else "x", local=local, known=True)
        here = browse.there()
        asked = st.session_state.pop("ask", None)
        if asked is not None and here is not None:
            browse.act(here, asked)
        if here is not None:
            place = browse._place()
            listing = browse._listing(here, place)
            st.session_state["_browse_place"] = place.__class__(place.folder, place.query, listing.entries)
            st.session_state["drawn"] = browse.drawn(here, browse._place(), listing, ())
        st.session_state["there"] = here is not None

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception

    def ask(kind: str, value: str = "") -> list[str]:
        app.session_state["ask"] = Asked(kind, value)  # type: ignore[arg-type]
        app.run()
        assert not app.exception
        return [row["name"] for row in app.session_state["drawn"]["rows"]]

    rows = app.session_state["drawn"]["rows"]
    assert [r["name"] for r in rows] == ["Day 1", "Day 2", "talk.mp4"]
    assert rows[2]["about"] == "1 KB"
    assert str(footage) not in json.dumps(rows)
    assert ask("enter", rows[0]["id"]) == ["Cam A", "Interview one.MOV"]
    assert app.session_state["drawn"]["up"]
    for forged in (str(footage.parent), "..", "../..", str(footage.parent / "secret.mp4"), rows[2]["id"], ""):
        assert ask("enter", forged) == ["Cam A", "Interview one.MOV"]
        assert ask("open", forged) == ["Cam A", "Interview one.MOV"]
    assert ask("search", "  interview   two ") == ["interview two.wav"]
    assert ask("search", "") == ["Cam A", "Interview one.MOV"]
    assert ask("up") == ["Day 1", "Day 2", "talk.mp4"]
    assert ask("up") == ["Day 1", "Day 2", "talk.mp4"]
    assert not app.session_state["drawn"]["up"]


def opening_page() -> None:
    import streamlit as st

    from pages.analyse import session
    from pages.shared.services import memory

    st.session_state["_memory"] = memory.Remembered("x", local=st.session_state["local"], known=True)
    session.open_in_place(st.session_state["path"])
    phase = session.current().phase
    st.session_state["error"] = type(getattr(phase, "error", None)).__name__
    session.start_over()


def browsing_page() -> None:
    import streamlit as st

    from pages.analyse import browse
    from pages.shared.services import memory

    st.session_state["_memory"] = memory.Remembered("x", local=st.session_state["local"], known=True)
    st.session_state["there"] = browse.there() is not None


@pytest.mark.parametrize(("local", "named", "there"), [(True, True, True), (False, True, False), (True, False, False)])
def test_it_is_there_on_ones_own_machine_alone_and_where_folders_are_named(
    footage: Path, monkeypatch: pytest.MonkeyPatch, local: bool, named: bool, there: bool
) -> None:
    if not named:
        monkeypatch.delenv("MOODCUE_FOLDERS")
    app = AppTest.from_function(browsing_page, default_timeout=60)
    app.session_state["local"] = local
    app.run()
    assert not app.exception
    assert app.session_state["there"] is there
    app = AppTest.from_function(opening_page, default_timeout=60)
    app.session_state["local"], app.session_state["path"] = local, footage / "talk.mp4"
    app.run()
    assert not app.exception
    assert app.session_state["error"] == ("NoneType" if there else "NotInFolders")
    assert (recent.known() != []) is there


def test_opening_what_lies_elsewhere_says_so(footage: Path, tmp_path: Path) -> None:
    for path, error in ((tmp_path / "secret.mp4", "NotInFolders"), (footage / "gone.mp4", "FileMissing")):
        app = AppTest.from_function(opening_page, default_timeout=60)
        app.session_state["local"], app.session_state["path"] = True, path
        app.run()
        assert app.session_state["error"] == error
    assert recent.known() == []
