"""How Velstack's answers are read, in every shape that was seen.

The vendor's own clients and the code of users (assumed) differ: an object or an
array of one, `Summary` or `results`, recipients in a list or with commas between,
credit as text or as a number. All of them read to the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from stackverify._core.call import SaysNo
from stackverify._core.codec import text_or_none
from stackverify._services.velstack.envelope import open_envelope, whole
from stackverify.models.velstack import Contact, Group, SenderId, SmsReceipt
from stackverify.reply import Reply

__all__ = [
    "find_group",
    "read_contact",
    "read_group",
    "read_nothing",
    "read_receipt",
    "read_sender_id",
    "rows_of",
    "to_contact",
    "to_group",
]

Record = Mapping[str, Any]

_WRAPPERS = ("summary", "Summary", "results", "Results")


def read_receipt(reply: Reply) -> SmsReceipt:
    """Read the answer to a send; a yes will do, since the send was accepted."""
    data = open_envelope(reply, costs=True).get("data")
    summary = _one(_inside(_one(data))) or {}
    return SmsReceipt(
        message_id=text_or_none(summary.get("message_id")),
        status=None,
        results=(),
        reply=reply,
        kind=text_or_none(summary.get("type")),
        text=text_or_none(summary.get("message")),
        sender=text_or_none(summary.get("sender")),
        total_contacts=whole(summary.get("total_contacts")),
        recipients=_several(summary.get("recipients")),
        credit_used=_amount(summary.get("credit_used")),
        credit_left=_amount(summary.get("credit_left")),
    )


def read_nothing(reply: Reply) -> None:
    """Read an answer that says yes, and nothing else."""
    open_envelope(reply)


def find_group(reply: Reply) -> Group:
    """Read the answer to the question for a group; it may be that there is none."""
    if _data(reply) == []:
        raise SaysNo(404)
    return read_group(reply)


def read_group(reply: Reply) -> Group:
    """Read the answer to the wish for a new group."""
    return to_group(_record(reply))


def read_contact(reply: Reply) -> Contact:
    """Read the answer to the wish for a new contact."""
    return to_contact(_record(reply))


def read_sender_id(reply: Reply) -> SenderId:
    """Read the answer to the wish for a sender ID."""
    return _to_sender_id(_record(reply))


def to_group(record: Record) -> Group:
    """Read a group."""
    return Group(
        _id(record),
        text_or_none(record.get("name")),
        whole(record.get("members")),
        record,
    )


def to_contact(record: Record) -> Contact:
    """Read a contact."""
    names = ("phone_number", "first_name", "last_name", "email_address")
    told = {name: text_or_none(record.get(name)) for name in names}
    return Contact(
        _id(record),
        **told,
        group=text_or_none(record.get("Group")),
        added_date=text_or_none(record.get("added_date")),
        raw=record,
    )


def _to_sender_id(record: Record) -> SenderId:
    names = ("id", "purpose", "status", "date")
    return SenderId(
        **{name: text_or_none(record.get(name)) for name in names}, raw=record
    )


def rows_of(data: object) -> list[Record]:
    """Find the rows of a list, wherever they stand; none if there is nothing.

    Raises:
        ValueError: There is something, and it is no list.
    """
    rows = _inside(data)
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise ValueError("no list")
    return [row for row in rows if isinstance(row, Mapping)]


def _data(reply: Reply) -> object:
    return open_envelope(reply).get("data")


def _record(reply: Reply) -> Record:
    record = _one(_inside(_data(reply)))
    if record is None:
        raise ValueError("no object")
    return record


def _inside(value: object) -> object:
    """Look into an object that only wraps another."""
    if not isinstance(value, Mapping):
        return value
    return next((value[name] for name in _WRAPPERS if name in value), value)


def _one(value: object) -> Record | None:
    """Take an object, or the first of an array."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, Mapping) else None


def _id(record: Record) -> str:
    found = text_or_none(record.get("id"))
    if found is None:
        raise ValueError("no id")
    return found


def _several(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        return ()
    written = (text_or_none(part) for part in parts)
    return tuple(part.strip() for part in written if part and part.strip())


def _amount(value: object) -> Decimal | None:
    """Read an amount: a number, or text such as `47.00` or `1,047.00`."""
    try:
        amount = Decimal((text_or_none(value) or "").replace(",", "").strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
