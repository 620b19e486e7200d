"""How a campaign is to be run."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import attrs

from stackverify.errors import ConfigurationError

__all__ = ["CampaignRules", "SendHours"]


def _clock_time(value: dt.time | str) -> dt.time:
    try:
        return value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
    except (ValueError, TypeError):
        raise ConfigurationError(
            "Send hours are times of the day: write them as in 08:00."
        ) from None


@attrs.frozen
class SendHours:
    """When recipients may be written to, by their own clocks.

    Attributes:
        start: The first moment of the day, such as `08:00`.
        end: The first moment that is too late, such as `20:00`; before `start` if
            the hours go over midnight.
        zone: The time zone of rows that name none, such as `Africa/Nairobi`.
        column: The column that names a row's own time zone.
    """

    start: dt.time = attrs.field(converter=_clock_time)
    end: dt.time = attrs.field(converter=_clock_time)
    zone: str = attrs.field(default="UTC", kw_only=True)
    column: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.start == self.end or self.start.tzinfo or self.end.tzinfo:
            raise ConfigurationError(
                "Send hours need a start and an end that differ, without a time zone."
            )


def _is_number(
    least: float, most: float, *, whole: bool = False
) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    kinds: set[type] = {int} if whole else {int, float}

    def check(instance: object, field: attrs.Attribute[Any], value: Any) -> None:
        if type(value) not in kinds or not least <= value <= most:
            raise ConfigurationError(
                f"{field.name} must be {'an int' if whole else 'a number'} "
                f"from {least:g} to {most:g}."
            )

    return check


def _optional(
    check: Callable[[Any, attrs.Attribute[Any], Any], None],
) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    return attrs.validators.optional(check)


_YEAR = 365 * 86_400.0


@attrs.frozen(kw_only=True)
class CampaignRules:
    """How a campaign is run.

    Attributes:
        pack: Recipients of the same SMS in one request at most; 1 sends each alone.
        pack_emails: The same for emails, whose recipients might see each other.
        per_minute: Requests a minute at most, if fewer than the tier allows.
        hours: When recipients may be written to.
        settle: Seconds from the last byte of a send until the service has taken it,
            if it ever does, and lists it: earlier nothing is taken for absent.
        clock_slack: Seconds by which this machine's clock and the service's may differ
            beyond what the service's replies tell, which is whole seconds.
        hold_absent: Keep what was looked up and is not there as `ABSENT`, instead
            of sending it again.
        max_attempts: How often a row is begun at most; then it is held as `ABSENT`.
        resend_unknown: Send unknown emails and WhatsApp messages again, which have
            no list to be looked up in: some recipients may get two.
        max_error_rate: The share of errors among the latest `error_window` rows at
            which the campaign pauses itself; 1.0 never does.
        error_window: Rows that are looked at for it.
        refuse_bad: Refuse rows that cannot be sent and send the others, instead of
            stopping before the first send.
        allow_blank: Let placeholders stand for empty values.
        send_repeats: Send rows whose recipient and message stood in an earlier row.
        over_budget: Send even if the tier's monthly messages do not suffice.
        region: Where local numbers are from, such as `KE`, to tell what was meant.
        price: What a segment costs, for the preflight.
    """

    pack: int = attrs.field(default=100, validator=_is_number(1, 1000, whole=True))
    pack_emails: int = attrs.field(default=1, validator=_is_number(1, 1000, whole=True))
    per_minute: int | None = attrs.field(
        default=None, validator=_optional(_is_number(1, 10**9, whole=True))
    )
    hours: SendHours | None = None
    settle: float = attrs.field(default=120.0, validator=_is_number(0, _YEAR))
    clock_slack: float = attrs.field(default=5.0, validator=_is_number(0, _YEAR))
    hold_absent: bool = False
    max_attempts: int = attrs.field(
        default=5, validator=_is_number(1, 1000, whole=True)
    )
    resend_unknown: bool = False
    max_error_rate: float = attrs.field(default=0.5, validator=_is_number(0.01, 1))
    error_window: int = attrs.field(
        default=100, validator=_is_number(1, 100_000, whole=True)
    )
    refuse_bad: bool = False
    allow_blank: bool = False
    send_repeats: bool = False
    over_budget: bool = False
    region: str | None = None
    price: float | None = attrs.field(
        default=None, validator=_optional(_is_number(0, math.inf))
    )
