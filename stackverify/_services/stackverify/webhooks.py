"""What StackVerify's webhooks say, and what makes two of them the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, TypeVar

from stackverify._core.admission import raw_body
from stackverify._core.delivery import rank
from stackverify._core.strict_json import loads_object, loads_plain
from stackverify._core.track import Mark
from stackverify.errors import UnreadableEventError
from stackverify.models.results import MessageStatus
from stackverify.models.webhooks import (
    DeliveryReport,
    InboundMessage,
    UnknownEvent,
    WebhookEvent,
)

__all__ = ["mark_of", "parse", "SIGNATURE_HEADER", "status_from"]

S = TypeVar("S", bound=MessageStatus)
_Fields = Mapping[str, Any]
_Texts = Mapping[str, str | None]
_TextOf = Callable[[str], str | None]

_REPORT = ("message_id", "status", "to", "channel", "timestamp")
_report_texts = itemgetter(*_REPORT)

SIGNATURE_HEADER: str = "X-StackVerify-Signature"
"""The header that has the signature."""

_TEXTS = (
    *("event", "message_id", "status", "to", "channel", "error_code", "timestamp"),
    *("from", "message", "received_at"),
)


def parse(body: bytes) -> WebhookEvent:
    """Read the event of a webhook; `verify` it first.

    Raises:
        RawBodyError: The body is not the bytes as they were received.
        UnreadableEventError: It is no event: no JSON object, or one that can be read
            in more than one way, or one that lacks what such an event must have.
    """
    fields: _Fields | None = (texts := loads_plain(body))
    if texts is None or fields is None:
        fields = _loads(raw_body(body))
        texts = {name: _text(fields, name) for name in _TEXTS}
    if texts.get("event") != "delivery_report":
        return _other(texts.get, fields)
    try:
        message_id, status, to, channel, time = _report_texts(texts)
    except KeyError:
        message_id, status, to, channel, time = map(texts.get, _REPORT)
    if not message_id or not status:
        missing = "status" if message_id else "message_id"
        raise UnreadableEventError(f"{missing} is missing or empty.")
    code = texts.get("error_code")
    return DeliveryReport(message_id, status, to, channel, time, code, fields)


def _other(text: _TextOf, fields: _Fields) -> WebhookEvent:
    name = text("event")
    if name == "inbound_message":
        return _inbound_message(text, fields)
    if not name:
        raise UnreadableEventError("event is missing or empty.")
    return UnknownEvent(name, text("timestamp"), fields)


def _loads(body: bytes) -> _Fields:
    try:
        return loads_object(body)
    except ValueError as error:
        raise UnreadableEventError(f"The body {error}.") from None


def _text(fields: _Fields, name: str) -> str | None:
    """Read a text, or a whole number as text; what is missing is `None`."""
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    raise UnreadableEventError(f"{name} is a {type(value).__name__}, not text.")


def _inbound_message(text: _TextOf, fields: _Fields) -> InboundMessage:
    message = text("message")
    if message is None:
        raise UnreadableEventError("message is missing.")
    sender, to, channel = text("from"), text("to"), text("channel")
    return InboundMessage(sender, to, message, channel, text("received_at"), fields)


def mark_of(event: WebhookEvent, body: bytes) -> Mark:
    """Tell which message an event is about, and what makes it this event.

    A report is known by message id, status and time. Nothing else has an id, so
    it is known by its whole body.
    """
    if not isinstance(event, DeliveryReport):
        return Mark(_digest(body), "body", None)
    # With its length, so that no two reports are written the same.
    identity = f"{len(event.status)}:{event.status}{event.timestamp}"
    key = _digest(event.message_id.encode())
    return Mark(key, _digest(identity.encode(), 9), rank(event.status))


def _digest(content: bytes, size: int = 18) -> str:
    return hashlib.blake2b(content, digest_size=size).hexdigest()


def status_from(report: DeliveryReport, kind: type[S]) -> S:
    """Tell a delivery report as the answer to a status call would."""
    return kind(report.message_id, report.status, report.error_code, report.raw)
