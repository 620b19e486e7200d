"""Requests as they are sent, with all that can be made once made once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpcore
import httpx

from stackverify._core.call import Call
from stackverify._core.settings import Settings
from stackverify._process.flight import Flight
from stackverify._process.uploads import Upload

__all__ = ["AsyncRequests", "core_url"]

_PHASES = ("connect", "read", "write", "pool")


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


class AsyncRequests:
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
            extensions={"timeout": dict.fromkeys(_PHASES, flight.left)},
        )

    def for_connection(
        self, call: Call[Any], upload: Upload | None, flight: Flight
    ) -> httpcore.Request:
        """Make a request for a connection of our own."""
        timeout: float | None = flight.left
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
            return core_url(self._base + call.path)
        url = self._sends.get(call.path)
        if url is None:
            url = self._sends[call.path] = core_url(self._base + call.path)
        return url


def core_url(text: str) -> httpcore.URL:
    """Read a URL as httpx does, and give it as httpcore takes it."""
    url = httpx.URL(text)
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
