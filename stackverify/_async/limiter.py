"""A rate limiter that reaches the rate without a 429, however the server counts."""

from __future__ import annotations

import math
import random
from types import TracebackType

from stackverify._async._concurrency import Parker
from stackverify._core.flow import Stopped
from stackverify._core.limiter import Permit, Usage
from stackverify._process.stop import Stop
from stackverify._process.turns import Ticket, Turns
from stackverify.errors import DeadlineError
from stackverify.models.tier import Lane, Rate

__all__ = ["AsyncLimiter", "AsyncTurn"]


class AsyncTurn:
    """Leave to send one request; its end decides when the permit comes back.

    Used as a context manager it settles at the end of the block, unless
    `refused` or `give_back` was called before.

    Attributes:
        waited: Seconds waited for it.
    """

    __slots__ = ("_is_over", "_permit", "_turns", "waited")

    def __init__(self, turns: Turns, permit: Permit, waited: float) -> None:
        self.waited: float = waited
        self._turns = turns
        self._permit = permit
        self._is_over = False

    def settle(self) -> None:
        """Say that the answer came, or will not come any more."""
        if not self._is_over:
            self._is_over = True
            self._turns.settle(self._permit)

    def give_back(self) -> None:
        """Say that the request provably never left: it costs nothing."""
        if not self._is_over:
            self._is_over = True
            self._turns.give_back(self._permit)

    def refused(self, retry_after: float | None = None) -> float:
        """Say that the answer was 429: all requests of this limiter pause.

        Args:
            retry_after: Seconds the service asked to wait, if it said so.

        Returns:
            Seconds until the first request goes on.
        """
        self._is_over = True
        return self._turns.refused(
            self._permit, retry_after=retry_after, jitter=random.random()
        )

    def __enter__(self) -> AsyncTurn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.settle()


class AsyncLimiter:
    """Paces requests under a limit, for all tasks, threads and loops of a process.

    ```python
    limiter = AsyncLimiter(Rate(100))

    with await limiter.acquire(Lane.BULK) as turn:
        response = await http.get(url)
        if response.status_code == 429:
            turn.refused(retry_after=5.0)
    ```

    Args:
        rate: What the service allows.
        reserve: The share of the rate that the bulk lane leaves free, so that a
            transactional request never waits for it (0.02 is enough).
    """

    def __init__(self, rate: Rate | Turns, *, reserve: float = 0.0) -> None:
        self._turns = rate if isinstance(rate, Turns) else Turns(rate, reserve=reserve)

    @property
    def rate(self) -> Rate:
        """What the service allows."""
        return self._turns.rate

    def usage(self) -> Usage:
        """Tell how much of the rate is in use."""
        return self._turns.usage()

    def observe(self, *, remaining: int, resets_in: float | None = None) -> None:
        """Heed what the service tells of its own count: it beats inference.

        Args:
            remaining: Requests left in its window.
            resets_in: Seconds until the next one.
        """
        self._turns.observe(remaining=remaining, resets_in=resets_in)

    async def acquire(
        self,
        lane: Lane = Lane.TRANSACTIONAL,
        *,
        weight: int = 1,
        timeout: float | None = None,
        again: bool = False,
        stop: Stop | None = None,
    ) -> AsyncTurn:
        """Wait for a turn.

        Args:
            lane: Transactional goes first and is not paced; bulk is paced.
            weight: The units of the rate it takes.
            timeout: Seconds to wait at most.
            again: Go to the head of the lane: it was refused before.
            stop: When told, waiting ends.

        Raises:
            DeadlineError: The turn does not come in time.
            ValueError: The weight is above what the rate allows.
        """
        permit = self._turns.try_take(lane, weight)
        if permit is not None:
            return AsyncTurn(self._turns, permit, 0.0)
        began = self._turns.clock()
        deadline = math.inf if timeout is None else began + timeout
        parker = Parker()
        ticket = self._turns.join(parker, lane, weight, at_head=again)
        try:
            permit = await self._wait(ticket, parker, deadline, stop)
        except BaseException:
            self._turns.leave(ticket)
            raise
        return AsyncTurn(self._turns, permit, self._turns.clock() - began)

    async def _wait(
        self, ticket: Ticket, parker: Parker, deadline: float, stop: Stop | None
    ) -> Permit:
        if stop is not None:
            stop.add(parker)
        try:
            while stop is None or not stop.is_told:
                ready = self._turns.poll(ticket)
                if isinstance(ready, Permit):
                    return ready
                now = self._turns.clock()
                # The first in line knows when its turn comes: no use in waiting
                # for one that comes too late.
                if now >= deadline or (math.isfinite(ready) and ready > deadline):
                    raise DeadlineError("The rate limit left no turn in time.")
                await parker.park(min(ready, deadline) - now)
        finally:
            if stop is not None:
                stop.discard(parker)
        raise Stopped
