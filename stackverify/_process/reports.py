"""The delivery reports that came in this process, and who waits for one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol

from stackverify._core.delivery import rank
from stackverify._process.fork import reset_in_child
from stackverify._process.stop import Wakeable
from stackverify.models.webhooks import DeliveryReport

__all__ = ["Reporter", "Reports"]

_KEPT = 10_000


class Reports:
    """The furthest report of each message, for the latest so many messages."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._latest: OrderedDict[str, DeliveryReport] = OrderedDict()
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """Forget who waits: they are the parent's, and so may the lock be."""
        self._waiting: dict[str, set[Wakeable]] = {}
        self._lock = threading.Lock()

    def latest(self, message_id: str) -> DeliveryReport | None:
        """Give the report that tells most of a message."""
        return self._latest.get(message_id)

    def tell(self, report: DeliveryReport) -> None:
        """Take in a report, and wake who waits for it."""
        with self._lock:
            known = self._latest.get(report.message_id)
            if known is None or _is_further(report, known):
                self._latest[report.message_id] = report
            self._latest.move_to_end(report.message_id)
            if len(self._latest) > self._kept:
                self._latest.popitem(last=False)
            waiters = tuple(self._waiting.get(report.message_id, ()))
        for waiter in waiters:
            waiter.unpark()

    def watch(self, message_id: str, waiter: Wakeable) -> None:
        """Have a waiter woken at each report of a message."""
        with self._lock:
            self._waiting.setdefault(message_id, set()).add(waiter)

    def unwatch(self, message_id: str, waiter: Wakeable) -> None:
        """Forget a waiter."""
        with self._lock:
            waiters = self._waiting.get(message_id, set())
            waiters.discard(waiter)
            if not waiters:
                self._waiting.pop(message_id, None)


class Reporter(Protocol):
    """Whoever hears of delivery reports: a receiver of either flavour."""

    @property
    def reports(self) -> Reports:
        """What came in so far."""
        ...


def _is_further(report: DeliveryReport, known: DeliveryReport) -> bool:
    new, old = rank(report.status), rank(known.status)
    return new is None or old is None or new >= old
