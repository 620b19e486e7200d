"""The ways to send one SMS that are compared, in both flavours.

Each yields a function that sends one and reads the id of the reply.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import TypeAlias

import httpx

from benchmarks.harness import Send, SendAsync, is_installed
from stackverify import AsyncClient, Client, Tier

__all__ = ["ASYNC", "BARE", "KEY", "OURS", "SYNC", "TIER", "TRANSPORT"]

KEY = "sk_test_example"
TIER = Tier.enterprise(60_000_000)
"""So high that the limiter never waits, and 200 connections are allowed."""
OURS, BARE, TRANSPORT = "stackverify", "httpx client", "httpx transports, free list"

_TO = "+254712345678"
_TEXT = "Dear customer, your order 4921 is on its way. " * 3
_HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
_JSON = {"to": _TO, "message": _TEXT}


@asynccontextmanager
async def _ours(url: str) -> AsyncIterator[SendAsync]:
    async with AsyncClient(KEY, base_url=url, tier=TIER) as client:
        yield lambda: client.sms.send(_TO, _TEXT)


@contextmanager
def _ours_sync(url: str) -> Iterator[Send]:
    with Client(KEY, base_url=url, tier=TIER) as client:
        yield lambda: client.sms.send(_TO, _TEXT)


@asynccontextmanager
async def _bare(url: str) -> AsyncIterator[SendAsync]:
    async with httpx.AsyncClient(headers=_HEADERS, timeout=30) as client:

        async def send() -> str:
            reply = await client.post(f"{url}/sms/send", json=_JSON)
            return str(reply.raise_for_status().json()["message_id"])

        yield send


@contextmanager
def _bare_sync(url: str) -> Iterator[Send]:
    with httpx.Client(headers=_HEADERS, timeout=30) as client:

        def send() -> str:
            reply = client.post(f"{url}/sms/send", json=_JSON)
            return str(reply.raise_for_status().json()["message_id"])

        yield send


@asynccontextmanager
async def _transport(url: str) -> AsyncIterator[SendAsync]:
    """What our own connections are made of, and nothing above: the floor."""
    where, free = httpx.URL(f"{url}/sms/send"), list[httpx.AsyncHTTPTransport]()

    async def send() -> str:
        transport = free.pop() if free else httpx.AsyncHTTPTransport(**_ALONE)
        request = httpx.Request(
            "POST", where, headers=_HEADERS, json=_JSON, extensions=_TIMEOUTS
        )
        reply = await transport.handle_async_request(request)
        await reply.aread()
        free.append(transport)
        return str(reply.json()["message_id"])

    yield send
    for transport in free:
        await transport.aclose()


@contextmanager
def _transport_sync(url: str) -> Iterator[Send]:
    """The same for threads."""
    where, free = httpx.URL(f"{url}/sms/send"), list[httpx.HTTPTransport]()

    def send() -> str:
        transport = free.pop() if free else httpx.HTTPTransport(**_ALONE)
        request = httpx.Request(
            "POST", where, headers=_HEADERS, json=_JSON, extensions=_TIMEOUTS
        )
        reply = transport.handle_request(request)
        reply.read()
        free.append(transport)
        return str(reply.json()["message_id"])

    yield send
    for transport in free:
        transport.close()


_ALONE: dict[str, object] = {
    "verify": httpx.create_ssl_context(trust_env=False),
    "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1),
}
_TIMEOUTS = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), 30.0)}


@contextmanager
def _requests(url: str) -> Iterator[Send]:
    import requests

    with requests.Session() as session:
        session.headers.update(_HEADERS)
        # Else it throws away connections above 10 in flight, and warns of each.
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=200))

        def send() -> str:
            reply = session.post(f"{url}/sms/send", json=_JSON, timeout=30)
            reply.raise_for_status()
            return str(reply.json()["message_id"])

        yield send


_Async: TypeAlias = Callable[[str], AbstractAsyncContextManager[SendAsync]]
_Sync: TypeAlias = Callable[[str], AbstractContextManager[Send]]

ASYNC: Mapping[str, _Async] = {OURS: _ours, TRANSPORT: _transport, BARE: _bare}
SYNC: Mapping[str, _Sync] = {
    OURS: _ours_sync,
    TRANSPORT: _transport_sync,
    BARE: _bare_sync,
} | ({"requests": _requests} if is_installed("requests") else {})
