"""Velstack's endpoints, in both the schemes of addresses that are in use."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import attrs

from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.shapes import timestamp
from stackverify.sandbox.velstack import shapes
from stackverify.sandbox.velstack.book import Book, Contact, Group, SenderId
from stackverify.sandbox.velstack.knobs import VelstackKnobs

__all__ = ["Act", "find"]

Act: TypeAlias = Callable[[Exchange, Book, VelstackKnobs, int], Reply]
_Fields: TypeAlias = Mapping[str, Any]
_Record = TypeVar("_Record")


def _list_groups(exchange: Exchange, book: Book, knobs: VelstackKnobs, _: int) -> Reply:
    rows = [_group(group, book) for group in book.groups.values()]
    return shapes.listing(rows, exchange, knobs, "Summary")


def _get_group(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, which: int
) -> Reply:
    found = _group(_known(book.groups, which), book)
    return shapes.one("Retrieved.", found, knobs.one_style, "array")


def _create_group(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, _: int
) -> Reply:
    group = Group(book.next_id(), text(exchange.fields, "group_name"))
    book.groups[group.id] = group
    return shapes.one("Created.", _group(group, book), knobs.one_style, "object")


def _rename_group(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, which: int
) -> Reply:
    group = _known(book.groups, which)
    group.name = text(exchange.fields, "group_new_name")
    return shapes.yes("Updated.")


def _delete_group(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, which: int
) -> Reply:
    book.delete_group(_known(book.groups, which).id)
    return shapes.yes("Deleted.")


def _group(group: Group, book: Book) -> dict[str, Any]:
    return {**attrs.asdict(group), "members": len(book.members(group.id))}


def _list_contacts(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, _: int
) -> Reply:
    rows = [_contact(contact, book) for contact in book.contacts.values()]
    return shapes.listing(rows, exchange, knobs, "bare")


def _list_members(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, which: int
) -> Reply:
    members = book.members(_known(book.groups, which).id)
    rows = [_contact(contact, book) for contact in members]
    return shapes.listing(rows, exchange, knobs, "results")


def _create_contact(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, _: int
) -> Reply:
    group = named_group(exchange.fields, book)
    contact = Contact(
        book.next_id(),
        group.id,
        timestamp(exchange.now),
        phone(text(exchange.fields, "phone_number"), "phone_number"),
    )
    _fill_in(contact, exchange.fields)
    book.contacts[contact.id] = contact
    return shapes.one("Created.", _contact(contact, book), knobs.one_style, "object")


def _update_contact(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, which: int
) -> Reply:
    _fill_in(_known(book.contacts, which), exchange.fields)
    return shapes.yes("Updated.")


def _fill_in(contact: Contact, fields: _Fields) -> None:
    if fields.get("phone_number") is not None:
        contact.phone_number = phone(fields["phone_number"], "phone_number")
    for name in ("first_name", "last_name", "email_address"):
        if fields.get(name) is not None:
            setattr(contact, name, text(fields, name))


def _delete_contact(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, which: int
) -> Reply:
    del book.contacts[_known(book.contacts, which).id]
    return shapes.yes("Deleted.")


def _contact(contact: Contact, book: Book) -> dict[str, Any]:
    told = attrs.asdict(contact)
    return {**told, "Group": book.groups[told.pop("group_id")].name}


def _register_sender_id(
    exchange: Exchange, book: Book, knobs: VelstackKnobs, _: int
) -> Reply:
    asked = SenderId(
        book.next_id(),
        text(exchange.fields, "sender_id"),
        text(exchange.fields, "purpose"),
        timestamp(exchange.now),
    )
    book.sender_ids.append(asked)
    told = attrs.asdict(asked)
    told.pop("sender_id")
    return shapes.one("Submitted.", told, knobs.one_style, "array")


def text(fields: _Fields, name: str) -> str:
    """Read a text that must be there."""
    value = fields.get(name)
    if isinstance(value, str) and value.strip():
        return value
    said = f"The {name} field is required and must be a string."
    raise RefusalError(422, "", said, {name: [said]})


def phone(number: object, name: str) -> str:
    """Read a phone number: digits, a plus before them or not."""
    plain = re.sub(r"[ ().\-/]", "", number) if isinstance(number, str) else ""
    if re.fullmatch(r"\+?[0-9]{3,15}", plain):
        return plain
    said = f"The {name} field must be a phone number."
    raise RefusalError(422, "", said, {name: [said]})


def named_group(fields: _Fields, book: Book) -> Group:
    """Find the group that a body names."""
    named = str(fields.get("group_id", ""))
    return _known(book.groups, int(named) if named.isdecimal() else 0)


def _known(records: Mapping[int, _Record], which: int) -> _Record:
    if which in records:
        return records[which]
    raise RefusalError(404, "", "There is no such record.")


_ACTS: Mapping[tuple[str, str], Act] = {
    ("GET", "/group"): _list_groups,
    ("POST", "/group"): _create_group,
    ("GET", "/group/"): _get_group,
    ("PUT", "/group/"): _rename_group,
    ("DELETE", "/group/"): _delete_group,
    ("GET", "/contact"): _list_contacts,
    ("POST", "/contact"): _create_contact,
    ("GET", "/contact/"): _list_members,
    ("PUT", "/contact/"): _update_contact,
    ("DELETE", "/contact/"): _delete_contact,
    ("POST", "/sender/id"): _register_sender_id,
}


def find(method: str, path: str) -> tuple[Act, int]:
    """Find what a request asks for, and the id in its path."""
    head, slash, last = path.rpartition("/")
    if last.isdecimal():
        path = head + slash
    act = _ACTS.get((method, path))
    if act is not None:
        return act, int(last) if last.isdecimal() else 0
    if any(known == path for _, known in _ACTS):
        raise RefusalError(405, "", f"This address does not take {method}.")
    raise RefusalError(404, "", "There is nothing at this address.")
