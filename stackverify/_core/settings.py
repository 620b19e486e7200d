"""A client's settings, checked once: argument, then environment, then default."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import attrs

from stackverify.errors import ConfigurationError
from stackverify.masking import mask_key
from stackverify.models.tier import Tier

__all__ = ["check_seconds", "Home", "resolve", "Settings"]

_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|\w(?:[\w.\-]*\w)?\.?)(?::[0-9]{1,5})?")
_LONGEST = 366 * 86_400
_KEY_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=\-|:]+")


@attrs.frozen(kw_only=True)
class Home:
    """Where a service is, and what its settings are called in the environment.

    Attributes:
        base_url: Where it is unless told otherwise.
        key_variable: Holds the API key.
        url_variable: Holds another base URL.
        tier_variable: Holds the tier; empty if the service has none.
        tier: What a key is allowed unless told otherwise.
        strangers: How keys begin that are not for it, and what to say of them.
    """

    base_url: str
    key_variable: str
    url_variable: str
    tier_variable: str = ""
    tier: Tier
    strangers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Settings:
    """Where to send, as whom, and how fast.

    Attributes:
        api_key: The key; never shown.
        base_url: Without a slash at its end.
        tier: What the key's subscription allows.
    """

    api_key: str = attrs.field(repr=mask_key)
    base_url: str
    tier: Tier

    @property
    def test_mode(self) -> bool:
        """Whether the key is a test key (prefix `sk_test_`; assumed)."""
        return self.api_key.startswith("sk_test_")


def resolve(
    environment: Mapping[str, str],
    home: Home,
    *,
    api_key: str | None,
    base_url: str | None,
    tier: Tier | str | None,
) -> Settings:
    """Gather and check the settings of a client of this service.

    Raises:
        ConfigurationError: One of them is missing or cannot be used.
    """
    key = api_key if api_key is not None else environment.get(home.key_variable)
    url = base_url or environment.get(home.url_variable) or home.base_url
    chosen = tier or environment.get(home.tier_variable) or home.tier
    if not isinstance(chosen, (Tier, str)):
        raise ConfigurationError(
            f"tier is a {type(chosen).__name__}: give Tier.LITE, Tier.PRO or "
            "Tier.enterprise(...)."
        )
    return Settings(
        check_key(key, home),
        check_base_url(url),
        Tier.parse(chosen) if isinstance(chosen, str) else chosen,
    )


def check_key(key: object, home: Home) -> str:
    """Check an API key, and never repeat it."""
    if key is None or key == "":
        raise ConfigurationError(
            f"No API key: give api_key=, or set {home.key_variable}. To try without "
            "one, start `python -m stackverify.sandbox` (extra `sandbox`)."
        )
    if not isinstance(key, str):
        raise ConfigurationError(f"The API key is a {type(key).__name__}, not a str.")
    if not _KEY_CHARACTERS.fullmatch(key):
        raise ConfigurationError(
            f"The API key ({len(key)} characters) has a character that no key has, "
            "such as a space, a quote or a line break: copy it again."
        )
    for prefix, what in home.strangers.items():
        if key.startswith(prefix):
            raise ConfigurationError(f"This key ({prefix}…) {what}")
    return key


def check_base_url(url: object) -> str:
    """Check a base URL: HTTPS, or plain HTTP to this very machine."""
    if not isinstance(url, str):
        raise ConfigurationError(f"base_url is a {type(url).__name__}, not a str.")
    parts, host, port = _split(url)
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "base_url has a user name in it: give the key as api_key=."
        )
    if re.search(r"[?#\s\\]", url) or not url.isprintable() or not host:
        raise ConfigurationError(
            "base_url must be a scheme, a host and a path, without query or spaces."
        )
    if not _PLACE.fullmatch(parts.netloc) or port == 0:
        raise ConfigurationError("base_url names no host, or not as a URL does.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            "base_url is plain http, which would show the key to everyone on the "
            "way: write https:// (http:// is taken for this machine only)."
        )
    if parts.scheme not in {"http", "https"}:
        raise ConfigurationError("base_url must start with https:// and name a host.")
    # One place, one limiter: a host has no case.
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _split(url: str) -> tuple[SplitResult, str, int | None]:
    """Split a URL, its host and port told apart: reading those may fail as well."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError(
            "base_url is not a URL: write https://host/path."
        ) from None
    return parts, host, port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_seconds(name: str, value: float | None) -> float | None:
    """Check a duration: seconds, above 0."""
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _LONGEST:
        raise ConfigurationError(
            f"{name} must be seconds above 0, and no more than a year."
        )
    return float(value)
