"""Carries requests to a pretend service in this process: no port, and no waiting."""

from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate
from urllib.parse import unquote

import httpx

from stackverify.sandbox.exchange import Exchange
from stackverify.sandbox.faults import Fault
from stackverify.sandbox.line import Answer
from stackverify.sandbox.service import Service
from stackverify.sandbox.spoiling import damaged, refusal_of

__all__ = ["SandboxTransport"]


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An httpx transport of both flavours that ends in a `Service`.

    Nothing is slow here: an answer that a fault or the knob `latency` delays comes at
    once, or as the timeout it would have become.

    Args:
        service: The service, or a `Sandbox` that need not be running.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Raises:
            httpx.TransportError: A fault has it so.
        """
        return self._answered(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Raises:
            httpx.TransportError: A fault has it so.
        """
        return self._answered(request, await request.aread())

    def _answered(self, request: httpx.Request, body: bytes) -> httpx.Response:
        self._service.arrived()
        try:
            return self._answer(request, self._exchange(request, body))
        finally:
            self._service.left()

    def _exchange(self, request: httpx.Request, body: bytes) -> Exchange:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        return Exchange(
            method=request.method,
            path=unquote(path),
            query=query,
            headers=dict(request.headers),
            body=body,
            request_id=self._service.request_id(),
            now=self._service.clock.now(),
        )

    def _answer(self, request: httpx.Request, exchange: Exchange) -> httpx.Response:
        fault = self._service.fault_for(exchange)
        if fault is not None and not fault.is_accepted:
            return self._turned_away(request, exchange, fault)
        reply = self._service.answer(exchange, fault)
        self._keep_to_the_timeout(request, self._service.latency())
        answer = Answer(reply.status, exchange.record.answer, reply.headers)
        if fault is not None and not fault.is_about_reports:
            return self._spoilt(request, exchange, fault, answer)
        return _response(exchange, answer, request)

    def _turned_away(
        self, request: httpx.Request, exchange: Exchange, fault: Fault
    ) -> httpx.Response:
        answer = refusal_of(fault, self._service.knobs.error_status)
        self._service.turn_away(exchange, fault, answer)
        if answer is None:
            raise httpx.ReadError("the sandbox hung up", request=request)
        return _response(exchange, answer, request)

    def _spoilt(
        self, request: httpx.Request, exchange: Exchange, fault: Fault, answer: Answer
    ) -> httpx.Response:
        match fault.kind:
            case "accepted_then_hang_up":
                raise httpx.ReadError("the sandbox hung up", request=request)
            case "slow" | "drip":
                self._keep_to_the_timeout(request, fault.seconds)
                return _response(exchange, answer, request)
            case "hang_up_before_body":
                return _response(exchange, answer, request, stream=_CutOff(b""))
            case "truncated":
                half = answer.body[: len(answer.body) // 2]
                return _response(exchange, answer, request, stream=_CutOff(half))
            case _:
                return _response(exchange, damaged(fault, answer), request)

    def _keep_to_the_timeout(self, request: httpx.Request, seconds: float) -> None:
        limit = request.extensions.get("timeout", {}).get("read")
        if limit is not None and seconds > limit:
            raise httpx.ReadTimeout("the sandbox is slow", request=request)


class _CutOff(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, begun: bytes) -> None:
        self._begun = begun

    def __iter__(self) -> Iterator[bytes]:
        yield self._begun
        raise httpx.RemoteProtocolError("the sandbox hung up")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._begun
        raise httpx.RemoteProtocolError("the sandbox hung up")


def _response(
    exchange: Exchange,
    answer: Answer,
    request: httpx.Request,
    stream: httpx.ByteStream | _CutOff | None = None,
) -> httpx.Response:
    headers = [
        ("Content-Type", answer.media_type),
        ("Content-Length", str(len(answer.body))),
        ("Date", formatdate(exchange.now, usegmt=True)),
        ("X-Request-Id", exchange.request_id),
        *answer.headers,
    ]
    body = stream or httpx.ByteStream(answer.body)
    return httpx.Response(answer.status, headers=headers, stream=body, request=request)
