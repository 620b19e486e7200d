"""What the service tells about messages: receipts, statuses, listed messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs

from stackverify.masking import mask_recipient, mask_text
from stackverify.reply import Reply

__all__ = [
    "EmailStatus",
    "MessageStatus",
    "Page",
    "Receipt",
    "RecipientResult",
    "SmsMessage",
    "SmsStatus",
    "WhatsAppStatus",
]

Row = TypeVar("Row")
_Raw = Mapping[str, Any]


@attrs.frozen
class RecipientResult:
    """What became of one recipient of a send to several.

    Attributes:
        to: The recipient, if the service repeats it.
        message_id: The id of this recipient's message, if given.
        status: The service's word for it, if given.
        error: Why it was not taken, if it was not.
    """

    to: str | None = attrs.field(default=None, repr=mask_recipient)
    message_id: str | None = None
    status: str | None = None
    error: str | None = attrs.field(default=None, repr=mask_text)


@attrs.frozen
class Receipt:
    """A send was accepted.

    Attributes:
        message_id: The id to ask for; `None` if the service gave none, which
            does not make the send less accepted.
        status: The service's first word on it, if given.
        results: One entry a recipient, where the service tells them apart.
        reply: The reply as it came.
    """

    message_id: str | None
    status: str | None
    results: tuple[RecipientResult, ...]
    reply: Reply


@attrs.frozen
class MessageStatus:
    """How far a message got.

    Attributes:
        message_id: The id that was asked for.
        status: The service's word; words the reference does not list are kept.
        error_message: Why it failed, if it did.
        raw: Every field of the answer, known or not.
        reply: The reply as it came.
    """

    message_id: str
    status: str
    error_message: str | None = attrs.field(default=None, repr=mask_text)
    raw: _Raw = attrs.field(factory=dict, repr=False)
    reply: Reply | None = None


@attrs.frozen
class SmsStatus(MessageStatus):
    """How far an SMS got: queued, sent, delivered, failed, undelivered."""


@attrs.frozen
class EmailStatus(MessageStatus):
    """How far an email got.

    It is queued, sent, delivered, opened, clicked, bounced, failed or spam.
    """


@attrs.frozen
class WhatsAppStatus(MessageStatus):
    """How far a WhatsApp message got: queued, sent, delivered, read, failed."""


@attrs.frozen
class SmsMessage:
    """One row of the list of sent messages.

    The reference does not show a row: every field is assumed, may be `None`,
    and is found in `raw` as it came.

    Attributes:
        message_id: The message's id.
        to: The recipient.
        text: The text that was sent.
        sender_id: The sender shown.
        status: The service's word; unknown words are kept.
        error_message: Why it failed, if it did.
        created_at: When the service took it.
        scheduled_at: When it is to be sent.
        raw: Every field of the row, known or not.
    """

    message_id: str | None = None
    to: str | None = attrs.field(default=None, repr=mask_recipient)
    text: str | None = attrs.field(default=None, repr=mask_text)
    sender_id: str | None = None
    status: str | None = None
    error_message: str | None = attrs.field(default=None, repr=mask_text)
    created_at: dt.datetime | None = None
    scheduled_at: dt.datetime | None = None
    raw: _Raw = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Page(Generic[Row]):
    """One page of a list.

    Attributes:
        number: Its number, from 1.
        rows: What is on it.
        is_last: Whether the service says that no page follows; `None` if it
            does not say.
        total: How many rows there are on all pages, if told.
        reply: The reply as it came.
    """

    number: int
    rows: tuple[Row, ...] = attrs.field(repr=lambda rows: f"<{len(rows)} rows>")
    is_last: bool | None
    total: int | None
    reply: Reply
