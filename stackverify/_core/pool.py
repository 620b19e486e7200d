"""How many connections a rate needs."""

from __future__ import annotations

import math

from stackverify.errors import ConfigurationError
from stackverify.models.tier import Rate

__all__ = ["connections_for", "STOCK_POOL"]

# Rate times latency is what is under way at once (Little's law); replies that
# take this long are slow.
_SLOW_REPLY = 2.0
_FEWEST, _MOST = 8, 200
# A stock httpx pool costs more with every request above this many in flight.
STOCK_POOL = 20
"""Requests in flight at most over an httpx pool."""


def connections_for(rate: Rate, *, is_stock_pool: bool, asked: int | None) -> int:
    """Say how many requests may be under way at once.

    Raises:
        ConfigurationError: The number asked for is not above 0.
    """
    if asked is not None and (type(asked) is not int or asked < 1):
        raise ConfigurationError("max_connections must be an int above 0.")
    most = STOCK_POOL if is_stock_pool else _MOST
    needed = min(most, rate.requests / rate.per * _SLOW_REPLY)
    return asked or max(_FEWEST, math.ceil(needed))
