"""One tree of errors. Pages and the command line catch :class:`MoodCueError` alone.

Each error carries a ``key`` into the message catalogue (``assets/locale``) and the values that the
sentence quotes, so that the same failure reads well in every language; ``str(error)`` is English.
What is wrong in detail is one of the values, as :class:`emotion.messages.Words`; what the system or a
library said of it, in whatever language, is the value ``cause``, which no sentence quotes: it stands
behind ``str(error)``, for terminals and logs.
"""

import errno
import functools
from typing import ClassVar, Final

from emotion.messages import Words, fill

LONGEST_CAUSE: Final = 200


class MoodCueError(Exception):
    """Something the user can act on. Raise a subclass with the values its sentence quotes."""

    key: ClassVar[str] = "error.unknown"
    status: ClassVar[int] = 1
    """The exit status of a command that it ends: 2 where the call was wrong."""
    english: ClassVar[str] = "Something went wrong. Try again; if it happens once more, the log says why."

    def __init__(self, **values: object) -> None:
        self.values = values
        sentence, cause = fill(self.english, values), values.get("cause")
        super().__init__(f"{sentence} ({str(cause).strip()[:LONGEST_CAUSE]})" if cause else sentence)

    def __reduce__(self) -> tuple[object, ...]:
        """From one process to another: an exception is copied by its positional arguments, and has none here."""
        return functools.partial(type(self), **self.values), ()


class Flaw(ValueError):
    """What is wrong with a value that was read, in words of every language."""

    def __init__(self, key: str, **values: object) -> None:
        self.words, self._parts = Words.of(key, **values), functools.partial(type(self), key, **values)
        super().__init__(str(self.words))

    def __reduce__(self) -> tuple[object, ...]:
        return self._parts, ()


_SYSTEM: Final = {
    errno.EACCES: "fault.denied",
    errno.EPERM: "fault.denied",
    errno.EROFS: "fault.denied",
    errno.ENOENT: "fault.gone",
    errno.ENOSPC: "fault.full",
    errno.EDQUOT: "fault.full",
    errno.EISDIR: "fault.folder",
    errno.ENOTDIR: "fault.folder",
    errno.EEXIST: "fault.folder",
}


def wrong(error: Exception) -> dict[str, object]:
    """The values ``detail`` and ``cause`` for what went wrong while something was read or written."""
    if isinstance(error, Flaw):
        return {"detail": error.words}
    if isinstance(error, KeyError):
        return {"detail": Words.of("fault.field_missing", field=str(error.args[0] if error.args else error)[:60])}
    if isinstance(error, OSError):
        known = _SYSTEM.get(error.errno or 0)
        return {"detail": Words.of(known)} if known else {"detail": Words.of("fault.system"), "cause": _said(error)}
    return {"detail": Words.of("fault.damaged"), "cause": _said(error)}


def _said(error: Exception) -> str:
    """The first line of what an error says of itself."""
    said = (error.strerror if isinstance(error, OSError) else None) or str(error).strip() or type(error).__name__
    return said.splitlines()[0]


class MediaError(MoodCueError):
    """The clip cannot be read."""

    key = "error.media"
    english = "{name} could not be read as sound or video. Convert it to MP4 or WAV and try again."


class EmptyFile(MediaError):
    key = "error.empty_file"
    english = "{name} is empty (0 bytes). Choose the file again, or export it once more."


class NotMedia(MediaError):
    key = "error.not_media"
    english = (
        "{name} is not a sound or video file that can be read here. "
        "Use WAV, AIFF, MP3, FLAC, OGG, Opus, M4A, AAC, MP4, MOV, WebM, MKV, AVI, MPG, MTS or TS."
    )


class Unfinished(MediaError):
    """An MP4 or MOV without its table of contents."""

    key = "error.unfinished"
    english = (
        "{name} is not complete: the recording was not finished, or the file was not copied whole. "
        "Copy it again, or repair it with the program that recorded it."
    )


