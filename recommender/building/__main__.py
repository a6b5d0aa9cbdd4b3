"""``python -m recommender.building``: build the catalogue from what can be had, and name the rest.

Exit status 1 where no source at all is to be had.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from emotion.errors import MoodCueError
from emotion.messages import Words
from recommender import paths
from recommender.building import agreement, deezer, lmc_archive, merge, sources
from recommender.errors import SourceUnavailable
from recommender.songs import files, lmc

T = TypeVar("T")

METRICS = paths.ASSETS / "music" / "metrics.json"


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        return {"build": build, "agreement": report_agreement, "metrics": write_metrics}[args.what](args)
    except (MoodCueError, OSError) as e:
        print(f"python -m recommender.building: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m recommender.building",
        description="Build the song catalogue from LMC's labels, Deezer's figures and the starter catalogue. "
        "MOODCUE_MIRROR names a folder that is looked through before anything is downloaded.",
    )
    parser.add_argument(
        "what", nargs="?", choices=("build", "agreement", "metrics"), default="build",
        help="agreement: how often the plane agrees with the moods of the built catalogue, as JSON; "
        "metrics: that and the simulated visitors' gain, into assets/music/metrics.json",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FILE", help="Parquet (default: the user's data folder)")
    parser.add_argument("--mirror", type=Path, metavar="DIR", help="instead of MOODCUE_MIRROR")
    parser.add_argument("--offline", action="store_true", help="download nothing")
    parser.add_argument("--no-starter", action="store_true", help="leave the starter catalogue out")
    return parser


def build(args: argparse.Namespace) -> int:
    """Fetch, read, join, write."""
    started = time.perf_counter()
    labels = _attempt("LMC", lambda: lmc_archive.read(_fetch(sources.LMC, args)))
    figures = _attempt("Deezer", lambda: deezer.read([_fetch(s, args) for s in sources.DEEZER]))
    if labels is None and figures is None:
        raise SourceUnavailable(name="LMC, Deezer", detail=Words.of("fault.nothing_to_build"))
    starter = None if args.no_starter else files.read(paths.STARTER)
    output = args.output or paths.built_catalogue()
    joined = merge.join(labels, figures, starter, output.name)
    files.write_parquet(joined.catalogue, output)
    for line in _report(labels, figures, joined):
        print(line)
    print(f"{len(joined.catalogue)} songs written to {output} in {time.perf_counter() - started:.1f} s")
    return 0


def _fetch(source: sources.Source, args: argparse.Namespace) -> Path:
    return sources.fetch(source, mirror=args.mirror, offline=args.offline, progress=sys.stderr.isatty())


def _attempt(name: str, work: Callable[[], T]) -> T | None:
    """What the work gives, or None with a line that says why not: one source less is no failure."""
    try:
        return work()
    except MoodCueError as e:
        print(f"{name}: left out. {e}", file=sys.stderr)
        return None


def _report(labels: lmc.LmcSongs | None, figures: deezer.DeezerSongs | None, joined: merge.Joined) -> list[str]:
    counts, lines = joined.counts, []
    if labels is not None:
        lines.append(f"LMC: {len(labels)} songs with a mood; rejected: {_listed(labels.rejected)}")
    if figures is not None:
        lines.append(f"Deezer: {len(figures)} tracks with figures; rejected: {_listed(figures.rejected)}")
    if labels is not None and figures is not None:
        lines.append(f"LMC and Deezer share {counts['LMC+Deezer']} songs")
    if counts["starter"]:
        lines.append(
            f"starter: {counts['starter']} songs, {counts['starter joined']} of them found in the other sources"
        )
    return lines


def _listed(rejected: dict[str, int]) -> str:
    return ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in rejected.items())


def report_agreement(args: argparse.Namespace) -> int:
    """Print how often the plane agrees with the moods, as JSON."""
    catalogue = files.load(args.output)
    print(json.dumps({"catalogue": catalogue.name, **agreement.measure(catalogue).as_dict()}, indent=2))
    return 0


def write_metrics(args: argparse.Namespace) -> int:
    """Write what the evidence page shows, measured on the built catalogue and on the starter."""
    from recommender.ranking import simulation

    catalogue, starter = files.load(args.output), files.read(paths.STARTER)
    measured = agreement.measure(catalogue)
    agreed = measured.as_dict()
    low, high = measured.plane_interval or (None, None)
    del agreed["plane_interval"]
    from_lmc = any(lmc.SOURCE in source for source in set(catalogue.source))
    tree = {
        "agreement": {
            "label": "LMC's moods" if from_lmc else "the starter catalogue's moods (LMC's were not to be had)",
            "figures": "Deezer",
            **agreed,
            "plane_low": low,
            "plane_high": high,
        },
        "taste": simulation.measure(starter),
        "songs": {"built catalogue": len(catalogue), "starter": len(starter)},
        "command": "python -m recommender.building && python -m recommender.building metrics",
    }
    METRICS.write_text(json.dumps(_rounded(tree), indent=2) + "\n", encoding="utf-8")
    print(f"written to {METRICS}")
    return 0


def _rounded(node: object) -> object:
    if isinstance(node, dict):
        return {k: _rounded(v) for k, v in node.items()}
    return round(node, 4) if isinstance(node, float) else node


if __name__ == "__main__":
    sys.exit(main())
