"""How many requests and messages fell into any minute, counted as they pass by."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from stackverify.report.facts import Pace

__all__ = ["busiest_minutes"]

_MINUTE = 60.0
_STEPS = 240
_SHORTEST = 1.0


def busiest_minutes(
    sends: Iterable[tuple[float, int]], *, first: float, last: float, untimed: int
) -> Pace:
    """Find the busiest minute that ended in each step of the time it took.

    Args:
        sends: When each request was begun, in order, and its messages.
        first: When the first was.
        last: When the last was.
        untimed: Sends that are not among them.
    """
    width = max(last - first, _SHORTEST) / _STEPS
    minute = _Minute()
    requests, messages = [0] * _STEPS, [0] * _STEPS

    def note(step: int) -> None:
        requests[step] = max(requests[step], len(minute.sends))
        messages[step] = max(messages[step], minute.messages)

    def pass_by(step: int, until: int) -> int:
        """Note what is left of the minute at the beginning of each step."""
        for later in range(step + 1, until + 1):
            minute.forget(first + later * width)
            note(later)
        return max(step, until)

    step = 0
    for at, count in sends:
        step = pass_by(step, min(int((at - first) / width), _STEPS - 1))
        minute.add(at, count)
        note(step)
    pass_by(step, _STEPS - 1)
    return Pace(
        first,
        last,
        minute.all_requests,
        minute.all_messages,
        untimed,
        width,
        requests,
        messages,
    )


class _Minute:
    """The requests of the last 60 seconds, and a count of all."""

    def __init__(self) -> None:
        self.sends: deque[tuple[float, int]] = deque()
        self.messages = self.all_requests = self.all_messages = 0

    def add(self, at: float, count: int) -> None:
        self.forget(at)
        self.sends.append((at, count))
        self.messages += count
        self.all_requests += 1
        self.all_messages += count

    def forget(self, now: float) -> None:
        while self.sends and self.sends[0][0] <= now - _MINUTE:
            self.messages -= self.sends.popleft()[1]
