"""How Velstack's answers are written, in each variant that was seen."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import urlencode

import attrs

from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.velstack.knobs import ListStyle, OneStyle, VelstackKnobs

__all__ = ["listing", "one", "refusal", "Sent", "sent", "yes"]

_Object: TypeAlias = dict[str, Any]


@attrs.frozen
class Sent:
    """A send that was accepted."""

    message_id: str
    kind: str
    text: str
    sender: str
    recipients: Sequence[str]
    cost: int
    left: Decimal


def yes(message: str, data: Any = None, **more: Any) -> Reply:
    """Answer yes."""
    return Reply(200, {"status": True, "message": message, "data": data, **more})


def refusal(refused: RefusalError, *, at_200: bool) -> Reply:
    """Answer no."""
    body: _Object = {
        "status": False,
        "message": refused.message,
        "data": None,
        "code": refused.status,
    }
    if refused.errors is not None:
        body["errors"] = refused.errors
    return Reply(200 if at_200 else refused.status, body, refused.headers)


def sent(told: Sent, knobs: VelstackKnobs) -> Reply:
    """Answer a send."""
    is_joined = knobs.recipients_style == "joined"
    is_text = knobs.credit_style == "text"
    summary = {
        "message_id": told.message_id,
        "type": told.kind,
        "message": told.text,
        "sender": told.sender,
        "total_contacts": len(told.recipients),
        "recipients": ",".join(told.recipients) if is_joined else [*told.recipients],
        "credit_used": told.cost,
        "credit_left": f"{told.left:.2f}" if is_text else int(told.left),
    }
    data: _Object = {"summary": summary}
    return yes("SMS sent successfully.", [data] if knobs.one_style == "array" else data)


def one(message: str, record: _Object, style: OneStyle, seen: OneStyle) -> Reply:
    """Answer with a record."""
    chosen = seen if style == "seen" else style
    return yes(message, [record] if chosen == "array" else record)


def listing(
    rows: Sequence[_Object], exchange: Exchange, knobs: VelstackKnobs, seen: ListStyle
) -> Reply:
    """Answer with a list, or a page of it."""
    more: _Object = {}
    if knobs.page_size is not None:
        rows, more["meta"] = _page(rows, exchange, knobs.page_size)
    chosen = seen if knobs.list_style == "seen" else knobs.list_style
    data = [*rows] if chosen == "bare" else {chosen: [*rows]}
    return yes("Retrieved.", data, **more)


def _page(
    rows: Sequence[_Object], exchange: Exchange, size: int
) -> tuple[Sequence[_Object], _Object]:
    asked = exchange.query.removeprefix("page=")
    page = int(asked) if asked.isdecimal() else 1
    last = max(1, -(-len(rows) // size))

    def link(number: int) -> str | None:
        if not 1 <= number <= last:
            return None
        where = f"http://{exchange.headers['host']}{exchange.path}"
        return f"{where}?{urlencode({'page': number})}"

    meta = {
        "currentPage": page,
        "prevPage": link(page - 1),
        "nextPage": link(page + 1),
        "lastPage": last,
        "perPage": size,
        "total": len(rows),
    }
    return rows[(page - 1) * size : page * size], meta
