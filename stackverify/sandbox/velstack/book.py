"""Groups, contacts and sender IDs of an account."""

from itertools import count

import attrs

__all__ = ["Book", "Contact", "Group", "SenderId"]


@attrs.define
class Group:
    """A group of contacts."""

    id: int
    name: str


@attrs.define
class Contact:
    """Somebody in a group."""

    id: int
    group_id: int
    added_date: str
    phone_number: str = attrs.field(repr=False)
    first_name: str | None = attrs.field(default=None, repr=False)
    last_name: str | None = attrs.field(default=None, repr=False)
    email_address: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class SenderId:
    """A sender ID that was asked for."""

    id: int
    sender_id: str
    purpose: str
    date: str
    status: str = "pending"


class Book:
    """What an account keeps; test mode and live mode have one each.

    Attributes:
        groups: By id.
        contacts: By id.
        sender_ids: In the order they were asked for.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.groups: dict[int, Group] = {}
        self.contacts: dict[int, Contact] = {}
        self.sender_ids: list[SenderId] = []
        self._ids = count(1)

    def next_id(self) -> int:
        """Give an id that nothing has."""
        return next(self._ids)

    def members(self, group_id: int) -> list[Contact]:
        """List who is in a group."""
        return [one for one in self.contacts.values() if one.group_id == group_id]

    def delete_group(self, group_id: int) -> None:
        """Forget a group, and who is in it."""
        del self.groups[group_id]
        for contact in self.members(group_id):
            del self.contacts[contact.id]
