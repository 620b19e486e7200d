"""The pretend service's idea of the time, which a test can move forward."""

import time
from collections.abc import Callable

__all__ = ["Clock"]

# Beyond it not every moment can be told as a date.
_LATEST = 221_845_392_000.0


def _wall_time_that_never_jumps() -> Callable[[], float]:
    started = time.time() - time.monotonic()
    return lambda: started + time.monotonic()


class Clock:
    """Tells the time in seconds since 1970; never goes back.

    Args:
        source: What to read the time from: the real time unless told otherwise.
            `Clock(lambda: 1_800_000_000.0)` stands still until it is advanced.
    """

    def __init__(self, source: Callable[[], float] | None = None) -> None:
        self._source = source or _wall_time_that_never_jumps()
        self._ahead = 0.0
        self._latest = float("-inf")

    def now(self) -> float:
        """Tell the time."""
        self._latest = max(self._latest, self._source() + self._ahead)
        return self._latest

    def advance(self, seconds: float) -> float:
        """Move the time forward; answer the new time."""
        if not seconds >= 0:
            raise ValueError(f"a clock moves forward only, not by {seconds!r}")
        if self.now() + seconds > _LATEST:
            raise ValueError("a clock does not go beyond the year 8999")
        self._ahead += seconds
        return self.now()

    @property
    def ahead(self) -> float:
        """Tell how many seconds it was moved forward."""
        return self._ahead
