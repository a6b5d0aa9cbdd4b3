"""What the first page needs, made while the server starts: its first visitor would wait for it."""

from __future__ import annotations

from pages.shared.services import samples
from pages.shared.services.pools import in_background


def prepare() -> None:
    """The samples' pictures, and pandas, which Streamlit imports with its first component."""

    def make() -> None:
        import pandas

        del pandas
        for sample in samples.samples():
            samples.poster(sample)

    in_background(make)
