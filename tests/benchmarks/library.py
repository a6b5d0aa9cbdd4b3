"""The index of one's own music: how quick, how much memory, how quick again; and ranking a large library for cues.

Installed music joined to tracks of some minutes is heard. ``real time`` is by the clock on however many cores are
free; ``processor`` is by the processor's seconds of all processes together, which a busy machine hardly changes:
with two cores to itself the clock shows up to twice that. Memory is that of every process together, each shared
page counted once (PSS).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import psutil
import soundfile
import sqlalchemy as sa

from emotion.media import fence
from recommender.cues.sheet import CueSheet
from recommender.library import index, scan
from recommender.library.track_sound import TrackSound
from recommender.mix.sources import installed_sounds
from recommender.ranking.shelf import Shelf, rank
from recommender.songs import installed
from recommender.songs.usable import Usable
from recommender.store import database
from tests.cue_timelines import timeline

ROOT: Final = Path(__file__).resolve().parents[2]
SR: Final = 44_100
TRACKS: Final = 12
EACH_S: Final = 180.0
BARS: Final = {"real_time": 40.0, "memory_mb": 500.0, "again_s": 5.0, "cues_ms": 150.0}


def measure() -> list[str]:
    """Lines to print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [*_heard(folder), *_again(folder)]
    return [*lines, *_ranked()]


def _heard(folder: Path) -> list[str]:
    """``moodcue index`` as it is called, in processes of its own."""
    music = folder / "music"
    music.mkdir()
    seconds = _make(music)
    command = [sys.executable, "-m", "moodcue", "index", str(music)]
    began = time.perf_counter()
    environment = {**os.environ, "MOODCUE_HOME": str(folder / "home")}
    process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    watch = _Watch(process)
    said = process.communicate()[0].decode()
    took = time.perf_counter() - began
    watch.end()
    assert f"{TRACKS} heard" in said, said
    return [
        _line(f"{TRACKS} tracks of {EACH_S:.0f} s heard, times real time", f"{seconds / took:.1f}", "real_time"),
        _line("the same by one processor's seconds", f"{seconds / watch.processor_s:.1f}"),
        _line("most memory of all its processes, MB", f"{watch.most_mb:.0f}", "memory_mb"),
    ]


def _line(name: str, value: str, bar: str | None = None) -> str:
    return f"{name:<48}{value:>10}" + ("" if bar is None else f"   (bar {BARS[bar]:g})")


def _make(folder: Path) -> float:
    """Tracks of installed music, each joined of others; gives the seconds of all."""
    sounds = [fence.read_sound(e.path, SR) for e in installed.tracks()[:16]]
    wanted = int(EACH_S * SR)
    for i in range(TRACKS):
        order = np.random.default_rng(i).permutation(len(sounds))
        y = np.concatenate([sounds[k] for k in order])[:wanted]
        soundfile.write(folder / f"{i}.flac", np.column_stack([y, y[::-1]]), SR)
    return TRACKS * EACH_S


def _again(folder: Path) -> list[str]:
    """A folder of many files that were heard before."""
    lines = []
    for count in (1_000, 10_000):
        music = folder / f"many{count}"
        music.mkdir()
        engine = database.open_database(f"sqlite:///{folder / f'many{count}.sqlite'}")
        sound = next(iter(installed_sounds().values()))
        rows = []
        for i in range(count):
            (music / f"{i}.mp3").write_bytes(b"%d" % i)
        for file in scan.files_under([music]):
            tags = scan.Tags(file.path.stem, None, None, None, None, "unknown")
            rows.append(_row(file, tags, sound))
        with engine.begin() as connection:
            connection.execute(sa.insert(database.own_tracks), rows)
        began = time.perf_counter()
        done = index.update(engine, [music])
        took = time.perf_counter() - began
        assert done.unchanged == count, done
        bar = "again_s" if count == 1_000 else None
        lines.append(_line(f"{count:,} unchanged tracks again, s", f"{took:.2f}", bar))
        began = time.perf_counter()
        index.tracks(engine, [music])
        lines.append(_line("the same read for the page, s", f"{time.perf_counter() - began:.2f}"))
    return lines


def _row(file: scan.FoundFile, tags: scan.Tags, sound: TrackSound) -> dict[str, object]:
    facts = {"title": tags.title, "artist": None, "album": None, "genre": None, "year": None}
    return {
        "path": str(file.path), "bytes": file.bytes, "mtime_ns": file.mtime_ns, "fingerprint": file.path.stem,
        "model": index.MODEL, "state": "heard", "reason": None, "sound": json.dumps(sound.to_dict()), "at": 0.0,
        "tags": json.dumps({**facts, "licence": "unknown"}),
    }  # fmt: skip


def _ranked() -> list[str]:
    """Eight cues over 20,000 tracks with curves of some minutes."""
    rng = np.random.default_rng(0)
    sound = next(iter(installed_sounds().values()))
    tracks, sounds = [], {}
    for i in range(20_000):
        steps = int(rng.integers(20, 100))
        walk = np.clip(np.cumsum(rng.standard_normal((2, steps)) * 0.1, axis=1) + rng.uniform(-0.6, 0.6, (2, 1)), -1, 1)
        key = f"t{i}"
        tempo = float(rng.uniform(60, 180))
        facts = {"path": key, "duration_s": steps * 3.0, "tempo_bpm": tempo}
        tracks.append(Usable(key, "own", key, f"a{i % 4000}", "CC0", "", **facts))
        curves = {"valence_curve": tuple(walk[0].tolist()), "energy_curve": tuple(walk[1].tolist())}
        sounds[key] = replace(sound, **curves)
    began = time.perf_counter()
    shelf = Shelf.of(tracks, sounds)
    made = time.perf_counter() - began
    emotions = ("angry", "calm", "happy", "sad", "fearful", "calm", "angry", "happy")
    sheet = _sheet([(e, 60) for e in emotions])
    found, times = rank(sheet, shelf), []
    for _ in range(7):
        began = time.perf_counter()
        rank(sheet, shelf)
        times.append((time.perf_counter() - began) * 1000)
    assert len(found) == len(sheet.cues) == len(emotions)
    return [
        _line("20,000 tracks put on the shelf, s", f"{made:.2f}"),
        _line(f"{len(found)} cues over 20,000 tracks, ms (best of 7)", f"{min(times):.0f}", "cues_ms"),
    ]


def _sheet(stretches: list[tuple[str, int]]) -> CueSheet:
    return CueSheet.from_timeline(timeline(stretches))


class _Watch:
    """Looks at a process and all below it until it is told to end."""

    def __init__(self, process: psutil.Process) -> None:
        self.most_mb = 0.0
        self._process = process
        self._over = threading.Event()
        self._spent: dict[int, float] = {}
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def processor_s(self) -> float:
        return sum(self._spent.values())

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            total = 0.0
            try:
                for p in [self._process, *self._process.children(recursive=True)]:
                    total += p.memory_full_info().pss / 1024**2
                    self._spent[p.pid] = sum(p.cpu_times()[:2])
            except psutil.Error:
                continue
            self.most_mb = max(self.most_mb, total)
