"""A campaign: many messages, in a ledger that survives whatever stops it."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import attrs

from stackverify._async._concurrency import run_blocking
from stackverify._async.campaign_delivery import AsyncDelivery
from stackverify._async.campaign_ledger import AsyncCampaignLedger
from stackverify._async.campaign_run import AsyncCampaignRun
from stackverify._async.client import AsyncClient
from stackverify._async.velstack.client import AsyncVelstack
from stackverify._core.budget import month_of
from stackverify._core.plan import Plan
from stackverify._core.template import (
    CampaignMessage,
    Template,
    differing_fields,
    read_template,
    write_template,
)
from stackverify._process.hooks import tell
from stackverify._process.stop import Stop
from stackverify._stores.inspection import Inspection
from stackverify._stores.ledger_rows import Header, NewRow
from stackverify._stores.ledger_runner import LedgerRunner
from stackverify._stores.ledger_unsure import LedgerUnsure
from stackverify._stores.sources import Recipients, Source, read_rows
from stackverify.errors import (
    BudgetError,
    CampaignStoppedError,
    ConfigurationError,
    InvalidInputError,
    LedgerChangedError,
    PreflightError,
)
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.campaigns import (
    CampaignEvent,
    CampaignHook,
    CampaignSummary,
    Preflight,
    RowState,
)
from stackverify.models.messages import Sms

__all__ = ["AsyncCampaign"]


class AsyncCampaign(AsyncCampaignLedger):
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
        client: AsyncClient | AsyncVelstack | None = None,
        *,
        rules: CampaignRules | None = None,
        hooks: Iterable[CampaignHook] = (),
    ) -> None:
        super().__init__(path)
        self.rules: CampaignRules = rules or CampaignRules()
        self._client = client
        self._tier = client.tier if isinstance(client, AsyncClient) else None
        self._hooks = tuple(hooks)

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
        header = self._ledger.header() or self._ledger.load(written, rows)
        if header is None:
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
        await run_blocking(self._file.mend)
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
            LedgerUnsure(self._file),
            template,
            self._plan(template),
            self.rules,
            self._zones(),
            stop,
            self._tell,
            bool(self._hooks),
        )

    def _tell(self, event: CampaignEvent) -> None:
        tell(self._hooks, event)

    def _zones(self) -> dict[int, dt.tzinfo]:
        if self.rules.hours is None:
            return {}
        names = {0: self.rules.hours.zone, **self._ledger.zones()}
        return {number: _zone(name, "zone") for number, name in names.items()}

    def _plan(self, template: Template[Any]) -> Plan[Any]:
        return self._sending()._campaign_plan(template.message, self.rules)

    def _sending(self) -> AsyncClient | AsyncVelstack:
        if self._client is None:
            raise ConfigurationError(
                "The campaign has no client: give it one to send with."
            )
        return self._client

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

    async def follow(self, *, timeout: float = 300.0) -> CampaignSummary:
        """Ask until every accepted message is delivered or has failed.

        It asks ever less often, in the bulk lane.

        Args:
            timeout: Seconds to ask at most.

        Raises:
            ConfigurationError: The service tells nothing of its messages.
        """
        header, client = await self._header(), self._sending()
        if not isinstance(client, AsyncClient):
            raise ConfigurationError(
                "Velstack has no way to ask how far a message got: there is nothing "
                "to follow."
            )
        delivery = AsyncDelivery(client, self._file)
        await delivery.follow(header.template["channel"], timeout)
        return await self.summary()


def _zone(name: str, where: str) -> dt.tzinfo:
    from zoneinfo import ZoneInfo  # loads more than it looks like, and is rarely needed

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
