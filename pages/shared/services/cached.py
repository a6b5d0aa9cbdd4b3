"""What all visitors share, kept once in the process: the only place with ``st.cache_*``."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from pages.shared.services import heap, visitors
from pages.shared.services.jobs import Pool

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from emotion.pipeline import Readers
    from pages.shared.services.visitors import Kept
    from recommender import Catalogue, Track
    from recommender.errors import CatalogueError
    from recommender.players.youtube import Player, Players

ROOT = Path(__file__).resolve().parents[3]
LOOK_UP_S = 8.0
SAMPLES_DIR = ROOT / "assets" / "samples"
T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """A bundled clip; its title and description are sentences of the locale."""

    id: str
    title_key: str
    path: Path


@st.cache_resource(show_spinner=False)
def samples() -> tuple[Sample, ...]:
    """The clips of ``assets/samples/samples.json`` in their order."""
    index = SAMPLES_DIR / "samples.json"
    if not index.is_file():
        return ()
    rows = json.loads(index.read_text(encoding="utf-8"))
    return tuple(Sample(r["id"], r["title_key"], SAMPLES_DIR / r["file"]) for r in rows)


@st.cache_data(show_spinner=False, max_entries=32)
def poster(sample: Sample) -> bytes:
    """A small picture of a sample: its middle, or its waveform where it has sound alone."""
    from emotion import media, signals

    clip = media.probe(sample.path)
    if clip.width is not None:
        return jpeg(media.frame_at(sample.path, clip.duration_s / 2, max_side=480).rgb)
    _, low, high = signals.envelope(media.read_sound(sample.path, 8000), 8000, points=2 * 60)
    return _waveform(high - low)


def _waveform(loudness: npt.NDArray[np.float32], width: int = 480, height: int = 270) -> bytes:
    from io import BytesIO

    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (width, height))
    draw, step = ImageDraw.Draw(picture), width / (len(loudness) + 1)
    for i, value in enumerate(loudness / max(float(loudness.max(initial=0)), 1e-6)):
        x, half = (i + 1) * step, max(2.0, value * height * 0.38)
        draw.rounded_rectangle((x - 2, height / 2 - half, x + 2, height / 2 + half), radius=2, fill="#7a70e8")
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def jpeg(rgb: npt.NDArray[np.uint8], quality: int = 85) -> bytes:
    """A picture of shape (height, width, 3) as a file that browsers show."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=quality)
    return out.getvalue()


def forget_upload(upload: Any) -> None:
    """Free the copy that Streamlit keeps in memory: the visitor's folder has the file now."""
    from streamlit.runtime import get_instance
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None:
        files: Any = get_instance().uploaded_file_mgr
        files.remove_file(session_id=context.session_id, file_id=upload.file_id)


@st.cache_resource(show_spinner=False)
def fetch_pool() -> Pool[Kept]:
    """Links are fetched apart from the analyses: they wait for the network, not for the processor."""
    return Pool(workers=3, waiting=16, kept=0)


@st.cache_resource(show_spinner=False)
def pool() -> Pool[Any]:
    """The one pool of the process."""
    return Pool(workers=2)


def _healthy(loading: Future[Any]) -> bool:
    return not (loading.done() and loading.exception() is not None)


@st.cache_resource(show_spinner=False, validate=_healthy)
def readers() -> Future[Readers]:
    """The models, loading in a thread of their own from the first call on; a failure is tried again."""

    def load() -> Readers:
        from emotion.pipeline import load_readers

        return load_readers()

    return _in_background(load)


@st.cache_resource(show_spinner=False)
def warm() -> None:
    """Load what the first result needs while the visitor still looks for a clip."""

    def load() -> None:
        readers().exception()
        catalogue()
        import plotly.graph_objects
        import plotly.subplots

        del plotly
        _settle()

    _in_background(load)


@st.cache_resource(show_spinner=False)
def warm_sound() -> None:
    """librosa takes seconds and 250 MB at its first use: not before there is a result to look at."""

    def load() -> None:
        import numpy as np

        from emotion import signals

        noise = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32)
        signals.mfcc(signals.trim(noise)[0], 22_050)
        _settle()

    _in_background(load)


def _settle() -> None:
    """Take what is loaded for good out of the collector's rounds.

    Streamlit collects garbage after every run of every page; over 300,000 objects of libraries that stops all
    visitors for a quarter of a second each time, and with several of them following their progress, for good.
    """
    gc.collect()
    gc.freeze()
    heap.trim()


def catalogue() -> Catalogue:
    """The songs: the built catalogue where there is a sound one, else the shipped one."""
    return _catalogue()[0]


def catalogue_fault() -> CatalogueError | None:
    """What is wrong with the built catalogue, which the shipped one stands in for."""
    return _catalogue()[1]


@st.cache_resource(show_spinner=False)
def _catalogue() -> tuple[Catalogue, CatalogueError | None]:
    from recommender.songs.files import built_or_starter

    songs = built_or_starter()
    _settle()
    return songs


@dataclass(frozen=True)
class SongPlayers:
    """Finds a song's player; what was found is remembered on disk."""

    players: Players

    def find(self, track: Track) -> Player:
        """Asks the network where it must, for a few seconds at most."""
        return self.players.wait(track, LOOK_UP_S)

    def next(self, track: Track, video_id: str | None = None) -> Player:
        """Another video, where the one shown (``video_id``, if it is known) does not play."""
        return self.players.gone(track, video_id)


@st.cache_resource(show_spinner=False)
def song_players() -> SongPlayers:
    from recommender.players.youtube import Players

    return SongPlayers(Players())


@st.cache_resource(show_spinner=False)
def swept() -> int:
    """What an earlier server left behind goes once, before the first visitor comes."""
    return visitors.sweep()


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda visitor: visitor.leave(visitors.grace_s()))
def visitor() -> visitors.Visitor:
    """The visitor who is asking; what is theirs goes a while after they are gone."""
    swept()
    return visitors.held(st.session_state)


def _in_background(load: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(load())
        except BaseException as e:
            future.set_exception(e)

    threading.Thread(target=run, name="warm", daemon=True).start()
    return future
