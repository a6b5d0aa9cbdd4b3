"""One clock for all streams of a file: it starts at 0, with the first sound or picture, and never starts anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from emotion import errors
from emotion.media import container as containers

STEP_BACK_S: Final = 0.5
"""Time stamps that step back by more than this belong to a clock that started anew."""
STEP_AHEAD_S: Final = 10.0
"""So do those that jump ahead by more, in a container whose clock may start anew."""
FAR_S: Final = 3600.0
"""No gap is that long."""


@dataclass(slots=True)
class _Track:
    """Where a stream's next packet is expected; ``odd_s`` is where one would go on that came from elsewhere, and
    ``offset_s`` what its own time stamps lack. Those count ticks, ``num`` / ``den`` seconds each: with two integers a
    packet's time is exact and quickly reckoned."""

    offset_s: float
    num: int
    den: int
    due_s: float | None = None
    odd_s: float | None = None
    end_s: float = 0.0


@dataclass(slots=True)
class Clock:
    """Hands out a container's packets with their time stamps brought onto the clock.

    Attributes:
        streams: what is handed out.
        start_s: where the clock's 0 stands in the file's own time.
        end_s: where the last packet so far ends, in seconds of the clock.
        steady: no time stamp was missing or out of line so far.
    """

    container: InputContainer
    streams: Sequence[Stream]
    name: str
    start_s: float = field(init=False)
    end_s: float = field(init=False, default=0.0)
    steady: bool = field(init=False, default=True)
    _offset_s: float = field(init=False)
    _ahead_s: float = field(init=False)
    _tracks: dict[int, _Track] = field(init=False)

    def __post_init__(self) -> None:
        starts = [float(s.start_time * s.time_base) for s in self.streams if s.start_time is not None and s.time_base]
        self.start_s = min(starts, default=0.0)
        self._offset_s = -self.start_s
        restarting = self.container.format.name in containers.RESTARTING
        self._ahead_s = STEP_AHEAD_S if restarting else FAR_S
        ticks = {s.index: s.time_base or Fraction(0) for s in self.streams}
        self._tracks = {i: _Track(self._offset_s, tick.numerator, tick.denominator) for i, tick in ticks.items()}

    def packets(self, also: Sequence[Stream] = ()) -> Iterator[Packet[Stream]]:
        """All packets of the streams, and those of ``also``, whose time is left as it is.

        Raises:
            Protected: they are encrypted.
        """
        for packet in containers.packets(self.container, [*self.streams, *also]):
            if packet.size and packet.stream_index in self._tracks:
                self._place(packet, self._tracks[packet.stream_index])
            yield packet

    def ends_s(self, stream: Stream) -> float:
        """Where this stream's last packet so far ends."""
        return self._tracks[stream.index].end_s

    def _place(self, packet: Packet[Stream], track: _Track) -> None:
        if track.due_s is None and packet.has_sidedata("encryption_info"):
            raise errors.Protected(name=self.name)
        dts, pts, num, den = packet.dts, packet.pts, track.num, track.den
        duration_s = (packet.duration or 0) * num / den or _usual_s(packet.stream)
        stamp = dts if dts is not None else pts
        if stamp is None or not num:
            self.steady = False
            track.due_s = (track.due_s or 0.0) + duration_s
            self._reach(track, track.due_s)
            return
        own_s = stamp * num / den
        at_s = self._straightened(own_s, duration_s, track)
        if shift := round((at_s - own_s) * den / num):
            packet.pts = None if pts is None else pts + shift
            packet.dts = None if dts is None else dts + shift
        track.due_s = at_s + duration_s
        shown = pts if pts is not None else stamp
        self._reach(track, (shown + shift) * num / den + duration_s)

    def _straightened(self, own_s: float, duration_s: float, track: _Track) -> float:
        """A single packet that is out of line goes on where the last one ended; the second one moves the clock.

        The other streams follow when their own packets do: a part's last ones may come after the next part's first.
        """
        if track.due_s is None:
            return own_s + track.offset_s
        for offset_s in (track.offset_s, self._offset_s):
            at_s = own_s + offset_s
            if -STEP_BACK_S <= at_s - track.due_s <= self._ahead_s:
                track.offset_s, track.odd_s = offset_s, None
                return at_s
        self.steady = False
        if track.odd_s is not None and abs(own_s - track.odd_s) <= STEP_BACK_S:
            self._offset_s = track.offset_s = track.due_s - own_s
        track.odd_s = own_s + duration_s
        return track.due_s

    def _reach(self, track: _Track, end_s: float) -> None:
        track.end_s = max(track.end_s, end_s)
        self.end_s = max(self.end_s, end_s)


def _usual_s(stream: Stream) -> float:
    if isinstance(stream, AudioStream):
        context = stream.codec_context
        return context.frame_size / context.sample_rate if context.frame_size and context.sample_rate else 0.0
    rate: Fraction | None = getattr(stream, "average_rate", None)
    return float(1 / rate) if rate else 0.0
