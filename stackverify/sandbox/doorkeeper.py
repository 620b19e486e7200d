"""Lets in who asks for this machine by its own name, and nobody else.

A page of the web can have its own name lead to this machine; a browser would then
take the sandbox for a part of that page, and let it read everything.
"""

from stackverify.sandbox.checks import is_loopback
from stackverify.sandbox.line import App, Receive, Scope, Send

__all__ = ["Doorkeeper"]

_BODY = b'{"error":"This is for programs on this machine only."}'
_HEADERS = [
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
        if scope["type"] != "http" or is_loopback(_host(scope)):
            await self._app(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 403, "headers": _HEADERS}
        await send(start)
        await send({"type": "http.response.body", "body": _BODY})


def _host(scope: Scope) -> str:
    named = [value for name, value in scope["headers"] if name == b"host"]
    host = named[0].decode("latin-1") if len(named) == 1 else ""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
