"""``moodcue score CLIP``: one command from a clip to a mixed video, its stems, its marker files and a report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from emotion import result_files
from emotion.errors import TimelineFileError
from emotion.messages import message
from emotion.timeline import Notice, Timeline
from recommender.cues import saved, timecodes
from recommender.cues.export import FORMATS, chapters, render_bytes
from recommender.cues.sheet import Cue, CueSheet, make_sheet
from recommender.cues.usable import take, with_parts
from recommender.errors import NoMusicToUse, SheetFileError, SheetOfAnotherClip, UnknownChoice
from recommender.library.track_sound import TrackSound
from recommender.messages import sentence
from recommender.mix import beside, broadcast, score, sources, timelines
from recommender.mix.estimate import Spoken
from recommender.mix.plan import LEAST_LU, MOST_LU, TARGETS, MixPlan, Target, Wanted
from recommender.mix.render import Form
from recommender.mix.report import Report
from recommender.ranking.shelf import Part, Shelf
from recommender.songs import credits
from recommender.songs.usable import Usable

OWN_MUSIC: Final = Notice("mix.note.own_music")
LANGUAGES: Final = ("en", "zh_TW")
MAY_DIFFER_S: Final = 0.5
"""A saved sheet's end and the clip's."""
OWN_TARGET: Final = (-40.0, -6.0)
"""Bounds of a target given as a number, in LUFS."""


def target_of(text: str) -> Target:
    """A target by its name, or a loudness in LUFS.

    Raises:
        UnknownChoice: it is neither.
    """
    if text in TARGETS:
        return TARGETS[text]
    try:
        lufs = float(text)
    except ValueError:
        lufs = float("nan")
    if not OWN_TARGET[0] <= lufs <= OWN_TARGET[1]:
        raise UnknownChoice(value=text, what="target", known=", ".join([*TARGETS, "-40 ... -6"]))
    return Target("own", lufs)


def run(
    clip: Path,
    *,
    music: str = sources.INSTALLED,
    sheet: Path | None = None,
    under: float = 14.0,
    target: str = "youtube",
    stems: bool = False,
    effects: bool = False,
    form: Form = "wav",
    output: Path | None = None,
    start_timecode: str = timecodes.DEFAULT_START,
    language: str = "en",
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),  # noqa: T201
) -> int:
    """Scores one clip; everything lies in ``output`` then (``CLIP-score`` beside the clip where None).

    Raises:
        MoodCueError: a sentence: what is wrong with the clip, the music or the call.
    """
    if not LEAST_LU <= under <= MOST_LU:
        raise UnknownChoice(value=str(under), what="under", known=f"{LEAST_LU:g} ... {MOST_LU:g}")
    aim = target_of(target)
    timecodes.check(start_timecode)
    given = None if sheet is None else read_sheet(sheet)
    if music != sources.INSTALLED and not sources.tracks(music):
        raise NoMusicToUse(source=music)
    say(f"{clip.name}: reading")
    timeline = analysed(clip)
    made = make_sheet(timeline) if given is None else for_clip(given, timeline, sheet)
    timecodes.parse(start_timecode, made.rate)
    folder = result_files.made(output or clip.with_name(f"{clip.stem}-score"))
    studio = score.Studio({}, described)
    made, wanted = furnished(made, studio, music, say)
    heard = score.Clip(clip, clip.name, timeline.clip.duration_s, timeline.speech)
    hits = score.effects_at(marked(made)) if effects else ()
    say(f"{clip.name}: planning")
    own = studio.hear(heard)
    studio.prepare(w.music for w in wanted)
    plan = studio.plan(heard, wanted, under_lu=under, target=aim, effects=hits, heard=own)
    say(f"{clip.name}: mixing")
    telling = Spoken(say, f"{clip.name}: mixing")
    report = studio.render(heard, plan, folder, stems=stems, form=form, on_fraction=telling)
    if own.own_music:
        report = replace(report, notes=(*report.notes, OWN_MUSIC))
    reference = beside.absolute(beside.write_tracks(plan, studio.load, folder), folder)
    write_papers(folder, made, report, start_timecode=start_timecode, language=language, reference=reference)
    for line in (*summary(report), *sayings(made)):
        say(line)
    return 0


def furnished(
    sheet: CueSheet, studio: score.Studio, music: str, say: Callable[[str], None]
) -> tuple[CueSheet, list[Wanted]]:
    """The sheet with music chosen for its cues, and what of it is to be mixed, each track on this machine.

    Raises:
        NoMusicToUse: the source holds none.
        LinkError: a chosen track cannot be fetched.
    """
    shelf, sounds = stocked(music)
    studio.know(sounds)
    chosen = take(sheet, shelf)
    sheet = with_parts(sheet, chosen)
    here = {cue: fetched(part, say) for cue, part in chosen.items()}
    return sheet, [w for cue in sheet.cues if (w := wanted_for(cue, here.get(cue.id))) is not None]


def marked(sheet: CueSheet) -> list[tuple[float, str]]:
    """Where sound effects go: a hit on each marked moment of a cue that wants music."""
    return [(float(p.time), "hit") for cue in sheet.cues if cue.direction.advice == "music" for p in cue.peaks]


def analysed(clip: Path) -> Timeline:
    """The clip, read by the installed models where it lies, of any size and up to two hours."""
    from emotion import heap, media
    from emotion.pipeline import analyse, load_readers

    heap.give_back()
    return analyse(clip, load_readers(), limits=media.Limits.in_place())


def described(path: Path) -> TrackSound:
    """What a track's sound says, by the installed model."""
    from recommender.library.describe import Describer

    return Describer().describe(path)


