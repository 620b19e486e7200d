"""When a recipient may be written to, by the clock on their own wall."""

from __future__ import annotations

import datetime as dt

from stackverify.models.campaign_rules import SendHours

__all__ = ["opens_at"]

_DAY = dt.timedelta(days=1)


def opens_at(hours: SendHours, zone: dt.tzinfo, now: float) -> float:
    """Say from when on one may write: now, or when the hours begin again."""
    local = dt.datetime.fromtimestamp(now, zone)
    if _is_open(hours, local.time()):
        return now
    opening = local.replace(
        hour=hours.start.hour,
        minute=hours.start.minute,
        second=hours.start.second,
        microsecond=hours.start.microsecond,
        fold=0,
    )
    if opening <= local:
        opening += _DAY
    return max(now, opening.timestamp())


def _is_open(hours: SendHours, time: dt.time) -> bool:
    if hours.start < hours.end:
        return hours.start <= time < hours.end
    return time >= hours.start or time < hours.end
