"""Webhooks for Flask: a decorator for views.

```python
from flask import Flask

from stackverify.webhooks import Receiver, WebhookEvent
from stackverify.webhooks.flask import webhook

app = Flask(__name__)


@app.post("/webhooks/stackverify")
@webhook(Receiver())
def stackverify(event: WebhookEvent) -> None: ...
```
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from flask import Response, current_app, make_response, request
from werkzeug.exceptions import ClientDisconnected

from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER
from stackverify._sync.receiver import Receiver, Reception
from stackverify.errors import WebhookError
from stackverify.webhooks._flavour import check_flavour

__all__ = ["webhook"]

_View: TypeAlias = Callable[..., Any]


def webhook(receiver: Receiver) -> Callable[[_View], Callable[..., Response]]:
    """Make a view of a function that takes an event, and what the route captures.

    The function is only called for what it is to handle. It is to raise an error, or
    return a response of 400 or more, if it could not: then the service is told to
    try again. It may return `None`: that is a 200.

    Raises:
        ConfigurationError: The receiver is not a `Receiver`.
    """
    check_flavour(receiver, Receiver, "Flask")

    def decorate(function: _View) -> Callable[..., Response]:
        @wraps(function)
        def view(**captured: Any) -> Response:
            try:
                reception = _reception(receiver)
            except WebhookError as error:
                return Response(status=error.answer, headers=dict(error.answer_headers))
            with reception:
                return _handled(function, captured, reception)

        return view

    return decorate


def _handled(
    function: _View, captured: dict[str, Any], reception: Reception
) -> Response:
    if not reception.is_due:
        return Response()
    returned = current_app.ensure_sync(function)(reception.event, **captured)
    response = make_response("" if returned is None else returned)
    if response.status_code >= 400:
        reception.release()
    return response


def _reception(receiver: Receiver) -> Reception:
    length = request.headers.get("Content-Length")
    return receiver.receive(
        _body(receiver.max_body) if receiver.is_worth_reading(length) else b"",
        request.headers.get(SIGNATURE_HEADER),
        content_length=None if "Content-Encoding" in request.headers else length,
    )


def _body(most: int) -> bytes:
    """Read a body, or so much of it that it is too much."""
    if request.content_length is not None:
        try:
            return request.get_data()
        except ClientDisconnected:
            if request.stream.tell():  # some of it came, so nothing else has read it
                raise
            return b""
    # Of a length nobody knows. What was read before us is kept at `get_data`.
    return request.stream.read(most + 1) or request.get_data()
