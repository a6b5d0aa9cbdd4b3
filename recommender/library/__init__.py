"""Music known by its sound: what a track's sound says, and an index of the editor's own folders.

How it flows::

    file ──emotion.media──▶ sound ──front_end──▶ pictures ──networks──▶ frames of features
         ──mood, beats, tonal, loudness, vocals, sections──▶ TrackSound
    folders ──scan──▶ files, tags, licences ──index──▶ database
"""

from recommender.library.track_sound import MOODS, QUADRANTS, STEP_S, Section, TrackSound, quadrant_of

__all__ = ["MOODS", "QUADRANTS", "STEP_S", "Section", "TrackSound", "quadrant_of"]
