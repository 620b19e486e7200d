"""What is wrong with a single value of a request, in words, or None."""

import base64
import binascii
import ipaddress
import json
import math
import re
from datetime import UTC, datetime, time
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

__all__ = [
    "EMAIL",
    "email_address",
    "HEADER",
    "header_name",
    "http_url",
    "is_loopback",
    "json_object",
    "LANGUAGE",
    "language",
    "moment",
    "ONE_LINE",
    "one_line",
    "PHONE",
    "phone_number",
    "POSITION",
    "position",
    "size_of_base64",
]

# At least five digits: real example numbers such as +989601 have six.
PHONE: Final = re.compile(r"\+[1-9][0-9]{4,14}")
# Written out, for not all that read a pattern mean the same by \s.
_BLANK: Final = (
    r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
EMAIL: Final = re.compile(
    rf'[^@{_BLANK}<>,;:"()\[\]]+@[^@{_BLANK}<>,;:"()\[\].]+(\.[^@{_BLANK}.]+)+'
)
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
POSITION: Final = re.compile(r"[1-9][0-9]{0,2}")
HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
ONE_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]*")


def phone_number(value: str) -> str | None:
    """Complain unless it is a number in E.164 format."""
    if PHONE.fullmatch(value):
        return None
    return "must be a phone number in E.164 format: + and 5 to 15 digits"


def email_address(value: str) -> str | None:
    """Complain unless it is an email address, and nothing around it."""
    if len(value) <= 254 and EMAIL.fullmatch(value):
        return None
    return "must be an email address"


def http_url(value: str) -> str | None:
    """Complain unless it is the URL of something on the web."""
    complaint = "must be an http:// or https:// URL"
    if not ONE_LINE.fullmatch(value) or len(value) > 2048:
        return complaint
    try:
        parts = urlsplit(value)
    except ValueError:
        return complaint
    is_web = parts.scheme in ("http", "https") and parts.hostname
    return None if is_web else complaint


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def language(value: str) -> str | None:
    """Complain unless it looks like a BCP-47 language code."""
    if LANGUAGE.fullmatch(value):
        return None
    return "must be a BCP-47 language code, such as en, sw or fr"


def position(value: str) -> str | None:
    """Complain unless it is the position of a placeholder."""
    if POSITION.fullmatch(value):
        return None
    return 'must be the position of a placeholder, such as "1"'


def header_name(value: str) -> str | None:
    """Complain unless it can be the name of a header."""
    return None if HEADER.fullmatch(value) else "must be a header name"


def one_line(value: str) -> str | None:
    """Complain about line ends and other control characters."""
    if not ONE_LINE.fullmatch(value):
        return "must not contain line breaks or control characters"
    return None


# Later moments cannot all be told in every zone.
_LAST_YEAR: Final = 9000


def moment(value: str, *, day_ends: bool = False) -> float | None:
    """Read an ISO-8601 date or time as seconds since 1970, or None.

    A time without an offset is taken as UTC, a day as its first moment, or its
    last where `day_ends` (both assumed; the reference does not say).
    """
    try:
        read = datetime.fromisoformat(value)
        if day_ends and len(value) <= len("2026-01-31"):
            read = datetime.combine(read, time.max)
        at = read if read.tzinfo else read.replace(tzinfo=UTC)
        return at.timestamp() if at.year < _LAST_YEAR else None
    except (ValueError, OverflowError):
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError("a number too large")
    return number


_JSON: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def json_object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object in UTF-8, or None where it is none."""
    try:
        read = _JSON.decode(body.decode())
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def size_of_base64(value: str) -> int | None:
    """Say how many bytes the text stands for, or None where it is no base64."""
    try:
        return len(base64.b64decode(value, validate=True))
    except (ValueError, binascii.Error):
        return None
