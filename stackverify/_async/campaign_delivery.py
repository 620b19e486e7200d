"""Follows the messages of a campaign until they are delivered, or have failed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from stackverify._async._concurrency import FanOut, run_blocking, sleep
from stackverify._async.client import AsyncClient
from stackverify._core.call import Call
from stackverify._core.delivery import ARRIVED, FINAL, next_poll
from stackverify._core.packing import Packer
from stackverify._process.stop import Stop
from stackverify._services.stackverify import calls
from stackverify._stores.ledger_delivery import LedgerDelivery
from stackverify._stores.ledger_file import LedgerFile
from stackverify.errors import NotFoundError
from stackverify.models.tier import Lane
from stackverify.models.webhooks import DeliveryReport, WebhookEvent

__all__ = ["AsyncDelivery"]

_OVER = (*sorted(ARRIVED | FINAL),)
_CALLS: Mapping[str, Callable[..., Call[Any]]] = {
    "email": calls.email_status,
    "whatsapp": calls.whatsapp_status,
}
# The clocks of this machine and of the service may differ.
_SLACK = 60.0


class AsyncDelivery:
    """Asks and hears how far messages got, and writes it down.

    Args:
        client: Whom to ask; not needed to hear.
        file: The ledger.
    """

    def __init__(self, client: AsyncClient | None, file: LedgerFile) -> None:
        self._client = client
        self._ledger = LedgerDelivery(file)

    def report(self, event: WebhookEvent, channel: str) -> bool:
        """Write what a webhook tells; tell whether it was news. Blocks."""
        is_of_channel = getattr(event, "channel", None) in (None, channel)
        if not isinstance(event, DeliveryReport) or not is_of_channel:
            return False
        now = time.time()
        told_at = event.time.timestamp() if event.time else now
        is_adopted = event.to is not None and self._ledger.adopt(
            event.to, event.message_id, told_at, now
        )
        news = self._ledger.note([(event.message_id, event.status)], now)
        return bool(news) or is_adopted

    async def follow(self, channel: str, timeout: float) -> None:
        """Ask until nothing is under way, ever less often."""
        ends_at, poll = time.monotonic() + timeout, 0
        while await run_blocking(partial(self._ledger.undelivered, 0, _OVER)):
            if channel == "sms":
                await self._list(ends_at)
            else:
                await self._ask_each(_CALLS[channel], ends_at)
            wait = min(next_poll(poll), ends_at - time.monotonic())
            if wait <= 0:
                return
            await sleep(wait)
            poll += 1

    async def _list(self, ends_at: float) -> None:
        """Read the list, of which a page tells of a hundred messages."""
        first = await run_blocking(self._ledger.first_send)
        since = dt.datetime.fromtimestamp((first or time.time()) - _SLACK, dt.UTC)
        async for page in self._asked.sms.list(since=since).pages():
            rows = [(row.message_id, row.status) for row in page.rows]
            await self._write([(name, status) for name, status in rows if name])
            if time.monotonic() >= ends_at:
                return

    async def _ask_each(self, call: Callable[..., Call[Any]], ends_at: float) -> None:
        start = 0
        while rows := await run_blocking(
            partial(self._ledger.undelivered, start, _OVER)
        ):
            start = rows[-1][0] + 1
            crew = FanOut(
                partial(self._ask, call, ends_at),
                rows,
                packer=Packer(1, key=_alone, member=_alone, window=1),
                limit=self._asked._transport.in_flight,
                stop=Stop(),
            )
            await self._write([told async for told in crew])

    async def _ask(
        self,
        call: Callable[..., Call[Any]],
        ends_at: float,
        pack: list[tuple[int, tuple[int, str]]],
    ) -> Sequence[tuple[str, str]]:
        ((_, (_, message_id)),) = pack
        if time.monotonic() >= ends_at:
            return ()
        client = self._asked
        try:
            status = await client._transport.run(
                call(message_id, lane=Lane.BULK), client._options
            )
        except NotFoundError:  # it may not be there yet
            return ()
        return [(message_id, status.status)]

    async def _write(self, statuses: Sequence[tuple[str, str | None]]) -> None:
        told = [(name, status) for name, status in statuses if status]
        await run_blocking(partial(self._ledger.note, told, time.time()))

    @property
    def _asked(self) -> AsyncClient:
        assert self._client is not None  # noqa: S101 - only who has one follows
        return self._client


def _alone(row: object) -> None:
    """Let every row stand alone."""
