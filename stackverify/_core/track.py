"""What is remembered of a message's webhooks, and how it is changed.

A memory is a text under a key, changed only if it is still what was read. The flows
yield `Read`, `Swap` and `Pause`; the driver answers with the text (or `None`), with
whether it was changed, and with the time. So any store that can compare and swap
will do, and all that is decided is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

import attrs

from stackverify.errors import EventBusyError
from stackverify.models.webhooks import Verdict

__all__ = [
    "Claim",
    "claim",
    "finish",
    "Flow",
    "Mark",
    "Pause",
    "Read",
    "release",
    "Step",
    "Swap",
    "Track",
]

T = TypeVar("T")

_FORMAT = "1"
# Events remembered of one message. An opened email can be opened a thousand times.
_MOST_EVENTS = 64
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_MOST_TRIES = 100


@attrs.frozen
class Mark:
    """What an event is recognised by.

    Attributes:
        key: The message it is about, or the event itself if it is about none.
        event: The event, among those of its key.
        rank: How far along its status is; `None` if it has no order.
    """

    key: str
    event: str
    rank: int | None


@attrs.frozen
class Track:
    """What is remembered under one key.

    Attributes:
        furthest: The highest rank that was handled.
        holder: Who is handling an event right now; nobody if empty.
        held_until: When the holder is given up, in seconds since the epoch.
        seen: The events that were handled, the oldest first.
    """

    furthest: int | None = None
    holder: str = ""
    held_until: float = 0.0
    seen: tuple[str, ...] = ()

    @classmethod
    def read(cls, written: str | None) -> Track:
        """Read what `written` wrote; nothing is remembered of what is not there."""
        if written is None:
            return cls()
        _, furthest, holder, until, seen = written.split(" ")
        return cls(
            int(furthest) if furthest else None,
            holder,
            float(until or 0),
            tuple(seen.split(",")) if seen else (),
        )

    def written(self) -> str:
        """Write it as a short text."""
        furthest = "" if self.furthest is None else self.furthest
        until = f"{self.held_until:.3f}" if self.holder else ""
        return f"{_FORMAT} {furthest} {self.holder} {until} {','.join(self.seen)}"

    def verdict(self, mark: Mark) -> Verdict:
        """Say whether an event was seen before, and whether it comes in time."""
        if mark.event in self.seen:
            return Verdict.REPEATED
        if mark.rank is None or self.furthest is None:
            return Verdict.NEW
        return Verdict.LATE if mark.rank < self.furthest else Verdict.NEW

    def is_held(self, now: float) -> bool:
        """Say whether somebody is handling an event of this message."""
        return bool(self.holder) and now < self.held_until

    def held(self, holder: str, until: float) -> Track:
        """Let somebody handle an event."""
        return Track(self.furthest, holder, until, self.seen)

    def let_go(self, holder: str) -> Track:
        """Let the holder go, if it is still this one."""
        return Track(self.furthest, seen=self.seen) if self.holder == holder else self

    def handled(self, mark: Mark) -> Track:
        """Remember that an event was handled."""
        furthest = self.furthest
        if mark.rank is not None and (furthest is None or furthest < mark.rank):
            furthest = mark.rank
        others = [event for event in self.seen if event != mark.event]
        seen = (*others, mark.event)[-_MOST_EVENTS:]
        return Track(furthest, self.holder, self.held_until, seen)


@attrs.frozen
class Read:
    """Read what is under a key."""

    key: str


@attrs.frozen
class Swap:
    """Write under a key, if what is there is still what was read."""

    key: str
    old: str | None
    new: str


@attrs.frozen
class Pause:
    """Wait so many seconds, and say what time it is then."""

    seconds: float


Step: TypeAlias = Read | Swap | Pause
Flow: TypeAlias = Generator[Step, Any, T]


@attrs.frozen
class Claim:
    """Leave to handle an event, or the word that there is nothing to handle.

    Attributes:
        mark: The event.
        verdict: What it is.
        holder: Who has the leave; nobody if the event is a repeated one.
        written: What stands under its key meanwhile.
    """

    mark: Mark
    verdict: Verdict
    holder: str = ""
    written: str = ""


def claim(
    mark: Mark, holder: str, *, now: float, lease: float, patience: float
) -> Flow[Claim]:
    """Claim an event, once nobody else handles one of the same message.

    Args:
        mark: The event.
        holder: A name nobody else has.
        now: The time, in seconds since the epoch.
        lease: Seconds until a holder that is not heard of is given up.
        patience: Seconds to wait for another holder.

    Raises:
        EventBusyError: Another holder took longer.
    """
    ends_at, pause = now + patience, _FIRST_PAUSE
    while True:
        written = yield Read(mark.key)
        track = Track.read(written)
        verdict = track.verdict(mark)
        if verdict is Verdict.REPEATED:
            return Claim(mark, verdict)
        if not track.is_held(now):
            held = track.held(holder, now + lease).written()
            if (yield Swap(mark.key, written, held)):
                return Claim(mark, verdict, holder, held)
        if now >= ends_at:
            raise EventBusyError("Another event of the message is being handled.")
        now = yield Pause(min(pause, ends_at - now))
        pause = min(2 * pause, _LONGEST_PAUSE)


def finish(claim: Claim) -> Flow[None]:
    """Remember that the event of a claim was handled.

    Raises:
        EventBusyError: Others change what is remembered all the time.
    """
    return _end(claim, lambda track: track.handled(claim.mark))


def release(claim: Claim) -> Flow[None]:
    """Give a claim back: its event was not handled.

    Raises:
        EventBusyError: Others change what is remembered all the time.
    """
    return _end(claim, lambda track: track)


def _end(claim: Claim, change: Callable[[Track], Track]) -> Flow[None]:
    if not claim.holder:
        return
    written: str | None = claim.written
    for _ in range(_MOST_TRIES):
        track = change(Track.read(written).let_go(claim.holder))
        if (yield Swap(claim.mark.key, written, track.written())):
            return
        # The lease ran out meanwhile, and somebody else went on.
        written = yield Read(claim.mark.key)
    raise EventBusyError("What is remembered of the message is changed all the time.")
