"""What the channels have in common: one call, many calls, waiting for a status."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Callable, Iterable
from typing import TypeVar

import attrs

from stackverify._async._concurrency import sleep
from stackverify._async.bulk import AsyncSendMany
from stackverify._async.transport import AsyncTransport
from stackverify._core.call import Call
from stackverify._core.delivery import is_settled, next_poll
from stackverify._core.options import Options
from stackverify._core.settings import check_seconds
from stackverify._services.stackverify.plans import Plan
from stackverify.errors import (
    DeadlineError,
    ReadFailedError,
    ServerError,
    WaitTimeoutError,
)
from stackverify.models.results import MessageStatus

__all__ = ["AsyncResource"]

T = TypeVar("T")
S = TypeVar("S", bound=MessageStatus)


class AsyncResource:
    """The calls of one channel, made with the options of one client."""

    def __init__(self, transport: AsyncTransport, options: Options) -> None:
        self._transport = transport
        self._options = options

    async def _run(
        self, call: Call[T], timeout: float | None = None, deadline: float | None = None
    ) -> T:
        options = self._options.changed({"timeout": timeout, "deadline": deadline})
        return await self._transport.run(call, options)

    def _send_many(
        self,
        plan: Plan[T],
        rows: Iterable[T] | AsyncIterable[T],
        *,
        deadline: float | None,
        over_budget: bool,
        split_refused: bool = False,
    ) -> AsyncSendMany[T]:
        return AsyncSendMany(
            self._transport,
            attrs.evolve(self._options, deadline=None),
            plan,
            rows,
            deadline=check_seconds("deadline", deadline),
            over_budget=over_budget,
            split_refused=split_refused,
        )

    async def _wait(self, ask: Callable[[], Call[S]], until: str, timeout: float) -> S:
        ends_at = time.monotonic() + (check_seconds("timeout", timeout) or 0.0)
        is_settled("", until)  # a wrong word is told of before the first request
        status: S | None = None
        poll = 0
        while (left := ends_at - time.monotonic()) > 0:
            try:
                status = await self._run(ask(), deadline=left)
            except DeadlineError:  # the rate limit left no turn
                break
            except (ReadFailedError, ServerError):
                if time.monotonic() < ends_at:
                    raise
                break  # it was the time that was over, not the service
            if is_settled(status.status, until):
                return status
            await sleep(min(next_poll(poll), ends_at - time.monotonic()))
            poll += 1
        seen = f"it is {status.status!r}" if status else "it was never seen"
        raise WaitTimeoutError(
            f"The message was not {until!r} after {timeout:g} s: {seen}.", status
        )
