"""Webhooks for aiohttp's server: a decorator for handlers.

```python
from aiohttp import web

from stackverify.webhooks import AsyncReceiver, WebhookEvent
from stackverify.webhooks.aiohttp import webhook


@webhook(AsyncReceiver())
async def stackverify(request: web.Request, event: WebhookEvent) -> None: ...


app = web.Application()
app.router.add_post("/webhooks/stackverify", stackverify)
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import isawaitable
from typing import TypeAlias

from aiohttp import web

from stackverify._async.receiver import AsyncReceiver, AsyncReception
from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER
from stackverify.errors import WebhookError
from stackverify.models.webhooks import WebhookEvent
from stackverify.webhooks._flavour import check_flavour

__all__ = ["webhook"]

_View: TypeAlias = Callable[
    [web.Request, WebhookEvent], Awaitable[web.StreamResponse | None]
]
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def webhook(receiver: AsyncReceiver) -> Callable[[_View], _Handler]:
    """Make a handler of a function that takes a request and an event.

    The function is only called for what it is to handle. It is to raise an error, or
    return a response of 400 or more, if it could not: then the service is told to
    try again. It may return `None`: that is a 200.

    Raises:
        ConfigurationError: The receiver is not an `AsyncReceiver`.
    """
    check_flavour(receiver, AsyncReceiver, "aiohttp")

    def decorate(view: _View) -> _Handler:
        @wraps(view)
        async def handler(request: web.Request) -> web.StreamResponse:
            try:
                reception = await _reception(receiver, request)
            except WebhookError as error:
                return web.Response(status=error.answer, headers=error.answer_headers)
            async with reception:
                return await _handled(view, request, reception)

        return handler

    return decorate


async def _handled(
    view: _View, request: web.Request, reception: AsyncReception
) -> web.StreamResponse:
    if not reception.is_due:
        return web.Response()
    answer = view(request, reception.event)
    response = await answer if isawaitable(answer) else answer
    if response is None:
        return web.Response()
    if response.status >= 400:
        await reception.release()
    return response


async def _reception(receiver: AsyncReceiver, request: web.Request) -> AsyncReception:
    length = request.headers.get("Content-Length")
    body = b""
    if receiver.is_worth_reading(length):
        body = await _body(request, receiver.max_body, is_announced=length is not None)
    return await receiver.receive(
        body,
        request.headers.get(SIGNATURE_HEADER),
        content_length=None if "Content-Encoding" in request.headers else length,
    )


async def _body(request: web.Request, most: int, *, is_announced: bool) -> bytes:
    """Read a body, or so much of it that it is too much."""
    body = bytearray()
    if not is_announced:
        async for part in request.content.iter_any():
            body += part
            if len(body) > most:
                break
    # What a middleware has read before us is kept there.
    return bytes(body) or await request.read()
