"""Where Velstack is, what its settings are called, and what a key says of itself."""

from __future__ import annotations

import re
from typing import Any

from stackverify._core.settings import Home
from stackverify.errors import ConfigurationError
from stackverify.models.tier import Tier
from stackverify.models.velstack import Mode, VelstackApi

__all__ = ["api_of", "HOMES", "mode_of", "tier_of"]

# No rate is documented: so many requests that the limiter is not felt. What a 429
# asks for is heeded all the same.
_UNLIMITED = Tier("unlimited", 60_000_000)
_PREFIX = re.compile(r"([sp])k_(live|test)")


def _home(base_url: str) -> Home:
    return Home(
        base_url=base_url,
        key_variable="VELSTACK_API_KEY",
        url_variable="VELSTACK_BASE_URL",
        tier=_UNLIMITED,
    )


HOMES = {
    VelstackApi.SITE: _home("https://api.velstack.com/v"),
    VelstackApi.OLDER: _home("https://sms.velstack.com/api"),
}


def api_of(value: VelstackApi | str) -> VelstackApi:
    """Read which addresses are meant."""
    try:
        return VelstackApi(value)
    except ValueError:
        names = " or ".join(repr(api.value) for api in VelstackApi)
        raise ConfigurationError(f"api must be {names}.") from None


def tier_of(requests_per_minute: Any) -> Tier | None:
    """Give the rate that was set the form the core knows."""
    if requests_per_minute is None:
        return None
    return Tier("own", requests_per_minute)


def mode_of(key: str) -> Mode:
    """Tell what a key says of itself: it alone decides test or live mode."""
    prefix = _PREFIX.match(key)
    if prefix is None:
        return Mode(None, None)
    access, environment = prefix.groups()
    return Mode(
        "test" if environment == "test" else "live",
        "secret" if access == "s" else "public",
    )
