"""How far along a status is, and when waiting for one is over."""

from __future__ import annotations

from collections.abc import Mapping

from stackverify.errors import InvalidInputError

__all__ = ["FINAL", "is_settled", "next_poll"]

_ORDER: Mapping[str, int] = {
    "queued": 0,
    "sent": 1,
    "delivered": 2,
    "opened": 3,
    "read": 3,
    "clicked": 4,
}
FINAL = frozenset({"failed", "undelivered", "bounced", "spam"})
"""Statuses after which no better one comes."""

_FIRST_POLL = 1.0
_LONGEST_POLL = 15.0


def is_settled(status: str, until: str) -> bool:
    """Say whether the status waited for was reached, or cannot be any more.

    Raises:
        InvalidInputError: What is waited for is no status.
    """
    if until not in _ORDER and until not in FINAL:
        known = ", ".join([*_ORDER, *sorted(FINAL)])
        raise InvalidInputError("is not a status", "until", f"use one of {known}")
    status = status.lower()
    if status == until or status in FINAL:
        return True
    return _ORDER.get(status, -1) >= _ORDER.get(until, len(_ORDER))


def next_poll(poll: int) -> float:
    """Say how many seconds to wait before the next look, from 1, ever longer."""
    return min(_LONGEST_POLL, _FIRST_POLL * 1.5 ** min(poll, 20))
