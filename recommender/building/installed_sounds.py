"""What the sound of every installed track says, measured once: ``python -m recommender.building.installed_sounds``.

Beats and bars of our own pieces are not measured: they were written at a tempo, and are known to the sample.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import cast

import numpy as np

from recommender.library.describe import Describer
from recommender.library.track_sound import Mode, TrackSound
from recommender.mix.sources import SOUNDS
from recommender.songs import installed


def known_better(entry: installed.Entry, sound: TrackSound) -> TrackSound:
    """The sound with what its maker knows in place of what was measured."""
    if entry.first_beat_s is None or entry.tempo_bpm is None:
        return sound
    beat_s = 60 / entry.tempo_bpm
    beats = np.round(np.arange(entry.first_beat_s, sound.end_s, beat_s), 4)
    loop = (entry.loop_start_s, entry.loop_end_s)
    return replace(
        sound,
        tempo_bpm=entry.tempo_bpm,
        beats_s=tuple(beats.tolist()),
        bars_s=tuple(beats[:: entry.beats_per_bar].tolist()),
        beats_a_bar=entry.beats_per_bar,
        key=entry.key.replace("Db", "C#").replace("Eb", "D#").replace("Bb", "A#") if entry.key else sound.key,
        mode=cast(Mode, entry.mode) if entry.mode in ("major", "minor") else sound.mode,
        vocals="none",
        vocal_share=0.0,
        loop=cast(tuple[float, float], loop) if None not in loop else sound.loop,
    )


def main() -> None:
    describer = Describer()
    sounds = {}
    for entry in installed.tracks():
        track = entry.usable()
        sounds[track.id] = known_better(entry, describer.describe(entry.path)).to_dict()
        print(f"{track.title}: {sounds[track.id]['quadrant']}, {sounds[track.id]['tempo_bpm']} bpm")
    text = json.dumps(sounds, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # The time of writing stays out: the same sounds give the same file.
    SOUNDS.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(sounds)} tracks, described by {describer.version}: {SOUNDS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
