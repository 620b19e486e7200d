"""Five ways a server may count requests, each told the time and the units.

Nobody outside StackVerify knows how it counts, so the pretend service can count
in each likely way. A counter is asked with `allow(now, units)` and answers 0.0
when the request is admitted, or else the seconds to wait: what `Retry-After`
would say, before rounding. A refused request leaves no trace in any of them.
`math.inf` means that so many units never fit at once, however long one waits.
"""

import math
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

__all__ = [
    "Bucket",
    "Counter",
    "COUNTERS",
    "FixedWindow",
    "Gcra",
    "SlidingCounter",
    "SlidingLog",
]

# Seconds since 1970 as a float are a quarter of a microsecond coarse: whoever
# waits exactly as long as told must not be refused for the rounding.
_GRAIN = 1e-6


class Counter(Protocol):
    """Anything that admits requests or says how long to wait."""

    def __init__(self, limit: int, per: float = 60.0) -> None: ...

    def allow(self, now: float, units: int = 1) -> float:
        """Admit with 0.0, or answer the seconds to wait."""
        ...


class FixedWindow:
    """Counts afresh in each window; windows are aligned to the minute."""

    def __init__(self, limit: int, per: float = 60.0) -> None:
        self._limit = limit
        self._per = per
        self._window = -math.inf
        self._used = 0

    def allow(self, now: float, units: int = 1) -> float:
        """Admit with 0.0, or answer the seconds until the next window."""
        if units > self._limit:
            return math.inf
        window = math.floor((now + _GRAIN) / self._per)
        if window != self._window:
            self._window, self._used = window, 0
        if self._used + units > self._limit:
            return (window + 1) * self._per - now
        self._used += units
        return 0.0


class SlidingLog:
    """Remembers when each request of the last window was admitted."""

    def __init__(self, limit: int, per: float = 60.0) -> None:
        self._limit = limit
        self._per = per
        self._admitted: deque[float] = deque()

    def allow(self, now: float, units: int = 1) -> float:
        """Admit with 0.0, or answer the seconds until enough have aged out."""
        if units > self._limit:
            return math.inf
        admitted = self._admitted
        while admitted and admitted[0] + self._per <= now + _GRAIN:
            admitted.popleft()
        excess = len(admitted) + units - self._limit
        if excess > 0:
            return admitted[excess - 1] + self._per - now
        admitted.extend([now] * units)
        return 0.0


class SlidingCounter:
    """Counts this window, plus the share of the last one still in view.

    Strict: a request that would bring the estimate above the limit is refused.
    """

    def __init__(self, limit: int, per: float = 60.0) -> None:
        self._limit = limit
        self._per = per
        self._window = -math.inf
        self._before = 0
        self._used = 0

    def allow(self, now: float, units: int = 1) -> float:
        """Admit with 0.0, or answer the seconds until the estimate fits."""
        if units > self._limit:
            return math.inf
        window = math.floor((now + _GRAIN) / self._per)
        self._turn(window)
        elapsed = now - window * self._per
        wait = self._fits_after(self._before, self._used + units) - elapsed
        if wait <= _GRAIN:
            self._used += units
            return 0.0
        if math.isfinite(wait):
            return wait
        return self._per - elapsed + self._fits_after(self._used, units)

    def _turn(self, window: int) -> None:
        if window == self._window:
            return
        self._before = self._used if window == self._window + 1 else 0
        self._window, self._used = window, 0

    def _fits_after(self, before: int, wanted: int) -> float:
        """Say how far into a window `wanted` fits beside what was `before`."""
        room = self._limit - wanted
        if room < 0:
            return math.inf
        if before <= room:
            return 0.0
        return self._per * (1 - room / before)


class Gcra:
    """Wants requests evenly spaced; tolerates a small burst."""

    def __init__(self, limit: int, per: float = 60.0, burst: int = 10) -> None:
        self._spacing = per / limit
        self._burst = min(burst, limit)
        self._due = -math.inf

    def allow(self, now: float, units: int = 1) -> float:
        """Admit with 0.0, or answer the seconds until the spacing is kept."""
        if units > self._burst:
            return math.inf
        due = max(self._due, now) + units * self._spacing
        wait = due - self._burst * self._spacing - now
        if wait > _GRAIN:
            return wait
        self._due = due
        return 0.0


class Bucket(Gcra):
    """A token bucket that holds `limit` and refills `limit` each window.

    It starts full. The arithmetic is that of `Gcra` with the burst as large as
    the limit: the two are the same thing, seen from either side.
    """

    def __init__(self, limit: int, per: float = 60.0) -> None:
        super().__init__(limit, per, burst=limit)


COUNTERS: Mapping[str, type[Counter]] = MappingProxyType(
    {
        "fixed": FixedWindow,
        "sliding": SlidingLog,
        "counter": SlidingCounter,
        "bucket": Bucket,
        "gcra": Gcra,
    }
)
"""The ways to count requests, by the name that the knob `counting` takes."""
