"""Which webhooks the pretend service owes, and when; it is told the time."""

import heapq
from collections import defaultdict, deque
from collections.abc import Mapping
from itertools import count
from typing import Any

import attrs

from stackverify.sandbox.faults import Fault, Faults
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Message
from stackverify.sandbox.progress import Move, Progress
from stackverify.sandbox.reports import (
    Attempt,
    Webhook,
    report_fields,
    signed,
    written,
)

__all__ = ["Webhooks"]

# Seconds until the second, third, ... attempt; undocumented, so short enough to see.
_RETRIES = (1.0, 5.0, 30.0, 120.0)
_A_STRANGERS = "not the secret of this sandbox"
_OVERSIZE = 1024 * 1024


@attrs.frozen(order=True)
class _Due:
    at: float
    turn: int
    message: Message = attrs.field(order=False)
    status: str = attrs.field(order=False)


class Webhooks:
    """The webhooks that are owed, and the attempts that were made.

    Args:
        knobs: How the service behaves.
        progress: How far messages are.
        faults: What goes wrong with reports.

    Attributes:
        attempts: What was tried, oldest first.
    """

    def __init__(self, knobs: Knobs, progress: Progress, faults: Faults) -> None:
        self._knobs = knobs
        self._progress = progress
        self._faults = faults
        self._turns = count()
        self._numbers = count(1)
        self.clear()

    def clear(self) -> None:
        """Owe nothing, and forget the attempts."""
        self._moves: list[_Due] = []
        self._ready: list[tuple[float, int, Webhook]] = []
        self._held: defaultdict[str, list[Webhook]] = defaultdict(list)
        self.attempts: deque[Attempt] = deque(maxlen=self._knobs.keep)

    def url_for(self, message: Message) -> str | None:
        """Tell where the reports of a message go, if anywhere."""
        return getattr(message.content, "callback_url", None) or self._knobs.webhook_url

    def accepted(self, message: Message) -> None:
        """Owe a report for each status this message will have."""
        if self.url_for(message):
            for move in self._progress.moves(message):
                self._owe(message, move)

    def _owe(self, message: Message, move: Move) -> None:
        due = _Due(move.at, next(self._turns), message, move.status)
        heapq.heappush(self._moves, due)

    def moved(self, message: Message, move: Move) -> Webhook:
        """Report a status that a message was given by hand; owed if it has a URL."""
        webhook = self._report(message, move)
        if webhook.url:
            self._send_report(message, webhook, move)
        return webhook

    def inbound(self, fields: Mapping[str, Any], now: float) -> Webhook:
        """Write an inbound message; it is owed if a URL is configured."""
        webhook = self.signed(self._knobs.webhook_url, written(fields))
        if webhook.url:
            self._send(webhook, now)
        return webhook

    def again(self, webhook: Webhook, now: float) -> None:
        """Owe a webhook that somebody wants posted once more."""
        self._send(attrs.evolve(webhook, attempt=1, is_replay=True), now)

    def signed(
        self, url: str | None, body: bytes, message_id: str | None = None
    ) -> Webhook:
        """Sign a body."""
        signature = signed(body, self._knobs.webhook_secret)
        return Webhook(url or "", body, signature, message_id)

    def due(self, now: float) -> list[Webhook]:
        """Take what is to be sent by now, the earliest first."""
        while self._moves and self._moves[0].at <= now:
            self._move(heapq.heappop(self._moves), now)
        due = []
        while self._ready and self._ready[0][0] <= now:
            due.append(heapq.heappop(self._ready)[2])
        return due

    def _move(self, due: _Due, now: float) -> None:
        moves = self._progress.moves(due.message)
        move = next((each for each in moves if each.status == due.status), None)
        if move is None or move.by_hand:  # told already, or never to come
            return
        if move.at > now:  # the timetable was slowed down meanwhile
            self._owe(due.message, move)
            return
        webhook = self._report(due.message, move)
        if webhook.url:
            self._send_report(due.message, webhook, move)

    def _report(self, message: Message, move: Move) -> Webhook:
        body = written(report_fields(message, move))
        return self.signed(self.url_for(message), body, message.message_id)

    def _send_report(self, message: Message, webhook: Webhook, move: Move) -> None:
        at, held = move.at, self._held.pop(message.message_id, [])
        fault = self._trouble(message)
        match fault.kind if fault else None:
            case "report_duplicated":
                self._send(webhook, at)
            case "report_out_of_order" if move.status == "sent":
                self._held[message.message_id].append(webhook)
                return
            case "report_late" if fault:
                at += fault.seconds
            case "report_oversized":
                fields = {**webhook.fields, "padding": "x" * _OVERSIZE}
                webhook = self.signed(webhook.url, written(fields), webhook.message_id)
            case "report_wrongly_signed":
                signature = signed(webhook.body, _A_STRANGERS)
                webhook = attrs.evolve(webhook, signature=signature)
        for each in (webhook, *held):
            self._send(each, at)

    def _trouble(self, message: Message) -> Fault | None:
        asked = message.request.fault
        if asked is not None and asked.is_about_reports:
            return asked
        return self._faults.meet_report(message.channel)

    def _send(self, webhook: Webhook, at: float) -> None:
        heapq.heappush(self._ready, (at, next(self._turns), webhook))

    def tried(self, attempt: Attempt) -> None:
        """Remember an attempt; owe another one if it was not taken."""
        self.attempts.append(attrs.evolve(attempt, number=next(self._numbers)))
        webhook = attempt.webhook
        if attempt.is_taken or webhook.is_replay or webhook.attempt > len(_RETRIES):
            return
        wait = _RETRIES[webhook.attempt - 1]
        again = attrs.evolve(webhook, attempt=webhook.attempt + 1)
        self._send(again, attempt.at + wait)
