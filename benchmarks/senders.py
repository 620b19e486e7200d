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
    suppress,
)
from typing import TypeAlias

import httpcore
import httpx

from benchmarks.harness import Send, SendAsync, is_installed
from stackverify import AsyncClient, Client, Sms, Tier
from stackverify._async.connections import AsyncConnections
from stackverify._core.codec import dumps, loads
from stackverify._core.settings import Settings
from stackverify._process.flight import Flight
from stackverify._process.uploads import Upload
from stackverify._services.stackverify.calls import send_sms
from stackverify._sync.connections import Connections
from stackverify.reply import Reply

__all__ = [
    "ASYNC",
    "BARE",
    "CONNECTIONS",
    "FLOOR",
    "HEADERS",
    "KEY",
    "OURS",
    "SYNC",
    "TIER",
]

KEY = "sk_test_example"
TIER = Tier.enterprise(60_000_000)
"""So high that the limiter never waits, and 200 connections are allowed."""
OURS, BARE = "stackverify", "httpx client"
CONNECTIONS, FLOOR = "our connections alone", "httpcore connections, free list"

_TO = "+254712345678"
_TEXT = "Dear customer, your order 4921 is on its way. " * 3
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
_JSON = {"to": _TO, "message": _TEXT}
_CALL = send_sms(_TO, Sms(_TO, _TEXT))


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
    async with httpx.AsyncClient(headers=HEADERS, timeout=30) as client:

        async def send() -> str:
            reply = await client.post(f"{url}/sms/send", json=_JSON)
            return str(reply.raise_for_status().json()["message_id"])

        yield send


@contextmanager
def _bare_sync(url: str) -> Iterator[Send]:
    with httpx.Client(headers=HEADERS, timeout=5) as client:

        def send() -> str:
            # Its pool closes sockets that other threads read from, now and then, once
            # there are some 200 of them (httpcore 1.0.9: bad file descriptor).
            with suppress(httpx.TransportError):
                reply = client.post(f"{url}/sms/send", json=_JSON)
                return str(reply.raise_for_status().json()["message_id"])
            return ""

        yield send


@asynccontextmanager
async def _connections(url: str) -> AsyncIterator[SendAsync]:
    """Our own transport, asked directly: no limiter, no retries, no events."""
    own = AsyncConnections(_settings(url), user_agent="benchmark", limit=200)

    async def send() -> object:
        reply = await own.exchange(_CALL, Upload(_CALL.body), Flight(30.0))
        assert isinstance(reply, Reply)
        return loads(reply.body)["message_id"]

    yield send
    await own.aclose()


@contextmanager
def _connections_sync(url: str) -> Iterator[Send]:
    own = Connections(_settings(url), user_agent="benchmark", limit=200)

    def send() -> object:
        reply = own.exchange(_CALL, Upload(_CALL.body), Flight(30.0))
        assert isinstance(reply, Reply)
        return loads(reply.body)["message_id"]

    yield send
    own.close()


def _settings(url: str) -> Settings:
    return Settings(KEY, url, TIER)


@asynccontextmanager
async def _lines(url: str) -> AsyncIterator[SendAsync]:
    """Connections of httpcore in a free list, and nothing above: the floor."""
    where, free = httpcore.URL(f"{url}/sms/send"), list[httpcore.AsyncHTTPConnection]()

    async def send() -> object:
        line = free.pop() if free else httpcore.AsyncHTTPConnection(where.origin)
        reply = await line.handle_async_request(_core_request(where))
        content = loads(await reply.aread())
        await reply.aclose()
        free.append(line)
        return content["message_id"]

    yield send
    for line in free:
        await line.aclose()


@contextmanager
def _lines_sync(url: str) -> Iterator[Send]:
    where, free = httpcore.URL(f"{url}/sms/send"), list[httpcore.HTTPConnection]()

    def send() -> object:
        line = free.pop() if free else httpcore.HTTPConnection(where.origin)
        reply = line.handle_request(_core_request(where))
        content = loads(reply.read())
        reply.close()
        free.append(line)
        return content["message_id"]

    yield send
    for line in free:
        line.close()


def _core_request(where: httpcore.URL) -> httpcore.Request:
    body = dumps(_JSON)
    return httpcore.Request(
        "POST",
        where,
        headers=[
            (b"Host", where.host),
            (b"Authorization", b"Bearer " + KEY.encode()),
            (b"Accept", b"application/json"),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", b"%d" % len(body)),
        ],
        content=body,
        extensions={"timeout": dict.fromkeys(("connect", "read", "write"), 30.0)},
    )


@contextmanager
def _requests(url: str) -> Iterator[Send]:
    import requests

    with requests.Session() as session:
        session.headers.update(HEADERS)
        # Else it throws away connections above 10 in flight, and warns of each.
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=200))

        def send() -> str:
            reply = session.post(f"{url}/sms/send", json=_JSON, timeout=30)
            reply.raise_for_status()
            return str(reply.json()["message_id"])

        yield send


_Async: TypeAlias = Callable[[str], AbstractAsyncContextManager[SendAsync]]
_Sync: TypeAlias = Callable[[str], AbstractContextManager[Send]]

ASYNC: Mapping[str, _Async] = {
    OURS: _ours,
    CONNECTIONS: _connections,
    FLOOR: _lines,
    BARE: _bare,
}
SYNC: Mapping[str, _Sync] = {
    OURS: _ours_sync,
    CONNECTIONS: _connections_sync,
    FLOOR: _lines_sync,
    BARE: _bare_sync,
} | ({"requests": _requests} if is_installed("requests") else {})
