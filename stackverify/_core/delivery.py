"""How far along a status is, and when waiting for one is over."""

from __future__ import annotations

from collections.abc import Mapping

from stackverify.errors import InvalidInputError

__all__ = ["ARRIVED", "FINAL", "is_settled", "next_poll", "rank", "SLOWEST_POLL"]

_ORDER: Mapping[str, int] = {
    "queued": 0,
    "sent": 1,
    "delivered": 2,
    "opened": 3,
    "read": 3,
    "clicked": 4,
}
# A complaint is the last word on a message, so the worst stands last.
_ENDS: Mapping[str, int] = {"failed": 5, "undelivered": 6, "bounced": 7, "spam": 8}
ARRIVED = frozenset(
    status for status, place in _ORDER.items() if place >= _ORDER["delivered"]
)
"""Statuses of a message that reached its recipient."""

FINAL = frozenset(_ENDS)
"""Statuses after which no better one comes."""

_RANKS = {**_ORDER, **_ENDS}
_FIRST_POLL = 1.0
SLOWEST_POLL = 15.0
"""Seconds between two looks at most."""


def rank(status: str) -> int | None:
    """Say how far along a status is: a message never goes back to a lower rank.

    Words the reference does not list have no rank.
    """
    return _RANKS.get(status.lower())


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
    return min(SLOWEST_POLL, _FIRST_POLL * 1.5 ** min(poll, 20))
