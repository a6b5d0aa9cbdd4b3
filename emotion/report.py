"""Results as text, one after the other: to standard output, or a file a clip.

One clip whose result cannot be written is that clip's failure (:class:`errors.ResultNotWritten`), not the others'.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from emotion.many import COLUMNS, Row
from emotion.messages import english
from emotion.result import cell
from emotion.result_files import ResultFolder
from emotion.timeline import EmotionScores, Speaker, Timeline, Verdict

SUFFIX_OF: Final = {"json": ".json", "csv": ".csv", "table": ".txt"}


class Report:
    """Writes one timeline after the other, in one of the formats of :data:`SUFFIX_OF`.

    Args:
        form: "json", "csv" or "table".
        folder: a file a clip in here, made where need be; standard output where None.
        single: whether one clip was asked for: its JSON is then an object, otherwise a list of objects.

    Raises:
        ResultNotWritten: the folder cannot be made.
    """

    def __init__(self, form: str, folder: Path | None, *, single: bool) -> None:
        self.form = form
        self.folder = None if folder is None else ResultFolder(folder)
        self.single = single
        self.count = 0

    def add(self, timeline: Timeline) -> None:
        """Raises ResultNotWritten; nothing of the file is left then."""
        text = self._text(timeline)
        if self.folder is not None:
            self.folder.write(timeline.clip.name, SUFFIX_OF[self.form], text)
            return
        if self.form == "json" and not self.single:
            text = ("[\n" if self.count == 0 else ",\n") + text.rstrip("\n")
        elif self.form == "csv" and self.count:
            text = text.split("\n", 1)[1]
        sys.stdout.write(text)
        sys.stdout.flush()
        self.count += 1

    def close(self) -> None:
        if self.form == "json" and not self.single and self.folder is None:
            sys.stdout.write("\n]\n" if self.count else "[]\n")

    def _text(self, timeline: Timeline) -> str:
        from emotion import result

        if self.form == "json":
            return as_json(result.to_dict(timeline), indent=2) + "\n"
        return result.to_csv(timeline) if self.form == "csv" else table(timeline)


def as_json(data: object, indent: int | None = None) -> str:
    """JSON as it is read best where it goes: escaped where the terminal cannot show every character."""
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    return json.dumps(data, ensure_ascii=not encoding.startswith("utf"), indent=indent, allow_nan=False)


def table(timeline: Timeline) -> str:
    """The verdicts and the timeline for a reader at a terminal."""
    clip = timeline.clip
    lines = [f"{clip.name}  {clip.duration_s:.1f} s"]
    for side in ("voice", "face", "fused"):
        verdict: Verdict | None = getattr(timeline, side)
        if verdict is not None:
            doubt = "" if verdict.sure else "  (not sure)"
            lines.append(f"  {side:<6} {verdict.label:<10} {verdict.scores.confidence:4.0%}{doubt}")
    if timeline.best is not None:
        scores = timeline.best.scores
        lines.append(f"  valence {scores.valence:+.2f}  arousal {scores.arousal:+.2f}")
    lines += [_speaker(s, timeline.adaptation.on) for s in timeline.adaptation.speakers] if timeline.adaptation else []
    if timeline.disagreement is not None:
        lines.append(f"  disagreement of voice and face {timeline.disagreement:.2f} (0 to 1)")
    for moment in timeline.moments:
        cells = [f"{short(getattr(moment, side)):<16}" for side in ("voice", "face", "fused")]
        lines.append(f"  {moment.segment.start_s:6.1f}-{moment.segment.end_s:<6.1f} {' '.join(cells)}".rstrip())
    lines += [f"  ! {english(n.key, **dict(n.values))}" for n in timeline.notices]
    return "\n".join(lines) + "\n"


def short(scores: EmotionScores | None) -> str:
    return "-" if scores is None else f"{scores.label} {scores.confidence:.0%}"


def _speaker(s: Speaker, on: bool) -> str:
    """What one speaker's reading rests on."""
    if not (on and s.adapted):
        return f"  speaker {s.id}: {s.speech_s:.0f} s of speech, read like everybody"
    added = f" and {s.added_s:.0f} s of further footage" if s.files else ""
    change = f"{short(s.general)} without it, {short(s.known)} with it"
    return f"  speaker {s.id}: read by {s.speech_s:.0f} s of speech{added}: {change}"


# Many short files --------------------------------------------------------------------------------


def write_rows(rows: Iterable[Row], form: str) -> int:
    """Each row as it comes; how many files could not be read."""
    failed = 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if form == "csv":
        writer.writerow(["file", *COLUMNS])
    for row in rows:
        if row.error is not None:
            failed += 1
            complain(str(row.error))
        elif row.scores is None:
            complain(f"{row.file}: nothing to read (silence, or no face)")
        if form == "csv":
            writer.writerow([cell(row.file), *row.cells()])
        elif form == "json":
            sys.stdout.write(json.dumps(row.as_dict()) + "\n")
        else:
            sys.stdout.write(f"{row.file:<40} {short(row.scores)}\n")
    return failed


# Standard error --------------------------------------------------------------------------------


def progress(text: str, end: str = "") -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}{end}")
        sys.stderr.flush()


def complain(sentence: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    sys.stderr.write(sentence + "\n")
