"""The test API: what tests in any language ask of the pretend service over HTTP."""

import json
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from typing import Any, TypeAlias, get_args

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stackverify.sandbox._concurrency import sleep
from stackverify.sandbox.channel import Channel
from stackverify.sandbox.doorkeeper import ONLY_HERE, is_from_here
from stackverify.sandbox.faults import Fault, FaultKind
from stackverify.sandbox.messages import Message
from stackverify.sandbox.outbox import Found
from stackverify.sandbox.reports import Webhook
from stackverify.sandbox.service import Service
from stackverify.sandbox.shapes import timestamp
from stackverify.sandbox.told import (
    tell_attempt,
    tell_faults,
    tell_look,
    tell_message,
    tell_record,
    tell_row,
    tell_state,
    tell_whole_message,
)

__all__ = ["control_routes"]

_Object: TypeAlias = dict[str, Any]
_Act: TypeAlias = Callable[
    [Service, Request, _Object], Response | Coroutine[Any, Any, Response]
]
_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_LARGEST = 4 * 1024 * 1024
_FILTERS = ("channel", "to", "status")
_MOST_ROWS = 500


class _Told(Response):
    """An answer in JSON; ASCII, for what a message holds may have no UTF-8."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write it."""
        return json.dumps(content, separators=(",", ":")).encode()


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
        if not is_from_here(request):
            return _refusal(403, ONLY_HERE)
        try:
            answer = act(service, request, await _fields(request))
            return answer if isinstance(answer, Response) else await answer
        except LookupError as error:
            return _refusal(404, str(error))
        except (_WrongError, TypeError, ValueError) as error:
            return _refusal(422, str(error))

    return endpoint


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
    return _Told({"error": why}, status)


def _state(service: Service, request: Request, fields: _Object) -> Response:
    return _Told(tell_state(service))


async def _search(service: Service, request: Request, fields: _Object) -> Response:
    asked = request.query_params
    start, limit = int(asked.get("start", "0")), int(asked.get("limit", "50"))
    if start < 0 or not 0 <= limit <= _MOST_ROWS:
        raise _WrongError(f"start must be 0 or more, limit 0 to {_MOST_ROWS}.")
    parts = service.search_in_parts(asked.get("q", ""), start=start, limit=limit)
    found, matching = await _drained(parts)
    rows = [tell_row(message) for message in found]
    return _Told({"rows": rows, "start": start, "matching": matching})


async def _drained(parts: Generator[None, None, Found]) -> Found:
    """Search to the end, with a turn for all others after each part."""
    while True:
        try:
            next(parts)
        except StopIteration as done:
            found: Found = done.value
            return found
        await sleep(0)


def _messages(service: Service, request: Request, fields: _Object) -> Response:
    found = _found(service, request)
    limit = int(request.query_params.get("limit", "100"))
    shown = found[-limit:] if limit > 0 else []
    said = {"messages": [tell_message(each) for each in shown], "matching": len(found)}
    return _Told({**said, "accepted": service.count()})


def _latest(service: Service, request: Request, fields: _Object) -> Response:
    found = _found(service, request)
    if not found:
        return _refusal(404, "There is none.")
    return _Told(tell_message(found[-1]))


def _message(service: Service, request: Request, fields: _Object) -> Response:
    message = service.message(request.path_params["message_id"])
    return _Told(tell_whole_message(service, message))


def _look(service: Service, request: Request, fields: _Object) -> Response:
    message = service.message(request.path_params["message_id"])
    return _Told(tell_look(service, message))


def _found(service: Service, request: Request) -> list[Message]:
    asked = {name: request.query_params.get(name) or None for name in _FILTERS}
    if asked["channel"] not in (None, *get_args(Channel)):
        raise _WrongError(f"channel must be one of {', '.join(get_args(Channel))}.")
    return service.messages(**asked)  # type: ignore[arg-type]


