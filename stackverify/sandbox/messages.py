"""Messages as the pretend service received them."""

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from stackverify.sandbox.channel import Channel
from stackverify.sandbox.traffic import Record

__all__ = [
    "Attachment",
    "Channel",
    "Content",
    "Draft",
    "Email",
    "Ending",
    "Message",
    "Sms",
    "Template",
]


@attrs.frozen
class Sms:
    """What an SMS said."""

    text: str = attrs.field(repr=False)
    sender_id: str | None = None
    callback_url: str | None = None
    template_id: str | None = None


@attrs.frozen
class Attachment:
    """A file that came with an email; its bytes are in the message's `raw`."""

    name: str | None
    media_type: str | None
    size: int


@attrs.frozen
class Email:
    """What an email said."""

    subject: str = attrs.field(repr=False)
    html: str | None = attrs.field(default=None, repr=False)
    plain: str | None = attrs.field(default=None, repr=False)
    from_name: str | None = None
    from_email: str | None = attrs.field(default=None, repr=False)
    reply_to: str | None = attrs.field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def text(self) -> str:
        """Give the plain text, or the HTML where there is none."""
        return self.plain or self.html or ""


@attrs.frozen
class Template:
    """Which WhatsApp template was asked for."""

    name: str
    language: str
    variables: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    header_media_url: str | None = None

    @property
    def text(self) -> str:
        """Give the variables in the order of their positions."""
        ordered = sorted(self.variables.items(), key=lambda item: int(item[0]))
        return " ".join(value for _, value in ordered)


Content: TypeAlias = Sms | Email | Template


@attrs.frozen
class Ending:
    """The last status a message will have, and why where it is a bad one."""

    status: str
    error_message: str | None = None


@attrs.frozen
class Draft:
    """A send that was checked, and is not yet accepted."""

    channel: Channel
    recipients: tuple[str | None, ...] = attrs.field(repr=False)
    """One for each asked for; None where that one alone was refused."""
    content: Content
    is_array: bool = False
    scheduled_at: str | None = None
    due_at: float | None = None
    complaints: Mapping[int, str] = attrs.field(factory=dict)


@attrs.frozen
class Message:
    """One message to one recipient, as accepted; `status` as of when it was asked."""

    message_id: str
    channel: Channel
    to: str = attrs.field(repr=False)
    content: Content
    workspace: str
    accepted_at: float
    due_at: float
    scheduled_at: str | None
    request: Record = attrs.field(repr=False)
    """The request it came in, and the answer."""
    ending: Ending
    """How it will end, if the timetable is left to run."""
    status: str = "queued"
    error_message: str | None = None

    @property
    def raw(self) -> bytes:
        """Give the body of the request, as it came."""
        return self.request.body

    @property
    def text(self) -> str:
        """Give what a person would read of it."""
        return self.content.text
