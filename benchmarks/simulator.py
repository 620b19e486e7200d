"""Plays a sender against a counting server, in virtual time.

The sender keeps the shell's rules: two queues, each first come first served, the
transactional one before the other; only the head asks the limiter; one timer; a
refused request goes back to the head of its queue.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeAlias

import attrs

from stackverify._core.limiter import PacedLog
from stackverify.models.tier import Lane, Rate
from stackverify.sandbox.limits import COUNTERS

__all__ = ["Burst", "Limiter", "Result", "Scenario", "paced_log", "simulate"]


class Limiter(Protocol):
    """What the simulator asks of a strategy; `PacedLog` is one."""

    def ready_at(self, lane: Lane, weight: int, now: float) -> float:
        """Tell when the head of the queues may leave."""
        ...

    def take(self, lane: Lane, weight: int, now: float) -> Any:
        """Let it leave, or return `None`."""
        ...

    def settle(self, permit: Any, now: float) -> None:
        """Hear that it was answered."""
        ...

    def refused(
        self, permit: Any, now: float, *, retry_after: float | None, jitter: float
    ) -> float:
        """Hear that it was refused; return when it may queue again."""
        ...


MakeLimiter: TypeAlias = Callable[[Rate, float], Limiter]


def paced_log(rate: Rate, now: float) -> PacedLog:
    """Make the limiter under test."""
    return PacedLog(rate, now=now)


@attrs.frozen
class Burst:
    """So many requests handed over at once, so long after the start."""

    at: float
    count: int
    lane: Lane = Lane.TRANSACTIONAL


@attrs.frozen
class Scenario:
    """One sender, one server, and what happens between them."""

    mode: str
    """How the server counts: a key of `stackverify.sandbox.limits.COUNTERS`."""
    requests: int = 100
    per: float = 60.0
    seconds: float = 1800.0
    seed: int = 0
    in_flight: int = 50
    """How many bulk requests wait or travel at once; 0 is no campaign."""
    single_every: tuple[float, float] | None = None
    """Shortest and longest time between two single transactional requests."""
    bursts: tuple[Burst, ...] = ()
    restarts: tuple[float, ...] = ()
    """When the sender dies and starts anew; the server keeps its count."""
    server_requests: int | None = None
    """What the server allows, if it is not what the sender was told."""
    tells_retry_after: bool = True
    weight: int = 1
    """The units of each bulk request."""
    fastest: float = 0.05
    slowest: float = 0.4
    """Seconds each way."""
    lateness: float = 0.0
    """How late the timer may be, as that of a busy event loop is."""


@attrs.frozen
class Result:
    """What became of it."""

    share: float
    """Units accepted, of those the server would have allowed."""
    refused_at: tuple[float, ...]
    """When each 429 was given, from the start."""
    waits: tuple[float, ...]
    """How long each transactional request waited before it first left."""

    @property
    def refused_first_minute(self) -> int:
        """Count the 429s of the first minute."""
        return sum(at < 60 for at in self.refused_at)

    @property
    def refused_after(self) -> int:
        """Count the 429s after the first minute."""
        return len(self.refused_at) - self.refused_first_minute

    @property
    def longest_wait(self) -> float:
        """Tell the longest wait of a transactional request."""
        return max(self.waits, default=0.0)

    @property
    def wait_p99(self) -> float:
        """Tell the wait that 99 of 100 transactional requests did not exceed."""
        last = max(0, math.ceil(0.99 * len(self.waits)) - 1)
        return sorted(self.waits)[last] if self.waits else 0.0


@attrs.define(eq=False)
class _Request:
    lane: Lane
    weight: int
    queued_at: float
    life: int
    has_left: bool = False


def simulate(scenario: Scenario, make: MakeLimiter = paced_log) -> Result:
    """Play a scenario to its end."""
    return _Simulation(scenario, make).run()


class _Simulation:
    def __init__(self, scenario: Scenario, make: MakeLimiter) -> None:
        self._scenario = scenario
        self._make = make
        self._dice = random.Random(f"{scenario.mode} {scenario.seed}")
        # The sender does not know where in the server's minute it starts.
        self._began = scenario.per * (100 + self._dice.random())
        self._now = self._began
        limit = scenario.server_requests or scenario.requests
        self._ideal = limit * scenario.seconds / scenario.per
        self._counter = COUNTERS[scenario.mode](limit, scenario.per)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._timer = 0
        self._life = 0
        self._accepted = 0
        self._refused_at: list[float] = []
        self._waits: list[float] = []

    def run(self) -> Result:
        self._start()
        self._plan_outside_events()
        end = self._began + self._scenario.seconds
        while self._events and self._events[0][0] < end:
            self._now, _, happen = heapq.heappop(self._events)
            happen()
        return Result(
            share=self._accepted / self._ideal,
            refused_at=tuple(self._refused_at),
            waits=tuple(self._waits),
        )

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), happen))

    def _start(self) -> None:
        """Begin a life of the sender: nothing is remembered of the last one."""
        self._life += 1
        rate = Rate(self._scenario.requests, self._scenario.per)
        self._limiter = self._make(rate, self._now)
        self._queues: dict[Lane, deque[_Request]] = {
            Lane.TRANSACTIONAL: deque(),
            Lane.BULK: deque(),
        }
        for _ in range(self._scenario.in_flight):
            self._enqueue(Lane.BULK)
        self._pump()

    def _plan_outside_events(self) -> None:
        for restart in self._scenario.restarts:
            self._at(self._began + restart, self._start)
        for burst in self._scenario.bursts:
            self._at(self._began + burst.at, partial(self._burst, burst))
        self._plan_single()

    def _burst(self, burst: Burst) -> None:
        for _ in range(burst.count):
            self._enqueue(burst.lane)
        self._pump()

    def _plan_single(self) -> None:
        if self._scenario.single_every is not None:
            gap = self._dice.uniform(*self._scenario.single_every)
            self._at(self._now + gap, self._single)

    def _single(self) -> None:
        self._enqueue(Lane.TRANSACTIONAL)
        self._pump()
        self._plan_single()

    def _enqueue(self, lane: Lane) -> None:
        weight = self._scenario.weight if lane is Lane.BULK else 1
        request = _Request(lane, weight, self._now, self._life)
        self._queues[lane].append(request)

    def _pump(self) -> None:
        """Let the heads of the queues leave, and set the one timer."""
        self._timer += 1
        while queue := self._first_queue():
            head = queue[0]
            permit = self._limiter.take(head.lane, head.weight, self._now)
            if permit is None:
                self._set_timer(head)
                return
            self._leave(queue.popleft(), permit)

    def _first_queue(self) -> deque[_Request]:
        return self._queues[Lane.TRANSACTIONAL] or self._queues[Lane.BULK]

    def _set_timer(self, head: _Request) -> None:
        ready = self._limiter.ready_at(head.lane, head.weight, self._now)
        if ready == math.inf:
            return
        if self._scenario.lateness:
            ready += self._dice.random() * self._scenario.lateness
        self._at(ready, partial(self._wake, self._timer))

    def _wake(self, timer: int) -> None:
        if timer == self._timer:
            self._pump()

    def _leave(self, request: _Request, permit: Any) -> None:
        if request.lane is Lane.TRANSACTIONAL and not request.has_left:
            self._waits.append(self._now - request.queued_at)
        request.has_left = True
        self._at(self._now + self._leg(), lambda: self._arrive(request, permit))

    def _leg(self) -> float:
        seconds = self._dice.lognormvariate(math.log(0.2), 0.5)
        return min(max(seconds, self._scenario.fastest), self._scenario.slowest)

    def _arrive(self, request: _Request, permit: Any) -> None:
        wait = self._counter.allow(self._now, request.weight)
        if wait:
            self._refused_at.append(self._now - self._began)
        else:
            self._accepted += request.weight
        self._at(self._now + self._leg(), lambda: self._answer(request, permit, wait))

    def _answer(self, request: _Request, permit: Any, wait: float) -> None:
        if request.life != self._life:
            return
        if wait:
            self._refuse(request, permit, wait)
        else:
            self._limiter.settle(permit, self._now)
            if request.lane is Lane.BULK:
                self._enqueue(Lane.BULK)
        self._pump()

    def _refuse(self, request: _Request, permit: Any, wait: float) -> None:
        back_at = self._limiter.refused(
            permit,
            self._now,
            retry_after=wait if self._scenario.tells_retry_after else None,
            jitter=self._dice.random(),
        )
        if isinstance(self._limiter, PacedLog):
            self._queues[request.lane].appendleft(request)
            return
        # Naive strategies pause nobody: the request sleeps by itself.
        self._at(back_at, lambda: self._requeue(request))

    def _requeue(self, request: _Request) -> None:
        if request.life == self._life:
            self._queues[request.lane].append(request)
            self._pump()
