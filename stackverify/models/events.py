"""What a client announces to its hooks, as plain values without any secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from stackverify.models.tier import Lane

__all__ = [
    "Event",
    "Hook",
    "Paused",
    "RateWait",
    "RequestFinished",
    "RequestStarted",
    "RetryScheduled",
]


@attrs.frozen
class RequestStarted:
    """A request leaves.

    Attributes:
        method: Such as `POST`.
        path: The endpoint below the base URL.
        attempt: From 1.
        lane: The lane it waited in.
    """

    method: str
    path: str
    attempt: int
    lane: Lane


@attrs.frozen
class RequestFinished:
    """A request came to an end.

    Attributes:
        method: Such as `POST`.
        path: The endpoint below the base URL.
        attempt: From 1.
        status: The reply's status, or `None` where none came.
        seconds: From the first byte out to the end.
        failure: The name of the error where no reply came.
        left: Whether the whole request was let go.
    """

    method: str
    path: str
    attempt: int
    status: int | None
    seconds: float
    failure: str | None
    left: bool


@attrs.frozen
class RetryScheduled:
    """A call will be tried again.

    Attributes:
        path: The endpoint below the base URL.
        attempt: The number of the next attempt.
        wait: Seconds until then, the rate limit's own waits not counted.
        reason: The name of the error.
    """

    path: str
    attempt: int
    wait: float
    reason: str


@attrs.frozen
class Paused:
    """The service said 429: every request of this key waits.

    Attributes:
        seconds: For how long.
    """

    seconds: float


@attrs.frozen
class RateWait:
    """A request waited for its turn.

    Attributes:
        path: The endpoint below the base URL.
        lane: The lane it waited in.
        seconds: For how long.
    """

    path: str
    lane: Lane
    seconds: float


Event: TypeAlias = RequestStarted | RequestFinished | RetryScheduled | Paused | RateWait
"""What a hook is told of."""

Hook: TypeAlias = Callable[[Event], None]
"""Is told of each event: a plain function in both flavours, which must not block."""
