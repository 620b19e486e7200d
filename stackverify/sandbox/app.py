"""The pretend service as an ASGI application."""

from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache

from starlette.applications import Starlette
from starlette.routing import Route

from stackverify.sandbox._concurrency import sleep
from stackverify.sandbox.control import control_routes
from stackverify.sandbox.endpoints import BASE_PATH
from stackverify.sandbox.exchange import Exchange, RefusalError
from stackverify.sandbox.faults import Fault
from stackverify.sandbox.inbox import inbox_routes
from stackverify.sandbox.line import Answer, HangUp, Headers, Line, Receive, Scope, Send
from stackverify.sandbox.openapi import openapi_route
from stackverify.sandbox.service import Service
from stackverify.sandbox.shapes import refusal
from stackverify.sandbox.spoiling import refusal_of, spoil

__all__ = ["create_app"]

_LARGEST_BODY = 32 * 1024 * 1024
# Long waits are slept in parts, so that a server that stops need not wait them out.
_NAP = 0.1


class _TooLargeError(Exception):
    """The body is larger than anyone may send."""


class _GoneError(Exception):
    """The client went away before the request was complete."""


class _Api:
    """Turns ASGI into an `Exchange`, and a `Reply` back into ASGI."""

    def __init__(
        self, service: Service, is_stopping: Callable[[], bool], hang_up: HangUp
    ) -> None:
        self._service = service
        self._is_stopping = is_stopping
        self._hang_up = hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._service.arrived()
        try:
            await self._serve(scope, receive, send)
        except _GoneError:
            return  # Nothing of an unfinished request is kept.
        finally:
            self._service.left()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = self._service.request_id()
        line = Line(scope, receive, send, self._hang_up, self._wait)
        try:
            exchange = self._exchange(scope, await _body(receive), request_id)
            fault = self._service.fault_for(exchange)
            if fault is not None and not fault.is_accepted:
                await self._refuse(fault, exchange, line)
                return
            reply = self._service.answer(exchange, fault)
            body = exchange.record.answer
        except _TooLargeError:
            fault = None
            refused = RefusalError(413, "too_large", "The body is too large.")
            reply = refusal(refused, self._service.knobs.error_status)
            body = reply.encoded()
        if latency := self._service.latency():
            await self._wait(latency)
        answer = Answer(reply.status, body, reply.headers)
        head = self._head(request_id)
        if fault is None or fault.is_about_reports:
            await line.say(answer, head)
        else:
            await spoil(fault, answer, head, line)

    async def _refuse(self, fault: Fault, exchange: Exchange, line: Line) -> None:
        answer = refusal_of(fault, self._service.knobs.error_status)
        self._service.turn_away(exchange, fault, answer)
        if answer is None:
            await line.hang_up()
        else:
            await line.say(answer, self._head(exchange.request_id))

    def _head(self, request_id: str) -> Headers:
        return (
            (b"date", _http_date(int(self._service.clock.now()))),
            (b"x-request-id", request_id.encode()),
        )

    def _exchange(self, scope: Scope, body: bytes, request_id: str) -> Exchange:
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


async def _body(receive: Receive) -> bytes:
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


def _hang_up(client: object, *, gently: bool) -> None:
    raise ConnectionResetError("the sandbox hung up")


def create_app(
    service: Service,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
    hang_up: HangUp = _hang_up,
) -> Starlette:
    """Make an ASGI application that answers with this service.

    Args:
        service: The pretend service; several applications may share one.
        is_stopping: Says when answers that wait for their latency should go out.
        hang_up: Drops the connection of a client; without a server to do that, the
            application raises `ConnectionResetError`.
    """
    api = _Api(service, is_stopping, hang_up)
    # The API first, for it is asked most; it answers for unknown places as well.
    first = Route(f"{BASE_PATH}/{{path:path}}", api)
    beside = [*control_routes(service), *inbox_routes(service, is_stopping)]
    app = Starlette(routes=[first, *beside, openapi_route(service)])
    # No route fits a path with a line end in it.
    app.router.default, app.router.redirect_slashes = api, False
    return app
