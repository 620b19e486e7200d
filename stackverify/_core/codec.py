"""JSON in and out, and tolerant reading of what the service writes."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import cattrs

try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]
else:
    # Whoever installed it: an older one overflows its stack on deeply nested JSON,
    # and takes the process with it (CVE-2024-27454).
    if [int(part) for part in re.findall(r"\d+", orjson.__version__)] < [3, 9, 15]:
        orjson = None  # type: ignore[assignment]

__all__ = [
    "dumps",
    "fast_loads",
    "first_of",
    "load_converter",
    "loads",
    "record_reader",
    "text_or_none",
]

T = TypeVar("T")

fast_loads: Callable[[bytes], Any] | None = getattr(orjson, "loads", None)
"""The reader of orjson, where that is installed."""


def dumps(value: Any) -> bytes:
    """Write JSON, compact and in UTF-8."""
    if orjson is not None:
        try:
            return orjson.dumps(value)
        except TypeError:  # integers beyond 64 bits, deep nesting: slower, but written
            pass
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def loads(body: bytes) -> Any:
    """Read JSON.

    Raises:
        ValueError: It is not JSON, or nested too deeply to read.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return orjson.loads(body) if orjson is not None else json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def first_of(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Find the first of some names that has a value."""
    for name in names:
        if (value := fields.get(name)) is not None:
            return value
    return None


def text_or_none(value: object) -> str | None:
    """Read text, or a number as text; anything else is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def record_reader(
    model: type[T], aliases: Mapping[str, tuple[str, ...]]
) -> Callable[[Mapping[str, Any]], T]:
    """Make a function that reads a JSON object into an attrs class.

    A field whose value has an unexpected type becomes `None` rather than an
    error: what a reply looks like is undocumented, and a send that was accepted
    must not fail for it. `raw` receives the object as it came.
    """
    structure: Callable[[Any, type[T]], T] | None = None

    def read(record: Mapping[str, Any]) -> T:
        nonlocal structure
        if structure is None:
            structure = load_converter().get_structure_hook(model)
        fields = {name: first_of(record, names) for name, names in aliases.items()}
        fields["raw"] = record
        return structure(fields, model)

    return read


@cache
def load_converter() -> cattrs.Converter:
    """Build the converter on first use: importing cattrs takes its time."""
    import cattrs

    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook_func(
        lambda wanted: wanted == str | None, lambda value, _: text_or_none(value)
    )
    converter.register_structure_hook_func(
        lambda wanted: wanted == dt.datetime | None, lambda value, _: _moment(value)
    )
    converter.register_structure_hook_func(
        lambda wanted: wanted == Mapping[str, Any], lambda value, _: value
    )
    return converter


def _moment(value: object) -> dt.datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None
