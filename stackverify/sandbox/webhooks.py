"""Which webhooks the pretend service owes, and when; it is told the time."""

import hashlib
import heapq
import hmac
import json
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import attrs

from stackverify.sandbox import timetable
from stackverify.sandbox.checks import is_loopback
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Message
from stackverify.sandbox.shapes import timestamp

__all__ = ["Attempt", "Webhook", "Webhooks", "is_on_this_machine"]

_Fields: TypeAlias = Mapping[str, Any]

# Seconds until the second, third, ... attempt; undocumented, so short enough to see.
_RETRIES = (1.0, 5.0, 30.0, 120.0)
_ERROR_CODE = "30003"


@attrs.frozen
class Webhook:
    """One event on its way to somebody.

    Attributes:
        url: Where it goes.
        body: What is sent, as JSON.
        signature: The header `X-StackVerify-Signature`: HMAC-SHA256, lowercase hex.
        message_id: The message it is about; `None` for an inbound one.
        attempt: Which attempt this is, from 1.
    """

    url: str = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    signature: str = attrs.field(repr=False)
    message_id: str | None = None
    attempt: int = 1

    @property
    def fields(self) -> dict[str, Any]:
        """Give what the body says."""
        fields: dict[str, Any] = json.loads(self.body)
        return fields


@attrs.frozen
class Attempt:
    """What came of sending a webhook once.

    Attributes:
        webhook: What was sent.
        at: When, in seconds since 1970.
        status: The status of the answer, if one came.
        failure: Why none came, if none did.
    """

    webhook: Webhook
    at: float
    status: int | None = None
    failure: str | None = None

    @property
    def is_taken(self) -> bool:
        """Tell whether the answer was a 2xx."""
        return self.status is not None and 200 <= self.status < 300


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
    """

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._turns = count()
        self.clear()

    def clear(self) -> None:
        """Owe nothing, and forget the attempts."""
        self._moves: list[_Due] = []
        self._ready: list[tuple[float, int, Webhook]] = []
        self.attempts: deque[Attempt] = deque(maxlen=self._knobs.keep)

    def url_for(self, message: Message) -> str | None:
        """Tell where the reports of a message go, if anywhere."""
        return getattr(message.content, "callback_url", None) or self._knobs.webhook_url

    def accepted(self, message: Message) -> None:
        """Owe a report for each status this message will have."""
        if self.url_for(message):
            moves = timetable.moves(message, self._knobs.timetable)
            for status, at in moves.items():
                self._owe(message, status, at)

    def _owe(self, message: Message, status: str, at: float) -> None:
        heapq.heappush(self._moves, _Due(at, next(self._turns), message, status))

    def inbound(self, fields: _Fields, now: float) -> None:
        """Owe an inbound message to the configured URL.

        Raises:
            ValueError: None is configured.
        """
        url = self._knobs.webhook_url
        if url is None:
            raise ValueError("no webhook_url is set, so nobody would hear the reply")
        self._send(self._written(url, fields, None), now)

    def due(self, now: float) -> list[Webhook]:
        """Take what is to be sent by now, the earliest first."""
        while self._moves and self._moves[0].at <= now:
            self._move(heapq.heappop(self._moves), now)
        due = []
        while self._ready and self._ready[0][0] <= now:
            due.append(heapq.heappop(self._ready)[2])
        return due

    def _move(self, due: _Due, now: float) -> None:
        at = timetable.moves(due.message, self._knobs.timetable)[due.status]
        if at > now:  # the timetable was slowed down meanwhile
            self._owe(due.message, due.status, at)
            return
        url = self.url_for(due.message)
        if url is not None:
            self._send(self._report(url, due.message, due.status, at), due.at)

    def _report(self, url: str, message: Message, status: str, at: float) -> Webhook:
        fields = {
            "event": "delivery_report",
            "message_id": message.message_id,
            "to": message.to,
            "status": status,
            "timestamp": timestamp(at),
            "channel": message.channel,
        }
        if status == "failed":
            fields["error_code"] = _ERROR_CODE
        return self._written(url, fields, message.message_id)

    def _written(self, url: str, fields: _Fields, message_id: str | None) -> Webhook:
        body = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
        secret = self._knobs.webhook_secret.encode()
        signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
        return Webhook(url, body, signature, message_id)

    def _send(self, webhook: Webhook, at: float) -> None:
        heapq.heappush(self._ready, (at, next(self._turns), webhook))

    def tried(self, attempt: Attempt) -> None:
        """Remember an attempt; owe another one if it was not taken."""
        self.attempts.append(attempt)
        webhook = attempt.webhook
        if not attempt.is_taken and webhook.attempt <= len(_RETRIES):
            wait = _RETRIES[webhook.attempt - 1]
            again = attrs.evolve(webhook, attempt=webhook.attempt + 1)
            self._send(again, attempt.at + wait)


def is_on_this_machine(url: str) -> bool:
    """Tell whether a URL stays on this machine."""
    return is_loopback(urlsplit(url).hostname or "")
