"""Reads JSON that can be read in one way only."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from json.scanner import make_scanner
from typing import Any

from stackverify._core.codec import fast_loads

__all__ = ["DEEPEST", "loads_object", "loads_plain"]

DEEPEST = 32
"""Levels of objects and arrays, one in the other, at most."""

_LONGEST_NUMBER = 400
# Not JSON to the quick reader, nothing in it, or no object: of no length, no values.
_NOT_PLAIN = (ValueError, StopIteration, TypeError, AttributeError)
_SPACE = " \t\n\r"
# A string that does not end is taken to its end all the same: looking for the next
# quote from inside of it would cost its square.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+["\\]?', re.DOTALL)


def loads_plain(body: bytes) -> dict[str, str | None] | None:
    """Read a JSON object of nothing but texts, as most are; else give nothing.

    What it reads, `loads_object` reads as well, and the same. With n commas an object
    has n + 1 members at most, so if as many were read, none was lost to its twin:
    looking for twins while reading, and at what may be nested, costs three times as
    much.
    """
    try:
        value: dict[str, str | None] = _read_quickly(body)
        if len(value) <= body.count(b","):
            return None
        for each in value.values():
            if type(each) is not str and each is not None:
                return None
    except _NOT_PLAIN:
        return None
    return value


def _scan_text(body: bytes) -> Any:
    text = body.decode()
    # Nothing nested: it would be read level by level, before the levels are counted.
    if "[" in text or "\\u" in text or text.count("{") > 1:
        raise ValueError("is not as simple as that")
    value, end = _scan(text, 0)
    if end != len(text):
        raise ValueError("is not as simple as that")
    return value


def loads_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Half a character, as is left where an emoji was cut in two, becomes the
    replacement character: no text in the object is one that cannot be written.

    Raises:
        ValueError: It is none; or it is not UTF-8, has a name twice in one object,
            has a number that is none, or is nested too deeply. Its text goes on
            after "The body", and repeats nothing of it.
    """
    try:
        text = body.decode().strip(_SPACE)
        if _depth(text) > DEEPEST:
            raise ValueError(f"is nested deeper than {DEEPEST} levels")
        value, end = _scan_for_twins(text, 0)
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8, from its byte {error.start} on") from None
    except json.JSONDecodeError as error:  # it has the whole text at hand
        raise ValueError(f"is not JSON, from its character {error.pos} on") from None
    except StopIteration as error:
        raise ValueError(f"is not JSON, from its character {error.value} on") from None
    if end != len(text):
        raise ValueError(f"goes on after its end, at its character {end}")
    if type(value) is not dict:
        raise ValueError("is not an object")
    mended: dict[str, Any] = _mended(value)
    return mended


def _depth(text: str) -> int:
    """Tell how deep the brackets go that stand outside of strings."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _mended(value: Any) -> Any:
    """Put the replacement character in the place of half ones."""
    if isinstance(value, str):
        return value if value.isascii() else _whole_text(value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return _no_twins(
            [(_mended(name), _mended(each)) for name, each in value.items()]
        )
    return value


def _whole_text(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("has a name twice in one object")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is no number")


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("has a number that is too large")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("has a number that is too large")
    return number


def _scanner(**hooks: Any) -> Callable[[str, int], tuple[Any, int]]:
    rules: Any = json.JSONDecoder(
        parse_constant=_no_constant, parse_float=_finite, parse_int=_whole, **hooks
    )
    return make_scanner(rules)


_scan = _scanner()
_read_quickly = fast_loads or _scan_text
_scan_for_twins = _scanner(object_pairs_hook=_no_twins)
