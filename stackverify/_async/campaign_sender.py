"""Sends claimed rows: the intent first, then the message, then what became of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import attrs

from stackverify._async._concurrency import Convoy, FanOut, run_blocking
from stackverify._async.campaign_claims import AsyncClaims
from stackverify._async.limiter import AsyncLimiter
from stackverify._async.transport import AsyncTransport
from stackverify._core.flow import Stopped
from stackverify._core.ledger import Verdict, verdict_of
from stackverify._core.options import Options
from stackverify._core.outcomes import (
    outcome_of_error,
    outcomes_of_receipt,
    stops_all,
)
from stackverify._core.packing import Packer
from stackverify._core.plan import Plan
from stackverify._process.service_clock import ServiceClock
from stackverify._process.stop import Stop
from stackverify._stores.ledger_runner import (
    Claimed,
    Intents,
    LedgerRunner,
    StandingError,
)
from stackverify.errors import LedgerError, MaybeSentError, StackverifyError
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.campaigns import CampaignEvent, RowSettled, RowState
from stackverify.models.outcomes import Outcome
from stackverify.models.tier import Lane, Rate
from stackverify.reply import Reply

__all__ = ["AsyncSender"]

# A commit is put off so long for further intents to be synced with it, while others
# are under way: alone it would cost as much as a send.
_LINGER = 0.003
# With all of them together, all would wait for one another again and again.
_SYNCED_TOGETHER = 16
_ERRORS = frozenset({RowState.REFUSED, RowState.UNKNOWN, RowState.PENDING})
_CUT_SHORT = Verdict(RowState.PENDING, reason="It was cut short before it left.")
_CANCELLED = Verdict(RowState.UNKNOWN, reason="It was cut short after it left.")


@attrs.define(eq=False)
class AsyncSender:
    """Sends what is claimed, several requests at a time.

    Attributes:
        stop: Told to begin nothing further.
        stopped_by: The error that stopped it.
        last_error: Why the last rows that provably were not sent were not.
        too_many_errors: Whether so many rows failed that it stopped itself.
        settled: Rows that were accepted or refused.
        clock: The service's.
    """

    transport: AsyncTransport
    options: Options
    plan: Plan[Any]
    runner: LedgerRunner
    rules: CampaignRules
    stop: Stop
    tell: Callable[[CampaignEvent], None]
    is_open: Callable[[int], bool]
    is_heard: bool
    stopped_by: StackverifyError | None = None
    last_error: StackverifyError | None = None
    too_many_errors: bool = False
    settled: int = 0
    clock: ServiceClock = attrs.field(factory=ServiceClock)
    _this_pass: Stop = attrs.field(factory=Stop)
    _latest: deque[bool] = attrs.field(factory=deque)
    _pace: AsyncLimiter | None = None
    _intents: Convoy[Intents] = attrs.field(init=False)
    _returned: list[Claimed] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        limit = min(_SYNCED_TOGETHER, self.transport.in_flight)
        self._intents = Convoy(self.runner.commit, linger=_LINGER, limit=limit)
        self._latest = deque(maxlen=self.rules.error_window)
        if self.rules.per_minute is not None:
            self._pace = AsyncLimiter(Rate(self.rules.per_minute))

    async def send(self, claims: AsyncClaims) -> None:
        """Send all that can be claimed.

        Raises:
            LedgerError: The ledger cannot be used: nothing further is sent.
        """
        # One of its own: a fan-out tells its stop when it is over.
        self._this_pass = this_pass = Stop()
        self.stop.add(this_pass)
        if self.stop.is_told:
            return
        try:
            async for _ in self._crew(claims):
                pass
        finally:
            self.stop.discard(this_pass)
        returned, self._returned = self._returned, []
        if returned:
            await run_blocking(partial(self.runner.unclaim, returned))

    def _crew(self, claims: AsyncClaims) -> FanOut[None, None]:
        async def work(tickets: list[tuple[int, None]]) -> Sequence[None]:
            try:
                pack = await claims.next()
                if pack is not None:
                    await self._send(pack)
            except StandingError:
                self.stop.tell()
            return ()

        return FanOut(
            work,
            claims.tickets(),
            packer=Packer(1, key=lambda row: None, member=lambda row: None, window=1),
            limit=self.transport.in_flight,
            stop=self._this_pass,
        )

    async def _send(self, pack: list[Claimed]) -> None:
        gate = _AsyncGate(self, pack)
        try:
            outcomes = await self._outcomes(pack, gate)
        except Stopped:
            self._returned += pack
            return
        except LedgerError:
            raise
        except BaseException:
            self._note(pack, [gate.cut_short] * len(pack), gate)
            raise
        await self._settle(pack, outcomes, gate)

    async def _outcomes(
        self, pack: list[Claimed], gate: _AsyncGate
    ) -> list[Outcome[Any]]:
        if self._pace is not None:
            (await self._pace.acquire(Lane.BULK, stop=self._this_pass)).settle()
        messages = [row.message for row in pack]
        try:
            receipt = await self.transport.run(
                self.plan.call(messages),
                self.options,
                stop=self._this_pass,
                over_budget=self.rules.over_budget,
                gate=gate,
            )
        except LedgerError:
            raise
        except StackverifyError as error:
            self._heed(error)
            return [outcome_of_error(row.index, row.message, error) for row in pack]
        self.clock.hear(receipt.reply.headers, time.time())
        rows = [(row.index, row.message) for row in pack]
        return outcomes_of_receipt(rows, self.plan.recipients(messages), receipt)

    def _heed(self, error: StackverifyError) -> None:
        reply: Reply | None = getattr(error, "reply", None)
        if reply is not None:
            self.clock.hear(reply.headers, time.time())
        if not isinstance(error, MaybeSentError):
            self.last_error = error
        if stops_all(error):
            self.stopped_by = self.stopped_by or error
            self.stop.tell()

    async def _settle(
        self, pack: list[Claimed], outcomes: Sequence[Outcome[Any]], gate: _AsyncGate
    ) -> None:
        together = len(pack) > 1
        verdicts = [verdict_of(outcome, together=together) for outcome in outcomes]
        if gate.is_written:
            self._note(pack, verdicts, gate)
        else:  # it failed before anything was written
            await self._decide_unwritten(pack, verdicts)
        for row, verdict in zip(pack, verdicts, strict=True):
            self._count(row, verdict)

    def _note(
        self, pack: list[Claimed], verdicts: Sequence[Verdict], gate: _AsyncGate
    ) -> None:
        now, released_at = time.time(), gate.released_at
        self.runner.note(
            [
                (row, verdict, now, released_at)
                for row, verdict in zip(pack, verdicts, strict=True)
            ]
        )

    async def _decide_unwritten(
        self, pack: list[Claimed], verdicts: Sequence[Verdict]
    ) -> None:
        refused = [
            (row.index, verdict.reason or "")
            for row, verdict in zip(pack, verdicts, strict=True)
            if verdict.state is RowState.REFUSED
        ]
        if refused:
            await run_blocking(partial(self.runner.refuse, refused))
        else:
            self._returned += pack

    def _count(self, row: Claimed, verdict: Verdict) -> None:
        state = verdict.state
        self.settled += state in (RowState.ACCEPTED, RowState.REFUSED)
        self._latest.append(state in _ERRORS)
        if self._has_too_many_errors():
            self.too_many_errors = True
            self.stop.tell()
        if self.is_heard:
            self.tell(RowSettled(row.index, state, verdict.message_id, verdict.reason))

    def _has_too_many_errors(self) -> bool:
        share, window = self.rules.max_error_rate, self.rules.error_window
        if share == 1.0 or len(self._latest) < window:
            return False
        return sum(self._latest) >= share * window


class _AsyncGate:
    """What the rows of one request pass before its first byte, and its last.

    Attributes:
        is_written: Whether the intent to send them is in the ledger.
        released_at: When the last byte was let go, if it was.
    """

    def __init__(self, sender: AsyncSender, pack: list[Claimed]) -> None:
        self.is_written = False
        self.released_at: float | None = None
        self._sender = sender
        self._pack = pack
        self._began = (0.0, 0.0)
        self._release_by = 0.0

    async def begin(self, timeout: float) -> None:
        """Write and sync the intent to send them."""
        if not all(self._sender.is_open(row.zone) for row in self._pack):
            raise Stopped
        now = time.time()
        self._began = now, time.monotonic()
        self._release_by = now + timeout
        intents = Intents(self._pack, now, self._release_by, self._sender.clock.ahead)
        try:
            await self._sender._intents.join(intents)
        except StandingError:
            self._sender.stop.tell()
            raise Stopped from None
        self.is_written = True

    def may_release(self) -> bool:
        """Say whether nobody else can have taken the rows for lost."""
        began, began_at = self._began
        # One clock can be set back, and the other stands still while a machine sleeps.
        now = max(time.time(), began + time.monotonic() - began_at)
        if now >= self._release_by or not self._sender.runner.may_release():
            return False
        self.released_at = now
        return True

    @property
    def cut_short(self) -> Verdict:
        """What it means for the rows that nobody waits for the answer any more."""
        return _CUT_SHORT if self.released_at is None else _CANCELLED