def _deliver(service: Service, request: Request, fields: _Object) -> Response:
    _check_texts(fields, "status", "error_message")
    message_id = request.path_params["message_id"]
    webhook = service.deliver(message_id, **{"status": "delivered", **fields})
    return _Told(_written(webhook))


def _written(webhook: Webhook) -> _Object:
    return {
        "url": webhook.url,
        "headers": dict(webhook.headers),
        "body": webhook.body.decode(),
    }


def _reset(service: Service, request: Request, fields: _Object) -> Response:
    service.reset()
    return Response(status_code=204)


def _requests(service: Service, request: Request, fields: _Object) -> Response:
    log = list(service.traffic.log)[-_limit(request) :]
    return _Told([tell_record(record) for record in log])


def _limit(request: Request) -> int:
    limit = int(request.query_params.get("limit", "100000"))
    if limit < 1:
        raise _WrongError("limit must be 1 or more.")
    return limit


def _faults(service: Service, request: Request, fields: _Object) -> Response:
    return _Told(tell_faults(service))


def _fault_kinds(service: Service, request: Request, fields: _Object) -> Response:
    return _Told(list(get_args(FaultKind)))


def _add_fault(service: Service, request: Request, fields: _Object) -> Response:
    _check_names(fields, attrs.fields_dict(Fault))
    service.faults.add(**fields)
    return _Told(tell_faults(service)[-1], 201)


def _clear_faults(service: Service, request: Request, fields: _Object) -> Response:
    service.faults.clear()
    return Response(status_code=204)


def _remove_fault(service: Service, request: Request, fields: _Object) -> Response:
    service.faults.remove(request.path_params["number"])
    return Response(status_code=204)


def _clock(service: Service, request: Request, fields: _Object) -> Response:
    return _Told({"now": timestamp(service.clock.now())})


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
    attempts = service.webhooks[-_limit(request) :]
    return _Told([tell_attempt(attempt) for attempt in attempts])


def _replay(service: Service, request: Request, fields: _Object) -> Response:
    _check_texts(fields, "url", "body", "signature")
    body = fields.pop("body", None)
    webhook = service.replay(
        request.path_params["number"],
        body=None if body is None else body.encode("utf-8", "backslashreplace"),
        **fields,
    )
    return _Told(_written(webhook))


def _reply(service: Service, request: Request, fields: _Object) -> Response:
    _check_texts(fields, "text", "sender", "to", "channel")
    if "sender" not in fields:
        raise _WrongError("sender must be given: the number that writes.")
    if fields.get("channel", "sms") not in ("sms", "whatsapp"):
        raise _WrongError("channel must be sms or whatsapp.")
    return _Told(_written(service.reply(fields.pop("text", ""), **fields)))


def _check_texts(fields: _Object, *names: str) -> None:
    _check_names(fields, dict.fromkeys(names))
    if not all(isinstance(value, str) for value in fields.values()):
        raise _WrongError(f"{', '.join(names)} must be strings.")


def _check_names(fields: _Object, known: Mapping[str, object]) -> None:
    if unknown := sorted(fields.keys() - known.keys()):
        raise _WrongError(f"There is no {', '.join(unknown)}; use {', '.join(known)}.")


_YEAR = 366 * 86_400
_ACTS: tuple[tuple[str, str, _Act], ...] = (
    ("GET", "state", _state),
    ("GET", "search", _search),
    ("GET", "messages", _messages),
    ("DELETE", "messages", _reset),
    ("GET", "messages/latest", _latest),
    ("GET", "messages/{message_id}", _message),
    ("GET", "messages/{message_id}/look", _look),
    ("POST", "messages/{message_id}/status", _deliver),
    ("POST", "reset", _reset),
    ("GET", "requests", _requests),
    ("GET", "faults", _faults),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
    ("GET", "faults/kinds", _fault_kinds),
    ("DELETE", "faults/{number:int}", _remove_fault),
    ("GET", "clock", _clock),
    ("POST", "clock", _advance),
    ("GET", "webhooks", _webhooks),
    ("POST", "webhooks/{number:int}/replay", _replay),
    ("POST", "replies", _reply),
)
