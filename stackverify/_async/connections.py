"""Requests over pooled connections; the one module that touches httpx.

A stock httpx pool walks all its connections at every event, which costs more than
all the rest of a request from 20 in flight on. So connections are kept here, in a
free list: the last one used is used next. They are those of httpcore, which speaks
HTTP for httpx: with an httpx transport around each, a send cost 1.3 times the CPU.
"""

from __future__ import annotations

import math
import select
import ssl
import time
import weakref
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import attrs
import httpcore
import httpx
from httpcore import AnyIOBackend as AsyncBackend  # async only
from httpcore import SyncBackend as Backend  # noqa: F401 - what the twin uses

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


class _Close(Protocol):
    async def __call__(self) -> None:
        """Be done with a reply."""
        ...


class _Stream(httpx.AsyncByteStream):
    """A body whose last byte is let go last, and noted.

    No generator: trio makes a noise about one that is left half way.
    """

    def __init__(self, upload: Upload | None, flight: Flight) -> None:
        self._pieces = iter(()) if upload is None else upload.pieces()
        self._last = b"" if upload is None else upload.last
        self._flight = flight

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._flight.began = True
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            if piece:
                return piece
        if self._flight.released:
            raise StopAsyncIteration
        self._flight.release()
        return self._last


class _Requests:
    """Makes requests, with all that can be made once made once."""

    def __init__(self, settings: Settings, user_agent: str) -> None:
        self._base = settings.base_url
        self._headers = [
            (b"Host", httpx.URL(settings.base_url).netloc),
            (b"Authorization", b"Bearer " + settings.api_key.encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip"),
            (b"User-Agent", user_agent.encode()),
        ]
        self._json = [*self._headers, (b"Content-Type", b"application/json")]
        self._sends: dict[str, httpcore.URL] = {}

    def for_httpx(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> httpx.Request:
        """Make a request for a user's client."""
        return httpx.Request(
            call.method,
            self._base + call.path,
            headers=self._headers_of(upload),
            stream=_Stream(upload, flight),
            extensions={"timeout": dict.fromkeys(_PHASES, flight.timeout)},
        )

    def for_connection(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> httpcore.Request:
        """Make a request for a connection of our own."""
        timeout: float | None = flight.timeout
        # async only: begin
        # One timer around all of it does: those of each step cost another 40 µs.
        timeout = None
        # async only: end
        return httpcore.Request(
            call.method,
            self._url(call),
            headers=self._headers_of(upload),
            content=_Stream(upload, flight),
            extensions={"timeout": dict.fromkeys(_PHASES, timeout)},
        )

    def _headers_of(self, upload: Upload | None) -> list[tuple[bytes, bytes]]:
        if upload is None:
            return self._headers
        return [*self._json, (b"Content-Length", b"%d" % upload.length)]

    def _url(self, call: Call[Any]) -> httpcore.URL:
        # The path of a read has an id or a query in it: keeping those would grow.
        if not call.is_send:
            return _core_url(self._base + call.path)
        url = self._sends.get(call.path)
        if url is None:
            url = self._sends[call.path] = _core_url(self._base + call.path)
        return url


def _core_url(text: str) -> httpcore.URL:
    """Read a URL as httpx does, and give it as httpcore takes it."""
    url = httpx.URL(text)
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


@attrs.frozen
class _Arrival:
    """A reply whose head is there, and whose body is on its way."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterable[bytes]
    aclose: _Close


async def _read(arrival: _Arrival, flight: Flight) -> Reply:
    """Read a reply, whole or as far as it comes.

    A reply whose head came counts with its status even if its body broke off.
    """
    reader = Reader(arrival.headers.get("content-encoding", ""))
    chunks = aiter(arrival.chunks)
    try:
        async for chunk in chunks:
            reader.feed(chunk)
            if flight.is_over:  # a reply in drips never meets a socket's timeout
                raise httpx.ReadTimeout("too slow")
        reader.end()
        is_complete = True
    except (*_BROKEN, ValueError, ReplyTooLargeError):
        is_complete = False
    finally:
        await shielded(arrival.aclose)
    if not is_complete:
        # Now that the connection is closed, the generators underneath come to an end
        # of their own: trio makes a noise about those that are left half way.
        with suppress(*_BROKEN):
            async for _ in chunks:
                pass
    return Reply(
        arrival.status, arrival.headers, reader.body(), flight.elapsed, is_complete
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
_BROKEN = (
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)
# A name that no host can have is a UnicodeError, from the codec of the resolver.
_FAILURES = (*_BROKEN, TimeoutError, OSError, UnicodeError, TooLateError)


class _Joined(httpcore.AsyncNetworkStream):
    """A stream that holds the head of a request back, to send it with the body.

    httpcore writes them apart, and our last byte is a third write. Each is a system
    call and a turn of the event loop: 100 µs of a send's 900.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")
        self._held = b""
        self._is_head = True
        self._ends_at = math.inf

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep the first piece after a reply; send what comes then, with it."""
        if self._is_head:
            self._is_head, self._held = False, buffer
            self._ends_at = time.monotonic() + (timeout or math.inf)
            return
        if self._held:
            buffer, self._held = self._held + buffer, b""
        if (left := self._ends_at - time.monotonic()) <= 0:
            raise httpcore.WriteTimeout
        await self._stream.write(buffer, left)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive; all of the request was written by then, its empty end included."""
        self._is_head = True
        if (left := self._ends_at - time.monotonic()) <= 0:
            raise httpcore.ReadTimeout
        return await self._stream.read(max_bytes, left)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Go on encrypted."""
        try:
            return _Joined(
                await self._stream.start_tls(ssl_context, server_hostname, timeout)
            )
        except BaseException:  # a cancelled one is left open underneath
            await shielded(self._stream.aclose)
            raise

    async def aclose(self) -> None:
        """Close the socket."""
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        """Tell what the socket tells."""
        # Asked before each request: anyio looks up all it could tell, in 8 µs.
        if info == "is_readable" and hasattr(select, "poll"):
            return _is_readable(self._socket)
        return self._stream.get_extra_info(info)


def _is_readable(socket: Any) -> bool:
    """Tell whether something came, be it only the end; a closed socket counts."""
    if socket is None or socket.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(socket.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class _Network(AsyncBackend):
    """The sockets of httpcore, made to join their writes."""

    async def connect_tcp(
        self, *where: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        """Connect."""
        return _Joined(await super().connect_tcp(*where, **options))


@attrs.define(eq=False)
class _Connection:
    """One connection, open or not yet.

    Attributes:
        line: What speaks HTTP over it.
        good_until: When it is too old to be written to.
    """

    line: httpcore.AsyncHTTPConnection
    good_until: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether it may be written to: young enough, and not closed over there."""
        return time.monotonic() < self.good_until and not self.line.has_expired()


class _Pool:
    """The connections of one event loop."""

    def __init__(
        self,
        open_line: Callable[[], httpcore.AsyncHTTPConnection],
        forget: Callable[[], object],
        limit: int,
    ) -> None:
        self.slots = Slots(limit)
        self.free: deque[_Connection] = deque()
        self.keeper = AtLoopEnd(partial(_close_all, forget, self.free))
        self._open_line = open_line

    async def borrow(self) -> _Connection:
        """Give the connection used last, or a new one."""
        while self.free:
            connection = self.free.pop()
            if connection.is_good:
                return connection
            await shielded(connection.line.aclose)
        return _Connection(self._open_line())

    async def give_back(self, connection: _Connection, idle: float) -> None:
        """Keep a connection for the next request; close a few that are too old."""
        if self.keeper.is_over:
            await shielded(connection.line.aclose)
            return
        now = time.monotonic()
        connection.good_until = now + idle
        self.free.append(connection)
        for _ in range(_REAPED_AT_ONCE):
            if not self.free or self.free[0].good_until > now:
                return
            await shielded(self.free.popleft().line.aclose)


async def _close_all(forget: Callable[[], object], free: deque[_Connection]) -> None:
    forget()
    while free:
        await free.pop().line.aclose()


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
        self._origin = _core_url(settings.base_url).origin
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
        request = self._requests.for_connection(call, upload, flight)
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
        self, pool: _Pool, request: httpcore.Request, flight: Flight
    ) -> Reply:
        connection = await pool.borrow()
        is_reusable = False
        try:
            response = await connection.line.handle_async_request(request)
            headers = _header_texts(response.headers)
            arrival = _Arrival(
                response.status,
                headers,
                response.stream,  # type: ignore[arg-type]
                response.aclose,
            )
            reply = await _read(arrival, flight)
            is_reusable = (
                reply.is_complete
                and not connection.line.is_closed()
                and not _has_more(connection.line)
            )
        finally:
            if not is_reusable:
                await shielded(connection.line.aclose)
        if is_reusable:
            await pool.give_back(connection, _idle_time(reply))
        return reply

    async def _open_pool(self) -> _Pool:
        loop = current_loop()
        # Nothing here refers to the connections: a client that is dropped is gone
        # at once, and not when garbage is collected.
        forget = partial(_forget, weakref.ref(self), loop)
        open_line = partial(_open_line, self._origin, is_plain=self._is_plain)
        pool = self._pools[loop] = _Pool(open_line, forget, self._limit)
        await pool.keeper.begin()
        return pool

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        if pool := self._pools.pop(current_loop(), None):
            await pool.keeper.aclose()


def _forget(owner: weakref.ref[AsyncConnections], loop: object) -> None:
    if connections := owner():
        connections._pools.pop(loop, None)


def _open_line(
    origin: httpcore.Origin, *, is_plain: bool
) -> httpcore.AsyncHTTPConnection:
    return httpcore.AsyncHTTPConnection(
        origin,
        ssl_context=None if is_plain else shared_context(_build_context),
        network_backend=_Network(),
    )


def _header_texts(fields: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Read header fields: lower-case names, repeated ones joined."""
    texts: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
        texts[name] = f"{texts[name]}, {value}" if name in texts else value
    return texts


def _has_more(line: httpcore.AsyncHTTPConnection) -> bool:
    """Tell whether more than the reply came: it would be read as the next one.

    httpcore has no word for it, so this looks underneath; should that change, it
    sees nothing, and the next request takes its chance.
    """
    state = getattr(getattr(line, "_connection", None), "_h11_state", None)
    return state is not None and bool(state.trailing_data[0])


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
        self._slots: weakref.WeakKeyDictionary[object, Slots] = (
            weakref.WeakKeyDictionary()
        )
        self._is_forked = False
        self._http = http
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

    def _is_closed(self) -> bool:
        return getattr(self._http, "is_closed", False) is True

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
        request = self._requests.for_httpx(call, upload, flight)
        try:
            with time_limit(flight.timeout):
                await slots.acquire(flight.timeout)
                try:
                    try:
                        response = await self._handle(request)
                    except RuntimeError as error:
                        if self._is_closed():
                            raise ConfigurationError(
                                "The client given as http= is closed: give an open one."
                            ) from error
                        raise
                    return await _read(_arrival_of(response), flight)
                finally:
                    slots.release()
        except _FAILURES as error:
            return _no_answer(error, flight)

    async def aclose(self) -> None:
        """Do nothing: who made it closes it."""


def _arrival_of(response: httpx.Response) -> _Arrival:
    headers = dict(response.headers)
    chunks: AsyncIterable[bytes] = response.aiter_raw()
    if response.is_stream_consumed:  # by a mock or a hook, which decoded it too
        headers.pop("content-encoding", None)
        chunks = response.aiter_bytes()
    return _Arrival(response.status_code, headers, chunks, response.aclose)


def exchange_for(
    http: object, settings: Settings, *, user_agent: str, limit: int
) -> AsyncExchange:
    """Choose the connections: our own, or those of a user's client."""
    if http is None:
        return AsyncConnections(settings, user_agent=user_agent, limit=limit)
    return AsyncBorrowed(http, settings, user_agent=user_agent, limit=limit)  # type: ignore[arg-type]
