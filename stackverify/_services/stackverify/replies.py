"""How the service's answers are read, in every shape that is known or assumed.

No success body is documented. An id is looked for at the top level and in
`data`; a list is looked for under the usual names. Hints: the vendor's own
clients (B), and the page formats in common use (D).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from stackverify._core.codec import first_of, loads, record_reader, text_or_none
from stackverify.models.results import (
    MessageStatus,
    Page,
    Receipt,
    RecipientResult,
    SmsMessage,
)
from stackverify.reply import Reply

__all__ = ["read_page", "read_receipt", "status_reader"]

S = TypeVar("S", bound=MessageStatus)

_ID = ("message_id", "messageId", "id")
_TO = ("to", "recipient", "phone", "number", "email")
_ERROR = ("error_message", "errorMessage", "error", "reason")
_ROWS = ("data", "messages", "results", "items", "sms", "records")
_META = ("meta", "pagination", "paging")
_LAST = ("last_page", "lastPage", "total_pages", "totalPages", "pages")

_read_row = record_reader(
    SmsMessage,
    {
        "message_id": _ID,
        "to": _TO,
        "text": ("message", "text", "body"),
        "sender_id": ("sender_id", "senderId", "sender", "from"),
        "status": ("status",),
        "error_message": _ERROR,
        "created_at": ("created_at", "createdAt", "sent_at", "sentAt", "date"),
        "scheduled_at": ("scheduled_at", "scheduledAt", "scheduleAt"),
    },
)


def read_receipt(reply: Reply) -> Receipt:
    """Read the answer to a send; any JSON will do, since the send was accepted."""
    content = loads(reply.body)
    top = content if isinstance(content, Mapping) else {}
    data = top.get("data", content)
    results = tuple(map(_read_result, _recipient_results(data)))
    inner = data if isinstance(data, Mapping) else {}
    message_id = text_or_none(first_of(top, _ID)) or text_or_none(first_of(inner, _ID))
    if message_id is None and len(results) == 1:
        message_id = results[0].message_id
    return Receipt(message_id, _first_status(inner, top), results, reply)


def _first_status(inner: Mapping[str, Any], top: Mapping[str, Any]) -> str | None:
    """Read the message's status; the envelope's own `status` tells success only."""
    status = text_or_none(inner.get("status")) or text_or_none(top.get("status"))
    return None if status in {"success", "ok", "true"} else status


def _recipient_results(data: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        data = first_of(data, ("results", "messages", "recipients"))
    if not isinstance(data, list):
        return ()
    return [item for item in data if isinstance(item, Mapping)]


def _read_result(item: Mapping[str, Any]) -> RecipientResult:
    error = first_of(item, _ERROR)
    return RecipientResult(
        text_or_none(first_of(item, _TO)),
        text_or_none(first_of(item, _ID)),
        text_or_none(item.get("status")),
        text_or_none(error) or (None if error is None else str(error)),
    )


def status_reader(model: type[S], message_id: str) -> Callable[[Reply], S]:
    """Make the function that reads a status of this kind."""

    def read(reply: Reply) -> S:
        content = loads(reply.body)
        inner = content.get("data") if isinstance(content, Mapping) else None
        fields = inner if isinstance(inner, Mapping) else content
        if not isinstance(fields, Mapping):
            raise ValueError("no object")
        status = text_or_none(fields.get("status"))
        if status is None:
            raise ValueError("no status")
        found = text_or_none(first_of(fields, _ID)) or message_id
        error = text_or_none(first_of(fields, _ERROR))
        return model(found, status, error, fields, reply)

    return read


def read_page(number: int) -> Callable[[Reply], Page[SmsMessage]]:
    """Make the function that reads this page of the list of messages."""

    def read(reply: Reply) -> Page[SmsMessage]:
        content = loads(reply.body)
        rows, envelope = _find_rows(content)
        messages = tuple(_read_row(row) for row in rows if isinstance(row, Mapping))
        total = _whole(first_of(envelope, ("total", "total_count", "totalCount")))
        return Page(number, messages, _is_last(envelope, number), total, reply)

    return read


def _find_rows(content: object) -> tuple[list[Any], Mapping[str, Any]]:
    """Find the rows, and what is said about the pages, wherever they stand."""
    envelope: dict[str, Any] = {}
    while isinstance(content, Mapping):
        envelope |= content
        for name in _META:
            if isinstance(about := content.get(name), Mapping):
                envelope |= about
        content = first_of(content, _ROWS)
    if not isinstance(content, list):
        raise ValueError("no list of messages")
    return content, envelope


def _is_last(envelope: Mapping[str, Any], number: int) -> bool | None:
    last = _whole(first_of(envelope, _LAST))
    if last is not None:
        return number >= last
    more = first_of(envelope, ("has_more", "hasMore", "has_next"))
    if isinstance(more, bool):
        return not more
    for name in ("next_page_url", "next_page", "nextPage"):
        if name in envelope:
            return envelope[name] is None
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    return int(value) if str(value).isdecimal() else None
