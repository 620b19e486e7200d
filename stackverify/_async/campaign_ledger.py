"""A campaign's ledger, looked at and changed without sending anything."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from types import TracebackType
from typing import Self

from stackverify._async._concurrency import run_blocking
from stackverify._async.campaign_delivery import AsyncDelivery
from stackverify._core.template import CampaignMessage, read_template
from stackverify._process.stop import Stop
from stackverify._stores.ledger_file import LedgerFile
from stackverify._stores.ledger_rows import Header, LedgerRows
from stackverify._stores.sources import write_rows
from stackverify.errors import CampaignError
from stackverify.models.campaigns import CampaignRow, CampaignSummary, RowState
from stackverify.models.tier import Tier
from stackverify.models.webhooks import WebhookEvent
from stackverify.report.writing import write_report

__all__ = ["AsyncCampaignLedger"]

_EMPTY = "The ledger is empty: `load()` a template and rows into it."


class AsyncCampaignLedger:
    """The ledger of a campaign, and what can be done with it without a client."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = LedgerFile(path)
        self._ledger = LedgerRows(self._file)
        self._stop: Stop | None = None
        self._tier: Tier | None = None

    async def _header(self) -> Header:
        header = await run_blocking(self._ledger.header)
        if header is None:
            raise CampaignError(_EMPTY)
        return header

    def stop(self) -> None:
        """Have the run of this object begin nothing further, and end."""
        if self._stop is not None:
            self._stop.tell()

    async def pause(self, reason: str | None = None) -> None:
        """Have all runs of the campaign begin nothing further, in any process."""
        await self._set_status("paused", reason)

    async def resume(self) -> None:
        """Let a paused campaign be run again."""
        await self._set_status("open", None)

    async def cancel(self) -> None:
        """Have all runs end, for good."""
        await self._set_status("cancelled", None)

    async def _set_status(self, status: str, reason: str | None) -> None:
        await run_blocking(partial(self._ledger.set_status, status, reason))
        if status != "open":
            self.stop()

    async def retry_failed(self) -> int:
        """Have refused rows, and those that were held as absent, sent by the next run.

        Returns:
            How many there are.
        """
        now, count = time.time(), 0
        # What the check refused would end the run, were it not checked again.
        await run_blocking(self._ledger.unchecked)
        for state in (RowState.REFUSED, RowState.ABSENT):
            move = partial(self._ledger.move_all, state, now)
            count += await run_blocking(move)
        return count

    async def resolve(self, index: int, *, was_sent: bool) -> bool:
        """Decide what became of an unknown or held row, as a person found out.

        Args:
            index: The row.
            was_sent: Whether it was sent; else the next run sends it again.

        Returns:
            Whether the row was unknown or held.
        """
        state = RowState.ACCEPTED if was_sent else RowState.PENDING
        resolve = partial(self._ledger.resolve, index, state, time.time())
        return await run_blocking(resolve)

    async def report(self, event: WebhookEvent) -> bool:
        """Write what a webhook tells of a message of this campaign.

        A report of a message that no row has goes to the one unknown or held row of
        its recipient, if it is of a later time than that row was sent.

        Returns:
            Whether it tells of one, and anything new.
        """
        channel = (await self._header()).template["channel"]
        delivery = AsyncDelivery(None, self._file)
        return await run_blocking(partial(delivery.report, event, channel))

    def rows(self, state: RowState | str | None = None) -> AsyncIterator[CampaignRow]:
        """Give rows one by one, however many there are.

        Args:
            state: Only rows of this state.
        """
        return _AsyncRows(self._ledger, None if state is None else RowState(state))

    async def export(
        self, path: str | os.PathLike[str], state: RowState | str | None = None
    ) -> int:
        """Write rows to a CSV file, or to JSON lines if its name ends in `.jsonl`.

        Args:
            path: The file; it is replaced.
            state: Only rows of this state.

        Returns:
            How many there are.
        """
        wanted = None if state is None else RowState(state)
        return await run_blocking(
            lambda: write_rows(path, _every_row(self._ledger, wanted))
        )

    async def write_report(
        self,
        to: str | os.PathLike[str],
        *,
        show_recipients: bool = False,
        most_rows: int = 500,
        zone: str = "UTC",
    ) -> None:
        """Write a page about the campaign, to be opened in any browser.

        As `stackverify.campaigns.write_report()`, against the limit of the client's
        tier.

        Args:
            to: The HTML file; it is replaced.
            show_recipients: Write recipients in full; otherwise they are masked.
            most_rows: Unknown, held and refused rows that are listed at most.
            zone: The time zone of what is shown, such as `Africa/Nairobi`.
        """
        write = partial(
            write_report,
            self._file.path,
            to,
            tier=self._tier,
            show_recipients=show_recipients,
            most_rows=most_rows,
            zone=zone,
        )
        await run_blocking(write)

    async def summary(self) -> CampaignSummary:
        """Count the rows by state."""
        return await run_blocking(self._ledger.summary)

    async def template(self) -> CampaignMessage:
        """Give what the ledger was made for."""
        return read_template((await self._header()).template)

    async def aclose(self) -> None:
        """Close the ledger; a later call opens it again."""
        await run_blocking(self._file.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._file.path.name}>"


class _AsyncRows:
    """Rows of a ledger, read some at a time."""

    def __init__(self, ledger: LedgerRows, state: RowState | None) -> None:
        self._ledger = ledger
        self._state = state
        self._start = 0
        self._some: Iterator[CampaignRow] = iter(())

    def __aiter__(self) -> _AsyncRows:
        return self

    async def __anext__(self) -> CampaignRow:
        for row in self._some:
            self._start = row.index + 1
            return row
        some = await run_blocking(partial(self._ledger.read, self._start, self._state))
        if not some:
            raise StopAsyncIteration
        self._some = iter(some)
        return await anext(self)


def _every_row(ledger: LedgerRows, state: RowState | None) -> Iterator[CampaignRow]:
    start = 0
    while some := ledger.read(start, state):
        yield from some
        start = some[-1].index + 1
