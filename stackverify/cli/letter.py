"""A message and its recipients, before it is sent: checked, counted, kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import attrs

from stackverify._services.stackverify import calls, checks
from stackverify._services.velstack import calls as velstack_calls
from stackverify._services.velstack import checks as velstack_checks
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate
from stackverify.models.results import Receipt
from stackverify.models.velstack import QuickSms

if TYPE_CHECKING:
    from stackverify import Client, SendMany
    from stackverify.velstack import Velstack

__all__ = ["addressed", "CHECKS", "Letter", "Message", "unlisted"]

Message: TypeAlias = Sms | Email | WhatsAppTemplate | QuickSms

_KINDS: Mapping[str, type[Message]] = {
    "sms": Sms,
    "email": Email,
    "whatsapp": WhatsAppTemplate,
    "velstack": QuickSms,
}
_TITLES = {"sms": "SMS", "email": "Email", "whatsapp": "WhatsApp", "velstack": "SMS"}
_RECIPIENT = ("to", "recipient")
CHECKS = {
    "sms": checks.phone,
    "email": checks.email_address,
    "whatsapp": checks.phone,
    "velstack": velstack_checks.number,
}
"""What makes sure of a recipient of each channel."""


def addressed(channel: str, to: str, fields: Mapping[str, Any]) -> Message:
    """Make a message of its recipient and the other fields that were given."""
    recipient = "recipient" if channel == "velstack" else "to"
    return _KINDS[channel](**{**fields, recipient: to})


@attrs.frozen
class Letter:
    """One message to one or more recipients, each of whom gets their own.

    Attributes:
        channel: `sms`, `email`, `whatsapp` or, an SMS too, `velstack`.
        message: The message; its recipient is the first.
        to: All recipients.
    """

    channel: str
    message: Message
    to: tuple[str, ...] = attrs.field(repr=lambda to: f"<{len(to)} recipients>")

    @property
    def title(self) -> str:
        """Name the channel as people do."""
        return _TITLES[self.channel]

    @property
    def command(self) -> str:
        """Name the command of `send` that it is for."""
        return "sms" if self.channel == "velstack" else self.channel

    @classmethod
    def write(
        cls, channel: str, to: tuple[str, ...], fields: Mapping[str, Any]
    ) -> Letter:
        """Make a message of the fields that were given, and check it.

        Raises:
            InvalidInputError: A field cannot be sent.
        """
        letter = cls(channel, addressed(channel, to[0], fields), to)
        letter.check()
        return letter

    def check(self) -> None:
        """Make sure of every field, as sending it would.

        Raises:
            InvalidInputError: One cannot be sent.
        """
        match self.message:
            case Sms():
                calls.send_sms(self.message.to, self.message)
            case Email():
                calls.send_email(self.message)
            case WhatsAppTemplate():
                calls.send_template(self.message)
            case QuickSms():
                velstack_calls.send_sms(self.message)

    def send(self, service: Client | Velstack) -> Receipt:
        """Send it to the first recipient."""
        if isinstance(self.message, QuickSms):
            velstack, sms = cast("Velstack", service), self.message
            return velstack.sms.send(
                sms.sender, sms.recipient, sms.message, title=sms.title
            )
        client = cast("Client", service)
        fields = attrs.asdict(self.message, recurse=False)
        match self.message:
            case Sms():
                return client.sms.send(**fields)
            case Email():
                return client.email.send(**fields)
            case WhatsAppTemplate():
                return client.whatsapp.send_template(**fields)

    def send_to_all(
        self, service: Client | Velstack, *, over_budget: bool
    ) -> SendMany[Any]:
        """Send it to each recipient on their own, paced."""
        if isinstance(self.message, QuickSms):
            velstack, sms = cast("Velstack", service), self.message
            texts = [attrs.evolve(sms, recipient=to) for to in self.to]
            return velstack.sms.send_many(texts)
        rows = [attrs.evolve(self.message, to=to) for to in self.to]
        resource = getattr(service, self.channel)
        sends: SendMany[Any] = resource.send_many(rows, over_budget=over_budget)
        return sends

    def fields(self) -> dict[str, Any]:
        """Give the fields that were filled in, the recipient apart, as JSON can."""
        filled = attrs.asdict(
            self.message,
            recurse=False,
            filter=lambda field, value: field.name not in _RECIPIENT and bool(value),
        )
        if attached := filled.get("attachments"):
            filled["attachments"] = [_listed(one) for one in attached]
        return filled


def _listed(attachment: Attachment) -> dict[str, str]:
    return {
        "name": attachment.name,
        "path": str(Path(str(attachment.content)).absolute()),
        "media_type": attachment.media_type,
    }


def unlisted(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Read fields that `Letter.fields` gave."""
    attached = [
        Attachment.from_path(
            one["path"], name=one["name"], media_type=one["media_type"]
        )
        for one in fields.get("attachments", ())
    ]
    return {**fields, "attachments": attached} if attached else dict(fields)
