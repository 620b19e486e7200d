"""How answers are written, in each variant the real service may use."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import attrs

from stackverify.sandbox.exchange import RefusalError, Reply
from stackverify.sandbox.knobs import ErrorStatus, ListStyle, ReplyStyle, StatusStyle
from stackverify.sandbox.messages import Channel, Draft, Message

__all__ = ["accepted", "as_told", "listing", "Page", "refusal", "standing", "timestamp"]

_Object: TypeAlias = dict[str, Any]
_NAMES: Mapping[Channel, str] = {
    "sms": "SMS",
    "email": "Email",
    "whatsapp": "WhatsApp message",
}


@attrs.frozen
class Page:
    """A page of a list, and where it stands in it."""

    rows: Sequence[Message]
    number: int
    size: int
    total: int
    address: str
    """The address of the list with its filters, and without the page."""

    @property
    def last(self) -> int:
        """Number the last page; a list with nothing in it has one."""
        return max(1, -(-self.total // self.size))


def timestamp(at: float) -> str:
    """Write a time in ISO-8601, UTC, with milliseconds."""
    written = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def as_told(at: float) -> float:
    """Give a time as coarse as it is told, so that what is told finds it again."""
    return int(at * 1000) / 1000


def accepted(draft: Draft, messages: Sequence[Message], style: ReplyStyle) -> Reply:
    """Answer a send."""
    said: _Object = {"message": f"{_NAMES[draft.channel]} queued for delivery."}
    if style != "data":
        said = {"status": "success", **said}
    if style == "bare":
        return Reply(200, said)
    results = _results(draft, messages)
    if draft.is_array or style == "list":
        return Reply(200, {**said, "data": results})
    if style == "data":
        return Reply(200, {**said, "data": results[0]})
    name = "id" if style == "id" else "message_id"
    return Reply(200, {**said, name: messages[0].message_id})


def _results(draft: Draft, messages: Sequence[Message]) -> list[_Object]:
    waiting = iter(messages)
    return [
        {"to": to, "message_id": next(waiting).message_id, "status": "queued"}
        if to is not None
        else {"to": None, "status": "rejected", "error": draft.complaints[place]}
        for place, to in enumerate(draft.recipients)
    ]


def standing(message: Message, style: StatusStyle) -> Reply:
    """Answer a status read."""
    told = {
        "message_id": message.message_id,
        "to": message.to,
        "channel": message.channel,
        "status": message.status,
        "error_message": message.error_message,
        "created_at": timestamp(message.accepted_at),
        "scheduled_at": message.scheduled_at,
    }
    if style == "data":
        return Reply(200, {"message": "OK", "data": told})
    return Reply(200, told)


def _row(message: Message) -> _Object:
    return {
        "message_id": message.message_id,
        "to": message.to,
        "message": message.text,
        "sender_id": getattr(message.content, "sender_id", None),
        "status": message.status,
        "error_message": message.error_message,
        "created_at": timestamp(message.accepted_at),
        "scheduled_at": message.scheduled_at,
    }


def listing(page: Page, style: ListStyle) -> Reply:
    """Answer a list."""
    rows = [_row(message) for message in page.rows]
    if style == "bare":
        return Reply(200, rows)
    if style == "messages":
        place = {"page": page.number, "per_page": page.size, "total": page.total}
        return Reply(200, {"messages": rows, **place})
    place = {
        "current_page": page.number,
        "last_page": page.last,
        "per_page": page.size,
        "total": page.total,
    }
    if style == "data+meta":
        return Reply(200, {"data": rows, "meta": place})
    has_next = page.number < page.last
    following = f"{page.address}page={page.number + 1}" if has_next else None
    return Reply(200, {"data": rows, **place, "next_page_url": following})


def refusal(refused: RefusalError, style: ErrorStatus) -> Reply:
    """Answer with an error."""
    statuses: Mapping[ErrorStatus, object] = {
        "text": "error",
        "number": refused.status,
        "boolean": False,
    }
    body: _Object = {
        "status": statuses[style],
        "code": refused.code,
        "message": refused.message,
    }
    headers = refused.headers
    if refused.status == 401:
        headers = (*headers, ("www-authenticate", "Bearer"))
    if refused.errors is not None:
        body["errors"] = refused.errors
    if refused.retry_after is not None:
        body["retry_after"] = refused.retry_after
        headers = (*headers, ("retry-after", str(refused.retry_after)))
    return Reply(refused.status, body, headers)
