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
    minute = _Minute(first, width)
    for at, count in sends:
        minute.add(at, count)
    minute.pass_by(_STEPS - 1)
    return Pace(
        first,
        last,
        minute.all_requests,
        minute.all_messages,
        untimed,
        width,
        minute.most_requests,
        minute.most_messages,
    )


class _Minute:
    """The requests of the last 60 seconds, a count of all, and the most at each step.

    Args:
        first: When the first step begins.
        width: Seconds of a step.
    """

    def __init__(self, first: float, width: float) -> None:
        self._first, self._width = first, width
        self._step = 0
        self._sends: deque[tuple[float, int]] = deque()
        self._messages = self.all_requests = self.all_messages = 0
        self.most_requests, self.most_messages = [0] * _STEPS, [0] * _STEPS

    def add(self, at: float, count: int) -> None:
        self.pass_by(min(int((at - self._first) / self._width), _STEPS - 1))
        self._forget(at)
        self._sends.append((at, count))
        self._messages += count
        self.all_requests += 1
        self.all_messages += count
        self._note()

    def pass_by(self, step: int) -> None:
        """Go on to a step; note what is left of the minute as each one begins."""
        while self._step < step:
            self._step += 1
            self._forget(self._first + self._step * self._width)
            self._note()

    def _note(self) -> None:
        requests, messages, step = self.most_requests, self.most_messages, self._step
        requests[step] = max(requests[step], len(self._sends))
        messages[step] = max(messages[step], self._messages)

    def _forget(self, now: float) -> None:
        while self._sends and self._sends[0][0] <= now - _MINUTE:
            self._messages -= self._sends.popleft()[1]
