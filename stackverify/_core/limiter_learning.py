"""What refusals teach about the rate the server really allows."""

from __future__ import annotations

import math

from stackverify.models.tier import Rate

__all__ = ["Learned"]

MARGIN_STEP = 0.95
"""A whole request would do as well, but for a last 0.05 % of the rate at 100 a
minute: `benchmarks.bench_limiter` holds the sliding counter to 98 %."""
MARGIN_SHARE = 0.004
MARGIN_KEPT = 1800.0
MARGIN_FADES = 60.0
CUT = 0.85
REPEATED_WITHIN = 5
"""Windows; a second refusal so soon means that a margin is not enough."""
RETURNS_IN = 900.0
CLIMB = 0.01 / 60
"""Share of the rate won back per second, once back where it was refused."""
LEAST_SHARE = 0.01


class Learned:
    """A rate, less what refusals took from it and time has not given back.

    The first refusal costs a margin. One that follows soon after cuts the rate,
    which comes back along a cubic curve, flat near the rate last refused, as
    TCP does it (RFC 9438).
    """

    __slots__ = ("_cut_at", "_margin", "_peak", "_refused_at", "_repeated", "_requests")

    def __init__(self, rate: Rate) -> None:
        self._requests = rate.requests
        self._repeated = REPEATED_WITHIN * rate.per
        self._refused_at = -math.inf
        self._margin = 0.0
        self._peak = 1.0
        self._cut_at = -math.inf

    def refuse(self, now: float) -> None:
        """Slow down: the server said no, at the pace of `now`."""
        share = self._share(now)
        if share < 1.0 or now - self._refused_at <= self._repeated:
            self._peak = share
            self._cut_at = now
        else:
            self._margin = self._kept_margin(now) + self._step()
        self._refused_at = now

    def allowed(self, now: float) -> float:
        """Tell how many requests a window may hold."""
        allowed = self._requests * self._share(now) - self._kept_margin(now)
        return max(allowed, self._requests * LEAST_SHARE)

    def is_settled(self, now: float) -> bool:
        """Tell whether nothing learned is in force any more."""
        return self._share(now) >= 1.0 and not self._kept_margin(now)

    def _step(self) -> float:
        # Of a small rate one request is a large part: never take more than a cut.
        step = max(MARGIN_STEP, MARGIN_SHARE * self._requests)
        return min(step, (1 - CUT) * self._requests)

    def _kept_margin(self, now: float) -> float:
        faded = (now - self._refused_at - MARGIN_KEPT) / MARGIN_FADES
        return self._margin * min(1.0, max(0.0, 1.0 - faded))

    def _share(self, now: float) -> float:
        age = now - self._cut_at
        if age >= RETURNS_IN:
            return min(1.0, self._peak + CLIMB * (age - RETURNS_IN))
        return self._peak * (1 - (1 - CUT) * (1 - age / RETURNS_IN) ** 3)
