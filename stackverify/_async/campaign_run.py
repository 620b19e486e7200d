"""One run of a campaign: send, look up what is unknown, send again what is absent."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from stackverify._async._concurrency import park_under, run_blocking, shielded
from stackverify._async.campaign_claims import AsyncClaims
from stackverify._async.campaign_lookup import AsyncLookup
from stackverify._async.campaign_sender import AsyncSender
from stackverify._async.transport import AsyncTransport
from stackverify._core.hours import opens_at
from stackverify._core.options import Options
from stackverify._core.plan import Plan
from stackverify._core.reconcile import (
    Absent,
    Finding,
    Found,
    Unsure,
    closed_at,
)
from stackverify._core.template import Template
from stackverify._process.stop import Stop
from stackverify._process.ticker import Ticker
from stackverify._stores.ledger_runner import LedgerRunner
from stackverify._stores.ledger_unsure import Decision, LedgerUnsure, UnsureRow
from stackverify.errors import (
    ForbiddenError,
    ReadFailedError,
    RefusedError,
    ServerError,
)
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.campaigns import (
    CampaignEvent,
    CampaignWaits,
    DuplicateSuspected,
    RowSettled,
    RowState,
)
from stackverify.models.messages import Sms

__all__ = ["AsyncCampaignRun"]

_TICK = 1.0
# How often to see whether another runner is done with its rows, or gone.
_LOOK_AGAIN = 1.0
_NAP = 10.0
# Rows claimed at once last so many seconds at the rate; what is claimed by one
# runner, others cannot send.
_CLAIMED_AHEAD = 5.0
_MOST_CLAIMED = 2_000


@attrs.define(eq=False)
class AsyncCampaignRun:
    """One run of a campaign.

    Attributes:
        stop: Told to begin nothing further.
        zones: The time zones of rows, by their numbers.
    """

    transport: AsyncTransport
    options: Options
    runner: LedgerRunner
    unsure: LedgerUnsure
    template: Template[Any]
    plan: Plan[Any]
    rules: CampaignRules
    zones: Mapping[int, dt.tzinfo]
    stop: Stop
    tell: Callable[[CampaignEvent], None]
    is_heard: bool
    sender: AsyncSender = attrs.field(init=False)
    _lookup: AsyncLookup = attrs.field(init=False)
    _undecided: set[tuple[int, int]] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.sender = AsyncSender(
            self.transport,
            self.options,
            self.plan,
            self.runner,
            self.rules,
            self.stop,
            self.tell,
            self._is_open,
            self.is_heard,
        )
        self._lookup = AsyncLookup(
            self.transport, self.options, self.rules, self.sender.clock
        )

    async def drive(self) -> None:
        """Send and look up until nothing is left that can be done.

        Raises:
            LedgerError: The ledger cannot be used.
        """
        await run_blocking(self.runner.join)
        ticker = Ticker(self.runner.tick, _TICK)
        ticker.start()
        try:
            await self._settle_unknown(wait=False)
            while not self.stop.is_told and await self._go_on():
                pass
        finally:

            async def leave() -> None:
                await run_blocking(ticker.stop)
                await run_blocking(self.runner.leave)

            await shielded(leave)

    async def _go_on(self) -> bool:
        """Do what can be done now; tell whether there may be more."""
        settled = self.sender.settled
        await self._send()
        if self.stop.is_told:
            return False
        if self.sender.settled > settled:
            return True
        return await self._settle_unknown(wait=True) or await self._wait_for_rows()

    async def _send(self) -> None:
        """Send what can be claimed, and write what became of it."""
        claims = AsyncClaims(
            self.runner,
            self.template,
            self.plan,
            at_once=self._claimed_at_once(),
            zones=None if self.rules.hours is None else self._open_zones(),
        )
        await self.sender.send(claims)
        await run_blocking(partial(self.runner.commit, ()))

    def _claimed_at_once(self) -> int:
        rate = self.transport.limiter.rate
        count = max(
            2 * self.transport.in_flight,
            math.ceil(rate.requests / rate.per * _CLAIMED_AHEAD),
        )
        if self.template.is_same_for_all:
            count *= self.plan.pack
        return min(count, _MOST_CLAIMED)

    def _is_open(self, zone: int) -> bool:
        now = time.time()
        return self._opens_at(zone, now) <= now

    def _opens_at(self, zone: int, now: float) -> float:
        if self.rules.hours is None:
            return now
        return opens_at(self.rules.hours, self.zones[zone], now)

    def _open_zones(self) -> list[int]:
        return [zone for zone in self.zones if self._is_open(zone)]

    async def _wait_for_rows(self) -> bool:
        """Wait for rows that cannot be sent yet, if there are any."""
        if self.rules.hours is not None:
            pending, now = await run_blocking(self.runner.pending_zones), time.time()
            moments = [self._opens_at(zone, now) for zone in pending]
            opens = [at for at in moments if at > now]
            if opens:
                # In parts: somebody may pause the campaign meanwhile.
                self.tell(CampaignWaits("hours", min(opens) - now))
                return not await park_under(self.stop, min(min(opens) - now, _NAP))
        if await run_blocking(self.runner.is_another_working):
            if not await self._wait("others", _LOOK_AGAIN):
                return False
            await run_blocking(self.runner.join)  # and bury who is gone
            return True
        return False

    async def _wait(self, reason: str, seconds: float) -> bool:
        """Wait; tell whether it was to the end."""
        self.tell(CampaignWaits(reason, seconds))
        return not await park_under(self.stop, seconds)

    async def _settle_unknown(self, *, wait: bool) -> bool:
        """Look up unknown rows; tell whether some of them were settled by it."""
        if not isinstance(self.template.message, Sms):
            return False
        rows = await run_blocking(self._unsure)
        if not rows:
            return False
        try:
            return await self._look_up(rows, wait=wait)
        except ForbiddenError:  # they stay unknown, and the summary says so
            self._undecided.update((row.index, row.attempts) for row in rows)
        except (ReadFailedError, RefusedError, ServerError) as error:
            if wait:  # else there are rows to send, and it is tried again after them
                self.sender.stopped_by = error
        return False

    async def _look_up(self, rows: Sequence[Unsure], *, wait: bool) -> bool:
        offset = await self._lookup.offset()
        if wait:
            seconds = max(map(partial(self._closed_at, offset), rows)) - time.time()
            if seconds > 0 and not await self._wait("settling", seconds):
                return False
        now = time.time()
        closed = [row for row in rows if self._closed_at(offset, row) <= now]
        return await self._decide(await self._lookup.look_up(closed, offset))

    def _closed_at(self, offset: float, row: Unsure) -> float:
        rules = self.rules
        return closed_at(
            row,
            settle=rules.settle,
            offset=offset,
            slack=rules.clock_slack,
        )

    def _unsure(self) -> list[Unsure]:
        rows = self.unsure.rows()
        return [
            self._unsure_of(row)
            for row in rows
            if (row.index, row.attempts) not in self._undecided
        ]

    def _unsure_of(self, row: UnsureRow) -> Unsure:
        message = self.template.fill(row.fields)
        return Unsure(
            row.index,
            row.attempts,
            message.to,
            message.text,
            message.sender_id,
            row.since,
            row.released_by,
            row.ahead,
            frozenset(filter(None, row.owned)),
            None in row.owned,
            row.is_shared,
        )

    async def _decide(self, findings: Sequence[tuple[Unsure, Finding]]) -> bool:
        decisions = [self._decision(row, finding) for row, finding in findings]
        await run_blocking(partial(self.unsure.decide, decisions, time.time()))
        for each in decisions:
            self.tell(RowSettled(each.index, each.state, each.message_id, each.reason))
        return any(each.state is not RowState.UNKNOWN for each in decisions)

    def _decision(self, row: Unsure, finding: Finding) -> Decision:
        decided = partial(Decision, row.index, row.attempts)
        if isinstance(finding, Found):
            if finding.others:
                ids = (*filter(None, [finding.message_id]), *finding.others)
                self.tell(DuplicateSuspected(row.index, ids))
            copies = len(finding.others)
            return decided(RowState.ACCEPTED, finding.message_id, copies=copies)
        if isinstance(finding, Absent):
            is_held = self.rules.hold_absent or row.attempts >= self.rules.max_attempts
            state = RowState.ABSENT if is_held else RowState.PENDING
            return decided(state, reason="It was looked up twice, and is not there.")
        self._undecided.add((row.index, row.attempts))
        return decided(
            RowState.UNKNOWN, reason=f"Not to be found out: {finding.reason}."
        )
