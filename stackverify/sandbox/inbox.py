"""The inbox: a page that shows what was accepted, as it arrives."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from stackverify.sandbox._concurrency import sleep
from stackverify.sandbox.doorkeeper import (
    ONLY_HERE,
    is_for_this_machine,
    is_from_here,
)
from stackverify.sandbox.drafts import content_of_attachment
from stackverify.sandbox.messages import Email
from stackverify.sandbox.service import Service
from stackverify.sandbox.told import tell_state

__all__ = ["inbox_routes"]

_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_PAGE: Final[Mapping[str, str]] = {
    "index.html": "text/html",
    "inbox.css": "text/css",
    "icon.svg": "image/svg+xml",
    "app.js": "text/javascript",
    "list.js": "text/javascript",
    "message.js": "text/javascript",
    "panels.js": "text/javascript",
    "preact.js": "text/javascript",
    "service.js": "text/javascript",
}
_NEVER: Final = "default-src 'none'; base-uri 'none'; form-action 'none'"
_PAGE_MAY: Final = (
    f"{_NEVER}; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-src 'self'; frame-ancestors 'none'"
)
# What a message holds is hostile: no script, nothing from elsewhere, no way out.
_MESSAGE_MAY: Final = (
    f"{_NEVER}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'self'; sandbox"
)
# The policy forbids these to load, and yet a browser may connect for them beforehand.
_REACHES_OUT: Final = re.compile(
    r"<(/?)(base|embed|fencedframe|frame|iframe|link|meta|object|portal)", re.IGNORECASE
)
_SAFELY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "no-store",
}
_LOOKS_EVERY = 0.2
_BEATS_EVERY = 15.0


def inbox_routes(service: Service, is_stopping: Callable[[], bool]) -> list[Route]:
    """Make the routes of the page, for one service."""

    async def html(request: Request) -> Response:
        content = service.message(request.path_params["message_id"]).content
        text = content.html if isinstance(content, Email) else None
        if text is None:
            return PlainTextResponse("It has no HTML.", 404)
        written = _REACHES_OUT.sub(r"<\1x-\2", text).encode("utf-8", "replace")
        return _safe(written, "text/html; charset=utf-8", _MESSAGE_MAY)

    async def attachment(request: Request) -> Response:
        message = service.message(request.path_params["message_id"])
        name, held = content_of_attachment(message.raw, request.path_params["place"])
        answer = _safe(held, "application/octet-stream", _MESSAGE_MAY)
        answer.headers["Content-Disposition"] = _as_a_file(name)
        return answer

    async def events(request: Request) -> Response:
        if request.method == "HEAD":
            return Response(None, 200, _SAFELY, "text/event-stream")
        return StreamingResponse(
            _events(service, is_stopping), 200, _SAFELY, "text/event-stream"
        )

    message = "/sandbox/messages/{message_id}"
    return [
        Route("/", _page),
        Route("/inbox/{name}", _page),
        Route("/sandbox/events", _guarded(events)),
        Route(f"{message}/html", _guarded(html)),
        Route(f"{message}/attachments/{{place:int}}", _guarded(attachment)),
    ]


def _guarded(endpoint: _Endpoint) -> _Endpoint:
    async def guarded(request: Request) -> Response:
        if not is_from_here(request):
            return PlainTextResponse(ONLY_HERE, 403)
        try:
            return await endpoint(request)
        except LookupError as error:
            return PlainTextResponse(str(error), 404)

    return guarded


async def _page(request: Request) -> Response:
    if not is_for_this_machine(request.scope):
        return PlainTextResponse(ONLY_HERE, 403)
    name = request.path_params.get("name", "index.html")
    if name not in _PAGE:
        return PlainTextResponse("There is nothing at this address.", 404)
    return _safe(_file(name), f"{_PAGE[name]}; charset=utf-8", _PAGE_MAY)


@cache
def _file(name: str) -> bytes:
    return files("stackverify.sandbox").joinpath("page", name).read_bytes()


def _safe(body: bytes, media_type: str, policy: str) -> Response:
    headers = {**_SAFELY, "Content-Security-Policy": policy, "Content-Type": media_type}
    return Response(body, headers=headers)


def _as_a_file(name: str | None) -> str:
    kept = "".join(c if c.isalnum() or c in "._- " else "_" for c in name or "")
    plain = kept.encode("ascii", "replace").decode().replace("?", "_")
    exact = quote(kept.encode("utf-8", "replace"), safe="")
    named = f"filename=\"{plain or 'attachment'}\"; filename*=UTF-8''{exact}"
    return f"attachment; {named}" if exact else "attachment"


async def _events(
    service: Service, is_stopping: Callable[[], bool]
) -> AsyncIterator[str]:
    """Tell the state whenever it changed, until the server stops."""
    told, quiet = "", 0.0
    while not is_stopping():
        state: dict[str, Any] = tell_state(service)
        written = json.dumps({**state, "now": None})
        if written != told:
            told, quiet = written, 0.0
            yield f"data: {json.dumps(state)}\n\n"
        elif quiet >= _BEATS_EVERY:
            quiet = 0.0
            yield ":\n\n"
        await sleep(_LOOKS_EVERY)
        quiet += _LOOKS_EVERY
