"""How a webhook is written, signed, and spoilt on purpose."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from stackverify.sandbox.checks import is_loopback
from stackverify.sandbox.messages import Message
from stackverify.sandbox.progress import Move
from stackverify.sandbox.shapes import timestamp

__all__ = [
    "Attempt",
    "inbound_fields",
    "is_on_this_machine",
    "report_fields",
    "signed",
    "Webhook",
    "written",
]

_ERROR_CODE = "30003"


@attrs.frozen
class Webhook:
    """One event on its way to somebody.

    Attributes:
        url: Where it goes; empty where nobody said.
        body: What is sent, as JSON.
        signature: The header `X-StackVerify-Signature`: HMAC-SHA256, lowercase hex.
        message_id: The message it is about; `None` for an inbound one.
        attempt: Which attempt this is, from 1.
        is_replay: Whether somebody asked for it to be posted again.
        padding: How many bytes too many it is sent with.
    """

    url: str = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    signature: str = attrs.field(repr=False)
    message_id: str | None = None
    attempt: int = 1
    is_replay: bool = False
    padding: int = 0

    @property
    def sent(self) -> bytes:
        """Give the body as it is sent, with its padding."""
        if not self.padding:
            return self.body
        return written({**self.fields, "padding": "x" * self.padding})

    @property
    def fields(self) -> dict[str, Any]:
        """Give what the body says.

        Raises:
            ValueError: It was edited, and is no JSON any more.
        """
        fields: dict[str, Any] = json.loads(self.body)
        return fields

    @property
    def headers(self) -> Mapping[str, str]:
        """Give the headers it is sent with."""
        return {
            "Content-Type": "application/json",
            "X-StackVerify-Signature": self.signature,
        }


@attrs.frozen
class Attempt:
    """What came of sending a webhook once.

    Attributes:
        webhook: What was sent.
        at: When, in seconds since 1970.
        status: The status of the answer, if one came.
        failure: Why none came, if none did.
        answer: The beginning of the answer's body.
        number: Counts the attempts of a sandbox, from 1.
    """

    webhook: Webhook
    at: float
    status: int | None = None
    failure: str | None = None
    answer: bytes = attrs.field(default=b"", repr=False)
    number: int = 0

    @property
    def is_taken(self) -> bool:
        """Tell whether the answer was a 2xx."""
        return self.status is not None and 200 <= self.status < 300


def report_fields(message: Message, move: Move) -> dict[str, Any]:
    """Say what a delivery report says."""
    fields = {
        "event": "delivery_report",
        "message_id": message.message_id,
        "to": message.to,
        "status": move.status,
        "timestamp": timestamp(move.at),
        "channel": message.channel,
    }
    return {**fields, "error_code": _ERROR_CODE} if move.status == "failed" else fields


def inbound_fields(
    text: str, sender: str, to: str, channel: str, at: float
) -> dict[str, Any]:
    """Say what an inbound message says."""
    return {
        "event": "inbound_message",
        "from": sender,
        "to": to,
        "message": text,
        "channel": channel,
        "received_at": timestamp(at),
    }


def written(fields: Mapping[str, Any]) -> bytes:
    """Write an event as JSON."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "backslashreplace"
    )


def signed(body: bytes, secret: str) -> str:
    """Sign a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_on_this_machine(url: str) -> bool:
    """Tell whether a URL stays on this machine."""
    return is_loopback(urlsplit(url).hostname or "")
