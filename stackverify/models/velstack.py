"""What is sent to Velstack, and what it tells, as plain values."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import attrs

from stackverify.masking import mask_recipient, mask_text, mask_values
from stackverify.models.results import Receipt

__all__ = [
    "Contact",
    "Group",
    "Mode",
    "QuickSms",
    "SenderId",
    "SmsReceipt",
    "VelstackApi",
]


def _how_many(values: Sequence[Any]) -> str:
    return f"<{len(values)}>"


class VelstackApi(enum.Enum):
    """Which addresses a quick SMS goes to: two are in public use."""

    SITE = "site"
    """`https://api.velstack.com/v/sms/quick`, as the vendor's site has it."""
    OLDER = "older"
    """`https://sms.velstack.com/api/quick/sms`, as the vendor's own clients have it
    (assumed). All else is known below that base only."""


@attrs.frozen
class Mode:
    """What a key says of itself by its first letters.

    Attributes:
        environment: `test` delivers nothing, `live` does; `None` if it does not say.
        access: `secret` may do everything, `public` may start campaigns; `None` if
            it does not say.
    """

    environment: Literal["test", "live"] | None
    access: Literal["secret", "public"] | None


@attrs.frozen
class QuickSms:
    """A text to one number, or the same text to several.

    Attributes:
        sender: The sender ID to show.
        recipient: The number, local or international, or a sequence of numbers.
        message: The text.
        title: What the dashboard calls it.
        extra: Further fields for the body, as they are.
    """

    sender: str = attrs.field(repr=mask_text)
    recipient: str | Sequence[str] = attrs.field(repr=mask_recipient)
    message: str = attrs.field(repr=mask_text)
    title: str | None = attrs.field(default=None, kw_only=True, repr=mask_text)
    extra: Mapping[str, Any] | None = attrs.field(
        default=None, kw_only=True, repr=mask_values
    )

    @property
    def to(self) -> str | Sequence[str]:
        """The recipient, by the name that other messages have for it."""
        return self.recipient

    @property
    def text(self) -> str:
        """The text, by the name that other messages have for it."""
        return self.message


@attrs.frozen
class SmsReceipt(Receipt):
    """Velstack took an SMS.

    Each field but `reply` is assumed: it may be `None`, or empty.

    Attributes:
        message_id: Its id, one for all recipients.
        kind: What Velstack calls it: `Quick SMS`, `Group SMS`.
        text: The text, if repeated.
        sender: The sender ID shown.
        total_contacts: How many recipients it counted.
        recipients: Their numbers, as Velstack writes them.
        credit_used: What it cost.
        credit_left: What is left.
        status: The service has no word for it: `None`.
        results: The service does not tell recipients apart: empty.
        reply: The reply as it came.
    """

    kind: str | None = None
    text: str | None = attrs.field(default=None, repr=mask_text)
    sender: str | None = attrs.field(default=None, repr=mask_text)
    total_contacts: int | None = None
    recipients: tuple[str, ...] = attrs.field(default=(), repr=_how_many)
    credit_used: Decimal | None = None
    credit_left: Decimal | None = None


@attrs.frozen
class Group:
    """A group of contacts.

    Attributes:
        id: Its id, as text whatever the service writes.
        name: Its name.
        members: How many contacts are in it.
        raw: Every field, known or not.
    """

    id: str
    name: str | None = None
    members: int | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Contact:
    """Somebody in a group.

    Attributes:
        id: Its id, as text whatever the service writes.
        phone_number: As the service writes it.
        first_name: The first name.
        last_name: The last name.
        email_address: The address.
        group: The name of the group.
        added_date: When it was added, in the service's own words.
        raw: Every field, known or not.
    """

    id: str
    phone_number: str | None = attrs.field(default=None, repr=mask_recipient)
    first_name: str | None = attrs.field(default=None, repr=mask_text)
    last_name: str | None = attrs.field(default=None, repr=mask_text)
    email_address: str | None = attrs.field(default=None, repr=mask_recipient)
    group: str | None = attrs.field(default=None, repr=mask_text)
    added_date: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class SenderId:
    """A sender ID that was asked for.

    Attributes:
        id: The id of the request, as text whatever the service writes.
        purpose: What it is for.
        status: The service's word: `pending` at first.
        date: When it was asked for, in the service's own words.
        raw: Every field, known or not.
    """

    id: str | None = None
    purpose: str | None = attrs.field(default=None, repr=mask_text)
    status: str | None = None
    date: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
