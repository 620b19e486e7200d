"""Checks made before anything is sent: the field, the value's shape, the remedy.

The values themselves are never shown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from stackverify._core.checks import each, refuse, shape, single_line, text
from stackverify.masking import mask_text
from stackverify.models.messages import Attachment

__all__ = [
    "attachments",
    "email_address",
    "email_recipients",
    "header_fields",
    "language",
    "message_id",
    "moment",
    "page_number",
    "page_size",
    "phone",
    "phones",
    "single_line",
    "text",
    "variables",
    "web_address",
]

# E.164: a country code that does not start with 0, fifteen digits at most. The
# plan sets no least length; the shortest numbers in use have five digits.
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")
_OF_A_SPREADSHEET = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:[eE]\+?[0-9]+)|[0-9]+\.0")
_EMAIL = re.compile(
    r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)*"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._~:@=+$!*'(),;|\-]{1,256}")
_POSITION = re.compile(r"[1-9][0-9]{0,3}")
_MOMENT = re.compile(r"[0-9TtZzW:+\-., ]+")
_MEDIA_TYPE = re.compile(r"[\w.+\-]+/[\w.+\-]+(?:\s*;.*)?", re.ASCII)


def phone(field: str, value: object) -> str:
    """Check a phone number: E.164, as in `+254712345678`."""
    if not isinstance(value, str) or not _E164.fullmatch(value):
        refuse(
            field,
            f"is {shape(value)} that is no E.164 number{_phone_hint(value)}"
            if isinstance(value, str)
            else f"is {shape(value)}",
            "write + and country code and number, 15 digits at most, nothing "
            "between them, as in +254712345678",
        )
    return value


def _phone_hint(value: str) -> str:
    if _OF_A_SPREADSHEET.fullmatch(value):
        return " (a spreadsheet made a number of it: have the column as text)"
    if not value.isprintable() or value != value.strip():
        return " (a space or something invisible in it)"
    if not value.startswith("+"):
        return " (no + at its start)"
    if re.search(r"[^0-9+]", value):
        return " (something other than digits in it)"
    return " (leading zero, or too many or too few digits)"


def phones(field: str, value: object) -> list[str]:
    """Check one phone number or a sequence of them."""
    return [phone(where, item) for where, item in each(field, value)]


def email_address(field: str, value: object) -> str:
    """Check the shape of an email address; a server decides whether it exists."""
    if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
        refuse(field, f"is {shape(value)}, no address", "write it as name@example.org")
    return single_line(field, value)


def email_recipients(field: str, value: object) -> list[str]:
    """Check one address or a sequence of them."""
    return [email_address(where, item) for where, item in each(field, value)]


def web_address(field: str, value: object) -> str:
    """Check a URL that the service is to call or fetch."""
    line = single_line(field, value)
    try:
        parts = urlsplit(line)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good or " " in line:
        refuse(field, f"is {shape(value)}, no URL", "write it as https://host/path")
    return line


def moment(field: str, value: object) -> str:
    """Check a moment: an aware `datetime`, or ISO-8601 text; give it as text."""
    if isinstance(value, dt.datetime):
        if value.utcoffset() is None:
            refuse(
                field,
                "is a datetime without a time zone",
                "make it aware: datetime(..., tzinfo=timezone.utc)",
            )
        return value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if not isinstance(value, str) or not _is_iso(value):
        refuse(
            field,
            f"is {shape(value)}, no moment",
            "give an aware datetime, or ISO-8601 text such as 2026-12-03T14:30:00Z",
        )
    return value


def _is_iso(value: str) -> bool:
    # Python takes any character between date and time.
    if not _MOMENT.fullmatch(value):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def message_id(value: object) -> str:
    """Check a message id, and encode it as one segment of a path."""
    is_id = isinstance(value, str) and _MESSAGE_ID.fullmatch(value)
    if not is_id or not isinstance(value, str) or not value.strip("."):
        refuse(
            "message_id",
            f"is {shape(value)} that cannot be an id",
            "give the message_id of a receipt as it came, without slashes or spaces",
        )
    return quote(value, safe="")


def page_number(value: object) -> int:
    """Check the number of a page: from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        refuse("page", "is no page number", "give an int from 1")
    return value


def page_size(value: object) -> int:
    """Check the size of a page: 1 to 100."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100:
        refuse("page_size", "is out of range", "give an int from 1 to 100")
    return value


def language(value: object) -> str:
    """Check a BCP-47 language code."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        refuse("language", f"is {shape(value)}", "give a code such as en, sw, pt-BR")
    return value


def variables(field: str, value: object) -> dict[str, str]:
    """Check template variables: texts by the position of their placeholder."""
    if not isinstance(value, Mapping):
        refuse(field, f"is {shape(value)}", 'give a mapping: {"1": "Joan"}')
    for key in value:
        if not isinstance(key, str) or not _POSITION.fullmatch(key):
            refuse(
                field,
                f"has a key {mask_text(key)} that is no position",
                'use "1", "2", … in the order of the placeholders',
            )
    return {key: text(f"{field}[{key}]", item) for key, item in value.items()}


def header_fields(field: str, value: object) -> dict[str, str]:
    """Check custom email headers: no line break can add a header of its own."""
    if not isinstance(value, Mapping):
        refuse(field, f"is {shape(value)}", "give a mapping of names to texts")
    for name in value:
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            refuse(field, "has a name that is no header name", "use A-Z, 0-9 and -")
    return {name: single_line(f"{field}[{name}]", item) for name, item in value.items()}


def attachments(value: object) -> list[Attachment]:
    """Check attachments: each has a name, a type, and bytes or a path."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        refuse("attachments", f"is {shape(value)}", "give a list of Attachment")
    for index, item in enumerate(value):
        field = f"attachments[{index}]"
        if not isinstance(item, Attachment):
            refuse(field, f"is {shape(item)}", "use Attachment or its from_path()")
        _file_name(f"{field}.name", item.name)
        if not _MEDIA_TYPE.fullmatch(str(item.media_type)):
            refuse(f"{field}.media_type", "is no media type", "write it as text/csv")
        single_line(f"{field}.media_type", item.media_type)
        _content(f"{field}.content", item.content)
    return list(value)


def _file_name(field: str, value: object) -> None:
    name = single_line(field, value)
    if "/" in name or "\\" in name or name in {".", ".."}:
        refuse(field, "is a path", "give the bare file name")


def _content(field: str, value: object) -> None:
    if isinstance(value, (bytes, bytearray, memoryview)) or hasattr(
        value, "__fspath__"
    ):
        return
    refuse(field, f"is {shape(value)}", "give bytes, or a path")
