"""What the service's clock is ahead of this machine's, as its replies tell."""

from __future__ import annotations

from collections.abc import Mapping

from stackverify._core.reconcile import clock_offset

__all__ = ["ServiceClock"]


class ServiceClock:
    """Hears of the time with each reply.

    Attributes:
        ahead: Seconds it is ahead; nothing until a reply tells the time.
    """

    def __init__(self) -> None:
        self.ahead: float | None = None
        self._told = ""

    def hear(self, headers: Mapping[str, str], now: float) -> None:
        """Learn from a reply that came at this time."""
        told = headers.get("date", "")
        # It tells whole seconds: the first reply of each is the most exact.
        if told == self._told:
            return
        self._told = told
        ahead = clock_offset(headers, now)
        if ahead is not None:
            self.ahead = ahead
