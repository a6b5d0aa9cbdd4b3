"""The cue sheet: what an editor takes away.

How it flows::

    Timeline ──CueSheet.from_timeline──▶ CueSheet ──edits──▶ CueSheet ──export──▶ files for editing programs
                 (cut, evidence, peaks)      │
                                             └─ Cue: mood (mood.py), direction (direction.py), songs (songs.py)

Pure and frozen: nothing here opens a file, knows a page or keeps state.
"""

from recommender.cues.direction import Advice, Direction
from recommender.cues.evidence import Evidence, Reading
from recommender.cues.mood import MOODS, Mood
from recommender.cues.peaks import Peak
from recommender.cues.saved import from_dict, to_dict
from recommender.cues.sheet import STATES, Cue, CueSheet, Song, State, make_sheet
from recommender.cues.songs import with_songs
from recommender.ranking.intents import INTENTS, Intent

__all__ = [
    "INTENTS",
    "MOODS",
    "STATES",
    "Advice",
    "Cue",
    "CueSheet",
    "Direction",
    "Evidence",
    "Intent",
    "Mood",
    "Peak",
    "Reading",
    "Song",
    "State",
    "from_dict",
    "make_sheet",
    "to_dict",
    "with_songs",
]
