"""The test API: what tests in any language ask of the pretend service over HTTP."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, get_args

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stackverify.sandbox.checks import is_loopback
from stackverify.sandbox.faults import Fault
from stackverify.sandbox.messages import Channel, Email, Message, Sms, Template
from stackverify.sandbox.service import Service
from stackverify.sandbox.shapes import timestamp
from stackverify.sandbox.webhooks import Attempt

__all__ = ["control_routes"]

_Object: TypeAlias = dict[str, Any]
_Act: TypeAlias = Callable[[Service, Request, _Object], Response]
_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_LARGEST = 1024 * 1024
_FILTERS = ("channel", "to", "status")


class _WrongError(Exception):
    """What was asked cannot be done, and why."""


def control_routes(service: Service) -> list[Route]:
    """Make the routes of the test API, for one service."""
    return [
        Route(f"/sandbox/{path}", _endpoint(service, act), methods=[method])
        for method, path, act in _ACTS
    ]


def _endpoint(service: Service, act: _Act) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        if not _is_from_here(request):
            return _refusal(403, "This is for programs on this machine only.")
        try:
            return act(service, request, await _fields(request))
        except (_WrongError, TypeError, ValueError) as error:
            return _refusal(422, str(error))

    return endpoint


def _is_from_here(request: Request) -> bool:
    """Keep out pages of the web that a browser on this machine shows."""
    is_here = is_loopback(request.url.hostname or "")
    # Sent by browsers alone: a page of another origin shall not command the sandbox.
    fetched = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    is_same = origin is None or origin == f"{request.url.scheme}://{request.url.netloc}"
    return is_here and is_same and fetched in ("none", "same-origin")


async def _fields(request: Request) -> _Object:
    if request.method != "POST":
        return {}
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise _WrongError("The body is too large.")
    try:
        fields = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise _WrongError("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise _WrongError("The body is not a JSON object.")
    return fields


def _refusal(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)


def _messages(service: Service, request: Request, fields: _Object) -> Response:
    found = _found(service, request)
    limit = int(request.query_params.get("limit", "100"))
    shown = found[-limit:] if limit > 0 else []
    said = {"messages": [_told(message) for message in shown], "matching": len(found)}
    return JSONResponse({**said, "accepted": service.count()})


def _latest(service: Service, request: Request, fields: _Object) -> Response:
    found = _found(service, request)
    return JSONResponse(_told(found[-1])) if found else _refusal(404, "There is none.")


def _message(service: Service, request: Request, fields: _Object) -> Response:
    wanted = request.path_params["message_id"]
    found = [each for each in service.messages() if each.message_id == wanted]
    return JSONResponse(_told(found[0])) if found else _refusal(404, "There is none.")


def _found(service: Service, request: Request) -> list[Message]:
    asked = {name: request.query_params.get(name) or None for name in _FILTERS}
    if asked["channel"] not in (None, *get_args(Channel)):
        raise _WrongError(f"channel must be one of {', '.join(get_args(Channel))}.")
    return service.messages(**asked)  # type: ignore[arg-type]


def _told(message: Message) -> _Object:
    return {
        "message_id": message.message_id,
        "channel": message.channel,
        "to": message.to,
        "status": message.status,
        "error_message": message.error_message,
        "text": message.text,
        "accepted_at": timestamp(message.accepted_at),
        "scheduled_at": message.scheduled_at,
        "workspace": message.workspace,
        **_content(message.content),
        "request": json.loads(message.raw),
    }


def _content(content: Sms | Email | Template) -> _Object:
    match content:
        case Sms():
            return {"sender_id": content.sender_id}
        case Email():
            names = ("subject", "html", "from_name", "from_email", "reply_to")
            files = [attrs.asdict(file) for file in content.attachments]
            told = {name: getattr(content, name) for name in names}
            return {**told, "plain": content.plain, "attachments": files}
        case Template():
            return {
                "template_name": content.name,
                "language": content.language,
                "variables": dict(content.variables),
            }


def _reset(service: Service, request: Request, fields: _Object) -> Response:
    service.reset()
    return Response(status_code=204)


def _faults(service: Service, request: Request, fields: _Object) -> Response:
    return JSONResponse([attrs.asdict(fault) for fault in service.faults])


def _add_fault(service: Service, request: Request, fields: _Object) -> Response:
    _check_names(fields, attrs.fields_dict(Fault))
    return JSONResponse(attrs.asdict(service.faults.add(**fields)), 201)


def _clear_faults(service: Service, request: Request, fields: _Object) -> Response:
    service.faults.clear()
    return Response(status_code=204)


def _clock(service: Service, request: Request, fields: _Object) -> Response:
    return JSONResponse({"now": timestamp(service.clock.now())})


def _advance(service: Service, request: Request, fields: _Object) -> Response:
    _check_names(fields, {"advance": None})
    seconds = fields.get("advance")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise _WrongError("advance must be seconds.")
    if not 0 <= seconds <= _YEAR:
        raise _WrongError("advance must be seconds, from 0 to those of a year.")
    service.clock.advance(seconds)
    return _clock(service, request, fields)


def _webhooks(service: Service, request: Request, fields: _Object) -> Response:
    return JSONResponse([_attempt(attempt) for attempt in service.webhooks])


def _attempt(attempt: Attempt) -> _Object:
    return {
        "url": attempt.webhook.url,
        "attempt": attempt.webhook.attempt,
        "at": timestamp(attempt.at),
        "status": attempt.status,
        "failure": attempt.failure,
        "signature": attempt.webhook.signature,
        "fields": attempt.webhook.fields,
    }


def _reply(service: Service, request: Request, fields: _Object) -> Response:
    _check_names(fields, dict.fromkeys(("text", "sender", "to", "channel")))
    if not all(isinstance(value, str) for value in fields.values()):
        raise _WrongError("text, sender, to and channel must be strings.")
    service.reply(fields.pop("text", ""), **fields)
    return Response(status_code=204)


def _check_names(fields: _Object, known: Mapping[str, object]) -> None:
    if unknown := sorted(fields.keys() - known.keys()):
        raise _WrongError(f"There is no {', '.join(unknown)}; use {', '.join(known)}.")


_YEAR = 366 * 86_400
_ACTS: tuple[tuple[str, str, _Act], ...] = (
    ("GET", "messages", _messages),
    ("DELETE", "messages", _reset),
    ("GET", "messages/latest", _latest),
    ("GET", "messages/{message_id}", _message),
    ("POST", "reset", _reset),
    ("GET", "faults", _faults),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
    ("GET", "clock", _clock),
    ("POST", "clock", _advance),
    ("GET", "webhooks", _webhooks),
    ("POST", "replies", _reply),
)
