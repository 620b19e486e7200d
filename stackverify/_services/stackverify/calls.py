"""Every endpoint of the reference, as a function that returns a `Call`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from stackverify._core.call import Base64, Body, Call
from stackverify._core.codec import dumps
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
    "LONGEST_SMS",
    "email_status",
    "list_sms",
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
    when = _optional(checks.moment, "scheduled_at", message.scheduled_at)
    fields = {
        SmsBody.REFERENCE: {
            "to": numbers[0] if one else numbers,
            "message": text,
            "scheduled_at": when,
        },
        SmsBody.RECIPIENTS: {"recipients": numbers, "body": text, "scheduleAt": when},
    }[body]
    fields["sender_id"] = _optional(checks.single_line, "sender_id", message.sender_id)
    fields["callback_url"] = _optional(
        checks.web_address, "callback_url", message.callback_url
    )
    return Call(
        "POST",
        "/sms/send",
        read_receipt,
        permission="sms:send",
        body=(dumps(_present(fields, message.extra)),),
        lane=lane,
        messages=len(numbers),
        secrets=_texts((*numbers, text, message.sender_id, message.extra)),
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
        "status": _optional(checks.single_line, "status", status),
        "from": _optional(checks.moment, "since", since),
        "to": _optional(checks.moment, "until", until),
    }
    return Call(
        "GET",
        f"/sms?{urlencode(_present(query))}",
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
        "html": _optional(checks.text, "html", message.html),
        "text": _optional(checks.text, "text", message.text),
        "from_name": _optional(checks.single_line, "from_name", message.from_name),
        "from_email": _optional(checks.email_address, "from_email", message.from_email),
        "reply_to": _optional(checks.email_address, "reply_to", message.reply_to),
        "headers": _optional(checks.header_fields, "headers", message.headers) or None,
        "scheduled_at": _optional(checks.moment, "scheduled_at", message.scheduled_at),
    }
    present = _present(fields, message.extra)
    if files and "attachments" in present:
        raise InvalidInputError(
            "names attachments again", "extra", "use the argument itself"
        )
    return Call(
        "POST",
        "/email/send",
        read_receipt,
        permission="email:send",
        body=_with_files(dumps(present), files),
        lane=lane,
        messages=len(addresses),
        secrets=_texts((*addresses, *fields.values(), message.extra)),
    )


def send_template(
    message: WhatsAppTemplate, *, lane: Lane = Lane.TRANSACTIONAL
) -> Call[Receipt]:
    """Send an approved WhatsApp template."""
    fields = {
        "to": checks.phone("to", message.to),
        "template_name": checks.single_line("template_name", message.name),
        "language": checks.language(message.language),
        "variables": _optional(checks.variables, "variables", message.variables)
        or None,
        "header_media_url": _optional(
            checks.web_address, "header_media_url", message.header_media_url
        ),
    }
    return Call(
        "POST",
        "/whatsapp/send-template",
        read_receipt,
        permission="whatsapp:send",
        body=(dumps(_present(fields, message.extra)),),
        lane=lane,
        messages=1,
        secrets=_texts((message.to, message.variables, message.extra)),
    )


def _optional(check: Any, field: str, value: object) -> Any:
    return None if value is None else check(field, value)


def _present(
    fields: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Leave out what was not given; add what the caller adds."""
    present = {name: value for name, value in fields.items() if value is not None}
    if extra:
        present |= checks.extra_fields(extra, fields)
    return present


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    """List all texts in some values, however deep; the names of fields are none."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Mapping):
            found += _texts(value.values())
        elif isinstance(value, (list, tuple)):
            found += _texts(value)
    return tuple(found)


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
