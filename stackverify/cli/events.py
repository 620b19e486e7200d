"""What a webhook tells, in words for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable

from stackverify.cli.output import clean
from stackverify.masking import mask_recipient, mask_text
from stackverify.models.webhooks import DeliveryReport, InboundMessage, WebhookEvent

__all__ = ["event_document", "event_words"]


def event_words(event: WebhookEvent, *, show: bool) -> str:
    """Tell an event in one line; numbers and texts masked unless `show`."""
    return clean("  ".join(word for word in _words(event, show=show) if word))


def event_document(event: WebhookEvent, *, show: bool = True) -> dict[str, object]:
    """Tell an event to a program; numbers and texts masked unless `show`."""
    if show:
        return dict(event.raw)
    match event:
        case DeliveryReport():
            return {
                "event": "delivery_report",
                "message_id": event.message_id,
                "to": _masked(mask_recipient, event.to),
                "status": event.status,
                "channel": event.channel,
                "timestamp": event.timestamp,
                "error_code": event.error_code,
            }
        case InboundMessage():
            return {
                "event": "inbound_message",
                "from": _masked(mask_recipient, event.sender),
                "to": _masked(mask_recipient, event.to),
                "message": mask_text(event.text),
                "channel": event.channel,
                "received_at": event.received_at,
            }
    return {"event": event.name, "timestamp": event.timestamp}


def _words(event: WebhookEvent, *, show: bool) -> list[str]:
    shown: Callable[[object], str] = (
        (lambda value: str(value)) if show else mask_recipient
    )
    match event:
        case DeliveryReport():
            return [
                event.timestamp or "",
                "delivery_report",
                event.channel or "",
                event.message_id,
                event.status,
                shown(event.to) if event.to else "",
                event.error_code or "",
            ]
        case InboundMessage():
            return [
                event.received_at or "",
                "inbound_message",
                event.channel or "",
                shown(event.sender) if event.sender else "",
                event.text if show else mask_text(event.text),
            ]
    return [event.timestamp or "", event.name]


def _masked(mask: Callable[[object], str], value: str | None) -> str | None:
    return None if value is None else mask(value)
