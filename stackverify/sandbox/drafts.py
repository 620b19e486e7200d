"""Request bodies in, checked drafts or refusals out."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from stackverify.sandbox import checks
from stackverify.sandbox.exchange import RefusalError
from stackverify.sandbox.knobs import Templates
from stackverify.sandbox.messages import Attachment, Draft, Email, Sms, Template

__all__ = ["content_of_attachment", "email_draft", "sms_draft", "template_draft"]

_Check: TypeAlias = Callable[[str], str | None]

_CONTENTS = ("content", "data")
_FILE_NAMES = ("filename", "name")
_MEDIA_TYPES = ("content_type", "contentType", "mime_type", "type")


class _Reading:
    """A body being read; complaints gather, so that all are told at once."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.missing: list[str] = []
        self.errors: dict[str, list[str]] = {}

    def complain(self, field: str, complaint: str) -> None:
        self.errors.setdefault(field, []).append(complaint)

    def is_given(self, field: str) -> bool:
        return self.body.get(field) is not None

    def require(self, field: str) -> bool:
        if not self.is_given(field):
            self.missing.append(field)
        return self.is_given(field)

    def text(
        self, field: str, *, longest: int = 2048, check: _Check | None = None
    ) -> str | None:
        """Read a text that may be left out, but not be empty."""
        value = self.body.get(field)
        if value is None:
            return None
        if complaint := _about_text(value, longest) or (check and check(value)):
            self.complain(field, complaint)
            return None
        return str(value)

    def required(
        self, field: str, *, longest: int = 2048, check: _Check | None = None
    ) -> str:
        """Read a text that must be there."""
        self.require(field)
        return self.text(field, longest=longest, check=check) or ""

    def mapping(self, field: str, about: Callable[[str, str], str | None]) -> Any:
        """Read an object whose values are texts."""
        value = self.body.get(field)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.complain(field, "must be an object")
            return {}
        for name, held in value.items():
            is_text = isinstance(held, str)
            if complaint := about(name, held) if is_text else "must be a string":
                self.complain(f"{field}.{name}", complaint)
        return value

    def scheduled(self, field: str) -> tuple[str | None, float | None]:
        """Read when to send, as it was written and as seconds since 1970."""
        written = self.text(field, longest=64)
        if written is None:
            return None, None
        at = checks.moment(written)
        if at is None:
            self.complain(field, "must be an ISO-8601 date and time")
        return written, at

    def finish(self) -> None:
        """Refuse where anything was missing or wrong."""
        if self.missing:
            names = ", ".join(self.missing)
            raise RefusalError(400, "missing_parameter", f"Missing parameter: {names}.")
        if self.errors:
            raise RefusalError(
                422, "validation_error", "Validation failed.", self.errors
            )


def _about_text(value: object, longest: int) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if not value:
        return "must not be empty"
    if len(value) > longest:
        return f"must not be longer than {longest} characters"
    return None


def _recipients(reading: _Reading, field: str, check: _Check) -> dict[int, str]:
    """Check every recipient; give the complaints by place in the array."""
    if not reading.require(field):
        return {}
    value = reading.body[field]
    if isinstance(value, list):
        if not value:
            reading.complain(field, "must name at least one recipient")
        return {
            place: complaint
            for place, one in enumerate(value)
            if (complaint := _about_text(one, 320) or check(one))
        }
    if complaint := _about_text(value, 320) or check(value):
        reading.complain(field, complaint)
    return {}


def _settle_recipients(
    reading: _Reading, field: str, complaints: Mapping[int, str], *, atomic: bool
) -> tuple[str | None, ...]:
    """Refuse bad recipients together with all, or leave holes for them."""
    value = reading.body.get(field)
    asked: Sequence[Any] = value if isinstance(value, list) else [value]
    if atomic or len(complaints) == len(asked):
        for place, complaint in complaints.items():
            reading.complain(f"{field}.{place}", complaint)
    reading.finish()
    return tuple(None if at in complaints else one for at, one in enumerate(asked))


