"""A cue sheet as files for other programs: one small writer a format, each a pure function from sheet to text.

``FORMATS`` names them all; :func:`render` writes one. Times are exact: frames of the clip's own
rate, drop-frame where that is counted so, beginning at the start timecode of the editor's timeline.
"""

from recommender.cues.export.formats import FORMATS, Format, render, render_bytes

__all__ = ["FORMATS", "Format", "render", "render_bytes"]
