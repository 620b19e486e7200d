"""Drives the flow of a call: waits for turns, sends, tells what happened."""

from __future__ import annotations

import logging
import platform
import random
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from stackverify._async._concurrency import park_under, run_blocking
from stackverify._async.limiter import AsyncLimiter, AsyncTurn
from stackverify._core.budget import Budget, month_of
from stackverify._core.call import Call
from stackverify._core.codec import load_converter
from stackverify._core.flow import (
    Acquire,
    Answer,
    Attempt,
    Pause,
    Step,
    Stopped,
    call_flow,
)
from stackverify._core.limiter import LONGEST_PAUSE
from stackverify._core.options import Options
from stackverify._core.pool import connections_for
from stackverify._core.rate_headers import rate_headers
from stackverify._core.settings import Settings
from stackverify._core.verdict import NoAnswer, Stage, retry_after
from stackverify._process.accounts import account_of
from stackverify._process.flight import Flight
from stackverify._process.fork import reset_in_child
from stackverify._process.hooks import tell
from stackverify._process.stop import Stop
from stackverify._process.uploads import Upload
from stackverify._version import __version__
from stackverify.errors import DeadlineError, MaybeSentError, StackverifyError
from stackverify.models.events import (
    Event,
    Hook,
    Paused,
    RateWait,
    RequestFinished,
    RequestStarted,
    RetryScheduled,
)
from stackverify.reply import Reply

if TYPE_CHECKING:
    from stackverify._async.connections import AsyncExchange

__all__ = ["AsyncGate", "AsyncTransport"]

T = TypeVar("T")

_log = logging.getLogger("stackverify")
_USER_AGENT = f"stackverify-python/{__version__} python/{platform.python_version()}"
# Shorter waits are the event loop's, not the limiter's.
_WORTH_TELLING = 0.01
_CANCELLED = NoAnswer(Stage.AWAITING, "cancelled")


class AsyncGate(Protocol):
    """What a send has to pass besides the rate limit."""

    async def begin(self, timeout: float) -> None:
        """Have it known that an attempt begins; before its first byte leaves.

        Raises:
            Stopped: It is not to begin.
        """
        ...

    def may_release(self) -> bool:
        """Say, at the last moment, whether its last byte may be let go."""
        ...


