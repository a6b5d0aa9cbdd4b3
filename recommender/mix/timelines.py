"""The cut music in the editor's own timeline: OTIO, FCP7 XML and FCPXML with the music as clips beside the markers.

Each piece of a plan is a clip with its in-point, its fades and a reference to the track's file, which lies beside
the timelines (:mod:`recommender.mix.beside`); what the markers say comes from :mod:`recommender.cues.export`.
Times lie on frames of the sheet's rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Protocol, cast
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import opentimelineio as otio

from recommender.cues.export import render as render_markers
from recommender.cues.export.otio import span
from recommender.cues.export.xml import clean, element, exact, parsed, put_rate, render
from recommender.cues.frames import to_frame
from recommender.cues.sheet import CueSheet
from recommender.mix.beside import Reference, original
from recommender.mix.music_sound import fades
from recommender.mix.plan import SR, MixPlan


@dataclass(frozen=True, slots=True)
class MusicClip:
    """One piece of a track on the timeline; times in frames."""

    address: str
    """Of the track's file: absolute, or seen from the timeline's folder."""
    name: str
    start: int
    length: int
    source_start: int
    fade_in: int
    fade_out: int
    level_db: float

    @property
    def end(self) -> int:
        return self.start + self.length


def clips_of(plan: MixPlan, rate: Fraction, reference: Reference) -> list[list[MusicClip]]:
    """Tracks of clips that do not overlap: the second one takes what begins while the first still fades."""
    lanes: list[list[MusicClip]] = []
    for p in sorted(plan.placements, key=lambda p: p.start_s):
        coming, going = fades(p.fit)
        at, own = p.start_s, []
        last = len(p.fit.pieces) - 1
        for i, piece in enumerate(p.fit.pieces):
            start, end = to_frame(at, rate), to_frame(at + piece.length_s, rate)
            at += piece.length_s
            if end > start:
                own.append(
                    MusicClip(
                        reference(p), p.music.title, start, end - start, to_frame(piece.start_s, rate),
                        to_frame(coming, rate) if i == 0 else 0, to_frame(going, rate) if i == last else 0, p.level_db,
                    )
                )  # fmt: skip
        if not own:
            continue
        lane = next((x for x in lanes if x[-1].end <= own[0].start), None)
        if lane is None:
            lanes.append(lane := [])
        lane += own
    return lanes


class Writer(Protocol):
    def __call__(
        self, sheet: CueSheet, plan: MixPlan, *, start_timecode: str, language: str, reference: Reference = original
    ) -> str: ...


def write_otio(
    sheet: CueSheet, plan: MixPlan, *, start_timecode: str, language: str, reference: Reference = original
) -> str:
    """The markers' timeline with a sound track for each lane of music; stock schemas alone."""
    text = render_markers(sheet, "otio", start_timecode=start_timecode, language=language)
    timeline = cast(otio.schema.Timeline, otio.adapters.read_from_string(text, "otio_json"))
    rate = float(sheet.rate)
    for i, lane in enumerate(clips_of(plan, sheet.rate, reference), 1):
        track = otio.schema.Track(name=f"Music {i}", kind=otio.schema.TrackKind.Audio)
        at = 0
        for clip in lane:
            if clip.start > at:
                track.append(otio.schema.Gap(source_range=span(0, clip.start - at, rate)))
            media = otio.schema.ExternalReference(
                target_url=clip.address, available_range=span(0, clip.source_start + clip.length, rate)
            )
            item = otio.schema.Clip(clean(clip.name), media, span(clip.source_start, clip.length, rate))
            # A fade at an end is a transition from or to nothing; players without it cut there.
            if clip.fade_in:
                track.append(_dissolve(0, clip.fade_in, rate))
            track.append(item)
            if clip.fade_out:
                track.append(_dissolve(clip.fade_out, 0, rate))
            at = clip.end
        timeline.tracks.append(track)
    return otio.adapters.write_to_string(timeline, "otio_json")


def _dissolve(before: int, after: int, rate: float) -> otio.schema.Transition:
    return otio.schema.Transition(
        name="Fade",
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(before, rate),
        out_offset=otio.opentime.RationalTime(after, rate),
    )


def write_xmeml(
    sheet: CueSheet, plan: MixPlan, *, start_timecode: str, language: str, reference: Reference = original
) -> str:
    """The markers' sequence with a stereo pair of sound tracks for each lane of music."""
    root = parsed(render_markers(sheet, "xmeml", start_timecode=start_timecode, language=language))
    audio = _found(root, ".//media/audio")
    for lane in clips_of(plan, sheet.rate, reference):
        for channel in (1, 2):
            track = ET.SubElement(audio, "track")
            for n, clip in enumerate(lane):
                _clipitem(track, clip, f"{lane[0].start}-{n}", channel, sheet.rate)
    return render(root, doctype="<!DOCTYPE xmeml>")


