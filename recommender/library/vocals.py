"""Whether somebody sings or speaks in a track, from the seconds in which the detector heard either.

The detector was made for voices and not for music: in bowed strings, choirs of synthesisers and woodwinds it hears
a voice now and then. So a voice must be there for a part of the track before the track counts as one with vocals.
"""

from __future__ import annotations

from typing import Final

from recommender.library.track_sound import Vocals

LEAST_SHARE: Final = 0.2
"""Less does not count; picked and judged by :mod:`recommender.training.evaluate_vocals`."""
LEAST_S: Final = 2.0


def vocals(
    singing_s: float, speech_s: float, duration_s: float, *, least_share: float = LEAST_SHARE
) -> tuple[Vocals, float]:
    """Whichever takes longer, and for which share of the track; ``none`` where that is too little."""
    seconds, kind = max((singing_s, "singing"), (speech_s, "speech"))
    share = min(1.0, seconds / max(duration_s, 1e-6))
    if share < least_share or seconds < LEAST_S:
        return "none", share
    return ("singing" if kind == "singing" else "speech"), share
