"""Velstack's endpoints, each as a function that returns a `Call`.

`/sms/quick` is the one path on the vendor's site. All others are assumed, from the
vendor's own clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from stackverify._core.call import Call
from stackverify._core.checks import optional, single_line, text
from stackverify._core.codec import dumps
from stackverify._core.fields import present, texts
from stackverify._services.velstack import checks
from stackverify._services.velstack.replies import (
    find_group,
    read_contact,
    read_group,
    read_nothing,
    read_receipt,
    read_sender_id,
)
from stackverify.errors import InvalidInputError
from stackverify.models.tier import Lane
from stackverify.models.velstack import (
    Contact,
    Group,
    QuickSms,
    SenderId,
    SmsReceipt,
    VelstackApi,
)
from stackverify.reply import Reply

__all__ = [
    "create_contact",
    "create_group",
    "delete_contact",
    "delete_group",
    "get_group",
    "Id",
    "NEEDED",
    "register_sender_id",
    "rename_group",
    "send_group",
    "send_sms",
    "update_contact",
]

T = TypeVar("T")
Extra = Mapping[str, Any] | None
Id = int | str

# Every caller of 2025 sends it (assumed to be needed). Nobody knows what the field
# for the time is called: who does may say both in `extra`.
_NOW = {"is_scheduled": False}
_QUICK = {VelstackApi.SITE: "/sms/quick", VelstackApi.OLDER: "/quick/sms"}
NEEDED = "a secret key"
"""What most endpoints need, in the words of an error."""
_TO_SEND = "a key that may send"


def send_sms(
    message: QuickSms,
    *,
    api: VelstackApi = VelstackApi.SITE,
    lane: Lane = Lane.TRANSACTIONAL,
) -> Call[SmsReceipt]:
    """Send a text to one number, or the same text to several."""
    to = checks.recipients("recipient", message.recipient)
    fields = {
        "sender": single_line("sender", message.sender),
        "recipient": to,
        "message": text("message", message.message),
        "title": optional(single_line, "title", message.title),
    }
    body = {**_NOW, **present(fields, message.extra)}
    numbers = checks.numbers("recipient", to)
    return _send(_QUICK[api], body, lane=lane, numbers=numbers)


def send_group(
    sender: str,
    group_id: Id,
    message: str,
    *,
    title: str | None = None,
    extra: Extra = None,
) -> Call[SmsReceipt]:
    """Send a text to everybody in a group."""
    checks.identifier("group_id", group_id)
    fields = {
        "sender": single_line("sender", sender),
        "group_id": group_id,
        "message": text("message", message),
        "title": optional(single_line, "title", title),
    }
    return _send("/group/sms", present(fields, extra))


def _send(
    path: str,
    body: Mapping[str, Any],
    *,
    lane: Lane = Lane.TRANSACTIONAL,
    numbers: Sequence[str] = (),
) -> Call[SmsReceipt]:
    return Call(
        "POST",
        path,
        read_receipt,
        permission=_TO_SEND,
        body=(dumps(body),),
        lane=lane,
        messages=max(1, len(numbers)),
        secrets=texts((body, numbers)),
    )


def get_group(group_id: Id) -> Call[Group]:
    """Fetch a group."""
    path = f"/group/{checks.identifier('group_id', group_id)}"
    return Call("GET", path, find_group, permission=NEEDED, endpoint="/group")


def create_group(name: str) -> Call[Group]:
    """Create a group."""
    fields = {"group_name": single_line("name", name)}
    return _change("POST", "/group", "", read_group, fields)


def rename_group(group_id: Id, name: str) -> Call[None]:
    """Give a group another name."""
    segment = checks.identifier("group_id", group_id)
    fields = {"group_new_name": single_line("name", name)}
    return _change("PUT", "/group", segment, read_nothing, fields)


def delete_group(group_id: Id) -> Call[None]:
    """Delete a group."""
    segment = checks.identifier("group_id", group_id)
    return _change("DELETE", "/group", segment, read_nothing)


def create_contact(
    group_id: Id,
    *,
    phone_number: str,
    first_name: str | None,
    last_name: str | None,
    email_address: str | None,
    extra: Extra,
) -> Call[Contact]:
    """Put somebody into a group."""
    checks.identifier("group_id", group_id)
    person = _person(phone_number, first_name, last_name, email_address)
    fields = {"group_id": group_id, **person}
    return _change("POST", "/contact", "", read_contact, fields, extra)


def update_contact(
    contact_id: Id,
    *,
    phone_number: str | None,
    first_name: str | None,
    last_name: str | None,
    email_address: str | None,
    extra: Extra,
) -> Call[None]:
    """Change what is given of a contact."""
    segment = checks.identifier("contact_id", contact_id)
    fields = _person(phone_number, first_name, last_name, email_address)
    if not extra and not present(fields):
        raise InvalidInputError(
            "nothing to change is given", "contact", "give at least one field"
        )
    return _change("PUT", "/contact", segment, read_nothing, fields, extra)


def delete_contact(contact_id: Id) -> Call[None]:
    """Delete a contact."""
    segment = checks.identifier("contact_id", contact_id)
    return _change("DELETE", "/contact", segment, read_nothing)


def register_sender_id(sender_id: str, purpose: str) -> Call[SenderId]:
    """Ask for a sender ID."""
    fields = {
        "sender_id": single_line("sender_id", sender_id),
        "purpose": text("purpose", purpose),
    }
    return _change("POST", "/sender/id", "", read_sender_id, fields)


def _person(
    phone_number: str | None,
    first_name: str | None,
    last_name: str | None,
    email_address: str | None,
) -> dict[str, str | None]:
    return {
        "first_name": optional(single_line, "first_name", first_name),
        "last_name": optional(single_line, "last_name", last_name),
        "phone_number": optional(checks.number, "phone_number", phone_number),
        "email_address": optional(single_line, "email_address", email_address),
    }


def _change(
    method: str,
    place: str,
    segment: str,
    read: Callable[[Reply], T],
    fields: Mapping[str, Any] | None = None,
    extra: Extra = None,
) -> Call[T]:
    body = present(fields, extra) if fields is not None else {}
    return Call(
        method,
        f"{place}/{segment}" if segment else place,
        read,
        permission=NEEDED,
        body=(dumps(body),) if body else (),
        changes=True,
        secrets=texts((body,)),
        endpoint=place,
    )
