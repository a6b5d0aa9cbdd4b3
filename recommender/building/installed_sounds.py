"""What the sound of every installed track says, measured once: ``python -m recommender.building.installed_sounds``."""

from __future__ import annotations

import gzip
import json

from recommender.library.describe import Describer
from recommender.mix.sources import SOUNDS
from recommender.songs import installed


def main() -> None:
    describer = Describer()
    sounds = {}
    for entry in installed.tracks():
        track = entry.usable()
        sounds[track.id] = describer.describe(entry.path).to_dict()
        print(f"{track.title}: {sounds[track.id]['quadrant']}, {sounds[track.id]['tempo_bpm']} bpm")
    text = json.dumps(sounds, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # The time of writing stays out: the same sounds give the same file.
    SOUNDS.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(sounds)} tracks, described by {describer.version}: {SOUNDS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
