"""The sockets under httpcore, made to write less often, and no longer than allowed."""

from __future__ import annotations

import math
import select
import ssl
import time
from typing import Any

import httpcore
from httpcore import AnyIOBackend as AsyncBackend  # async only
from httpcore import SyncBackend as Backend  # noqa: F401 - what the twin uses

from stackverify._async._concurrency import shielded

__all__ = ["AsyncNetwork"]


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


class AsyncNetwork(AsyncBackend):
    """The sockets of httpcore, made to join their writes."""

    async def connect_tcp(
        self, *where: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        """Connect."""
        return _Joined(await super().connect_tcp(*where, **options))
