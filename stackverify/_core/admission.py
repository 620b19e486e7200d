"""What a webhook must pass, its signature apart."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import attrs

from stackverify._core.settings import check_seconds
from stackverify.errors import (
    BodyTooLargeError,
    ConfigurationError,
    RawBodyError,
    StaleEventError,
    UnreadableEventError,
)

__all__ = ["check_fresh", "length_of", "MAX_BODY", "raw_body", "Rules"]

MAX_BODY = 256 * 1024
"""Bytes of a webhook at most: events are a few hundred."""

_DAY = 86_400.0


def _bytes(instance: object, field: attrs.Attribute[int], value: Any) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{field.name} must be an int of 1 or more: bytes.")


def _duration(instance: object, field: attrs.Attribute[Any], value: Any) -> None:
    if value is not None or field.default is not None:
        check_seconds(field.name, math.nan if value is None else value)


@attrs.frozen(kw_only=True)
class Rules:
    """How a receiver treats what comes in.

    Attributes:
        max_body: Bytes of a body at most.
        tolerance: Seconds an event's own time may be away from now, before or
            after; `None` does not look at it.
        late_reports: Whether late reports are handed out.
        remember: Seconds to remember what was handled.
        lease: Seconds a handler is waited for that is not heard of any more.
        patience: Seconds to wait for another event of the same message.
    """

    max_body: int = attrs.field(default=MAX_BODY, validator=_bytes)
    tolerance: float | None = attrs.field(default=None, validator=_duration)
    late_reports: bool = False
    remember: float = attrs.field(default=7 * _DAY, validator=_duration)
    lease: float = attrs.field(default=60.0, validator=_duration)
    patience: float = attrs.field(default=10.0, validator=_duration)


def length_of(header: str | int | None) -> int | None:
    """Read a Content-Length, if it is one."""
    if isinstance(header, str):
        return int(header) if re.fullmatch("[0-9]{1,18}", header) else None
    return header


def raw_body(
    body: object,
    max_body: float = math.inf,
    content_length: str | int | None = None,
) -> bytes:
    """Take a body as it was received.

    Args:
        body: What is said to be it.
        max_body: Bytes at most.
        content_length: The bytes it was announced with, if it was.

    Raises:
        RawBodyError: It is something else by now.
        BodyTooLargeError: It is larger than an event may be.
        UnreadableEventError: It is cut off.
    """
    if content_length is None and type(body) is bytes and len(body) <= max_body:
        return body
    if type(body) is not bytes:
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise RawBodyError(
                f"The body is a {type(body).__name__}, so it was decoded or parsed "
                "before it came here."
            )
        body = bytes(body)
    size = max(len(body), length_of(content_length) or 0)
    if size > max_body:
        raise BodyTooLargeError(f"The body has more than {max_body:,} bytes.")
    if size and not body:
        raise RawBodyError(
            f"The body is empty and was announced with {size} bytes, so something "
            "read it before."
        )
    if len(body) < size:
        raise UnreadableEventError(
            f"The body ends after {len(body)} of the {size} bytes it was announced "
            "with."
        )
    return body


def check_fresh(time: dt.datetime | None, now: float, tolerance: float) -> None:
    """Make sure that something happened about now.

    Raises:
        StaleEventError: It did not, or nobody knows when.
    """
    if time is None:
        raise StaleEventError("The event does not say when it happened.")
    # Not `timestamp()`: that has no answer for the ends of the calendar.
    age = now - (time - _EPOCH).total_seconds()
    if abs(age) > tolerance:
        when = "ago" if age > 0 else "from now"
        raise StaleEventError(f"The event is of {abs(age):,.0f} s {when}.")


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