def sms_draft(body: Mapping[str, Any], *, atomic: bool) -> Draft:
    """Read the body of an SMS send, in either of its two forms.

    The reference has `to` and `message`, the vendor's Node clients `recipients`
    (always an array) and `body`, with `scheduleAt` and `templateId`.
    """
    reading = _Reading(body)
    is_node = "recipients" in body and "to" not in body
    to, said, when = (
        ("recipients", "body", "scheduleAt")
        if is_node
        else ("to", "message", "scheduled_at")
    )
    if "recipients" in body and "to" in body:
        reading.complain("recipients", "must not be sent together with to")
    if is_node and isinstance(body["recipients"], str):
        reading.complain("recipients", "must be an array")
    complaints = _recipients(reading, to, checks.phone_number)
    template = reading.text("templateId", longest=100)
    if template is None:
        reading.require(said)
    content = Sms(
        text=reading.text(said, longest=1600) or "",
        sender_id=reading.text("sender_id", longest=50, check=checks.one_line),
        callback_url=reading.text("callback_url", check=checks.http_url),
        template_id=template,
    )
    written, at = reading.scheduled(when)
    recipients = _settle_recipients(reading, to, complaints, atomic=atomic)
    # The Node clients have no other way to name one recipient, and look for its id
    # where that of a single send stands.
    is_array = len(recipients) > 1 if is_node else isinstance(body[to], list)
    return Draft("sms", recipients, content, is_array, written, at, complaints)


def email_draft(body: Mapping[str, Any], *, atomic: bool) -> Draft:
    """Read the body of an email send."""
    reading = _Reading(body)
    complaints = _recipients(reading, "to", checks.email_address)
    if not reading.is_given("html") and not reading.is_given("text"):
        reading.missing.append("html or text")
    content = Email(
        subject=reading.required("subject", longest=998, check=checks.one_line),
        html=reading.text("html", longest=10_000_000),
        plain=reading.text("text", longest=10_000_000),
        from_name=reading.text("from_name", longest=200, check=checks.one_line),
        from_email=reading.text("from_email", check=checks.email_address),
        reply_to=reading.text("reply_to", check=checks.email_address),
        attachments=tuple(_attachments(reading)),
        headers=reading.mapping("headers", _about_header),
    )
    written, at = reading.scheduled("scheduled_at")
    recipients = _settle_recipients(reading, "to", complaints, atomic=atomic)
    is_array = isinstance(body["to"], list)
    return Draft("email", recipients, content, is_array, written, at, complaints)


def _about_header(name: str, value: str) -> str | None:
    return checks.header_name(name) or checks.one_line(value)


def _attachments(reading: _Reading) -> list[Attachment]:
    value = reading.body.get("attachments")
    if value is None:
        return []
    if not isinstance(value, list):
        reading.complain("attachments", "must be an array")
        return []
    read = [_attachment(reading, f"attachments.{at}", a) for at, a in enumerate(value)]
    return [attachment for attachment in read if attachment]


def _attachment(reading: _Reading, place: str, value: object) -> Attachment | None:
    """Read one file: base64, or an object around it.

    The shape of an element is undocumented; these are the names in use.
    """
    held = _held(value)
    encoded = _first(held, *_CONTENTS)
    size = checks.size_of_base64(encoded) if isinstance(encoded, str) else None
    if size is None:
        reading.complain(place, "must hold its content as base64")
        return None
    for named in (held.get(name) for name in (*_FILE_NAMES, *_MEDIA_TYPES)):
        if named is not None and (
            why := _about_text(named, 255) or checks.one_line(named)
        ):
            reading.complain(place, f"name and type {why}")
            return None
    return Attachment(_first(held, *_FILE_NAMES), _first(held, *_MEDIA_TYPES), size)


def _held(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"content": value}


def content_of_attachment(body: bytes, place: int) -> tuple[str | None, bytes]:
    """Give the name and the bytes of one of the files in the body of an email send.

    Raises:
        LookupError: There is no such file.
    """
    given = json.loads(body).get("attachments") or []
    if not 0 <= place < len(given):
        raise LookupError(f"there is no attachment {place}")
    held = _held(given[place])
    return _first(held, *_FILE_NAMES), base64.b64decode(_first(held, *_CONTENTS))


def _first(held: Mapping[str, Any], *names: str) -> Any:
    return next((held[name] for name in names if held.get(name) is not None), None)


def template_draft(body: Mapping[str, Any], *, templates: Templates) -> Draft:
    """Read the body of a WhatsApp send; its template must be in the catalogue."""
    reading = _Reading(body)
    to = reading.required("to", check=checks.phone_number)
    content = Template(
        name=reading.required("template_name", longest=512),
        language=reading.required("language", longest=35, check=checks.language),
        variables=reading.mapping("variables", _about_variable),
        header_media_url=reading.text("header_media_url", check=checks.http_url),
    )
    if content.name and content.name not in templates:
        reading.complain("template_name", "must name an approved template")
    elif content.language and content.language not in templates.get(content.name, ()):
        reading.complain("language", "must be one the template is approved in")
    reading.finish()
    return Draft("whatsapp", (to,), content)


def _about_variable(name: str, value: str) -> str | None:
    return checks.position(name)
