"""Checks of values that go to any service: the field, the value's shape, the remedy.

The values themselves are never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from stackverify.errors import InvalidInputError

__all__ = ["each", "extra_fields", "optional", "refuse", "shape", "single_line", "text"]

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


def refuse(field: str, problem: str, remedy: str) -> NoReturn:
    """Refuse a value."""
    raise InvalidInputError(problem, field, remedy) from None


def shape(value: object) -> str:
    """Say what kind of value it is, and not which."""
    if isinstance(value, str):
        return f"a str of {len(value)} characters"
    return f"of type {type(value).__name__}" if value is not None else "None"


def text(field: str, value: object, *, longest: int | None = None) -> str:
    """Check a text: not empty, not too long, and made of real characters."""
    if not isinstance(value, str):
        refuse(field, f"is {shape(value)}", "give it as a str")
    if not value:
        refuse(field, "is empty", "give it at least one character")
    if longest is not None and len(value) > longest:
        refuse(
            field,
            f"is {shape(value)}",
            f"shorten it to {longest:,} characters, or send it in parts",
        )
    if not _is_unicode(value):
        refuse(field, "has half of a surrogate pair in it", "decode it as UTF-8 first")
    return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def single_line(field: str, value: object) -> str:
    """Check a text that ends up in a header: one line, no control characters."""
    line = text(field, value)
    if _CONTROL.search(line):
        refuse(field, "has a line break or control character in it", "take it out")
    return line


def each(field: str, value: object) -> list[tuple[str, object]]:
    """Give each of several values, or the one, with its place."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        return [(field, value)]
    if not value:
        refuse(field, "is an empty sequence", "name at least one recipient")
    return [(f"{field}[{index}]", item) for index, item in enumerate(value)]


def extra_fields(value: object, taken: Mapping[str, Any]) -> dict[str, Any]:
    """Check further fields: JSON values under names the reference does not have."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        refuse("extra", f"is {shape(value)}", "give a mapping of names to JSON values")
    if twice := sorted(taken.keys() & value.keys()):
        refuse("extra", f"names {', '.join(twice)} again", "use the argument itself")
    try:
        text = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
        text.encode()
        plain: dict[str, Any] = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        refuse(
            "extra", "has a value that is no JSON", "use text, numbers, lists, dicts"
        )
    return plain


def optional(check: Callable[[str, object], T], field: str, value: object) -> T | None:
    """Check a value that may be left out."""
    return None if value is None else check(field, value)
