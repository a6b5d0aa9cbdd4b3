"""Router: page config, language, navigation. Every page lies in ``pages/<name>/page.py``."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from deploy import guard
from emotion import heap
from pages.music.plane import points
from pages.shared import language
from pages.shared.language import t
from pages.shared.services import clips, first_page, link_preview, links
from pages.shared.ui import look

ROOT = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Entry:
    """A page in the sidebar; its name is its folder, its address and its title's key."""

    name: str
    icon: str
    default: bool = False
    hidden: bool = False
    """It is opened by its address alone."""

    @property
    def path(self) -> Path:
        return ROOT / "pages" / self.name / "page.py"


ENTRIES = (
    Entry("analyse", ":material/graphic_eq:", default=True),
    Entry("live", ":material/videocam:"),
    Entry("music", ":material/library_music:"),
    Entry("picks", ":material/bookmarks:"),
    Entry("evidence", ":material/fact_check:"),
    Entry("link", ":material/link:", hidden=True),
)


def main() -> None:
    icon = str(ROOT / "assets" / "icon.svg")
    st.set_page_config(page_title="MoodCue", page_icon=icon, layout="wide", initial_sidebar_state="auto")
    st.logo(str(ROOT / "assets" / "logo.svg"), size="large", icon_image=icon)
    pages = [
        st.Page(
            e.path,
            title=t(f"nav.{e.name}"),
            icon=e.icon,
            url_path=e.name,
            default=e.default,
            visibility="hidden" if e.hidden else "visible",
        )
        for e in ENTRIES
        if e.path.is_file()
    ]
    chosen = st.navigation(pages)
    st.set_page_config(page_title=f"{chosen.title} · MoodCue")
    language.switch()
    look.dress()
    chosen.run()


if __name__ == "__main__":  # a visitor's run
    main()
else:  # the server's start: Streamlit finds `app` below and imports this file
    # Or the first visitor of a fresh server is told that /music does not exist: Streamlit takes a folder
    # of this name for pages of its old kind until st.navigation has run once.
    PagesManager.uses_pages_directory = False
    links.keep_tidy()
    heap.give_back()
    first_page.prepare()

ROUTES = [*clips.routes(), *points.routes(), *link_preview.routes()]
# Streamlit looks for this very call in the text of the file.
app = st.App(__file__, routes=ROUTES, middleware=[Middleware(guard.Headers)])
