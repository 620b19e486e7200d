"""Sends many messages, several at a time, and tells of each what became of it."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import AsyncIterable, Iterable, Mapping, Sized
from operator import itemgetter
from types import TracebackType
from typing import Generic, TypeVar

import attrs

from stackverify._async._concurrency import FanOut
from stackverify._async.transport import AsyncTransport
from stackverify._core.budget import month_of
from stackverify._core.flow import Stopped
from stackverify._core.options import Options
from stackverify._core.outcomes import (
    outcome_of_error,
    outcomes_of_receipt,
    stops_all,
)
from stackverify._core.packing import packer_for
from stackverify._core.plan import Plan
from stackverify._process.stop import Stop
from stackverify.errors import (
    BadRequestError,
    BudgetError,
    BulkStoppedError,
    DeadlineError,
    InvalidInputError,
    StackverifyError,
    UnprocessableError,
)
from stackverify.models.events import Event, RequestFinished, RequestStarted
from stackverify.models.outcomes import (
    Accepted,
    BulkSummary,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)

__all__ = ["AsyncSendMany"]

M = TypeVar("M")
Rows = list[tuple[int, M]]


class AsyncSendMany(Generic[M]):
    """The outcomes of a bulk send, in the order in which they finish.

    Iterate over it; nothing is sent before. Cancelling the loop, Ctrl-C, the end
    of an `async with` around it, and `aclose()` begin nothing further and wait for
    what is under way. Then `summary` tells what was done and what was not begun,
    and iterating on gives the outcomes not taken yet. After a bare `break` it goes
    on until its results are no longer taken, and stops when it is dropped. If it is
    dropped before anybody does, a `RuntimeWarning` tells that nothing was sent.
    """

    _is_idle = False

    def __init__(
        self,
        transport: AsyncTransport,
        options: Options,
        plan: Plan[M],
        rows: Iterable[M] | AsyncIterable[M],
        *,
        deadline: float | None,
        over_budget: bool,
        split_refused: bool,
    ) -> None:
        is_single = isinstance(rows, (str, bytes, Mapping))
        if is_single or not isinstance(rows, (Iterable, AsyncIterable)):
            raise InvalidInputError(
                f"is of type {type(rows).__name__}",
                "messages",
                "give a list of messages, or anything else to iterate over",
            )
        if isinstance(rows, Sized) and not over_budget:
            transport.budget.require(len(rows), month_of(time.time()))
        self._bulk = _Bulk(
            transport=transport,
            options=options,
            plan=plan,
            stop=Stop(),
            ends_at=deadline and time.monotonic() + deadline,
            over_budget=over_budget,
            split_refused=split_refused,
        )
        self._results = FanOut(
            self._bulk.send,
            rows,
            packer=packer_for(plan, itemgetter(1)),
            limit=transport.in_flight,
            stop=self._bulk.stop,
        )
        self._is_idle = True

    def __del__(self) -> None:
        if self._is_idle:
            warnings.warn(
                "send_many() sent nothing, for nobody iterated over what it gave: "
                "write `async for outcome in client.sms.send_many(...)`",
                RuntimeWarning,
                stacklevel=2,
            )

    @property
    def summary(self) -> BulkSummary:
        """What was done so far."""
        counts = self._bulk.counts
        return BulkSummary(
            accepted=counts[Accepted],
            refused=counts[Refused],
            not_sent=counts[NotSent],
            unknown=counts[Unknown],
            requests=self._bulk.requests,
            rate_limited=self._bulk.rate_limited,
            next_index=self._results.next_index,
            unfinished=tuple(sorted(self._bulk.unbegun + self._results.held())),
            exhausted=self._results.is_exhausted,
        )

    def __aiter__(self) -> AsyncSendMany[M]:
        self._is_idle = False
        return self

    async def __anext__(self) -> Outcome[M]:
        self._is_idle = False
        try:
            return await anext(self._results)
        except StopAsyncIteration:
            cause, self._bulk.stopped_by = self._bulk.stopped_by, None
            if cause is None:
                raise
        raise BulkStoppedError(
            f"The bulk send stopped: {cause.message}", self.summary
        ) from cause

    async def aclose(self) -> None:
        """Begin nothing further, and wait for what is under way."""
        self._is_idle = False
        await self._results.aclose()

    async def __aenter__(self) -> AsyncSendMany[M]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:  # then whoever forgot to iterate does not know of it yet
            await self._results.aclose()
        else:
            await self.aclose()


@attrs.define(eq=False)
class _Bulk(Generic[M]):
    """The work on packs, and the count of what became of their rows."""

    transport: AsyncTransport
    options: Options
    plan: Plan[M]
    stop: Stop
    ends_at: float | None
    over_budget: bool
    split_refused: bool
    counts: Counter[type] = attrs.field(factory=Counter)
    requests: int = 0
    rate_limited: int = 0
    unbegun: list[int] = attrs.field(factory=list)
    stopped_by: StackverifyError | None = None

    def __attrs_post_init__(self) -> None:
        hooks = (*self.options.hooks, self._hear)
        self.options = attrs.evolve(self.options, hooks=hooks)

    async def send(self, rows: Rows[M]) -> list[Outcome[M]]:
        """Send a pack; take it apart as far as the service refuses it whole."""
        outcomes: list[Outcome[M]] = []
        packs = [rows]
        try:
            while packs:
                pack = packs[-1]
                ended = await self._send_pack(pack)
                packs.pop()
                if ended is None:
                    half = len(pack) // 2
                    packs += [pack[half:], pack[:half]]
                    continue
                outcomes += ended
                self.counts.update(map(type, ended))
        except Stopped:
            self.unbegun += [index for pack in packs for index, _ in pack]
        except BaseException:
            # Cancelled from outside: what was under way may have been sent.
            self.counts[Unknown] += len(packs[-1])
            self.unbegun += [index for pack in packs[:-1] for index, _ in pack]
            raise
        return outcomes

    async def _send_pack(self, pack: Rows[M]) -> list[Outcome[M]] | None:
        """Send a pack; `None` means that its halves are to be tried."""
        if self.stop.is_told:
            raise Stopped
        messages = [message for _, message in pack]
        try:
            receipt = await self.transport.run(
                self.plan.call(messages),
                self._remaining(),
                stop=self.stop,
                over_budget=self.over_budget,
            )
        except (BadRequestError, UnprocessableError) as error:
            if len(pack) > 1 and self.split_refused:
                return None
            return self._failed(pack, error)
        except StackverifyError as error:
            return self._failed(pack, error)
        return outcomes_of_receipt(pack, self.plan.recipients(messages), receipt)

    def _remaining(self) -> Options:
        if self.ends_at is None:
            return self.options
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise DeadlineError("The deadline of the bulk send has passed.")
        return attrs.evolve(self.options, deadline=left)

    def _failed(self, pack: Rows[M], error: StackverifyError) -> list[Outcome[M]]:
        is_last = isinstance(error, DeadlineError) and self.ends_at is not None
        if is_last or stops_all(error):
            self.stopped_by = self.stopped_by or error
            # Who has a share of the month's messages already may use it.
            end = self.stop.ebb if isinstance(error, BudgetError) else self.stop.tell
            end()
        return [outcome_of_error(index, message, error) for index, message in pack]

    def _hear(self, event: Event) -> None:
        if isinstance(event, RequestStarted):
            self.requests += 1
        elif isinstance(event, RequestFinished) and event.status == 429:
            self.rate_limited += 1
