"""A link to a video becomes a file: :mod:`client` here, :mod:`worker` in a process of its own, :mod:`search` asks it
for hits instead."""

from emotion.fetch.client import Fetched, fetch
from emotion.fetch.search import Hits, search

__all__ = ["Fetched", "Hits", "fetch", "search"]
