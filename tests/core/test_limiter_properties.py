"""What holds under any legal schedule of operations."""

import math
from collections.abc import Callable
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from stackverify._core.limiter import PacedLog, Permit
from stackverify.models.tier import Lane, Rate

# Sixty-fourths of a second add up without rounding.
TICK = 1 / 64
ENDINGS = ["settle", "give_back", "refused"]

rates = st.builds(Rate, st.sampled_from([1, 2, 5, 12, 5000]), st.sampled_from([2, 8]))
steps = st.tuples(
    st.sampled_from(["take", "take", "jump", "fork", "observe", *ENDINGS]),
    st.integers(0, 640),
    st.integers(0, 10**6),
    st.sampled_from(list(Lane)),
)


@attrs.define
class Sender:
    """Does what it is told, and notes when the server may have counted what."""

    limiter: PacedLog
    now: float = 0.0
    flying: list[Permit] = attrs.Factory(list)
    arrived: list[tuple[float, int]] = attrs.Factory(list)

    def play(self, schedule: list[Any]) -> None:
        for name, ticks, dice, lane in schedule:
            self.now += ticks * TICK
            getattr(self, f"do_{name}")(dice, lane)
        for permit in self.flying:
            self.arrives(permit, 0)

    def arrives(self, permit: Permit, dice: int) -> None:
        share = dice % 5 / 4
        at = permit.left_at + share * (self.now - permit.left_at)
        self.arrived.append((at, permit.weight))

    def do_take(self, dice: int, lane: Lane) -> None:
        weight = 1 + dice % self.limiter.rate.requests
        permit = self.limiter.take(lane, weight, self.now)
        self.flying += [permit] if permit else []

    def do_jump(self, dice: int, lane: Lane) -> None:
        ready = self.limiter.ready_at(lane, 1, self.now)
        self.now = ready if self.now < ready < math.inf else self.now
        self.do_take(0, lane)

    def do_fork(self, dice: int, lane: Lane) -> None:
        self.limiter.forget_in_flight(self.now)
        for permit in self.flying:
            self.arrives(permit, dice)
        self.flying.clear()

    def do_observe(self, dice: int, lane: Lane) -> None:
        self.limiter.observe(self.now, remaining=dice, resets_in=1.0)

    def ends(self, dice: int, end: Callable[[Permit], Any], *, left: bool) -> None:
        if self.flying:
            permit = self.flying.pop(dice % len(self.flying))
            end(permit)
            if left:
                self.arrives(permit, dice)

    def do_settle(self, dice: int, lane: Lane) -> None:
        self.ends(dice, lambda p: self.limiter.settle(p, self.now), left=True)

    def do_give_back(self, dice: int, lane: Lane) -> None:
        self.ends(dice, lambda p: self.limiter.give_back(p, self.now), left=False)

    def do_refused(self, dice: int, lane: Lane) -> None:
        self.ends(
            dice,
            lambda p: self.limiter.refused(p, self.now, retry_after=None, jitter=0.0),
            left=True,
        )


def fullest_window(arrived: list[tuple[float, int]], per: float) -> int:
    return max(
        (sum(w for at, w in arrived if end - per < at <= end) for end, _ in arrived),
        default=0,
    )


@settings(max_examples=300, deadline=None)
@given(rates, st.lists(steps, max_size=80))
def test_no_window_at_the_server_ever_holds_more_than_the_rate(
    rate: Rate, schedule: list[Any]
) -> None:
    sender = Sender(PacedLog(rate, now=0.0))
    sender.play(schedule)
    assert fullest_window(sender.arrived, rate.per) <= rate.requests


@settings(max_examples=200, deadline=None)
@given(rates, st.lists(steps, max_size=60), st.sampled_from(list(Lane)))
def test_what_is_promised_is_kept(rate: Rate, schedule: list[Any], lane: Lane) -> None:
    sender = Sender(PacedLog(rate, now=0.0, reserve=0.3))
    sender.play(schedule)
    sender.limiter.forget_in_flight(sender.now)
    ready = sender.limiter.ready_at(lane, rate.requests, sender.now)
    assert ready < math.inf
    assert sender.limiter.take(lane, rate.requests, max(ready, sender.now))


@settings(max_examples=100, deadline=None)
@given(rates, st.lists(steps, max_size=80))
def test_the_log_holds_no_more_entries_than_the_rate(
    rate: Rate, schedule: list[Any]
) -> None:
    sender = Sender(PacedLog(rate, now=0.0))
    sender.play(schedule)
    assert len(sender.limiter._log._entries) <= rate.requests
