"""Who waits for a turn under the rate limit, in which order, and who is woken."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import attrs

from stackverify._core.limiter import PacedLog, Permit, Usage
from stackverify._process.fork import reset_in_child
from stackverify._process.stop import Wakeable
from stackverify.models.tier import Lane, Rate

__all__ = ["Ticket", "Turns"]


@attrs.define(eq=False)
class Ticket:
    """A place in a queue.

    Attributes:
        waiter: Who waits.
        lane: In which lane.
        weight: For how many units.
        looks_at: When it will look again by itself.
    """

    waiter: Wakeable
    lane: Lane
    weight: int
    looks_at: float = math.inf


class Turns:
    """The limiter of one key: a paced log, and two queues before it.

    Transactional goes first; inside a lane the first to come is the first to go.
    Only the first of all has a timer, and only it is woken. Nothing in here
    waits: tasks of any loop and threads share it, under a lock that is never held
    across a wait.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        reserve: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.rate = rate
        self._log = PacedLog(rate, now=clock(), reserve=reserve)
        self._start_over()
        reset_in_child(self)

    def _start_over(self) -> None:
        self._lock = threading.Lock()
        self._first: deque[Ticket] = deque()
        self._paced: deque[Ticket] = deque()

    def after_fork(self) -> None:
        """Forget the parent's waiters; count its requests under way as done now."""
        self._start_over()
        self._log.forget_in_flight(self.clock())

    def try_take(self, lane: Lane, weight: int) -> Permit | None:
        """Take a turn if nobody waits before and one is free.

        Raises:
            ValueError: The weight can never fit.
        """
        self._log.check(weight)
        with self._lock:
            if self._first or (self._paced and lane is Lane.BULK):
                return None
            return self._log.take(lane, weight, self.clock())

    def join(
        self, waiter: Wakeable, lane: Lane, weight: int, *, at_head: bool = False
    ) -> Ticket:
        """Stand in line; at its head if the request was refused once already."""
        ticket = Ticket(waiter, lane, weight)
        with self._lock:
            queue = self._queue(lane)
            if not at_head:
                queue.append(ticket)
                return ticket
            passed = self._head()
            queue.appendleft(ticket)
        if passed is not None:
            passed.waiter.unpark()
        return ticket

    def poll(self, ticket: Ticket) -> Permit | float:
        """Take the turn if it has come; else tell when to look again."""
        with self._lock:
            if ticket is not self._head():
                ticket.looks_at = math.inf
                return math.inf
            permit = self._log.take(ticket.lane, ticket.weight, now := self.clock())
            if permit is None:
                ticket.looks_at = self._log.ready_at(ticket.lane, ticket.weight, now)
                return ticket.looks_at
            self._queue(ticket.lane).popleft()
        self._wake_head()
        return permit

    def leave(self, ticket: Ticket) -> None:
        """Leave the line without a turn."""
        with self._lock:
            queue = self._queue(ticket.lane)
            if ticket not in queue:
                return
            was_head = ticket is self._head()
            queue.remove(ticket)
        if was_head:
            self._wake_head()

    def settle(self, permit: Permit) -> None:
        """Say that the answer came, or will not come any more."""
        with self._lock:
            self._log.settle(permit, self.clock())
        self._wake_if_sooner()

    def give_back(self, permit: Permit) -> None:
        """Say that the request provably never left."""
        with self._lock:
            self._log.give_back(permit, self.clock())
        self._wake_if_sooner()

    def refused(
        self, permit: Permit, *, retry_after: float | None, jitter: float
    ) -> float:
        """Say that the answer was 429; tell for how many seconds all wait."""
        with self._lock:
            now = self.clock()
            until = self._log.refused(
                permit, now, retry_after=retry_after, jitter=jitter
            )
        self._wake_if_sooner()
        return max(0.0, until - now)

    def observe(self, *, remaining: int, resets_in: float | None) -> None:
        """Heed what the service tells of its own count."""
        with self._lock:
            self._log.observe(self.clock(), remaining=remaining, resets_in=resets_in)
        self._wake_if_sooner()

    def usage(self) -> Usage:
        """Tell how much of the rate is in use."""
        with self._lock:
            return self._log.usage(self.clock())

    def _queue(self, lane: Lane) -> deque[Ticket]:
        return self._first if lane is Lane.TRANSACTIONAL else self._paced

    def _head(self) -> Ticket | None:
        if self._first:
            return self._first[0]
        return self._paced[0] if self._paced else None

    def _wake_head(self) -> None:
        """Wake who is first now; who cannot be woken any more has lost its place."""
        while True:
            with self._lock:
                head = self._head()
            if head is None or head.waiter.unpark():
                return
            self._drop(head)

    def _wake_if_sooner(self) -> None:
        with self._lock:
            if (head := self._head()) is None:
                return
            ready = self._log.ready_at(head.lane, head.weight, self.clock())
        if ready < head.looks_at:
            self._wake_head()

    def _drop(self, ticket: Ticket) -> None:
        with self._lock:
            queue = self._queue(ticket.lane)
            if ticket in queue:
                queue.remove(ticket)
