"""A message and its recipients, before it is sent: checked, counted, kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from stackverify._services.stackverify import calls, checks
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate
from stackverify.models.results import Receipt

if TYPE_CHECKING:
    from stackverify import Client, SendMany

__all__ = ["CHECKS", "Letter", "Message", "unlisted"]

Message: TypeAlias = Sms | Email | WhatsAppTemplate

_KINDS: Mapping[str, type[Message]] = {
    "sms": Sms,
    "email": Email,
    "whatsapp": WhatsAppTemplate,
}
_TITLES = {"sms": "SMS", "email": "Email", "whatsapp": "WhatsApp"}
CHECKS = {"sms": checks.phone, "email": checks.email_address, "whatsapp": checks.phone}
"""What makes sure of a recipient of each channel."""


@attrs.frozen
class Letter:
    """One message to one or more recipients, each of whom gets their own.

    Attributes:
        channel: `sms`, `email` or `whatsapp`.
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

    @classmethod
    def write(
        cls, channel: str, to: tuple[str, ...], fields: Mapping[str, Any]
    ) -> Letter:
        """Make a message of the fields that were given, and check it.

        Raises:
            InvalidInputError: A field cannot be sent.
        """
        message = _KINDS[channel](to[0], **fields)
        letter = cls(channel, message, to)
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

    def send(self, client: Client) -> Receipt:
        """Send it to the first recipient."""
        fields = attrs.asdict(self.message, recurse=False)
        match self.message:
            case Sms():
                return client.sms.send(**fields)
            case Email():
                return client.email.send(**fields)
            case WhatsAppTemplate():
                return client.whatsapp.send_template(**fields)

    def send_to_all(self, client: Client, *, over_budget: bool) -> SendMany[Any]:
        """Send it to each recipient on their own, paced."""
        service = getattr(client, self.channel)
        rows = [attrs.evolve(self.message, to=to) for to in self.to]
        sends: SendMany[Any] = service.send_many(rows, over_budget=over_budget)
        return sends

    def fields(self) -> dict[str, Any]:
        """Give the fields that were filled in, the recipient apart, as JSON can."""
        filled = attrs.asdict(
            self.message,
            recurse=False,
            filter=lambda field, value: field.name != "to" and bool(value),
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
