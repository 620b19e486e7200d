"""What the doctor sees on this machine: versions, settings, environment."""

from __future__ import annotations

import os
import platform
import stat
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stackverify._core.settings import Home, check_base_url, check_key
from stackverify._core.signature import Keyring
from stackverify._services.stackverify.home import HOME
from stackverify._services.velstack.home import HOMES, mode_of
from stackverify._version import __version__
from stackverify.cli.finding import Finding
from stackverify.cli.session import Session
from stackverify.errors import StackverifyError
from stackverify.masking import mask_key
from stackverify.models.velstack import VelstackApi

__all__ = ["look_here"]

_PACKAGES = (
    *("anyio", "attrs", "cattrs", "httpcore", "httpx", "sniffio"),
    *("click", "rich", "orjson", "starlette", "uvicorn"),
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def look_here(chosen: Session) -> Iterator[Finding]:
    """Look at what needs no network."""
    yield _versions()
    yield _key(chosen)
    yield _base_url(chosen)
    if not chosen.is_velstack:
        yield _tier(chosen)
    yield _proxies()
    if not chosen.is_velstack:
        yield _webhook_secret()


def _home(chosen: Session) -> Home:
    return HOMES[VelstackApi.SITE] if chosen.is_velstack else HOME


def _versions() -> Finding:
    found = {"python": platform.python_version(), "stackverify": __version__}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    told = ", ".join(f"{name} {number}" for name, number in found.items())
    return Finding("versions", "ok", f"{told}.", found)


def _key(chosen: Session) -> Finding:
    path = chosen.api_key_file
    source = path or _home(chosen).key_variable
    try:
        key = check_key(chosen.api_key(), _home(chosen))
    except (StackverifyError, OSError) as error:
        return Finding("key", "wrong", str(error), {"present": False})
    mode, beginnings = _mode(key, chosen)
    facts = {"present": True, "mode": mode, "source": source, "length": len(key)}
    if path is not None and _is_open(path):
        text = f"{mode} key, from {path}, which others can read: chmod 600 it."
        return Finding("key", "warning", text, facts)
    if mode is None:
        text = f"from {source}; it starts with none of {beginnings}."
        return Finding("key", "warning", text, facts)
    shown = f"{mode} key {mask_key(key)}, {len(key)} characters, from {source}."
    return Finding("key", "ok", shown, facts)


def _mode(key: str, chosen: Session) -> tuple[str | None, str]:
    """Tell the mode a key says it is for, and how keys of the service start."""
    if chosen.is_velstack:
        return mode_of(key).environment, "sk_live, sk_test, pk_live, pk_test"
    modes = (mode for mode in ("live", "test") if key.startswith(f"sk_{mode}_"))
    return next(modes, None), "sk_live_, sk_test_"


def _is_open(path: str) -> bool:
    mode = Path(path).stat().st_mode
    return os.name == "posix" and stat.S_ISREG(mode) and bool(mode & 0o044)


def _base_url(chosen: Session) -> Finding:
    home = _home(chosen)
    variable = os.environ.get(home.url_variable)
    url = chosen.base_url or variable or home.base_url
    source = (
        "--base-url"
        if chosen.base_url
        else (home.url_variable if variable else "default")
    )
    try:
        url = check_base_url(url)
    except StackverifyError as error:
        return Finding("base URL", "wrong", str(error), {"source": source})
    text = f"{url} ({source})."
    facts = {"url": url, "source": source}
    if chosen.is_velstack and source == "default":
        older = HOMES[VelstackApi.OLDER].base_url
        text = f"{url} for SMS, {older} for all else ({source})."
        facts["older_url"] = older
    return Finding("base URL", "ok", text, facts)


def _tier(chosen: Session) -> Finding:
    source = "default"
    if chosen.tier or os.environ.get("STACKVERIFY_TIER"):
        source = "--tier" if chosen.tier else "STACKVERIFY_TIER"
    try:
        tier = chosen.chosen_tier()
    except StackverifyError as error:
        return Finding("tier", "wrong", str(error), {"source": source})
    month = tier.messages_per_month
    budget = f", {month:,} messages a month" if month else ""
    facts = {
        "name": tier.name,
        "requests_per_minute": tier.requests_per_minute,
        "messages_per_month": month,
        "source": source,
    }
    pace = f"{tier.requests_per_minute:,} requests a minute{budget}"
    return Finding("tier", "ok", f"{tier.name}: {pace} ({source}).", facts)


def _proxies() -> Finding:
    found = [
        name
        for proxy in _PROXIES
        for name in (proxy, proxy.lower())
        if os.environ.get(name)
    ]
    if not found:
        return Finding("proxy", "ok", "no proxy variable is set.", {"variables": []})
    text = (
        f"{', '.join(found)} is set, and not read: requests go out directly. In "
        "Python, give the client http=httpx.HTTPTransport(proxy=...)."
    )
    return Finding("proxy", "warning", text, {"variables": found, "used": False})


def _webhook_secret() -> Finding:
    secrets = os.environ.get("STACKVERIFY_WEBHOOK_SECRET", "").split()
    if not secrets:
        text = "STACKVERIFY_WEBHOOK_SECRET is not set; only receiving needs it."
        return Finding("webhook secret", "skipped", text, {"count": 0})
    try:
        Keyring(secrets)
    except StackverifyError as error:
        return Finding("webhook secret", "wrong", str(error), {"count": len(secrets)})
    lengths = " and ".join(f"{len(secret)} characters" for secret in secrets)
    text = f"{len(secrets)} in STACKVERIFY_WEBHOOK_SECRET, of {lengths}."
    return Finding("webhook secret", "ok", text, {"count": len(secrets)})
