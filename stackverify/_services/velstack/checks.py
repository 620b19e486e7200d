"""Checks made before anything is sent to Velstack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from stackverify._core.checks import each, refuse, shape, single_line

__all__ = ["identifier", "number", "numbers", "recipients"]

# Local numbers are usual (`0205550368`), so this is no E.164 check: it finds texts,
# names and addresses that stand where a number should.
_NUMBER = re.compile(r"\+?[0-9][0-9 ().\-/]{1,30}[0-9]")
_ID = re.compile(r"[A-Za-z0-9._~\-]{1,128}")


def recipients(field: str, value: object) -> str | list[str]:
    """Check the numbers of a send: one, several, or several with commas between."""
    if isinstance(value, str):
        numbers(field, value)
        return value
    return [number(where, item) for where, item in each(field, value)]


def numbers(field: str, value: str | Sequence[str]) -> list[str]:
    """List the numbers of a send."""
    if isinstance(value, str):
        return [number(field, part.strip()) for part in value.split(",")]
    return list(value)


def number(field: str, value: object) -> str:
    """Check a phone number, local or international."""
    if not isinstance(value, str):
        refuse(field, f"is {shape(value)}", "give the number as a str")
    if not _NUMBER.fullmatch(value):
        refuse(
            field,
            f"is {shape(value)} that is no phone number",
            "write digits, as in 0201234567 or +233201234567",
        )
    return value


def identifier(field: str, value: object) -> str:
    """Check an id, and encode it as one segment of a path."""
    written = str(value) if type(value) is int else value
    line = single_line(field, written)
    if not _ID.fullmatch(line) or not line.strip("."):
        refuse(
            field,
            f"is {shape(value)} that cannot be an id",
            "give the id as it came, without slashes or spaces",
        )
    return quote(line, safe="")
