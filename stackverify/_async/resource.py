"""What the channels have in common: one call, many calls, waiting for a status."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TypeVar

import attrs

from stackverify._async.bulk import AsyncSendMany
from stackverify._async.transport import AsyncTransport
from stackverify._async.watch import AsyncWatch
from stackverify._core.call import Call
from stackverify._core.options import Options
from stackverify._core.plan import Plan
from stackverify._core.settings import check_seconds
from stackverify._process.reports import Reports
from stackverify.models.results import MessageStatus

__all__ = ["AsyncResource"]

T = TypeVar("T")
S = TypeVar("S", bound=MessageStatus)


class AsyncResource:
    """The calls of one channel, made with the options of one client."""

    def __init__(
        self, transport: AsyncTransport, options: Options, reports: Reports | None
    ) -> None:
        self._transport = transport
        self._options = options
        self._reports = reports

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

    async def _wait(
        self,
        kind: type[S],
        call: Call[S],
        message_id: str | None,
        until: str,
        timeout: float,
    ) -> S:
        async def ask(seconds: float) -> S:
            return await self._run(call, deadline=seconds)

        watch = AsyncWatch(kind, message_id or "", ask, self._reports)
        return await watch.until(until, timeout)
