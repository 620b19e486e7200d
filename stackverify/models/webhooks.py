"""What the service tells by webhook, and what to make of it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from stackverify.masking import mask_recipient, mask_text

__all__ = [
    "DeliveryReport",
    "InboundMessage",
    "UnknownEvent",
    "Verdict",
    "WebhookEvent",
]

_Raw = Mapping[str, Any]


def _moment(written: str | None) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


@attrs.frozen(slots=False, init=False)
class DeliveryReport:
    """The status of a message changed.

    Attributes:
        message_id: Of the message, as in the receipt of its send.
        status: The service's word; words the reference does not list are kept.
        to: The recipient's number or address.
        channel: `sms`, `email` or `whatsapp`.
        timestamp: When the status changed, as it was written; `time` reads it.
        error_code: The provider's code, if it failed.
        raw: Every field of the event, known or not.
        is_late: Whether a later status of this message was handled before. Only
            a receiver that was told to hand out late reports says so.
    """

    message_id: str
    status: str
    to: str | None = attrs.field(repr=mask_recipient)
    channel: str | None
    timestamp: str | None
    error_code: str | None
    raw: _Raw = attrs.field(repr=False)
    is_late: bool

    def __init__(
        self,
        message_id: str,
        status: str,
        to: str | None = None,
        channel: str | None = None,
        timestamp: str | None = None,
        error_code: str | None = None,
        raw: _Raw | None = None,
        *,
        is_late: bool = False,
    ) -> None:
        # By hand, and without slots: one is made for every webhook, and what attrs
        # writes for a frozen class takes twice as long.
        fields = self.__dict__
        fields["message_id"] = message_id
        fields["status"] = status
        fields["to"] = to
        fields["channel"] = channel
        fields["timestamp"] = timestamp
        fields["error_code"] = error_code
        fields["raw"] = {} if raw is None else raw
        fields["is_late"] = is_late

    @property
    def time(self) -> dt.datetime | None:
        """When the status changed; without a zone it is taken for UTC (assumed)."""
        return _moment(self.timestamp)


@attrs.frozen
class InboundMessage:
    """Somebody wrote to one of your numbers.

    Attributes:
        sender: Who wrote.
        to: Your number.
        text: What they wrote; half a character, cut off on the way, is shown as
            the replacement character.
        channel: `sms` or `whatsapp`.
        received_at: When, as it was written; `time` reads it.
        raw: Every field of the event, known or not.
    """

    sender: str | None = attrs.field(repr=mask_recipient)
    to: str | None = attrs.field(repr=mask_recipient)
    text: str = attrs.field(repr=mask_text)
    channel: str | None = None
    received_at: str | None = None
    raw: _Raw = attrs.field(factory=dict, repr=False)

    @property
    def time(self) -> dt.datetime | None:
        """When they wrote; without a zone it is taken for UTC (assumed)."""
        return _moment(self.received_at)


@attrs.frozen
class UnknownEvent:
    """Something the reference does not tell of.

    Attributes:
        name: What the service calls it.
        timestamp: When it happened, if it says so under this name.
        raw: Every field of it.
    """

    name: str
    timestamp: str | None = None
    raw: _Raw = attrs.field(factory=dict, repr=False)

    @property
    def time(self) -> dt.datetime | None:
        """When it happened; without a zone it is taken for UTC (assumed)."""
        return _moment(self.timestamp)


WebhookEvent: TypeAlias = DeliveryReport | InboundMessage | UnknownEvent
"""What a webhook tells of."""


class Verdict(enum.Enum):
    """Whether an event was seen before, and whether it comes in time."""

    NEW = "new"
    """Not seen before: handle it."""
    REPEATED = "repeated"
    """Handled before: only say thanks."""
    LATE = "late"
    """Not seen before, but a later status of the message was handled already."""
