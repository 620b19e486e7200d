"""Requests over connections of our own, kept in a free list.

A stock httpx pool walks all its connections at every event, which costs more than
all the rest of a request from 20 in flight on. So connections are kept here, in a
free list: the last one used is used next. They are those of httpcore, which speaks
HTTP for httpx: with an httpx transport around each, a send cost 1.3 times the CPU.
"""

from __future__ import annotations

import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import attrs
import httpcore
import httpx

from stackverify._async._concurrency import (
    AtLoopEnd,
    Slots,
    current_loop,
    is_over,
    shielded,
    time_limit,
)
from stackverify._async.arrivals import (
    FAILURES,
    AsyncArrival,
    no_answer,
    read_reply,
)
from stackverify._async.borrowed import AsyncBorrowed
from stackverify._async.requests import AsyncRequests, core_url
from stackverify._async.sockets import AsyncNetwork
from stackverify._core.call import Call
from stackverify._core.settings import Settings
from stackverify._core.verdict import NoAnswer
from stackverify._process.flight import Flight
from stackverify._process.fork import reset_in_child
from stackverify._process.tls import shared_context
from stackverify._process.uploads import Upload
from stackverify.reply import Reply

__all__ = ["AsyncConnections", "AsyncExchange", "exchange_for"]

# Half the shortest idle timeout in common use is 2.5 s (Node closes after 5 s):
# a connection idle for longer is not written to again.
_IDLE = 2.0
# Connections nobody needs any more are closed this many at a time.
_REAPED_AT_ONCE = 2


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
        forget: Callable[[deque[_Connection]], object],
        limit: int,
    ) -> None:
        self.slots = Slots(limit)
        self.free: deque[_Connection] = deque()
        self.keeper = AtLoopEnd(partial(_close_all, forget, self.free))
        self._open_line = open_line

    async def borrow(self) -> _Connection:
        """Give the connection used last, or a new one."""
        with suppress(IndexError):  # none is left, or another thread took it
            while True:
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
        with suppress(IndexError):  # another thread may have taken it
            for _ in range(_REAPED_AT_ONCE):
                if self.free[0].good_until > now:
                    return
                await shielded(self.free.popleft().line.aclose)


async def _close_all(
    forget: Callable[[deque[_Connection]], object], free: deque[_Connection]
) -> None:
    forget(free)
    with suppress(IndexError):
        while True:
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
        self._requests = AsyncRequests(settings, user_agent)
        self._is_plain = settings.base_url.startswith("http:")
        self._origin = core_url(settings.base_url).origin
        self._limit = limit
        self._pools: dict[Hashable, _Pool] = {}
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
        try:
            with time_limit(flight.timeout):
                await pool.slots.acquire(flight.timeout)
                try:
                    request = self._requests.for_connection(call, upload, flight)
                    return await self._over_connection(pool, request, flight)
                finally:
                    pool.slots.release()
        except FAILURES as error:
            return no_answer(error, flight)

    async def _over_connection(
        self, pool: _Pool, request: httpcore.Request, flight: Flight
    ) -> Reply:
        connection = await pool.borrow()
        is_reusable = False
        try:
            response = await connection.line.handle_async_request(request)
            headers = _header_texts(response.headers)
            arrival = AsyncArrival(
                response.status,
                headers,
                response.stream,  # type: ignore[arg-type]
                response.aclose,
            )
            reply = await read_reply(arrival, flight)
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
        for other in [other for other in self._pools if is_over(other)]:
            self._pools.pop(other, None)
        pool = _Pool(open_line, forget, self._limit)
        if (first := self._pools.setdefault(loop, pool)) is pool:
            await pool.keeper.begin()
        return first

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        if pool := self._pools.pop(current_loop(), None):
            await pool.keeper.aclose()


def _forget(
    owner: weakref.ref[AsyncConnections], loop: Hashable, free: deque[_Connection]
) -> None:
    pools = {} if (connections := owner()) is None else connections._pools
    if (pool := pools.get(loop)) is not None and pool.free is free:
        del pools[loop]


def _open_line(
    origin: httpcore.Origin, *, is_plain: bool
) -> httpcore.AsyncHTTPConnection:
    return httpcore.AsyncHTTPConnection(
        origin,
        ssl_context=None if is_plain else shared_context(_build_context),
        network_backend=AsyncNetwork(),
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


def exchange_for(
    http: object, settings: Settings, *, user_agent: str, limit: int
) -> AsyncExchange:
    """Choose the connections: our own, or those of a user's client."""
    if http is None:
        return AsyncConnections(settings, user_agent=user_agent, limit=limit)
    return AsyncBorrowed(http, settings, user_agent=user_agent, limit=limit)  # type: ignore[arg-type]
