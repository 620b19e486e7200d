"""What a service may tell of its own count: the X-RateLimit headers (assumed).

`X-RateLimit-Limit` is left alone: nothing says which span of time it is for.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["rate_headers", "Told"]

# Above this a reset is a date in seconds since the epoch, not a duration.
_LONGEST_RESET = 366 * 86_400.0


@attrs.frozen
class Told:
    """What the headers of one reply say.

    Attributes:
        remaining: Requests left in this one.
        resets_in: Seconds until the next one.
    """

    remaining: int
    resets_in: float | None


def rate_headers(headers: Mapping[str, str], wall: float) -> Told | None:
    """Read the rate limit headers of a reply, if it has any.

    Args:
        headers: The header fields, their names in lower case.
        wall: Seconds since the epoch.
    """
    remaining = _number(headers.get("x-ratelimit-remaining"))
    if remaining is None:
        return None
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None and reset > _LONGEST_RESET:
        reset = max(0.0, reset - wall)
    return Told(int(remaining), reset)


def _number(text: str | None) -> float | None:
    if text is None or not text.strip().isdecimal() or len(text) > 18:
        return None
    return float(text)