class AsyncTransport:
    """All calls of a client, and of the copies made of it.

    Attributes:
        settings: Where to, and as whom.
        limiter: What paces the key's requests.
        budget: The month's messages.
        in_flight: Requests that may be under way at once.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        http: object = None,
        limiter: AsyncLimiter | None = None,
        max_connections: int | None = None,
    ) -> None:
        account = account_of(settings, self)
        self.settings: Settings = settings
        self.budget: Budget = account.budget
        self.limiter: AsyncLimiter = limiter or AsyncLimiter(account.turns)
        self.in_flight: int = connections_for(
            self.limiter.rate, is_stock_pool=http is not None, asked=max_connections
        )
        self._http = http
        self._exchange: AsyncExchange | None = None
        self.after_fork()
        reset_in_child(self)
        if http is not None:  # then httpx is loaded, and a wrong one is told of now
            self._load()

    def after_fork(self) -> None:
        """Make a new lock: the parent may have held the old one."""
        self._lock = threading.Lock()

    async def prepare(self) -> AsyncExchange:
        """Load what takes long, beside the event loop."""
        if self._exchange is not None:
            return self._exchange
        return await run_blocking(self._load)

    def _load(self) -> AsyncExchange:
        # Importing httpx and cattrs is most of what importing this package would
        # cost, so it waits for the first call.
        from stackverify._async.connections import exchange_for

        with self._lock:
            if self._exchange is None:
                load_converter()
                exchange = exchange_for(
                    self._http,
                    self.settings,
                    user_agent=_USER_AGENT,
                    limit=self.in_flight,
                )
                exchange.prepare()
                self._exchange = exchange
            return self._exchange

    async def run(
        self,
        call: Call[T],
        options: Options,
        *,
        stop: Stop | None = None,
        over_budget: bool = True,
        gate: AsyncGate | None = None,
    ) -> T:
        """Make a call: all its attempts, and the waits between them.

        Raises:
            BudgetError: The month has no messages left, and that matters.
        """
        month = month_of(time.time())
        self.budget.spend(call.messages, month, at_most=not over_budget)
        try:
            return await self._run(call, options, stop, gate)
        except MaybeSentError:
            raise
        except (StackverifyError, Stopped):
            self.budget.refund(call.messages, month)
            raise

    async def _run(
        self,
        call: Call[T],
        options: Options,
        stop: Stop | None,
        gate: AsyncGate | None,
    ) -> T:
        exchange = self._exchange or await self.prepare()
        deadline = options.deadline and time.monotonic() + options.deadline
        trip = _Trip(exchange, self.limiter, call, options.hooks, deadline, stop, gate)
        flow = call_flow(
            call,
            options.retry,
            timeout=options.timeout,
            deadline=deadline,
            jitter=random.random,
            key=self.settings.api_key,
        )
        try:
            step = next(flow)
            while True:
                try:
                    answer = await trip.perform(step)
                except (DeadlineError, Stopped) as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result

    async def aclose(self) -> None:
        """Close the connections."""
        if self._exchange is not None:
            await self._exchange.aclose()


@attrs.define(eq=False)
class _Trip:
    """One call on its way through the steps of its flow."""

    exchange: AsyncExchange
    limiter: AsyncLimiter
    call: Call[Any]
    hooks: tuple[Hook, ...]
    deadline: float | None
    stop: Stop | None
    gate: AsyncGate | None
    turn: AsyncTurn | None = None
    upload: Upload | None = None

    async def perform(self, step: Step) -> float | Answer:
        """Do what a step says."""
        match step:
            case Acquire(again):
                return await self._acquire(again=again)
            case Attempt(number, timeout):
                if self.gate is not None:
                    await self._pass(self.gate, timeout)
                return await self._attempt(number, timeout)
            case Pause(seconds, attempt, reason):
                self._tell(RetryScheduled(self.call.endpoint, attempt, seconds, reason))
                if await park_under(self.stop, seconds):
                    raise Stopped
                return time.monotonic()

    async def _acquire(self, *, again: bool) -> float:
        now = time.monotonic()
        self.turn = await self.limiter.acquire(
            self.call.lane,
            weight=self.call.weight,
            timeout=None if self.deadline is None else self.deadline - now,
            again=again,
            stop=self.stop,
        )
        if self.turn.waited > _WORTH_TELLING:
            self._tell(RateWait(self.call.endpoint, self.call.lane, self.turn.waited))
        return time.monotonic()

    async def _pass(self, gate: AsyncGate, timeout: float) -> None:
        assert self.turn is not None  # noqa: S101 - a flow acquires before it attempts
        try:
            await gate.begin(timeout)
        except BaseException:
            self.turn.give_back()
            raise

    async def _attempt(self, number: int, timeout: float) -> Answer:
        assert self.turn is not None  # noqa: S101 - a flow acquires before it attempts
        may_release = None if self.gate is None else self.gate.may_release
        flight = Flight(timeout, self.deadline, may_release)
        outcome: Reply | NoAnswer = _CANCELLED
        try:
            if self.upload is None and self.call.body:
                self.upload = Upload(self.call.body)
            if self._is_heard:
                self._tell(
                    RequestStarted(
                        self.call.method, self.call.endpoint, number, self.call.lane
                    )
                )
            outcome = await self.exchange.exchange(self.call, self.upload, flight)
        finally:
            self._settle(self.turn, outcome, flight)
            if self._is_heard:
                self._tell(self._finished(number, outcome, flight))
        return Answer(outcome, time.monotonic(), flight.released, time.time())

    def _settle(
        self, turn: AsyncTurn, outcome: Reply | NoAnswer, flight: Flight
    ) -> None:
        """Give the permit back, at once or when its time has come."""
        if isinstance(outcome, Reply) and outcome.status == 429:
            asked = retry_after(outcome, time.time())
            # Who asks for more than that means the month, not the pace: the error
            # says so at once, and nobody else is kept waiting for it.
            is_pace = asked is None or asked <= LONGEST_PAUSE
            self._tell(Paused(turn.refused(asked if is_pace else None)))
        elif flight.stage is Stage.CONNECTING:
            turn.give_back()
        else:
            turn.settle()
        if isinstance(outcome, Reply):
            self._observe(outcome)

    def _observe(self, reply: Reply) -> None:
        """Heed what the service tells of its own count, if it ever does."""
        told = rate_headers(reply.headers, time.time())
        if told is not None:
            self.limiter.observe(remaining=told.remaining, resets_in=told.resets_in)

    def _finished(
        self, number: int, outcome: Reply | NoAnswer, flight: Flight
    ) -> RequestFinished:
        failure = outcome.failure if isinstance(outcome, NoAnswer) else None
        return RequestFinished(
            self.call.method,
            self.call.endpoint,
            number,
            outcome.status if isinstance(outcome, Reply) else None,
            flight.elapsed,
            failure,
            flight.released,
        )

    @property
    def _is_heard(self) -> bool:
        # Making the events of a send that nobody listens to took 5 µs of its 90.
        return bool(self.hooks) or _log.isEnabledFor(logging.DEBUG)

    def _tell(self, event: Event) -> None:
        tell(self.hooks, event)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s", event)
