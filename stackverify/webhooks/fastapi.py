"""Webhooks for FastAPI: a dependency that is the event.

```python
from typing import Annotated

from fastapi import Depends, FastAPI

from stackverify.webhooks import AsyncReceiver, WebhookEvent
from stackverify.webhooks.fastapi import webhook

app = FastAPI()
Event = Annotated[WebhookEvent, Depends(webhook(AsyncReceiver()))]


@app.post("/webhooks/stackverify")
async def stackverify(event: Event) -> None: ...
```
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from fastapi import HTTPException, Request, Response

from stackverify._async.receiver import AsyncReceiver, AsyncReception
from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER
from stackverify.errors import WebhookError
from stackverify.models.webhooks import WebhookEvent
from stackverify.webhooks._flavour import check_flavour

__all__ = ["webhook"]


def webhook(
    receiver: AsyncReceiver,
) -> Callable[[Request, Response], AsyncIterator[WebhookEvent]]:
    """Make a dependency that gives the event of a request, for `Depends`.

    The endpoint is only called for what it is to handle; all else is answered
    before. It is to raise an error, such as `HTTPException(503)`, or to set a status
    of 400 or more on its `Response` parameter, if it could not handle the event: then
    the service is told to try again. A response that it returns is not seen here:
    with a status of 400 or more the event would count as handled all the same.

    Raises:
        ConfigurationError: The receiver is not an `AsyncReceiver`.
    """
    check_flavour(receiver, AsyncReceiver, "FastAPI")

    async def event(
        request: Request, response: Response
    ) -> AsyncIterator[WebhookEvent]:
        reception = await _reception(receiver, request)
        async with reception:
            if reception.is_due:
                yield reception.event
                if (response.status_code or 200) >= 400:
                    await reception.release()
        if not reception.is_due:
            raise HTTPException(200)  # FastAPI's way to answer before the endpoint

    return event


async def _reception(receiver: AsyncReceiver, request: Request) -> AsyncReception:
    length = request.headers.get("content-length")
    body = b""
    if receiver.is_worth_reading(length):
        body = await _body(request, receiver.max_body, is_announced=length is not None)
    is_encoded = "content-encoding" in request.headers
    try:
        return await receiver.receive(
            body,
            request.headers.get(SIGNATURE_HEADER),
            content_length=None if is_encoded else length,
        )
    except WebhookError as error:
        headers = dict(error.answer_headers)
        raise HTTPException(error.answer, headers=headers) from None


async def _body(request: Request, most: int, *, is_announced: bool) -> bytes:
    """Read a body, or so much of it that it is too much."""
    if is_announced:  # and so no longer than that; others may read it after us
        return await request.body()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            break
    return bytes(body)
