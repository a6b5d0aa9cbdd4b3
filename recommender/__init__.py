"""Music that fits what a clip expresses.

How it flows::

    LMC labels, Deezer figures ──building──▶ catalogue file ─┐
    assets/music/starter.csv ────────────────────────────────┴─files.load──▶ Catalogue
                                     (moods: the seed's two rules; a place on the plane a song)

    EmotionScores of voice and face ──picks.seed_picks──▶ Pick, Pick, ...     the seed's 5 + 5
    Timeline ──rank.rank (intent, filters, seed)────────▶ Pick, Pick, ...     distance on the plane
    Pick ──youtube.Players──▶ video id ──history.History──▶ what was picked and skipped

Import ``youtube``, ``history``, ``taste`` and ``suggestions`` by name: what needs a database is not
loaded before. Nothing here knows of a page: reasons are message keys with values (``messages.sentence``).
"""

from recommender.messages import sentence
from recommender.ranking.intents import INTENTS
from recommender.ranking.picks import Pick, emotion_picks, seed_picks
from recommender.ranking.plane import GOALS
from recommender.ranking.rank import rank
from recommender.songs.catalogue import Catalogue, Track
from recommender.songs.files import load as load_catalogue
from recommender.songs.filters import Filters

__all__ = [
    "GOALS",
    "INTENTS",
    "Catalogue",
    "Filters",
    "Pick",
    "Track",
    "emotion_picks",
    "load_catalogue",
    "rank",
    "seed_picks",
    "sentence",
]
