"""A paced log: decides when a request may leave; told the time, it never sleeps."""

from __future__ import annotations

import math

import attrs

from stackverify._core.limiter_learning import Learned
from stackverify._core.limiter_log import HardLog
from stackverify.models.tier import Lane, Rate

__all__ = ["LONGEST_PAUSE", "PacedLog", "Permit", "Usage"]

LONGEST_PAUSE = 3600.0
"""A server that asks for more is taken to have meant an hour."""
FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 60.0
LEAST_MARGIN = 0.007
"""Share of the rate the pacer stays below the log. With less, a sliding counter
refused 1 in 5 starts at 500 a minute; the latency costs the log more anyway."""
REVISED_EVERY = 1.0
"""How often what was learned is looked at again while it lasts."""

_BULK = Lane.BULK


@attrs.define(eq=False)
class Permit:
    """What a request that left holds until its answer comes."""

    lane: Lane
    weight: int
    left_at: float
    _spent_before: float
    _spent_after: float
    _era: int


@attrs.frozen
class Usage:
    """How a limiter stands."""

    in_flight: int
    used: int
    """In flight, or answered within the last window."""
    pace: float
    """Requests a minute."""
    paused_until: float


class PacedLog:
    """A token bucket, paced, under a hard log.

    Times are seconds on any clock that does not jump; one that runs backwards
    is taken to stand still. Nothing here waits, locks or looks anything up.

    Args:
        rate: What the service allows.
        now: The time. Nothing bulk leaves at once: a process that restarts in
            the middle of a window must not add a burst to what it sent before.
        reserve: The share of the rate kept from the bulk lane.
    """

    __slots__ = (
        "_answered_at",
        "_backoffs",
        "_bulk_capacity",
        "_capacity",
        "_era",
        "_learned",
        "_log",
        "_now",
        "_paced_until",
        "_paused_until",
        "_reacted_at",
        "_reserved",
        "_revise_at",
        "_spacing",
        "_spent_until",
        "_told_left",
        "_told_until",
        "rate",
    )

    def __init__(self, rate: Rate, *, now: float, reserve: float = 0.0) -> None:
        if not 0 <= reserve < 1:
            raise ValueError(f"reserve must be from 0 to below 1, not {reserve!r}")
        self.rate = rate
        self._log = HardLog(rate)
        self._learned = Learned(rate)
        self._reserved = round(reserve * rate.requests)
        self._now = now
        self._spent_until = now
        self._paused_until = now
        self._paced_until = -math.inf
        self._reacted_at = -math.inf
        self._backoffs = 0
        self._told_left = 0
        self._told_until = -math.inf
        self._era = 0
        self._revise(now)

    def check(self, weight: int) -> None:
        """Make sure that a weight can fit.

        Raises:
            ValueError: It never can.
        """
        if not 1 <= weight <= self.rate.requests:
            raise ValueError(
                f"a weight must be from 1 to {self.rate.requests}, not {weight!r}"
            )

    def ready_at(self, lane: Lane, weight: int, now: float) -> float:
        """Tell when such a request may leave if nothing else happens.

        A time that is not after `now` means now; `inf` means that only an
        answer to a request in flight can tell.

        Raises:
            ValueError: If `weight` can never fit.
        """
        self.check(weight)
        now = self._tick(now)
        is_bulk = lane is _BULK
        capacity = self._bulk_capacity if is_bulk else self._capacity
        ready = self._log.free_at(weight, capacity)
        if ready < self._paused_until:
            ready = self._paused_until
        if now < self._told_until and self._told_left < weight:
            ready = max(ready, self._told_until)
        if not is_bulk and now >= self._paced_until:
            return ready
        paced = self._spent_until + weight * self._spacing
        if not is_bulk:
            paced = min(paced, self._paced_until)
        return paced if paced > ready else ready

    def take(self, lane: Lane, weight: int, now: float) -> Permit | None:
        """Let a request leave, or `None` if it may not yet."""
        if self.ready_at(lane, weight, now) > self._now:
            return None
        now = self._now
        before = self._spent_until
        # From the schedule, not from `now`: else each late wake-up costs pace.
        # Of blocked or idle time one slot is kept, right after a refusal none.
        spent = before + weight * self._spacing
        oldest = now if now < self._paced_until else now - self._spacing
        self._spent_until = after = spent if spent > oldest else oldest
        self._log.in_flight += weight
        self._told_left -= weight
        return Permit(lane, weight, now, before, after, self._era)

    def settle(self, permit: Permit, now: float) -> None:
        """Count a request from now on: it was answered, or given up on its way."""
        if not self._close(permit):
            return
        self._log.finish(permit.weight, self._tick(now))
        if permit.left_at > self._reacted_at:
            self._backoffs = 0

    def give_back(self, permit: Permit, now: float) -> None:
        """Take back the permit of a request that provably never left."""
        if not self._close(permit):
            return
        self._tick(now)
        self._log.in_flight -= permit.weight
        self._told_left += permit.weight
        if self._spent_until == permit._spent_after:
            self._spent_until = permit._spent_before

    def refused(
        self, permit: Permit, now: float, *, retry_after: float | None, jitter: float
    ) -> float:
        """Pause everyone and learn from a 429; return the end of the pause.

        Args:
            permit: What the refused request held. It counts like an answered
                one: some servers count what they refuse.
            now: The time.
            retry_after: What the server asked for. Without it, or if it is no
                positive number, pauses start at a second and double.
            jitter: From 0 to below 1; stretches a pause that was not asked for.
        """
        if not self._close(permit):
            return self._paused_until
        now = self._tick(now)
        self._log.finish(permit.weight, now)
        pause = _usable(retry_after)
        # Those that left before the last reaction were refused by the same
        # excess: they may lengthen the pause, they teach nothing new.
        if permit.left_at > self._reacted_at:
            pause = pause or self._next_backoff(jitter)
            self._react(now)
        if pause:
            self._pause(now + pause)
        return self._paused_until

    def observe(
        self, now: float, *, remaining: int, resets_in: float | None = None
    ) -> None:
        """Follow what the server says of its own count.

        Args:
            now: The time.
            remaining: Requests left until the count starts anew.
            resets_in: When that is; without it `remaining` says nothing.
        """
        now = self._tick(now)
        lasts = _usable(resets_in)
        if lasts is None:
            return
        # Those in flight may or may not be counted yet: assume they are not.
        self._told_left = max(0, remaining) - self._log.in_flight
        self._told_until = now + lasts

    def forget_in_flight(self, now: float) -> None:
        """Count what is in flight from now on; its permits mean nothing here.

        For a forked child: the answers will reach its parent.
        """
        now = self._tick(now)
        self._era += 1
        if self._log.in_flight:
            self._log.finish(self._log.in_flight, now)

    def usage(self, now: float) -> Usage:
        """Tell how things stand."""
        self._tick(now)
        in_flight = self._log.in_flight
        used = in_flight + self._log.finished
        return Usage(in_flight, used, 60.0 / self._spacing, self._paused_until)

    def _tick(self, now: float) -> float:
        if now <= self._now:
            return self._now
        self._now = now
        self._log.expire(now)
        if now >= self._revise_at:
            self._revise(now)
        return now

    def _revise(self, now: float) -> None:
        allowed = self._learned.allowed(now)
        settled = self._learned.is_settled(now)
        margin = max(min(1.0, allowed / 100), LEAST_MARGIN * allowed)
        self._spacing = self.rate.per / (allowed - margin)
        self._capacity = max(1, math.floor(allowed))
        self._bulk_capacity = max(1, self._capacity - self._reserved)
        self._revise_at = math.inf if settled else now + REVISED_EVERY

    def _close(self, permit: Permit) -> bool:
        was_open = permit._era == self._era
        permit._era = -1
        return was_open

    def _react(self, now: float) -> None:
        # Refused again with nothing answered since: the pause was too short,
        # which says nothing about the pace.
        if not self._backoffs:
            self._learned.refuse(now)
            self._revise(now)
        self._backoffs += 1
        self._reacted_at = now

    def _next_backoff(self, jitter: float) -> float:
        doubled = math.ldexp(FIRST_BACKOFF, min(self._backoffs, 16))
        return min(doubled, LONGEST_BACKOFF) * (1 + jitter / 2)

    def _pause(self, until: float) -> None:
        if until <= self._paused_until:
            return
        self._paused_until = until
        self._paced_until = until + self.rate.per
        self._spent_until = until - self._spacing


def _usable(seconds: float | None) -> float | None:
    if seconds is None or not seconds > 0:
        return None
    return min(seconds, LONGEST_PAUSE)