class Protected(MediaError):
    key = "error.protected"
    english = "{name} is protected by DRM and cannot be read. Use a copy without protection, or record it anew."


class NothingToRead(MediaError):
    key = "error.nothing_to_read"
    english = "{name} holds neither sound nor moving pictures. Choose a clip with at least one of them."


class UnknownCodec(MediaError):
    key = "error.unknown_codec"
    english = "{name} uses the codec {codec}, which cannot be decoded here. Export it as H.264 and AAC (MP4)."


class TooLong(MediaError):
    key = "error.too_long"
    english = "{name} is {duration_s:clock} long; the limit is {limit_s:clock}. Cut it into shorter parts."


class TooLarge(MediaError):
    key = "error.too_large"
    english = "{name} has {size_mb:.0f} MB; the limit is {limit_mb:.0f} MB. Export a smaller version."


class PictureTooLarge(MediaError):
    key = "error.picture_too_large"
    english = "{name} claims a picture of {width} x {height} pixels, more than can be read safely. Scale it down."


class TooShort(MediaError):
    key = "error.too_short"
    english = "{name} lasts only {duration_s:.2f} s. Use a clip of at least half a second."


class NoVoice(MediaError):
    key = "error.no_voice"
    english = "There is nothing to hear in these {duration_s:.2f} s of sound. Choose a recording with a voice."


class FileMissing(MediaError):
    key = "error.file_missing"
    english = "There is no file {name}. Check the path."


class NoFileNamed(FileMissing):
    """An argument is empty, as a script's unset variable is: that is not the folder that the terminal is in."""

    key = "error.no_file_named"
    status = 2
    english = "No file or folder was named: a path is empty. Name one; in a script, see that the variable has a value."


class NotAFile(MediaError):
    key = "error.not_a_file"
    english = "{name} is a pipe, a device or a folder. Save it as a file, and give that."


class NotInFolders(MediaError):
    key = "error.not_in_folders"
    english = "{name} is not in one of the folders that MOODCUE_FOLDERS names. Choose a clip that is, or upload it."


class DiskFull(MoodCueError):
    key = "error.disk_full"
    english = "The disk with {folder} is full. Make room there, or set MOODCUE_CACHE_DIR to another disk."


class DecoderDied(MediaError):
    """The process that read the file broke down, or wanted more memory than it may have."""

    key = "error.decoder_died"
    english = (
        "{name} made the program that reads it stop. Nothing else is affected. Convert it to MP4 or WAV and try again."
    )


class DecoderStuck(MediaError):
    """The process that read the file said nothing for too long."""

    key = "error.decoder_stuck"
    english = "Reading {name} took too long and was stopped. Convert it to MP4 or WAV, or cut it, and try again."


class LinkError(MoodCueError):
    """A pasted link cannot be fetched."""

    key = "error.link"
    english = "The video at {url} could not be fetched. Download it yourself and upload the file."


class LinkNotAllowed(LinkError):
    key = "error.link_not_allowed"
    english = "{url} is not a public http or https address. Paste the link of a public video page."


class LinkHasSpace(LinkError):
    key = "error.link_space"
    english = "There is a space in {url}. Paste one link, with %20 for each space in it."


class LinkRefused(LinkError):
    key = "error.link_refused"
    english = "{host} refused to hand out this video. Download it yourself and upload the file."


class LinkUnreachable(LinkError):
    key = "error.link_unreachable"
    english = "{host} could not be reached, or stopped answering. Try again, or upload the file."


class LinkNoVideo(LinkError):
    key = "error.link_no_video"
    english = "No video was found at {url}. Paste the link of the page that plays it."


class LinkLive(LinkError):
    key = "error.link_live"
    english = "{url} is a live broadcast. Wait until it has ended, or record a part and upload it."


class PictureError(MoodCueError):
    """A still picture cannot be read."""

    key = "error.picture"
    english = "{name} could not be read as a picture. Use PNG, JPEG or WebP."


