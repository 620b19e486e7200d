"""How calls are made: what a call, or a copy of a client, may change."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

import attrs

from stackverify._core.settings import check_seconds
from stackverify.errors import ConfigurationError
from stackverify.models.events import Hook
from stackverify.models.retry import Retry

__all__ = ["Options", "SmsBody"]


class SmsBody(enum.Enum):
    """Which fields an SMS is sent in: two bodies are in public use."""

    REFERENCE = "reference"
    """`to`, `message`, `scheduled_at`: the reference's."""
    RECIPIENTS = "recipients"
    """`recipients`, `body`, `scheduleAt`: the vendor's Node clients' (assumed)."""


def _timeout(value: float) -> float:
    return check_seconds("timeout", value) or 0.0


def _deadline(value: float | None) -> float | None:
    return check_seconds("deadline", value)


def _hooks(value: Any) -> tuple[Hook, ...]:
    hooks: tuple[Any, ...] = tuple(value) if isinstance(value, Iterable) else (None,)
    if not all(map(callable, hooks)):
        raise ConfigurationError(
            "hooks must be a list of functions that take one event."
        )
    return hooks


def _retry(value: object) -> Retry:
    if not isinstance(value, Retry):
        raise ConfigurationError("retry must be a Retry(...).")
    return value


def _sms_body(value: SmsBody | str) -> SmsBody:
    try:
        return SmsBody(value)
    except ValueError:
        names = " or ".join(repr(body.value) for body in SmsBody)
        raise ConfigurationError(f"sms_body must be {names}.") from None


@attrs.frozen(kw_only=True)
class Options:
    """How calls are made.

    Attributes:
        timeout: Seconds for one attempt.
        deadline: Seconds for a call with all its attempts and waits.
        retry: When a failed call is tried again.
        hooks: Functions that are told of each event.
        sms_body: Which fields an SMS is sent in.
    """

    timeout: float = attrs.field(default=30.0, converter=_timeout)
    deadline: float | None = attrs.field(default=None, converter=_deadline)
    retry: Retry = attrs.field(factory=Retry, converter=_retry)
    hooks: tuple[Hook, ...] = attrs.field(default=(), converter=_hooks)
    sms_body: SmsBody = attrs.field(default=SmsBody.REFERENCE, converter=_sms_body)

    def changed(self, changes: dict[str, Any]) -> Options:
        """Give a copy with some of it changed; `None` leaves a setting alone."""
        given = {name: value for name, value in changes.items() if value is not None}
        return attrs.evolve(self, **given) if given else self
