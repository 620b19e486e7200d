"""Requests over a user's own httpx client or transport."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterable
from functools import partial
from typing import Any, Protocol

import httpx

from stackverify._async._concurrency import Slots, current_loop, time_limit
from stackverify._async.arrivals import (
    FAILURES,
    AsyncArrival,
    no_answer,
    read_reply,
)
from stackverify._async.requests import AsyncRequests
from stackverify._core.call import Call
from stackverify._core.pool import STOCK_POOL
from stackverify._core.settings import Settings
from stackverify._core.verdict import NoAnswer
from stackverify._process.flight import Flight
from stackverify._process.fork import reset_in_child
from stackverify._process.uploads import Upload
from stackverify.errors import ConfigurationError
from stackverify.reply import Reply

__all__ = ["AsyncBorrowed"]


class _Handler(Protocol):
    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give the reply as soon as its head is there."""
        ...


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
        self._requests = AsyncRequests(settings, user_agent)
        self._limit = min(limit, STOCK_POOL)
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
        slots = self._slots_here()
        try:
            with time_limit(flight.timeout):
                await slots.acquire(flight.timeout)
                try:
                    request = self._requests.for_httpx(call, upload, flight)
                    response = await self._send(request)
                    return await read_reply(_arrival_of(response), flight)
                finally:
                    slots.release()
        except FAILURES as error:
            return no_answer(error, flight)

    def _slots_here(self) -> Slots:
        loop = current_loop()
        slots = self._slots.get(loop)
        if slots is None:
            slots = self._slots[loop] = Slots(self._limit)
        return slots

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._handle(request)
        except RuntimeError as error:
            if getattr(self._http, "is_closed", False) is not True:
                raise
            raise ConfigurationError(
                "The client given as http= is closed: give an open one."
            ) from error

    async def aclose(self) -> None:
        """Do nothing: who made it closes it."""


def _arrival_of(response: httpx.Response) -> AsyncArrival:
    headers = dict(response.headers)
    chunks: AsyncIterable[bytes] = response.aiter_raw()
    if response.is_stream_consumed:  # by a mock or a hook, which decoded it too
        headers.pop("content-encoding", None)
        chunks = response.aiter_bytes()
    return AsyncArrival(response.status_code, headers, chunks, response.aclose)