class WeightsError(MoodCueError):
    """Model weights are missing or damaged."""

    key = "error.weights"
    english = "The weights {name} are missing or damaged ({detail}). Install MoodCue again."


class TimelineFileError(MoodCueError):
    key = "error.timeline_file"
    english = "{name} is not a MoodCue timeline: {detail}. Make one with: moodcue analyse CLIP --format json"


class SeveralTimelines(TimelineFileError):
    key = "error.several_timelines"
    english = "{name} holds the results of {count} clips. Choose one, or make a file a clip with --output FOLDER."


class TableFileError(MoodCueError):
    key = "error.table_file"
    english = (
        "{name} is not a song table in LMC's columns: {detail}. Take the table as it was published, or another one."
    )


class UnknownEmotion(MoodCueError):
    key = "error.unknown_emotion"
    status = 2
    english = "{emotion!r} is not one of the eight emotions. Choose one of: {known}."


class Cancelled(MoodCueError):
    """The visitor pressed cancel, or left."""

    key = "error.cancelled"
    english = "Cancelled. Start again whenever you like."


class EngineMissing(MoodCueError):
    """An engine for the face's emotions cannot be used here."""

    key = "error.engine_missing"
    english = "The face engine {engine} cannot be used here: {detail}. Choose another one in the settings."


class DetectorMissing(MoodCueError):
    """A face detector cannot be used here."""

    key = "error.detector_missing"
    english = "The face detector {detector} cannot be used here: {detail}. Choose another one in the settings."


class SpeakerFileError(MoodCueError):
    """A file is no saved speaker."""

    key = "error.speaker_file"
    english = "{name} is not a speaker saved by MoodCue, or it is damaged. Save the speaker again, or add a recording."


class SpeakerOfOtherModel(SpeakerFileError):
    key = "error.speaker_model"
    english = "{name} was saved with another voice model; {model} reads here. Add a recording of the speaker instead."


class NoSpeech(MediaError):
    key = "error.no_speech"
    english = "Nobody was heard speaking in {name}. Choose a recording in which the speaker talks."


class ReadsAlike(MoodCueError):
    """The voice model has no use for further footage."""

    key = "error.reads_alike"
    english = "{model} reads every voice alike; more of the speaker changes nothing. Choose another voice model."


class SettingError(MoodCueError):
    """A variable of the environment holds what is not accepted: :mod:`emotion.settings`."""

    key = "error.setting"
    english = "The setting {setting} cannot be {value!r}. Change it, or leave it empty."


class SettingNotNumber(SettingError):
    key = "error.setting_number"
    english = (
        "The setting {setting} cannot be {value!r}: it takes a number from {low:g} to {high:.10g}, "
        "such as {default:g}. Change it, or leave it empty."
    )


class SettingNotWhole(SettingError):
    key = "error.setting_whole"
    english = (
        "The setting {setting} cannot be {value!r}: it takes a whole number from {low} to {high}, "
        "such as {default}. Change it, or leave it empty."
    )


class SettingNotChoice(SettingError):
    key = "error.setting_choice"
    english = "The setting {setting} cannot be {value!r}: it takes one of {known}. Change it, or leave it empty."


class SettingNotServers(SettingError):
    key = "error.setting_servers"
    english = (
        "The setting {setting} cannot be read: it takes a JSON list of servers as WebRTC has it, "
        'such as [{{"urls": "stun:stun.example.org:3478"}}]. Change it, or leave it empty.'
    )


class SettingNotSources(SettingError):
    key = "error.setting_sources"
    english = (
        "The setting {setting} cannot be {value!r}: it takes the sources of a Content-Security-Policy, "
        "without semicolons and commas, such as {default}. Change it, or leave it empty."
    )


class ResultNotWritten(MoodCueError):
    """A result cannot be written where it was asked for."""

    key = "error.result_not_written"
    english = "{name} could not be written: {detail}. Choose another folder."
