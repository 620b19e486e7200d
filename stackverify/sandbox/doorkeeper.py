"""Lets in who asks for this machine by its own name, and nobody else.

A page of the web can have its own name lead to this machine; a browser would then
take the sandbox for a part of that page, and let it read everything.
"""

import json
from typing import Final

from starlette.requests import Request

from stackverify.sandbox.checks import is_loopback
from stackverify.sandbox.line import App, Receive, Scope, Send

__all__ = ["Doorkeeper", "is_for_this_machine", "is_from_here", "ONLY_HERE"]

ONLY_HERE: Final = "This is for programs on this machine only."
"""What the others are told."""

_BODY: Final = json.dumps({"error": ONLY_HERE}).encode()
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
]


class Doorkeeper:
    """An ASGI application before another.

    Args:
        app: Who is behind the door.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 403."""
        if scope["type"] != "http" or is_for_this_machine(scope):
            await self._app(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 403, "headers": _HEADERS}
        await send(start)
        await send({"type": "http.response.body", "body": _BODY})


def is_for_this_machine(scope: Scope) -> bool:
    """Tell whether a request calls this machine by one of its own names."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    host = named[0].decode("latin-1") if len(named) == 1 else ""
    if host.startswith("["):
        return is_loopback(host[1:].partition("]")[0])
    return is_loopback(host.partition(":")[0].lower())


def is_from_here(request: Request) -> bool:
    """Tell whether a program asks, or a page of ours, and no page of the web."""
    # Sent by browsers alone: a page of another origin shall not command the sandbox.
    fetched = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    is_same = origin is None or origin == f"{request.url.scheme}://{request.url.netloc}"
    is_fetched_here = is_same and fetched in ("none", "same-origin")
    return is_fetched_here and is_for_this_machine(request.scope)
