"""A link to a video becomes a file: :mod:`client` here, :mod:`worker` in a process of its own."""

from emotion.fetch.client import Fetched, fetch

__all__ = ["Fetched", "fetch"]
