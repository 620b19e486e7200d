"""Looks up in the list of messages what became of unknown rows."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from functools import partial

import attrs

from stackverify._async.listing import AsyncSmsPages
from stackverify._async.transport import AsyncTransport
from stackverify._core.call import Call
from stackverify._core.options import Options
from stackverify._core.reconcile import (
    Finding,
    Scan,
    Unsure,
    Window,
    judge,
    windows,
)
from stackverify._process.service_clock import ServiceClock
from stackverify._services.stackverify import calls
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.results import Page, SmsMessage
from stackverify.models.tier import Lane

__all__ = ["AsyncLookup"]

_PAGE = 100


@attrs.define(eq=False)
class AsyncLookup:
    """Walks over closed windows of the list, in the bulk lane."""

    transport: AsyncTransport
    options: Options
    rules: CampaignRules
    clock: ServiceClock

    async def offset(self) -> float:
        """Ask how far the service's clock is ahead.

        Raises:
            RefusedError: The key may not read the list.
            ReadFailedError: The list cannot be read.
        """
        call = calls.list_sms(page=1, page_size=1, lane=Lane.BULK)
        page = await self.transport.run(call, self.options)
        self.clock.hear(page.reply.headers, time.time())
        return self.clock.ahead or 0.0

    async def look_up(
        self, rows: Sequence[Unsure], offset: float
    ) -> list[tuple[Unsure, Finding]]:
        """Say what became of rows whose windows are closed."""
        found: list[tuple[Unsure, Finding]] = []
        rules = self.rules
        for window, together in windows(
            rows, settle=rules.settle, offset=offset, slack=rules.clock_slack
        ):
            scans = [await self._scan(together, window)]
            if any(judge(row, scans) is None for row in together):
                scans.append(await self._scan(together, window))
            judged = [(row, judge(row, scans)) for row in together]
            found += [(row, finding) for row, finding in judged if finding is not None]
        return found

    async def _scan(self, rows: Sequence[Unsure], window: Window) -> Scan:
        scan = Scan(rows, window)
        run = partial(self.transport.run, options=self.options)
        fetch = partial(_fetch, window)
        async for page in AsyncSmsPages(run, fetch, 1, _PAGE):
            scan.take(page.rows, page.total)
        return scan


def _fetch(window: Window, number: int) -> Call[Page[SmsMessage]]:
    return calls.list_sms(
        page=number,
        page_size=_PAGE,
        since=_moment(window.since),
        until=_moment(window.until),
        lane=Lane.BULK,
    )


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
