"""What a clip expresses, second by second: in the voice, in the face, and in both together.

    clip --media--> sound, frames --signals--> windows --voice--+
                          |                                     +--fusion--> Timeline
                          +------ face: detect, track, read ----+

    >>> from emotion import analyse, load_readers
    >>> timeline = analyse("clip.mp4", load_readers())
    >>> timeline.best.label, timeline.best.sure

Start reading at ``pipeline.py``. Nothing here knows of a browser; ``emotion.training`` alone knows
of TensorFlow.
"""

from emotion.errors import MoodCueError
from emotion.labels import EMOTIONS
from emotion.pipeline import Progress, Readers, analyse, load_readers
from emotion.timeline import EmotionScores, Segment, Timeline

__version__ = "0.2.0"

__all__ = [
    "EMOTIONS",
    "EmotionScores",
    "MoodCueError",
    "Progress",
    "Readers",
    "Segment",
    "Timeline",
    "__version__",
    "analyse",
    "load_readers",
]
