"""Which webhooks the pretend service owes, and when; it is told the time."""

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
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
_KEPT_ATTEMPTS = 10_000
_SLACK = 1_000


@attrs.frozen(order=True)
class _Due:
    """The next report of a message: when, and how many were told before it."""

    at: float
    turn: int
    message_id: str = attrs.field(order=False)
    told: int = attrs.field(order=False)


class Webhooks:
    """The webhooks that are owed, and the attempts that were made.

    Args:
        knobs: How the service behaves.
        progress: How far messages are.
        faults: What goes wrong with reports.
        find: Looks up a message that is not forgotten; of others nothing is owed.

    Attributes:
        attempts: What was tried, oldest first.
    """

    def __init__(
        self,
        knobs: Knobs,
        progress: Progress,
        faults: Faults,
        find: Callable[[str], Message | None],
    ) -> None:
        self._knobs = knobs
        self._progress = progress
        self._faults = faults
        self._find = find
        self._turns = count()
        self._numbers = count(1)
        self._pace = knobs.timetable
        self.clear()

    def clear(self) -> None:
        """Owe nothing, and forget the attempts."""
        self._owed: list[_Due] = []
        self._ready: list[tuple[float, int, Webhook]] = []
        self._held: defaultdict[str, list[Webhook]] = defaultdict(list)
        self.attempts: deque[Attempt] = deque()

    def url_for(self, message: Message) -> str | None:
        """Tell where the reports of a message go, if anywhere."""
        return getattr(message.content, "callback_url", None) or self._knobs.webhook_url

    def accepted(self, message: Message, since: float = -math.inf) -> None:
        """Owe a report for each status this message will have, from a moment on."""
        if not self.url_for(message):
            return
        moves = self._progress.moves(message)
        self._owe(message, sum(move.at <= since for move in moves))
        if len(self._owed) > self._knobs.keep + _SLACK:
            self._plan_anew()

    def _owe(self, message: Message, told: int) -> None:
        moves = self._progress.moves(message)
        # With a timetable that stands still no move has a time yet.
        at = moves[told].at if told < len(moves) else math.inf
        if told < len(moves) or not moves:
            due = _Due(at, next(self._turns), message.message_id, told)
            heapq.heappush(self._owed, due)

    def _plan_anew(self) -> None:
        """Plan by the timetable of now, and leave out what was forgotten."""
        self._pace, before = self._knobs.timetable, self._owed
        self._owed = []
        for due in before:
            message = self._find(due.message_id)
            if message is not None:
                self._owe(message, due.told)

    def moved(self, message: Message, move: Move) -> Webhook:
        """Report a status that a message was given by hand; owed if it has a URL."""
        webhook = self._report(message, move)
        if webhook.url:
            self._send_report(message, webhook, move)
        return webhook

    def inbound(self, fields: Mapping[str, Any], now: float) -> Webhook:
        """Write an inbound message; it is owed if a URL is configured."""
        webhook = self._signed(self._knobs.webhook_url, written(fields))
        if webhook.url:
            self._send(webhook, now)
        return webhook

    def replay(
        self,
        number: int,
        now: float,
        *,
        url: str | None,
        body: bytes | None,
        signature: str | None,
    ) -> Webhook:
        """Owe the webhook of an attempt once more, changed where something is given.

        Raises:
            LookupError: There is no such attempt.
        """
        before = next((each for each in self.attempts if each.number == number), None)
        if before is None:
            raise LookupError(f"there is no attempt {number}")
        webhook = before.webhook
        changed = attrs.evolve(webhook, url=url or webhook.url)
        if body is not None:
            changed = self._signed(changed.url, body, webhook.message_id)
        if signature is not None:
            changed = attrs.evolve(changed, signature=signature)
        self._send(attrs.evolve(changed, attempt=1, is_replay=True), now)
        return changed

    def _signed(
        self, url: str | None, body: bytes, message_id: str | None = None
    ) -> Webhook:
        signature = signed(body, self._knobs.webhook_secret)
        return Webhook(url or "", body, signature, message_id)

    def next_due(self, now: float) -> Webhook | None:
        """Take the earliest of those that are to be sent by now."""
        if self._pace != self._knobs.timetable:
            self._plan_anew()
        while self._owed and self._owed[0].at <= now:
            self._move(heapq.heappop(self._owed))
        if self._ready and self._ready[0][0] <= now:
            return heapq.heappop(self._ready)[2]
        return None

    def _move(self, due: _Due) -> None:
        message = self._find(due.message_id)
        if message is None:
            return
        if self._progress.is_moved_by_hand(message):  # told when it was
            return
        move = self._progress.moves(message)[due.told]
        webhook = self._report(message, move)
        if webhook.url:
            self._send_report(message, webhook, move)
        self._owe(message, due.told + 1)

    def _report(self, message: Message, move: Move) -> Webhook:
        body = written(report_fields(message, move))
        return self._signed(self.url_for(message), body, message.message_id)

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
                webhook = self._padded(webhook)
            case "report_wrongly_signed":
                signature = signed(webhook.body, _A_STRANGERS)
                webhook = attrs.evolve(webhook, signature=signature)
        for each in (webhook, *held):
            self._send(each, at)

    def _padded(self, webhook: Webhook) -> Webhook:
        padded = attrs.evolve(webhook, padding=_OVERSIZE)
        signature = signed(padded.sent, self._knobs.webhook_secret)
        return attrs.evolve(padded, signature=signature)

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
        while len(self.attempts) > min(self._knobs.keep, _KEPT_ATTEMPTS):
            self.attempts.popleft()
        webhook = attempt.webhook
        if attempt.is_taken or webhook.is_replay or webhook.attempt > len(_RETRIES):
            return
        wait = _RETRIES[webhook.attempt - 1]
        again = attrs.evolve(webhook, attempt=webhook.attempt + 1)
        self._send(again, attempt.at + wait)
