"""Prints what share of the rate each strategy reaches, and at how many 429s.

Run it with `python -m benchmarks.bench_limiter`. All but the last column is virtual
time: 30 minutes, a saturated sender, 50 in flight.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from benchmarks.simulator import MakeLimiter, Result, Scenario, paced_log, simulate
from stackverify._core.limiter import PacedLog
from stackverify.models.tier import Lane, Rate
from stackverify.sandbox.limits import COUNTERS

__all__ = ["STRATEGIES", "NoLimiter", "TokenBucket", "main"]


class NoLimiter:
    """Lets everything leave; a refused request sleeps its own Retry-After."""

    def ready_at(self, lane: Lane, weight: int, now: float) -> float:
        """Tell that anything may leave."""
        return now

    def take(self, lane: Lane, weight: int, now: float) -> object:
        """Let it leave."""
        return self

    def settle(self, permit: object, now: float) -> None:
        """Ignore the answer."""

    def refused(
        self, permit: object, now: float, *, retry_after: float | None, jitter: float
    ) -> float:
        """Tell when the one that was refused may try again."""
        return now + (retry_after or 1.0)


class TokenBucket(NoLimiter):
    """Holds `capacity` tokens, full at the start, and knows no answers."""

    def __init__(self, rate: Rate, now: float, capacity: int) -> None:
        self._spacing = rate.per / rate.requests
        self._depth = capacity * self._spacing
        self._spent_until = now - self._depth

    def ready_at(self, lane: Lane, weight: int, now: float) -> float:
        """Tell when enough tokens are there."""
        return max(self._spent_until, now - self._depth) + weight * self._spacing

    def take(self, lane: Lane, weight: int, now: float) -> object:
        """Spend tokens, if there are enough."""
        # The grain keeps a rounding error from asking for a timer of no length.
        spent = self.ready_at(lane, weight, now)
        if spent > now + 1e-9:
            return None
        self._spent_until = spent
        return self


STRATEGIES: Mapping[str, MakeLimiter] = {
    "paced log (ours)": paced_log,
    "token bucket of N": lambda rate, now: TokenBucket(rate, now, rate.requests),
    "pacer alone": lambda rate, now: TokenBucket(rate, now, 1),
    "no limiter": lambda rate, now: NoLimiter(),
}

_ROUNDS = 50_000


def main() -> None:
    """Print the tables."""
    print("% of the allowed rate / 429s in the first minute + in the next 29\n")
    heads = "".join(f"{mode:>24}" for mode in COUNTERS)
    print(f"{'strategy':<20}{'N':>5}{heads}")
    for row in _rows():
        print(row, flush=True)
    print("\nCPU for an uncontended take and settle, best of 5")
    for lane in Lane:
        print(f"{lane.value:<20}{_cost(lane) * 1e6:>8.2f} µs")


def _rows() -> Iterator[str]:
    for requests in (100, 500):
        for name, make in STRATEGIES.items():
            cells = (
                _cell(simulate(Scenario(mode, requests=requests), make))
                for mode in COUNTERS
            )
            yield f"{name:<20}{requests:>5}{''.join(cells)}"


def _cell(result: Result) -> str:
    refused = f"{result.refused_first_minute}+{result.refused_after}"
    cell = f"{result.share:.2%} / {refused}"
    return f"{cell:>24}"


def _cost(lane: Lane) -> float:
    return min(_seconds_a_request(lane) for _ in range(5))


def _seconds_a_request(lane: Lane) -> float:
    limiter = PacedLog(Rate(requests=500), now=0.0)
    # One every 0.6 s: nobody waits, and the log stays a fifth full.
    moments = [0.6 * n for n in range(1, _ROUNDS)]
    began = time.perf_counter()
    for now in moments:
        permit = limiter.take(lane, 1, now)
        assert permit is not None
        limiter.settle(permit, now)
    return (time.perf_counter() - began) / len(moments)


if __name__ == "__main__":
    main()
