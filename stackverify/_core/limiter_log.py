"""A hard log: how much of the window is used, counted from the answers."""

from __future__ import annotations

import math
from collections import deque

from stackverify.models.tier import Rate

__all__ = ["HardLog"]

MAX_ENTRIES = 4096
"""Above so many a window, answers that came close together share an entry."""


class HardLog:
    """Holds a place for each request until a window after its answer came.

    The server counted the request before it answered. A place that is free
    again a window after the answer is therefore free in the server's own
    sliding or fixed window too, whatever the latency was.
    """

    __slots__ = ("_entries", "_per", "_quantum", "finished", "in_flight")

    def __init__(self, rate: Rate) -> None:
        self.in_flight = 0
        self.finished = 0
        self._per = rate.per
        self._quantum = rate.per / MAX_ENTRIES if rate.requests > MAX_ENTRIES else 0.0
        self._entries: deque[tuple[float, int]] = deque()

    def free_at(self, weight: int, capacity: int) -> float:
        """Tell when `weight` more fit: `-inf` is now, `inf` after an answer."""
        # What a 429 taught may leave less room than one heavy request needs:
        # that one then goes alone, or it would wait for ever.
        room = capacity if capacity > weight else weight
        excess = self.in_flight + self.finished + weight - room
        if excess <= 0:
            return -math.inf
        for ends, finished in self._entries:
            excess -= finished
            if excess <= 0:
                return ends
        return math.inf

    def finish(self, weight: int, now: float) -> None:
        """Count what was in flight from `now` on, for one window."""
        self.in_flight -= weight
        self.finished += weight
        ends = now + self._per
        if not self._quantum:
            self._entries.append((ends, weight))
            return
        # Up to the next quantum: later than needed is safe, earlier is not.
        ends = (ends // self._quantum + 1) * self._quantum
        if self._entries and self._entries[-1][0] == ends:
            weight += self._entries.pop()[1]
        self._entries.append((ends, weight))

    def expire(self, now: float) -> None:
        """Free the places whose window is over."""
        entries = self._entries
        while entries and entries[0][0] <= now:
            self.finished -= entries.popleft()[1]
