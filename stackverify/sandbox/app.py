"""The pretend service as an ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.routing import Route

from stackverify.sandbox._concurrency import sleep
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.service import Service
from stackverify.sandbox.shapes import refusal

__all__ = ["create_app"]

_Scope: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LARGEST_BODY = 32 * 1024 * 1024
# Long waits are slept in parts, so that a server that stops need not wait them out.
_NAP = 0.1


class _TooLargeError(Exception):
    """The body is larger than anyone may send."""


class _GoneError(Exception):
    """The client went away before the request was complete."""


class _Api:
    """Turns ASGI into an `Exchange`, and a `Reply` back into ASGI."""

    def __init__(self, service: Service, is_stopping: Callable[[], bool]) -> None:
        self._service = service
        self._is_stopping = is_stopping

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        self._service.arrived()
        try:
            await self._serve(scope, receive, send)
        except _GoneError:
            return  # Nothing of an unfinished request is kept.
        finally:
            self._service.left()

    async def _serve(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        request_id = self._service.request_id()
        try:
            exchange = self._exchange(scope, await _body(receive), request_id)
            reply = self._service.answer(exchange)
        except _TooLargeError:
            refused = RefusalError(413, "too_large", "The body is too large.")
            reply = refusal(refused, self._service.knobs.error_status)
        if latency := self._service.latency():
            await self._wait(latency)
        await self._reply(reply, request_id, send)

    def _exchange(self, scope: _Scope, body: bytes, request_id: str) -> Exchange:
        return Exchange(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in scope["headers"]
            },
            body=body,
            request_id=request_id,
            now=self._service.clock.now(),
        )

    async def _wait(self, seconds: float) -> None:
        while seconds > 0 and not self._is_stopping():
            await sleep(min(seconds, _NAP))
            seconds -= _NAP

    async def _reply(self, reply: Reply, request_id: str, send: _Send) -> None:
        body = reply.encoded()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"date", _http_date(int(self._service.clock.now()))),
            (b"x-request-id", request_id.encode()),
            *((name.encode(), value.encode()) for name, value in reply.headers),
        ]
        start = {"type": "http.response.start", "status": reply.status}
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _body(receive: _Receive) -> bytes:
    parts: list[bytes] = []
    size, has_more = 0, True
    while has_more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise _GoneError
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        has_more = event.get("more_body", False)
        if size > _LARGEST_BODY:
            raise _TooLargeError
    return b"".join(parts)


@lru_cache(maxsize=2)
def _http_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def create_app(
    service: Service, *, is_stopping: Callable[[], bool] = lambda: False
) -> Starlette:
    """Make an ASGI application that answers with this service.

    Args:
        service: The pretend service; several applications may share one.
        is_stopping: Says when answers that wait for their latency should go out.
    """
    return Starlette(routes=[Route("/{path:path}", _Api(service, is_stopping))])