def _clipitem(track: ET.Element, clip: MusicClip, key: str, channel: int, rate: Fraction) -> None:
    item = ET.SubElement(track, "clipitem", id=f"music-{key}-{channel}")
    element(item, "name", clip.name)
    element(item, "duration", clip.source_start + clip.length)
    put_rate(item, rate)
    for tag, value in (
        ("start", clip.start), ("end", clip.end), ("in", clip.source_start), ("out", clip.source_start + clip.length)
    ):  # fmt: skip
        element(item, tag, value)
    file = ET.SubElement(item, "file", id=f"file-{key}-{channel}")
    element(file, "name", unquote(clip.address.rsplit("/", 1)[-1]))
    element(file, "pathurl", clip.address)
    put_rate(file, rate)
    sound = ET.SubElement(ET.SubElement(file, "media"), "audio")
    element(ET.SubElement(sound, "samplecharacteristics"), "samplerate", SR)
    element(sound, "channelcount", 2)
    source = ET.SubElement(item, "sourcetrack")
    element(source, "mediatype", "audio")
    element(source, "trackindex", channel)
    effect = ET.SubElement(ET.SubElement(item, "filter"), "effect")
    for tag, text in (("name", "Audio Levels"), ("effectid", "audiolevels"), ("effecttype", "audiolevels"),
                      ("mediatype", "audio")):  # fmt: skip
        element(effect, tag, text)
    parameter = ET.SubElement(effect, "parameter")
    element(parameter, "parameterid", "level")
    element(parameter, "name", "Level")
    level = 10 ** (clip.level_db / 20)
    for when, value in _keys(clip, level):
        frame = ET.SubElement(parameter, "keyframe")
        element(frame, "when", when)
        element(frame, "value", f"{value:.4f}")


def _keys(clip: MusicClip, level: float) -> list[tuple[int, float]]:
    """The level over the clip, in frames of its source: up at a fade in, down at a fade out."""
    first, last = clip.source_start, clip.source_start + clip.length
    keys = [(first, 0.0), (first + clip.fade_in, level)] if clip.fade_in else [(first, level)]
    return keys + ([(last - clip.fade_out, level), (last, 0.0)] if clip.fade_out else [])


def write_fcpxml(
    sheet: CueSheet, plan: MixPlan, *, start_timecode: str, language: str, reference: Reference = original
) -> str:
    """The markers' project with the music connected under its gap."""
    root = parsed(render_markers(sheet, "fcpxml", start_timecode=start_timecode, language=language))
    resources, gap = _found(root, "resources"), _found(root, ".//spine/gap")
    frame, begin = 1 / sheet.rate, Fraction(gap.get("start", "0s").rstrip("s"))
    assets: dict[str, str] = {}
    place = 0  # before the markers, as the format's order wants it
    for lane, clips in enumerate(clips_of(plan, sheet.rate, reference), 1):
        for clip in clips:
            if clip.address not in assets:
                assets[clip.address] = f"m{len(assets) + 1}"
                _asset(resources, clip, assets[clip.address], clips, frame)
            item = ET.Element(
                "asset-clip",
                ref=assets[clip.address],
                lane=str(-lane),
                name=clean(clip.name),
                offset=exact(begin + clip.start * frame),
                start=exact(clip.source_start * frame),
                duration=exact(clip.length * frame),
                audioRole="music",
            )
            volume = ET.SubElement(item, "adjust-volume", amount=f"{clip.level_db:.1f}dB")
            if clip.fade_in or clip.fade_out:
                amount = ET.SubElement(volume, "param", name="amount")
                for tag, frames in (("fadeIn", clip.fade_in), ("fadeOut", clip.fade_out)):
                    if frames:
                        ET.SubElement(amount, tag, type="easeIn", duration=exact(frames * frame))
            gap.insert(place, item)
            place += 1
    return render(root, doctype="<!DOCTYPE fcpxml>")


def _asset(resources: ET.Element, clip: MusicClip, key: str, clips: list[MusicClip], frame: Fraction) -> None:
    longest = max(c.source_start + c.length for c in clips if c.address == clip.address)
    asset = ET.SubElement(
        resources, "asset", id=key, name=clean(clip.name), start="0s", duration=exact(longest * frame),
        hasAudio="1", audioSources="1", audioChannels="2", audioRate=str(SR),
    )  # fmt: skip
    ET.SubElement(asset, "media-rep", kind="original-media", src=clip.address)


def _found(root: ET.Element, path: str) -> ET.Element:
    element_ = root.find(path)
    if element_ is None:
        raise ValueError(f"no {path} among the markers")
    return element_


WRITERS: Final[Mapping[str, Writer]] = {"otio": write_otio, "xmeml": write_xmeml, "fcpxml": write_fcpxml}
"""By the format's name in :data:`recommender.cues.export.FORMATS`, whose file each takes the place of."""
