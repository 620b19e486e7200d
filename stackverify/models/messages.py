"""The messages a user sends, as plain values.

They are not checked when made but when sent, so that a bad row in a generator
costs that row and not the generator.
"""

from __future__ import annotations

import datetime as dt
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from stackverify.masking import mask_recipient, mask_text, mask_values

__all__ = ["Attachment", "Email", "Sms", "WhatsAppTemplate", "When"]

When: TypeAlias = dt.datetime | str
"""A moment: an aware `datetime`, or ISO-8601 text."""


@attrs.frozen(kw_only=True)
class _Extra:
    """What the reference may grow: fields added to the body as they are."""

    extra: Mapping[str, Any] | None = attrs.field(default=None, repr=mask_values)


@attrs.frozen
class Sms(_Extra):
    """A text message to one recipient.

    Attributes:
        to: The recipient's number in E.164, such as `+254712345678`.
        text: Up to 1,600 characters.
        sender_id: The name or number to show; the workspace's own if `None`.
        callback_url: Where delivery reports for this message go.
        scheduled_at: When to send it.
        extra: Further fields for the body, as they are.
    """

    to: str = attrs.field(repr=mask_recipient)
    text: str = attrs.field(repr=mask_text)
    sender_id: str | None = attrs.field(default=None, kw_only=True, repr=mask_text)
    callback_url: str | None = attrs.field(default=None, kw_only=True, repr=mask_text)
    scheduled_at: When | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Attachment:
    """A file that goes with an email.

    Attributes:
        name: The file name the recipient sees.
        content: The bytes, or the path they are read from while sending.
        media_type: Such as `application/pdf`.
    """

    name: str
    content: bytes | Path = attrs.field(repr=mask_text)
    media_type: str = "application/octet-stream"

    @classmethod
    def from_path(
        cls, path: str | Path, *, name: str | None = None, media_type: str | None = None
    ) -> Attachment:
        """Attach a file; it is read while it is sent, a piece at a time."""
        path = Path(path)
        guessed = media_type or mimetypes.guess_type(name or path.name)[0]
        return cls(name or path.name, path, guessed or "application/octet-stream")


@attrs.frozen
class Email(_Extra):
    """An email to one recipient, or to several who may see each other.

    Attributes:
        to: One address, or a sequence of them.
        subject: The subject line.
        html: The HTML body; it or `text` is needed.
        text: The plain-text body.
        from_name: The sender's name; the workspace's own if `None`.
        from_email: The sender's address, of a verified domain.
        reply_to: Where answers go.
        attachments: Files that go with it.
        headers: Custom header fields.
        scheduled_at: When to send it.
        extra: Further fields for the body, as they are.
    """

    to: str | Sequence[str] = attrs.field(repr=mask_recipient)
    subject: str = attrs.field(kw_only=True, repr=mask_text)
    html: str | None = attrs.field(default=None, kw_only=True, repr=mask_text)
    text: str | None = attrs.field(default=None, kw_only=True, repr=mask_text)
    from_name: str | None = attrs.field(default=None, kw_only=True, repr=mask_text)
    from_email: str | None = attrs.field(
        default=None, kw_only=True, repr=mask_recipient
    )
    reply_to: str | None = attrs.field(default=None, kw_only=True, repr=mask_recipient)
    attachments: Sequence[Attachment] = attrs.field(default=(), kw_only=True)
    headers: Mapping[str, str] | None = attrs.field(
        default=None, kw_only=True, repr=mask_values
    )
    scheduled_at: When | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class WhatsAppTemplate(_Extra):
    """An approved template, filled in for one recipient.

    Attributes:
        to: The recipient's number in E.164.
        name: The approved template's name.
        language: A BCP-47 code, such as `en`, `sw`, `pt-BR`.
        variables: Values by placeholder position: `{"1": "Joan"}`.
        header_media_url: The image or video of a media header.
        extra: Further fields for the body, as they are.
    """

    to: str = attrs.field(repr=mask_recipient)
    name: str
    language: str
    variables: Mapping[str, str] | None = attrs.field(
        default=None, kw_only=True, repr=mask_values
    )
    header_media_url: str | None = attrs.field(
        default=None, kw_only=True, repr=mask_text
    )
