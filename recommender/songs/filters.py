"""Which songs may be recommended at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.errors import UnknownChoice
from recommender.songs.catalogue import ENERGY_LEVELS, Catalogue
from recommender.songs.text import fold


@dataclass(frozen=True, slots=True)
class Filters:
    """What a song must be; an empty set, None or "" lets everything pass.

    ``words``: True for songs known to have words, False for songs known to have none.
    ``text``: every word of it stands in the song's artist or title, accents and case aside.
    """

    genres: frozenset[str] = frozenset()
    decades: frozenset[int] = frozenset()
    energies: frozenset[str] = frozenset()
    words: bool | None = None
    text: str = ""

    def mask(self, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
        """True for the songs that pass, shape (n,).

        Raises:
            UnknownChoice: an energy that does not exist, or a genre or decade the catalogue has not.
        """
        self._check(catalogue)
        keep = np.ones(len(catalogue), dtype=bool)
        if self.genres:
            wanted = {fold(g) for g in self.genres}
            keep &= np.fromiter((fold(g) in wanted for g in catalogue.genre_names), dtype=bool)[catalogue.genre_code]
        if self.decades:
            keep &= np.isin(catalogue.year // 10 * 10, list(self.decades))
        if self.energies:
            keep &= np.isin(catalogue.energy, [ENERGY_LEVELS.index(e) for e in self.energies])
        if self.words is not None:
            keep &= catalogue.has_words == int(self.words)
        for part in fold(self.text).split():
            keep &= np.fromiter((part in song for song in catalogue.search_text), dtype=bool, count=len(catalogue))
        return keep

    def _check(self, catalogue: Catalogue) -> None:
        genres = {fold(g) for g in catalogue.genres}
        for what, wanted, known in (
            ("energy", sorted(self.energies), ENERGY_LEVELS),
            ("genre", sorted(g for g in self.genres if fold(g) not in genres), catalogue.genres),
            ("decade", sorted(self.decades), catalogue.decades),
        ):
            for value in wanted:
                if value not in known:
                    shown = ", ".join(str(k) for k in known) or "-"
                    raise UnknownChoice(value=value, what=what, known=shown)
