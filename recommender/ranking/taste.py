"""A visitor's taste, learned from picks and skips: a small logistic regression that can be read.

Each pick and skip is a song; its features are its genre, its decade, its energy, whether it has
words, and its place on the plane. Ridge regression keeps what few songs say small. The learned
score moves a song's distance in the ranking by at most :data:`STRONGEST` either way, so taste
reorders what fits and never replaces the fit. It stays off until there are enough of both kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from emotion.timeline import Notice
from recommender.songs.catalogue import ENERGY_LEVELS, Catalogue

if TYPE_CHECKING:
    from recommender.store.history import Event  # its database is not needed to rank

ENOUGH: Final = 8
"""So many picks and so many skips are needed before anything is learned."""
RIDGE: Final = 1.0
STEPS: Final = 25
STRONGEST: Final = 0.25
"""The most by which taste moves a distance; the plane is 2 wide."""
OLDEST_DECADE: Final = 1900


@dataclass(frozen=True, eq=False)
class Taste:
    """Weights of a logistic regression over ``names`` (message keys with values), shape (f,)."""

    names: tuple[Notice, ...]
    weights: np.ndarray
    picks: int
    skips: int

    def adjustment(self, catalogue: Catalogue) -> np.ndarray:
        """What to add to each song's distance, shape (n,), in [-STRONGEST, STRONGEST]; liked is negative."""
        features, names = song_features(catalogue)
        known = dict(zip(self.names, self.weights, strict=True))
        score = features @ np.array([known.get(n, 0.0) for n in names])
        return -STRONGEST * np.tanh(score - score.mean())

    def reasons(self, most: int = 5) -> list[tuple[Notice, float]]:
        """The features that weigh most, liked (positive) or disliked (negative), strongest first."""
        order = np.argsort(-np.abs(self.weights))[:most]
        return [(self.names[i], float(self.weights[i])) for i in order if abs(self.weights[i]) > 1e-3]


def learn(events: Sequence[Event], catalogue: Catalogue) -> Taste | None:
    """The taste in a visitor's picks and skips; None until there are :data:`ENOUGH` of both.

    Events of songs that the catalogue does not hold are passed over. A song picked and skipped
    counts by the last of the two.
    """
    liked: dict[int, bool] = {}
    for e in sorted(events, key=lambda e: e.at):
        row = catalogue.index_of(e.track_id) if e.track_id else None
        if row is None and e.artist and e.title:
            row = catalogue.index_named(e.artist, e.title)
        if row is not None and e.kind in ("pick", "skip"):
            liked[row] = e.kind == "pick"
    picks, skips = sum(liked.values()), len(liked) - sum(liked.values())
    if min(picks, skips) < ENOUGH:
        return None
    features, names = song_features(catalogue)
    weights = _ridge_logistic(features[list(liked)], np.array(list(liked.values()), dtype=float))
    return Taste(names, weights, picks, skips)


def song_features(catalogue: Catalogue) -> tuple[np.ndarray, tuple[Notice, ...]]:
    """One row a song, shape (n, f), and what each column means."""
    columns: list[np.ndarray] = []
    names: list[Notice] = []

    def add(key: str, value: str, column: np.ndarray) -> None:
        columns.append(column.astype(np.float64))
        names.append(Notice(key, (("value", value),)))

    for genre in (g for g in catalogue.genre_names if g):
        add("music.taste.genre", genre, catalogue.genre == genre)
    for level, energy in enumerate(ENERGY_LEVELS):
        add("music.taste.energy", energy, catalogue.energy == level)
    add("music.taste.words", "", catalogue.has_words == 1)
    add("music.taste.no_words", "", catalogue.has_words == 0)
    age = np.where(catalogue.year > 0, (catalogue.year.clip(OLDEST_DECADE) - 1970) / 50, 0.0)
    add("music.taste.newer", "", age)
    add("music.taste.pleasant", "", catalogue.position[:, 0])
    return np.column_stack(columns), tuple(names)


def _ridge_logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Newton's steps on the penalised log-likelihood; the intercept is not penalised and not returned."""
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.diag([1e-6] + [RIDGE] * x.shape[1])
    w = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ w, -30, 30)))
        gradient = design.T @ (y - p) - penalty @ w
        hessian = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        w += step
        if np.abs(step).max() < 1e-6:
            break
    return w[1:]