def read_sheet(path: Path) -> CueSheet:
    """A sheet that was saved as JSON.

    Raises:
        FileMissing, SheetFileError
    """
    from recommender.timelines import read_json

    try:
        return saved.from_dict(read_json(path), name=path.name)
    except TimelineFileError as e:
        raise SheetFileError(**e.values) from e


def for_clip(sheet: CueSheet, timeline: Timeline, path: Path | None) -> CueSheet:
    """The sheet, where it is of a clip as long as this one.

    Raises:
        SheetOfAnotherClip
    """
    if abs(float(sheet.end) - timeline.clip.duration_s) > MAY_DIFFER_S:
        name = path.name if path is not None else sheet.clip.name
        here = f"{timeline.clip.duration_s:.1f}"
        raise SheetOfAnotherClip(name=name, seconds=f"{float(sheet.end):.1f}", here=here)
    return sheet


def installed_music() -> tuple[list[Usable], dict[str, TrackSound]]:
    """The installed tracks, and their sounds read beside each other and beside what their makers say."""
    found = sources.tracks(sources.INSTALLED)
    sounds = sources.placed(found, sources.installed_sounds())
    return sources.with_sound(found, sounds), sounds


def stocked(music: str) -> tuple[Shelf, dict[str, TrackSound]]:
    """The tracks of a source, and what is known of their sound.

    Raises:
        NoMusicToUse: there is none.
    """
    if music == sources.INSTALLED:
        found, sounds = installed_music()
    else:
        found = sources.tracks(music)
        sounds = sources.known_sounds(found, described)
        found = sources.with_sound(found, sounds)
    shelf = Shelf.of(found, sounds)
    if not len(shelf):
        raise NoMusicToUse(source=music)
    return shelf, sounds


def fetched(part: Part, say: Callable[[str], None]) -> Part:
    """The part with its track on this machine.

    Raises:
        LinkError: its host cannot be reached, or hands out something else.
    """
    if part.track.file is not None:
        return part
    from recommender.players import open_sound

    if open_sound.kept(part.track) is None:
        say(f"{part.track.title}: fetching from {urlsplit(part.track.url or '').hostname}")
    return replace(part, track=replace(part.track, path=str(open_sound.sound_of(part.track))))


def wanted_for(cue: Cue, part: Part | None) -> Wanted | None:
    """The stretch of a cue with its music; None where the cue is to have none."""
    if part is None or cue.direction.advice == "none" or part.track.file is None:
        return None
    peak_s = float(cue.peaks[0].time) if cue.peaks else None
    return Wanted(
        cue.id, float(cue.start), float(cue.end), score.music_of(part.track), peak_s, (part.start_s, part.end_s)
    )  # fmt: skip


def write_papers(
    folder: Path,
    sheet: CueSheet,
    report: Report,
    *,
    start_timecode: str,
    language: str = "en",
    reference: beside.Reference = beside.original,
) -> None:
    """The sheet in every format, the credits, the report."""
    stem = Path(sheet.clip.name).stem or "clip"
    plan = report.plan
    for key, form in FORMATS.items():
        if key in timelines.WRITERS and plan.placements:
            text = timelines.WRITERS[key](
                sheet, plan, start_timecode=start_timecode, language=language, reference=reference
            )
            data = text.encode("utf-8", "replace")
        else:
            data = render_bytes(sheet, key, start_timecode=start_timecode, language=language)
        (folder / f"{stem}{form.suffix}").write_bytes(data)
    name, rate = sheet.clip.name, sheet.rate
    (folder / "music-cue-sheet.csv").write_bytes(broadcast.to_csv(plan, name, rate, start_timecode))
    (folder / "music-cue-sheet.xlsx").write_bytes(broadcast.to_xlsx(plan, name, rate, start_timecode))
    (folder / "credits.txt").write_text(credits_text(plan), encoding="utf-8")
    text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")


def credits_text(plan: MixPlan) -> str:
    """The credit lines of the tracks that are used, ready to paste, in every language; empty where none is used."""
    used = {p.music.id: p.music for p in plan.placements}.values()
    blocks = []
    for language in LANGUAGES if used else ():
        lines = (credits.line(m.title, m.artist, m.licence, m.credit, language) for m in used)
        blocks.append("\n".join([message("cue.credits", language), *lines]) + "\n")
    return "\n".join(blocks)


def sayings(sheet: CueSheet) -> list[str]:
    """What to know of the papers: why some of them say less than the sheet."""
    problem = chapters.problem(sheet)
    return [] if problem is None else [sentence(problem)]


def summary(report: Report) -> Sequence[str]:
    """What came out, in a few lines."""
    data = report.to_dict()
    level = "silent" if report.integrated_lufs is None else f"{report.integrated_lufs:.1f} LUFS"
    under = data["under_lu"]
    lines = [f"{', '.join(report.files)}: {level}, true peak {report.true_peak_dbtp:.1f} dBTP"]
    if under["median"] is not None:
        lines.append(f"Speech stands {under['median']:.1f} LU above the music (wanted {under['wanted']:g}).")
    lines += [f"{s.start_s // 60:.0f}:{s.start_s % 60:02.0f} only {s.under_lu:.0f} LU" for s in report.critical]
    return [*lines, *(sentence(n) for n in report.remarks)]
