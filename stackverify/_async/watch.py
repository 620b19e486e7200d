"""Waits for a status of one message: told by a delivery report, or asked for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from stackverify._async._concurrency import Parker
from stackverify._core.delivery import SLOWEST_POLL, is_settled, next_poll, rank
from stackverify._core.settings import check_seconds
from stackverify._process.reports import Reports
from stackverify._services.stackverify.webhooks import status_from
from stackverify.errors import (
    DeadlineError,
    ReadFailedError,
    ServerError,
    WaitTimeoutError,
)
from stackverify.models.results import MessageStatus

__all__ = ["AsyncWatch"]

S = TypeVar("S", bound=MessageStatus)


class AsyncWatch(Generic[S]):
    """Waits for a status of one message.

    Where delivery reports are heard of, it asks only after as long a silence as it
    would ever leave between two questions: a report can be lost, or reach another
    process.

    Args:
        kind: What a status is told as.
        message_id: The message.
        ask: Asks the service, in so many seconds at most.
        reports: Where delivery reports are heard of, if they are.
    """

    def __init__(
        self,
        kind: type[S],
        message_id: str,
        ask: Callable[[float], Awaitable[S]],
        reports: Reports | None,
    ) -> None:
        self._kind = kind
        self._message_id = message_id
        self._ask = ask
        self._reports = reports
        self._last: S | None = None

    async def until(self, wanted: str, timeout: float) -> S:
        """Wait until the message is so far, or can get no further.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        seconds = check_seconds("timeout", timeout) or 0.0
        is_settled("", wanted)  # a wrong word is told of before the first request
        ends_at = time.monotonic() + seconds
        parker = Parker()
        if self._reports is None:
            return await self._until(wanted, seconds, ends_at, parker)
        self._reports.watch(self._message_id, parker)
        try:
            return await self._until(wanted, seconds, ends_at, parker)
        finally:
            self._reports.unwatch(self._message_id, parker)

    async def _until(
        self, wanted: str, seconds: float, ends_at: float, parker: Parker
    ) -> S:
        asks_at, poll = ends_at - seconds + self._silence(None), 0
        while (now := time.monotonic()) < ends_at:
            self._hear()
            if now >= asks_at:
                if not await self._see(ends_at):
                    break
                asks_at, poll = time.monotonic() + self._silence(poll), poll + 1
            if self._last and is_settled(self._last.status, wanted):
                return self._last
            await parker.park(min(asks_at, ends_at) - time.monotonic())
        seen = f"it is {self._last.status!r}" if self._last else "it was never seen"
        raise WaitTimeoutError(
            f"The message was not {wanted!r} after {seconds:g} s: {seen}.", self._last
        )

    def _silence(self, poll: int | None) -> float:
        """Say how many seconds to hear nothing before the next question."""
        if self._reports is not None:
            return SLOWEST_POLL
        return 0.0 if poll is None else next_poll(poll)

    def _hear(self) -> None:
        report = self._reports and self._reports.latest(self._message_id)
        if report and (self._last is None or _is_ahead(report.status, self._last)):
            self._last = status_from(report, self._kind)

    async def _see(self, ends_at: float) -> bool:
        """Ask for the status; tell whether there was time for the answer."""
        try:
            self._last = await self._ask(ends_at - time.monotonic())
        except DeadlineError:  # the rate limit left no turn
            return False
        except (ReadFailedError, ServerError):
            if time.monotonic() < ends_at:
                raise
            return False  # it was the time that was over, not the service
        return True


def _is_ahead(status: str, last: MessageStatus) -> bool:
    return (rank(status) or 0) > (rank(last.status) or 0)
