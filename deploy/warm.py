"""Everything that a first visitor would wait for, done once at build time: ``python -m deploy.warm``.

Checks the sha256 of every weight, reads a sample with the served models, and describes its sound as the page does,
so that what was left out of the image is missed here. DeepFace's home (``MOODCUE_CACHE_DIR``) is filled.
Ends with status 1 and a sentence where something is missing.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

from emotion import media, pipeline, signals, weights
from emotion.errors import MoodCueError

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "assets" / "samples" / "good-news.mp4"


def main() -> int:
    started = time.perf_counter()
    if importlib.util.find_spec("tensorflow"):
        print("TensorFlow is installed: it has no place where the app is served", file=sys.stderr)
        return 1
    try:
        files = [model.path(file) for model in weights.available() for file in model.config["files"]]
        print(f"{len(files)} files of weights verified")
        timeline = pipeline.analyse(SAMPLE, pipeline.load_readers())
    except MoodCueError as e:
        print(e, file=sys.stderr)
        return 1
    if timeline.voice is None or timeline.face is None or timeline.fused is None:
        print("the sample's voice or face could not be read", file=sys.stderr)
        return 1
    print(f"{SAMPLE.name}: {timeline.fused.label}")
    describe()
    print(f"warm after {time.perf_counter() - started:.1f} s")
    return 0


def describe() -> None:
    """What the page of the result shows of a sound."""
    from pages.analyse.sound import SR
    from pages.analyse.sound import describe as of_page

    y = media.read_sound(SAMPLE, SR)
    of_page(y, 0.0)
    signals.envelope(y, SR)


if __name__ == "__main__":
    sys.exit(main())
