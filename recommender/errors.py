"""What can go wrong with the music; the root is the project's own."""

from emotion.errors import MoodCueError, TableFileError
from emotion.messages import Words


class CatalogueError(MoodCueError):
    """A catalogue of songs cannot be read or is not valid."""

    key = "error.catalogue"
    english = "The song catalogue {name} cannot be used: {detail}. Build it again, or remove it to use the shipped one."


class UnknownChoice(MoodCueError):
    """A filter or an option has a value that does not exist."""

    key = "error.unknown_choice"
    status = 2
    english = "{value!r} is not a known {what}. Choose one of: {known}."

    def __init__(self, **values: object) -> None:
        """``what`` is the last part of a key ``choice.*``."""
        if isinstance(what := values.get("what"), str):
            values["what"] = Words.of(f"choice.{what}")
        super().__init__(**values)


class NoMusicToUse(MoodCueError):
    """A source of music holds no track that can be placed under a clip."""

    key = "error.no_music_to_use"
    english = (
        "There is no music to use in {source!r}. Name a folder with sound files, one file, or: installed, catalogue."
    )


class CannotEdit(MoodCueError):
    """An edit of a cue sheet that would break it."""

    key = "error.cannot_edit"
    english = "This cue cannot be changed so. Load the sheet again and try once more."


class NoSuchCue(CannotEdit):
    key = "error.no_such_cue"
    english = "There is no cue {cue} on this sheet any more. Load the sheet again."


class FirstCue(CannotEdit):
    key = "error.first_cue"
    english = "The first cue begins with the clip. Move its end instead."


class LastCue(CannotEdit):
    key = "error.last_cue"
    english = "The last cue ends with the clip, and none comes after it. Choose the cue before it."


class CueTooShort(CannotEdit):
    key = "error.cue_too_short"
    english = "A cue lasts at least {seconds} s. Choose a time further from its edges."


class NotAnAlternative(CannotEdit):
    key = "error.not_an_alternative"
    english = "That song is not among the alternatives of this cue. Choose one of those shown."


class SheetFileError(MoodCueError):
    """A file that should hold a cue sheet holds something else."""

    key = "error.sheet_file"
    english = "{name} is not a cue sheet that can be opened: {detail}. Make one with: moodcue cues CLIP --format json"


class NoSavedSheet(MoodCueError):
    """What a visitor loads is no cue sheet that was downloaded here."""

    key = "error.no_saved_sheet"
    english = "{name} is not a cue sheet of MoodCue. Choose a file that ends in .cues.json, downloaded under Export."


class SheetOfAnotherClip(MoodCueError):
    """A cue sheet that is loaded belongs to a clip of another length."""

    key = "error.sheet_of_another_clip"
    english = "{name} belongs to a clip of {seconds} s, and this one lasts {here} s. Open that clip, then load it."


class BadTimecode(MoodCueError):
    """A start timecode that no frame has."""

    status = 2
    key = "error.bad_timecode"
    english = "{value!r} is not a timecode of this clip. Write hours, minutes, seconds and frames, as 01:00:00:00."


class NoSongs(MoodCueError):
    """Nothing in the catalogue passes the filters."""

    key = "error.no_songs"
    english = "No song of the catalogue passes these filters. Loosen one of them."


class NothingHeard(MoodCueError):
    """A timeline in which neither voice nor face says anything."""

    key = "error.nothing_heard"
    english = (
        "{name} holds no emotion, neither of a voice nor of a face, so no song can be matched. "
        "Use a clip in which somebody speaks or looks towards the camera."
    )


class MemoryUnavailable(MoodCueError):
    """The database of picks cannot be opened."""

    key = "error.memory_unavailable"
    english = "The memory of picks cannot be opened. Check MOODCUE_DATABASE_URL and the data folder."


class TooManyShares(MoodCueError):
    """A visitor has as many links as one may have."""

    key = "error.too_many_shares"
    english = "You have {count} links already, and one visitor cannot have more. Delete one you no longer need."


class ShareTooLarge(MoodCueError):
    """What is to be shared takes more room than one clip, or one visitor, may take."""

    key = "error.share_too_large"
    english = "That makes {size_mb:.0f} MB, and {limit_mb:.0f} MB can be shared. Leave the clip out, or cut it shorter."


class SharesFull(MoodCueError):
    """The server keeps as much as it may."""

    key = "error.shares_full"
    english = "This server has no room for another link now. Leave the clip out, or try again tomorrow."


class SnapshotError(MoodCueError):
    """What is stored of a shared result cannot be read."""

    key = "error.snapshot"
    english = "This shared result is damaged and cannot be shown. Ask for a new link."


class SourceUnavailable(MoodCueError):
    """A source of the catalogue cannot be fetched or read."""

    key = "error.source_unavailable"
    english = (
        "The source {name} is not to be had: {detail}. "
        "Try again with a network, or put it into the folder that MOODCUE_MIRROR names."
    )


class BadArchive(SourceUnavailable):
    key = "error.bad_archive"
    english = "The archive {name} cannot be used: {detail}. Fetch it again from where it is published."


__all__ = [
    "BadArchive",
    "BadTimecode",
    "CannotEdit",
    "CatalogueError",
    "CueTooShort",
    "FirstCue",
    "LastCue",
    "MemoryUnavailable",
    "NoSavedSheet",
    "NoSongs",
    "NoSuchCue",
    "NotAnAlternative",
    "NothingHeard",
    "ShareTooLarge",
    "SharesFull",
    "SheetFileError",
    "SheetOfAnotherClip",
    "SnapshotError",
    "SourceUnavailable",
    "TableFileError",
    "TooManyShares",
    "UnknownChoice",
]


class VoteEnded(MoodCueError):
    """The owner of a link has ended the vote."""

    key = "error.vote_ended"
    english = "The vote has ended. Ask whoever sent you the link to open it again."


class VotesFull(MoodCueError):
    """One link takes so many votes and notes, and one guest so many notes."""

    key = "error.votes_full"
    english = "No more votes or notes fit here. Send yours to whoever gave you the link."
