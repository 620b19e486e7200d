"""Every endpoint of the reference, as a function that returns a `Call`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from stackverify._core.call import Base64, Body, Call
from stackverify._core.checks import optional
from stackverify._core.codec import dumps
from stackverify._core.fields import present, texts
from stackverify._core.options import SmsBody
from stackverify._services.stackverify import checks
from stackverify._services.stackverify.replies import (
    read_page,
    read_receipt,
    status_reader,
)
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate, When
from stackverify.models.results import (
    EmailStatus,
    MessageStatus,
    Page,
    Receipt,
    SmsMessage,
    SmsStatus,
    WhatsAppStatus,
)
from stackverify.models.tier import Lane

__all__ = [
    "email_status",
    "list_sms",
    "LONGEST_SMS",
    "send_email",
    "send_sms",
    "send_template",
    "sms_status",
    "whatsapp_status",
]

S = TypeVar("S", bound=MessageStatus)

LONGEST_SMS = 1600
"""Characters in one SMS, as the reference has it."""


def send_sms(
    recipients: str | Sequence[str],
    message: Sms,
    *,
    body: SmsBody = SmsBody.REFERENCE,
    lane: Lane = Lane.TRANSACTIONAL,
) -> Call[Receipt]:
    """Send a text to one number, or the same text to several."""
    numbers = checks.phones("to", recipients)
    text = checks.text("text", message.text, longest=LONGEST_SMS)
    one = isinstance(recipients, str)
    when = optional(checks.moment, "scheduled_at", message.scheduled_at)
    fields = {
        SmsBody.REFERENCE: {
            "to": numbers[0] if one else numbers,
            "message": text,
            "scheduled_at": when,
        },
        SmsBody.RECIPIENTS: {"recipients": numbers, "body": text, "scheduleAt": when},
    }[body]
    fields["sender_id"] = optional(checks.single_line, "sender_id", message.sender_id)
    fields["callback_url"] = optional(
        checks.web_address, "callback_url", message.callback_url
    )
    return Call(
        "POST",
        "/sms/send",
        read_receipt,
        permission="sms:send",
        body=(dumps(present(fields, message.extra)),),
        lane=lane,
        messages=len(numbers),
        secrets=texts((*numbers, text, message.sender_id, message.extra)),
    )


def sms_status(
    message_id: str | None, *, lane: Lane = Lane.TRANSACTIONAL
) -> Call[SmsStatus]:
    """Ask how far an SMS got."""
    return _status("sms", SmsStatus, message_id, lane)


def email_status(
    message_id: str | None, *, lane: Lane = Lane.TRANSACTIONAL
) -> Call[EmailStatus]:
    """Ask how far an email got."""
    return _status("email", EmailStatus, message_id, lane)


def whatsapp_status(
    message_id: str | None, *, lane: Lane = Lane.TRANSACTIONAL
) -> Call[WhatsAppStatus]:
    """Ask how far a WhatsApp message got."""
    return _status("whatsapp", WhatsAppStatus, message_id, lane)


def _status(
    channel: str, model: type[S], message_id: str | None, lane: Lane
) -> Call[S]:
    segment = checks.message_id(message_id)
    return Call(
        "GET",
        f"/{channel}/status/{segment}",
        status_reader(model, str(message_id)),
        permission=f"{channel}:read",
        lane=lane,
    )


def list_sms(
    *,
    page: int = 1,
    page_size: int = 100,
    status: str | None = None,
    since: When | None = None,
    until: When | None = None,
    lane: Lane = Lane.BULK,
) -> Call[Page[SmsMessage]]:
    """Fetch one page of the messages sent."""
    query = {
        "page": checks.page_number(page),
        "per_page": checks.page_size(page_size),
        "status": optional(checks.single_line, "status", status),
        "from": optional(checks.moment, "since", since),
        "to": optional(checks.moment, "until", until),
    }
    return Call(
        "GET",
        f"/sms?{urlencode(present(query))}",
        read_page(page),
        permission="sms:read",
        lane=lane,
    )


def send_email(message: Email, *, lane: Lane = Lane.TRANSACTIONAL) -> Call[Receipt]:
    """Send an email."""
    addresses = checks.email_recipients("to", message.to)
    if message.html is None and message.text is None:
        raise InvalidInputError(
            "both are None", "html, text", "give at least one of the two"
        )
    files = checks.attachments(message.attachments)
    fields: dict[str, Any] = {
        "to": addresses[0] if isinstance(message.to, str) else addresses,
        "subject": checks.single_line("subject", message.subject),
        "html": optional(checks.text, "html", message.html),
        "text": optional(checks.text, "text", message.text),
        "from_name": optional(checks.single_line, "from_name", message.from_name),
        "from_email": optional(checks.email_address, "from_email", message.from_email),
        "reply_to": optional(checks.email_address, "reply_to", message.reply_to),
        "headers": optional(checks.header_fields, "headers", message.headers) or None,
        "scheduled_at": optional(checks.moment, "scheduled_at", message.scheduled_at),
    }
    body = present(fields, message.extra)
    if files and "attachments" in body:
        raise InvalidInputError(
            "names attachments again", "extra", "use the argument itself"
        )
    return Call(
        "POST",
        "/email/send",
        read_receipt,
        permission="email:send",
        body=_with_files(dumps(body), files),
        lane=lane,
        messages=len(addresses),
        secrets=texts((*addresses, *fields.values(), message.extra)),
    )


def send_template(
    message: WhatsAppTemplate, *, lane: Lane = Lane.TRANSACTIONAL
) -> Call[Receipt]:
    """Send an approved WhatsApp template."""
    fields = {
        "to": checks.phone("to", message.to),
        "template_name": checks.single_line("template_name", message.name),
        "language": checks.language(message.language),
        "variables": optional(checks.variables, "variables", message.variables) or None,
        "header_media_url": optional(
            checks.web_address, "header_media_url", message.header_media_url
        ),
    }
    return Call(
        "POST",
        "/whatsapp/send-template",
        read_receipt,
        permission="whatsapp:send",
        body=(dumps(present(fields, message.extra)),),
        lane=lane,
        messages=1,
        secrets=texts((message.to, message.variables, message.extra)),
    )


def _with_files(body: bytes, files: Sequence[Attachment]) -> Body:
    """Put files into a JSON object as base64 that is made while it is sent.

    The shape of an element is undocumented: `filename`, `content_type` and
    `content` are assumed.
    """
    if not files:
        return (body,)
    pieces: list[bytes | Base64] = [body[:-1] + b',"attachments":[']
    for index, file in enumerate(files):
        about = dumps({"filename": file.name, "content_type": file.media_type})
        comma = b"," if index else b""
        pieces += [comma + about[:-1] + b',"content":"', Base64(file.content), b'"}']
    return (*pieces, b"]}")
