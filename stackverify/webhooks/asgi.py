"""Webhooks for Starlette, and for anything else that speaks ASGI.

```python
from starlette.applications import Starlette
from starlette.routing import Route

from stackverify.webhooks import AsyncReceiver, WebhookEvent
from stackverify.webhooks.asgi import webhook


@webhook(AsyncReceiver())
async def stackverify(event: WebhookEvent) -> None: ...


app = Starlette(routes=[Route("/webhooks/stackverify", stackverify)])
```
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from inspect import isawaitable
from typing import Any, TypeAlias

from stackverify._async.receiver import AsyncReceiver, AsyncReception
from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER
from stackverify.errors import WebhookError
from stackverify.models.webhooks import WebhookEvent
from stackverify.webhooks._flavour import check_flavour

__all__ = ["AsgiWebhook", "webhook"]

_Scope: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_Handler: TypeAlias = Callable[[WebhookEvent], Awaitable[object]]


_log = logging.getLogger("stackverify")
_SIGNATURE = SIGNATURE_HEADER.lower().encode()


class _GoneError(Exception):
    """The sender went away before the body was complete."""


class AsgiWebhook:
    """An ASGI application that answers webhooks; `webhook` makes one."""

    def __init__(self, receiver: AsyncReceiver, handler: _Handler) -> None:
        self._receiver = receiver
        self._handler = handler

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"a webhook does not speak {scope['type']}")
        if scope["method"] != "POST":
            await _answer(send, 405, {"Allow": "POST"})
            return
        try:
            reception = await self._reception(scope, receive)
        except _GoneError:
            _log.warning(
                "The body of a webhook never came: its sender left, or a middleware "
                "read it and passed on a `receive` that has nothing more to give."
            )
            return
        except WebhookError as error:
            await _answer(send, error.answer, error.answer_headers)
            return
        async with reception:
            if reception.is_due:
                handled = self._handler(reception.event)
                if isawaitable(handled):
                    await handled
        await _answer(send, 200, {})

    async def _reception(self, scope: _Scope, receive: _Receive) -> AsyncReception:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        length = headers.get(b"content-length")
        body = b""
        if self._receiver.is_worth_reading(length):
            body = await _body(receive, self._receiver.max_body)
        return await self._receiver.receive(
            body,
            headers.get(_SIGNATURE),
            content_length=None if b"content-encoding" in headers else length,
        )


async def _body(receive: _Receive, most: int) -> bytes:
    """Read a body, or so much of it that it is too much."""
    body, has_more = bytearray(), True
    while has_more and len(body) <= most:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise _GoneError
        body += event.get("body", b"")
        has_more = event.get("more_body", False)
    return bytes(body)


async def _answer(send: _Send, status: int, headers: Mapping[str, str]) -> None:
    fields = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
    length = [(b"content-length", b"0")]
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": fields + length})
    await send({"type": "http.response.body", "body": b""})


def webhook(receiver: AsyncReceiver) -> Callable[[_Handler], AsgiWebhook]:
    """Make an ASGI application of a function that handles an event.

    The function is called once for each event, and is to raise an error if it could
    not handle it: then the service is told to try again.

    Raises:
        ConfigurationError: The receiver is not an `AsyncReceiver`.
    """
    check_flavour(receiver, AsyncReceiver, "ASGI")
    return lambda handler: AsgiWebhook(receiver, handler)
