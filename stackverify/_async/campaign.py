"""A campaign: many messages, in a ledger that survives whatever stops it."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from stackverify._async._concurrency import run_blocking
from stackverify._async.campaign_delivery import AsyncDelivery
from stackverify._async.campaign_run import AsyncCampaignRun
from stackverify._async.client import AsyncClient
from stackverify._core.budget import month_of
from stackverify._core.template import (
    CampaignMessage,
    Template,
    differing_fields,
    read_template,
    write_template,
)
from stackverify._process.stop import Stop
from stackverify._services.stackverify import plans
from stackverify._services.stackverify.plans import Plan
from stackverify._stores.inspection import Inspection
from stackverify._stores.ledger_file import LedgerFile
from stackverify._stores.ledger_rows import Header, LedgerRows, NewRow
from stackverify._stores.ledger_runner import LedgerRunner
from stackverify._stores.sources import Recipients, Source, read_rows, write_rows
from stackverify.errors import (
    BudgetError,
    CampaignError,
    CampaignStoppedError,
    ConfigurationError,
    InvalidInputError,
    LedgerChangedError,
    PreflightError,
)
from stackverify.models.campaigns import (
    CampaignEvent,
    CampaignHook,
    CampaignRow,
    CampaignRules,
    CampaignSummary,
    Preflight,
    RowState,
)
from stackverify.models.messages import Email, Sms
from stackverify.models.webhooks import WebhookEvent
from stackverify.report.writing import write_report

__all__ = ["AsyncCampaign"]

_EMPTY = "The ledger is empty: `load()` a template and rows first."


class AsyncCampaign:
    """Messages to many, in a ledger that survives whatever stops it.

    Every row is written and synced before its message leaves, so that a campaign that
    was killed at any moment can be run again: nothing is sent twice, nothing is lost.

    ```python
    async with AsyncClient() as client, AsyncCampaign("may.ledger", client) as campaign:
        await campaign.load(Sms("{phone}", "Hi {name}"), "people.csv")
        print(await campaign.run())
    ```

    Args:
        path: The ledger, a SQLite file on a disk of this machine; made if there is
            none. Any number of processes may run one campaign at the same time.
        client: Sends the messages; not needed to look at a ledger.
        rules: How it is run.
        hooks: Functions that are told of each event.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        client: AsyncClient | None = None,
        *,
        rules: CampaignRules | None = None,
        hooks: Iterable[CampaignHook] = (),
    ) -> None:
        self.rules: CampaignRules = rules or CampaignRules()
        self._client = client
        self._hooks = tuple(hooks)
        self._file = LedgerFile(path)
        self._ledger = LedgerRows(self._file)
        self._stop: Stop | None = None

    async def load(self, template: CampaignMessage, source: Source) -> None:
        """Fill a new ledger, or make sure that an old one was made of just this.

        Args:
            template: A message with names of columns in braces, as in
                `Sms("{phone}", "Hi {name}")`.
            source: A CSV file, a file of JSON lines (`.jsonl`), or anything to
                iterate over that has mappings; it is read in a thread of its own.

        Raises:
            InvalidInputError: The template or a row cannot be used.
            LedgerChangedError: The ledger was made of something else.
        """
        await run_blocking(partial(self._load, template, source))

    def _load(self, template: CampaignMessage, source: Source) -> None:
        compiled = self._compiled(template)
        written = write_template(template)
        rows = self._new_rows(compiled, source)
        header = self._ledger.header()
        if header is None:
            self._ledger.load(written, rows)
            return
        if names := differing_fields(header.template, written):
            raise LedgerChangedError(
                f"The ledger was made for another template: {', '.join(names)}.",
                tuple(names),
            )
        self._ledger.compare(rows)

    def _compiled(self, template: CampaignMessage) -> Template[Any]:
        return Template(template, allow_blank=self.rules.allow_blank)

    def _new_rows(self, template: Template[Any], source: Source) -> Iterator[NewRow]:
        hours = self.rules.hours
        column = hours.column if hours else None
        for index, fields in enumerate(read_rows(source)):
            zone = (fields.get(column) or None) if column else None
            if zone is not None:
                _zone(str(zone), f"source: row {index}, {column}")
            yield template.recipient(fields), fields, zone

    async def check(self, *, opt_outs: Recipients = ()) -> Preflight:
        """Look at all rows that are to be sent, and tell what sending them means.

        Args:
            opt_outs: Who wants nothing: a file with a recipient a line, or a list.
        """
        template = self._compiled(read_template((await self._header()).template))
        return await self._look(template, opt_outs, leave_out=False)

    async def _look(
        self, template: Template[Any], opt_outs: Recipients, *, leave_out: bool
    ) -> Preflight:
        transport, rules = self._sending()._transport, self.rules
        rate = transport.limiter.rate
        inspection = Inspection(
            self._ledger, template, self._plan(template), rules, leave_out
        )
        return await run_blocking(
            partial(
                inspection.look,
                opt_outs,
                per_minute=rate.requests * 60.0 / rate.per,
                messages_left=transport.budget.left(month_of(time.time())),
            )
        )

    async def run(self, *, opt_outs: Recipients = ()) -> CampaignSummary:
        """Send all that is to be sent, and find out what became of unknown rows.

        Ends when nothing is left that can be done, or the campaign is paused or
        cancelled, by whomever. Run it again after whatever stopped it.

        Args:
            opt_outs: Who wants nothing: a file with a recipient a line, or a list.

        Raises:
            PreflightError: Rows cannot be sent, and so none was.
            BudgetError: More messages than the month has left.
            CampaignStoppedError: It ended before its last row.
            LedgerError: The ledger cannot be used.
        """
        header = await self._header()
        if header.status != "open" or self._stop is not None:
            raise await self._standing(header)
        template = self._compiled(read_template(header.template))
        self._stop = Stop()
        try:
            await self._prepare(header, template, opt_outs)
            run = self._new_run(template, self._stop)
            await run.drive()
        finally:
            self._stop = None
        return await self._ended(run)

    async def _standing(self, header: Header) -> CampaignStoppedError:
        summary = await self.summary()
        if header.status == "cancelled":
            return CampaignStoppedError("The campaign was cancelled.", summary)
        if header.status == "open":
            return CampaignStoppedError("The campaign runs already.", summary)
        reason = f" ({header.reason})" if header.reason else ""
        what = f"The campaign is paused{reason}: `resume()` lets it go on."
        return CampaignStoppedError(what, summary)

    async def _prepare(
        self, header: Header, template: Template[Any], opt_outs: Recipients
    ) -> None:
        has_opt_outs = not isinstance(opt_outs, tuple) or bool(opt_outs)
        if not header.is_checked or has_opt_outs:
            _require(await self._look(template, opt_outs, leave_out=True), self.rules)
            await run_blocking(self._ledger.checked)
        if self.rules.resend_unknown and not isinstance(template.message, Sms):
            move = partial(self._ledger.move_all, RowState.UNKNOWN, time.time())
            await run_blocking(move)

    def _new_run(self, template: Template[Any], stop: Stop) -> AsyncCampaignRun:
        client = self._sending()
        options = client._options
        # Whatever the client repeats: what may have been sent is looked up first.
        retry = attrs.evolve(options.retry, repeat_sends=())
        return AsyncCampaignRun(
            client._transport,
            attrs.evolve(options, retry=retry, deadline=None),
            LedgerRunner(self._file),
            template,
            self._plan(template),
            self.rules,
            self._zones(),
            stop,
            self._tell,
            bool(self._hooks),
        )

    def _zones(self) -> dict[int, dt.tzinfo]:
        if self.rules.hours is None:
            return {}
        names = {0: self.rules.hours.zone, **self._ledger.zones()}
        return {number: _zone(name, "zone") for number, name in names.items()}

    def _plan(self, template: Template[Any]) -> Plan[Any]:
        if isinstance(template.message, Sms):
            return plans.sms_plan(self.rules.pack, self._sending()._options.sms_body)
        if isinstance(template.message, Email):
            return plans.email_plan(self.rules.pack_emails)
        return plans.whatsapp_plan()

    def _sending(self) -> AsyncClient:
        if self._client is None:
            raise ConfigurationError(
                "The campaign has no client: give it one to send with."
            )
        return self._client

    def _tell(self, event: CampaignEvent) -> None:
        for hook in self._hooks:
            hook(event)

    async def _ended(self, run: AsyncCampaignRun) -> CampaignSummary:
        sender = run.sender
        if sender.too_many_errors:
            await self.pause("too many errors")
        summary = await self.summary()
        if summary.is_cancelled or (summary.is_paused and not sender.too_many_errors):
            return summary
        cause = sender.stopped_by or sender.last_error
        what = f": {cause.message}" if cause else "."
        if sender.too_many_errors:
            raise CampaignStoppedError(
                f"The campaign paused itself, since too many rows failed{what} "
                "`resume()` lets it go on.",
                summary,
            ) from cause
        if sender.stopped_by or (cause and summary.left):
            raise CampaignStoppedError(
                f"The campaign stopped{what}", summary
            ) from cause
        return summary

    async def _header(self) -> Header:
        header = await run_blocking(self._ledger.header)
        if header is None:
            raise CampaignError(_EMPTY)
        return header

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
        if self._stop is not None and status != "open":
            self._stop.tell()

    async def retry_failed(self) -> int:
        """Have refused rows, and those that were held as absent, sent by the next run.

        Returns:
            How many there are.
        """
        now, count = time.time(), 0
        for state in (RowState.REFUSED, RowState.ABSENT):
            move = partial(self._ledger.move_all, state, now)
            count += await run_blocking(move)
        return count

    async def resolve(self, index: int, *, was_sent: bool) -> bool:
        """Decide what became of an unknown row, as a person found out.

        Args:
            index: The row.
            was_sent: Whether it was sent; else the next run sends it again.

        Returns:
            Whether the row was unknown.
        """
        state = RowState.ACCEPTED if was_sent else RowState.PENDING
        resolve = partial(self._ledger.resolve, index, state, time.time())
        return await run_blocking(resolve)

    async def report(self, event: WebhookEvent) -> bool:
        """Write what a webhook tells of a message of this campaign.

        Returns:
            Whether it tells of one, and anything new.
        """
        delivery = AsyncDelivery(None, self._file)
        return await run_blocking(partial(delivery.report, event))

    async def follow(self, *, timeout: float = 300.0) -> CampaignSummary:
        """Ask until every accepted message is delivered or has failed.

        It asks ever less often, in the bulk lane.

        Args:
            timeout: Seconds to ask at most.
        """
        header = await self._header()
        delivery = AsyncDelivery(self._sending(), self._file)
        await delivery.follow(header.template["channel"], timeout)
        return await self.summary()

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

        As `stackverify.campaigns.write_report()`, and against the limit of the
        client's tier.

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
            tier=self._client.tier if self._client else None,
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

    async def __aenter__(self) -> AsyncCampaign:
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


def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise InvalidInputError(
            "is no time zone that is known here",
            where,
            "write a name as in Africa/Nairobi, and install tzdata if all are unknown",
        ) from error


def _require(preflight: Preflight, rules: CampaignRules) -> None:
    if preflight.bad_rows and not rules.refuse_bad:
        first = "; ".join(map(str, preflight.problems[:3]))
        raise PreflightError(
            f"{preflight.bad_rows:,} rows cannot be sent ({first}).", preflight
        )
    if preflight.is_over_budget and not rules.over_budget:
        raise BudgetError(
            f"{preflight.to_send:,} messages to send, and "
            f"{preflight.messages_left:,} of this month's left."
        )
