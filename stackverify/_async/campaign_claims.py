"""Rows on their way from the ledger to those who send them, in packs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from stackverify._async._concurrency import Convoy
from stackverify._core.packing import Packer
from stackverify._core.template import Template
from stackverify._services.stackverify.plans import Plan
from stackverify._stores.ledger_runner import Claimed, LedgerRunner

__all__ = ["AsyncClaims"]

# Rows held back while packs fill, in packs.
_WINDOW = 10


class AsyncClaims:
    """Packs of claimed rows, for one pass over those that can be sent now.

    Args:
        runner: Claims them.
        template: Makes their messages.
        plan: Says which of them may share a request.
        at_once: Rows to claim at once.
        zones: Numbers of the time zones whose rows may be sent; all if `None`.
    """

    def __init__(
        self,
        runner: LedgerRunner,
        template: Template[Any],
        plan: Plan[Any],
        *,
        at_once: int,
        zones: Sequence[int] | None,
    ) -> None:
        self._runner = runner
        self._template = template
        self._at_once = at_once
        self._zones = zones
        self._packer: Packer[Claimed] = Packer(
            plan.pack,
            key=lambda row: None if row.is_alone else plan.key(row.message),
            member=lambda row: row.message.to,
            window=plan.pack * _WINDOW,
        )
        self._fresh: deque[Claimed] = deque()
        self._is_last = False
        self._refill: Convoy[None] = Convoy(self._claim)
        self._lock = threading.Lock()
        runner.rewind()

    def tickets(self) -> Iterator[None]:
        """Give a ticket for each pack there may be."""
        while not self._is_last or self._fresh or not self._packer.is_empty:
            yield None

    async def next(self) -> list[Claimed] | None:
        """Give a pack, or nothing if there are no more.

        Raises:
            StandingError: The campaign was paused or cancelled.
            LedgerError: The ledger cannot be used.
        """
        while True:
            pack, is_over = self._pop()
            if pack is not None or is_over:
                return pack
            await self._refill.join(None)

    def _pop(self) -> tuple[list[Claimed] | None, bool]:
        with self._lock:
            is_last = self._is_last  # before the rows that came with it are taken in
            while self._fresh:
                self._packer.add(self._fresh.popleft())
            pack = self._packer.pop(wait=not is_last)
            return pack, is_last and pack is None

    def _claim(self, asked: list[None]) -> None:
        if self._is_last or self._fresh:
            return
        rows = self._runner.claim(self._at_once, self._zones)
        for row in rows:
            row.message = self._template.fill(row.fields)
        self._fresh.extend(rows)
        self._is_last = len(rows) < self._at_once
