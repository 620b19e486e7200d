"""When a failed call is tried again."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from stackverify.errors import ConfigurationError

__all__ = ["RepeatSend", "Retry"]

_LONGEST = 86_400


class RepeatSend(enum.Enum):
    """Failures after which a send may have been accepted already.

    Each one named in `Retry.repeat_sends` can make a recipient get a message
    twice: the service has no idempotency key.
    """

    SERVER_ERROR = "server_error"
    """A 5xx, or another reply that settles nothing."""
    NO_REPLY = "no_reply"
    """The connection was lost, or the time was up, after the last byte."""
    UNREADABLE = "unreadable"
    """A 2xx that cannot be read."""


def _named(failures: Iterable[RepeatSend | str]) -> frozenset[RepeatSend]:
    known = {failure.value for failure in RepeatSend} | {*RepeatSend}
    is_several = isinstance(failures, Iterable) and not isinstance(failures, str)
    named = list(failures) if is_several else [None]
    if all(isinstance(name, str | RepeatSend) and name in known for name in named):
        return frozenset(map(RepeatSend, named))
    names = ", ".join(failure.value for failure in RepeatSend)
    raise ConfigurationError(
        f"repeat_sends must be a set of RepeatSend, or of these names: {names}."
    )


def _is_count(least: int) -> Callable[[Any, attrs.Attribute[int], Any], None]:
    def check(instance: Any, attribute: attrs.Attribute[int], value: Any) -> None:
        if type(value) is not int or value < least:
            raise ConfigurationError(
                f"{attribute.name} must be an int of {least} or more."
            )

    return check


def _is_wait(instance: Any, attribute: attrs.Attribute[float], value: Any) -> None:
    if type(value) not in {int, float} or not 0 <= value <= _LONGEST:
        raise ConfigurationError(
            f"{attribute.name} must be seconds, from 0 to {_LONGEST:,}."
        )


@attrs.frozen(kw_only=True)
class Retry:
    """How often, and how soon, a call is tried again.

    A send is only repeated if it provably never left, or was answered 429.
    Reads are repeated freely.

    Attributes:
        attempts: Tries in all, the first one included.
        rate_limited: Further tries allowed for answers of 429 alone; all of a
            key's requests wait together before each.
        first_wait: Seconds before the second try; doubled for each further one.
        longest_wait: Seconds at most between two tries.
        repeat_sends: Failures to repeat a send after although it may have been
            accepted. Empty: none.
    """

    attempts: int = attrs.field(default=3, validator=_is_count(1))
    rate_limited: int = attrs.field(default=8, validator=_is_count(0))
    first_wait: float = attrs.field(default=0.5, validator=_is_wait)
    longest_wait: float = attrs.field(default=30.0, validator=_is_wait)
    repeat_sends: frozenset[RepeatSend] = attrs.field(
        default=frozenset(), converter=_named
    )
