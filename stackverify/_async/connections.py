"""Requests over pooled connections; the one module that touches httpx.

A stock httpx pool walks all its connections at every event, which costs more than
all the rest of a request from 20 in flight on. So connections are kept here, each
an httpx transport of its own, in a free list: the last one used is used next.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Protocol

import attrs
import httpx

from stackverify._async._concurrency import (
    AtLoopEnd,
    Slots,
    current_loop,
    shielded,
    time_limit,
)
from stackverify._core.call import Call
from stackverify._core.settings import Settings
from stackverify._core.verdict import NoAnswer
from stackverify._process.flight import Flight, TooLateError
from stackverify._process.fork import reset_in_child
from stackverify._process.inflate import Reader, ReplyTooLargeError
from stackverify._process.tls import shared_context
from stackverify._process.uploads import Upload
from stackverify.errors import ConfigurationError
from stackverify.reply import Reply

__all__ = ["AsyncConnections", "AsyncExchange", "exchange_for"]

# Half the shortest idle timeout in common use is 2.5 s (Node closes after 5 s):
# a connection idle for longer is not written to again.
_IDLE = 2.0
# A stock httpx pool gets slower with each request above this many in flight.
_STOCK_POOL_LIMIT = 20
# Connections nobody needs any more are closed this many at a time.
_REAPED_AT_ONCE = 2
_PHASES = ("connect", "read", "write", "pool")


class AsyncExchange(Protocol):
    """Sends a request and brings its reply."""

    async def exchange(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> Reply | NoAnswer:
        """Send a request; say how it ended."""
        ...

    def prepare(self) -> None:
        """Do what takes long before the first request; blocks."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class _Handler(Protocol):
    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give the reply as soon as its head is there."""
        ...


class _Stream(httpx.AsyncByteStream):
    """A body whose last byte is let go last, and noted."""

    def __init__(self, upload: Upload | None, flight: Flight) -> None:
        self._upload = upload
        self._flight = flight

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._flight.began = True
        if self._upload is None:
            self._flight.release()
            return
        for piece in self._upload.pieces():
            if piece:
                yield piece
        self._flight.release()
        yield self._upload.last


class _Requests:
    """Makes requests, with all that can be made once made once."""

    def __init__(self, settings: Settings, user_agent: str) -> None:
        self._base = settings.base_url
        host = httpx.URL(settings.base_url).netloc
        self._headers = [
            (b"Host", host),
            (b"Authorization", b"Bearer " + settings.api_key.encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip"),
            (b"User-Agent", user_agent.encode()),
        ]
        self._json = [*self._headers, (b"Content-Type", b"application/json")]
        self._urls: dict[str, httpx.URL] = {}

    def make(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> httpx.Request:
        return httpx.Request(
            call.method,
            self._url(call),
            headers=self._headers
            if upload is None
            else [*self._json, (b"Content-Length", b"%d" % upload.length)],
            stream=_Stream(upload, flight),
            extensions={
                "timeout": dict.fromkeys(_PHASES, flight.timeout),
            },
        )

    def _url(self, call: Call[Any]) -> httpx.URL:
        if not call.is_send:
            return httpx.URL(self._base + call.path)
        url = self._urls.get(call.path)
        if url is None:
            url = self._urls[call.path] = httpx.URL(self._base + call.path)
        return url


async def _converse(handle: _Handler, request: httpx.Request, flight: Flight) -> Reply:
    """Send a request and read its reply, whole or as far as it comes.

    A reply whose head came counts with its status even if its body broke off.
    """
    response = await handle(request)
    reader = Reader(response.headers.get("content-encoding", ""))
    try:
        async for chunk in response.aiter_raw():
            reader.feed(chunk)
            if flight.is_over:  # a reply in drips never meets a socket's timeout
                raise httpx.ReadTimeout("too slow")
        reader.end()
        is_complete = True
    except (httpx.HTTPError, httpx.StreamError, ValueError, ReplyTooLargeError):
        is_complete = False
    finally:
        await shielded(response.aclose)
    return Reply(
        response.status_code,
        dict(response.headers),
        reader.body(),
        flight.elapsed,
        is_complete,
    )


def _no_answer(error: Exception, flight: Flight) -> NoAnswer:
    # Only the name: what an exception says may repeat addresses and header values.
    name = type(error).__name__
    return NoAnswer(
        flight.stage,
        f"the connection failed ({name})" if name != "TimeoutError" else "timed out",
        bad_certificate=_is_about_certificate(error),
        out_of_time=isinstance(error, TooLateError) or flight.is_late,
        cause=error,
    )


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


# What a request can fail with, and nothing that is a mistake of ours.
_FAILURES = (httpx.HTTPError, httpx.StreamError, TimeoutError, OSError, TooLateError)


@attrs.define(eq=False)
class _Connection:
    """One connection, open or not yet.

    Attributes:
        transport: An httpx transport that holds this connection only.
        good_until: When it is too old to be written to.
    """

    transport: httpx.AsyncHTTPTransport
    good_until: float = 0.0


class _Pool:
    """The connections of one event loop."""

    def __init__(self, limit: int) -> None:
        self.slots = Slots(limit)
        self.free: deque[_Connection] = deque()
        self.keeper = AtLoopEnd(self._close_free)

    async def borrow(self) -> _Connection:
        """Give the connection used last, or a new one."""
        while self.free:
            connection = self.free.pop()
            if time.monotonic() < connection.good_until:
                return connection
            await shielded(connection.transport.aclose)
        return _Connection(
            httpx.AsyncHTTPTransport(
                verify=shared_context(_build_context),
                trust_env=False,
                limits=httpx.Limits(
                    max_connections=1,
                    max_keepalive_connections=1,
                    keepalive_expiry=_IDLE,
                ),
            )
        )

    async def give_back(self, connection: _Connection, idle: float) -> None:
        """Keep a connection for the next request; close a few that are too old."""
        now = time.monotonic()
        connection.good_until = now + idle
        self.free.append(connection)
        for _ in range(_REAPED_AT_ONCE):
            if not self.free or self.free[0].good_until > now:
                return
            await shielded(self.free.popleft().transport.aclose)

    async def _close_free(self) -> None:
        while self.free:
            await self.free.pop().transport.aclose()


def _build_context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


class AsyncConnections:
    """Connections of our own, in a free list for each event loop.

    Args:
        settings: Where to, and as whom.
        user_agent: What we call ourselves.
        limit: Connections at most, in each loop.
    """

    def __init__(self, settings: Settings, *, user_agent: str, limit: int) -> None:
        self._requests = _Requests(settings, user_agent)
        self._is_plain = settings.base_url.startswith("http:")
        self._limit = limit
        self._pools: dict[object, _Pool] = {}
        self._left_to_parent: list[object] = []
        reset_in_child(self)

    def after_fork(self) -> None:
        """Leave the parent's sockets alone: closing them would end its streams."""
        self._left_to_parent.append(self._pools)
        self._pools = {}

    def prepare(self) -> None:
        """Build the TLS context: it takes up to 0.2 s."""
        if not self._is_plain:
            shared_context(_build_context)

    async def exchange(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> Reply | NoAnswer:
        """Send a request over a free connection; say how it ended."""
        pool = self._pools.get(current_loop()) or await self._open_pool()
        request = self._requests.make(call, upload, flight)
        try:
            with time_limit(flight.timeout):
                await pool.slots.acquire(flight.timeout)
                try:
                    return await self._over_connection(pool, request, flight)
                finally:
                    pool.slots.release()
        except _FAILURES as error:
            return _no_answer(error, flight)

    async def _over_connection(
        self, pool: _Pool, request: httpx.Request, flight: Flight
    ) -> Reply:
        connection = await pool.borrow()
        is_reusable = False
        try:
            reply = await _converse(
                connection.transport.handle_async_request, request, flight
            )
            is_reusable = reply.is_complete
        finally:
            if not is_reusable:
                await shielded(connection.transport.aclose)
        await pool.give_back(connection, _idle_time(reply))
        return reply

    async def _open_pool(self) -> _Pool:
        pool = self._pools[current_loop()] = _Pool(self._limit)
        await pool.keeper.begin()
        return pool

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        if pool := self._pools.pop(current_loop(), None):
            await pool.keeper.aclose()


def _idle_time(reply: Reply) -> float:
    """Tell how long a connection may rest: half of what the server says."""
    for part in reply.headers.get("keep-alive", "").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "timeout" and value.isdecimal():
            return min(_IDLE, int(value) / 2)
    return _IDLE


class AsyncBorrowed:
    """A user's own httpx client or transport.

    Args:
        http: The client, or the transport.
        settings: Where to, and as whom.
        user_agent: What we call ourselves.
        limit: Requests in flight at most.
    """

    def __init__(
        self,
        http: httpx.AsyncClient | httpx.AsyncBaseTransport,
        settings: Settings,
        *,
        user_agent: str,
        limit: int,
    ) -> None:
        self._requests = _Requests(settings, user_agent)
        self._limit = min(limit, _STOCK_POOL_LIMIT)
        self._slots: dict[object, Slots] = {}
        self._is_forked = False
        self._handle: _Handler
        if isinstance(http, httpx.AsyncClient):
            self._handle = partial(
                http.send, stream=True, auth=None, follow_redirects=False
            )
        elif isinstance(http, httpx.AsyncBaseTransport):
            self._handle = http.handle_async_request
        else:
            raise ConfigurationError(
                f"http= is a {type(http).__name__}: give an httpx.AsyncClient or an "
                "httpx.AsyncBaseTransport."
            )
        reset_in_child(self)

    def after_fork(self) -> None:
        """Note that the connections are the parent's."""
        self._is_forked = True

    def prepare(self) -> None:
        """Do nothing: it is the user's."""

    async def exchange(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> Reply | NoAnswer:
        """Send a request through it; say how it ended."""
        if self._is_forked:
            raise ConfigurationError(
                "The client given as http= was made before this process was forked, "
                "and shares its parent's connections: make a new one in the child."
            )
        slots = self._slots.get(current_loop())
        if slots is None:
            slots = self._slots[current_loop()] = Slots(self._limit)
        request = self._requests.make(call, upload, flight)
        try:
            with time_limit(flight.timeout):
                await slots.acquire(flight.timeout)
                try:
                    return await _converse(self._handle, request, flight)
                finally:
                    slots.release()
        except _FAILURES as error:
            return _no_answer(error, flight)

    async def aclose(self) -> None:
        """Do nothing: who made it closes it."""


def exchange_for(
    http: object, settings: Settings, *, user_agent: str, limit: int
) -> AsyncExchange:
    """Choose the connections: our own, or those of a user's client."""
    if http is None:
        return AsyncConnections(settings, user_agent=user_agent, limit=limit)
    return AsyncBorrowed(http, settings, user_agent=user_agent, limit=limit)  # type: ignore[arg-type]
