"""What the pretend service answers, as JSON Schema, as its knobs are set now."""

from collections.abc import Mapping
from typing import Any, TypeAlias, get_args

from stackverify.sandbox import timetable
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Channel

__all__ = ["accepted", "HEADERS", "id_places", "refusals", "refused", "reply_schemas"]

_Schema: TypeAlias = dict[str, Any]

_TEXT: _Schema = {"type": "string"}
_MAYBE_TEXT: _Schema = {"type": ["string", "null"]}
_COUNT: _Schema = {"type": "integer", "minimum": 0}
_TIME: _Schema = {"type": "string", "format": "date-time"}
# The name, the codes and the description of each refusal, by its status.
_REFUSALS: Mapping[int, tuple[str, tuple[str, ...], str]] = {
    400: (
        "BadRequest",
        ("bad_request", "missing_parameter"),
        "A parameter is missing.",
    ),
    401: ("Unauthorized", ("unauthorized",), "The API key is missing or not valid."),
    403: ("Forbidden", ("forbidden",), "The API key lacks the permission."),
    404: ("NotFound", ("not_found",), "There is no such message."),
    405: ("MethodNotAllowed", ("method_not_allowed",), "Another method is needed."),
    413: ("TooLarge", ("too_large",), "The body is too large."),
    422: ("Invalid", ("validation_error",), "A parameter is wrong; see `errors`."),
    429: (
        "TooMany",
        ("rate_limited", "monthly_limit"),
        "Too many requests a minute, or messages a month.",
    ),
}
_OF_EVERY_REPLY = ("X-Request-Id", "Date")

HEADERS: Mapping[str, _Schema] = {
    "X-Request-Id": {
        "description": "The id of the request.",
        "required": True,
        "schema": {"type": "string", "pattern": "^req_[0-9a-f]{24}$"},
    },
    "Date": {
        "description": "What time it is at the service.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "How many seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {
        "description": "The method that this address takes.",
        "required": True,
        "schema": {"type": "string", "enum": ["GET", "POST"]},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    },
}
"""Every header that an answer may have."""

_MORE_HEADERS = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After"}


def reply_schemas(knobs: Knobs) -> dict[str, _Schema]:
    """Describe the body of each answer, by the name of its schema."""
    told: dict[str, _Schema] = {}
    for channel in get_args(Channel):
        name = channel.capitalize()
        told[f"{name}Accepted"] = _accepted(channel, knobs)
        told[f"{name}Status"] = _status(channel, knobs)
    told["SmsList"] = _list(knobs)
    for status, (name, codes, _) in _REFUSALS.items():
        told[name] = _refusal(status, codes, knobs)
    return told


def refusals() -> dict[str, _Schema]:
    """Describe each refusal, by its name."""
    return {
        name: {
            "description": said,
            "headers": _headers(*_OF_EVERY_REPLY, *_more(status)),
            "content": _json(name),
        }
        for status, (name, _, said) in _REFUSALS.items()
    }


def id_places(knobs: Knobs, *, to_many: bool) -> dict[str, str]:
    """Tell where an accepted message has its id: after one, and after many."""
    places: Mapping[str, str] = {
        "top": "message_id",
        "id": "id",
        "data": "data/message_id",
    }
    if knobs.reply_style == "bare":
        return {}
    one = places.get(knobs.reply_style, "data/0/message_id")
    return {"one": one, "many": "data/0/message_id"} if to_many else {"one": one}


def refused(status: int) -> _Schema:
    """Point to the description of the refusal with this status."""
    return {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}


def accepted(name: str) -> _Schema:
    """Describe the answer to a request that went well."""
    return {
        "description": "It went well.",
        "headers": _headers(*_OF_EVERY_REPLY),
        "content": _json(name),
    }


def _more(status: int) -> tuple[str, ...]:
    return (_MORE_HEADERS[status],) if status in _MORE_HEADERS else ()


def _headers(*names: str) -> _Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _json(name: str) -> _Schema:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"application/json": {"schema": schema}}


def _object(**properties: _Schema) -> _Schema:
    """Describe an object that has just these."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _const(value: object) -> _Schema:
    return {"const": value}


def _id(channel: Channel) -> _Schema:
    return {"type": "string", "pattern": f"^{channel}_[0-9a-f]{{24}}$"}


def _accepted(channel: Channel, knobs: Knobs) -> _Schema:
    style = knobs.reply_style
    said = {"message": _TEXT}
    if style != "data":
        said = {"status": _const("success"), **said}
    if style == "bare":
        return _object(**said)
    results = {"type": "array", "minItems": 1, "items": _result(channel, knobs)}
    many = _object(**said, data=results)
    if style == "list":
        return many
    place, held = {
        "top": ("message_id", _id(channel)),
        "id": ("id", _id(channel)),
        "data": ("data", _taken(channel)),
    }[style]
    one = _object(**said, **{place: held})
    return one if channel == "whatsapp" else {"oneOf": [one, many]}


def _taken(channel: Channel) -> _Schema:
    return _object(to=_TEXT, message_id=_id(channel), status=_const("queued"))


def _result(channel: Channel, knobs: Knobs) -> _Schema:
    if knobs.atomic_arrays:
        return _taken(channel)
    rejected = _const("rejected")
    refused = _object(to={"type": "null"}, status=rejected, error=_TEXT)
    return {"oneOf": [_taken(channel), refused]}


def _progress(channel: Channel) -> dict[str, _Schema]:
    return {
        "status": {"type": "string", "enum": sorted(timetable.STATUSES[channel])},
        "error_message": _MAYBE_TEXT,
        "created_at": _TIME,
        "scheduled_at": _MAYBE_TEXT,
    }


def _status(channel: Channel, knobs: Knobs) -> _Schema:
    name = _const(channel)
    told = _object(
        message_id=_id(channel), to=_TEXT, channel=name, **_progress(channel)
    )
    if knobs.status_style == "data":
        return _object(message=_const("OK"), data=told)
    return told


def _list(knobs: Knobs) -> _Schema:
    about = {"to": _TEXT, "message": _TEXT, "sender_id": _MAYBE_TEXT}
    row = _object(message_id=_id("sms"), **about, **_progress("sms"))
    rows = {"type": "array", "maxItems": 100, "items": row}
    size = {"per_page": _COUNT, "total": _COUNT}
    place = {"current_page": _COUNT, "last_page": _COUNT, **size}
    match knobs.list_style:
        case "bare":
            return rows
        case "messages":
            return _object(messages=rows, page=_COUNT, **size)
        case "data+meta":
            return _object(data=rows, meta=_object(**place))
        case "laravel":
            return _object(data=rows, **place, next_page_url=_MAYBE_TEXT)


def _refusal(status: int, codes: tuple[str, ...], knobs: Knobs) -> _Schema:
    written = {"text": "error", "number": status, "boolean": False}
    more: dict[str, _Schema] = {}
    if status == 422:
        whys = {"type": "array", "minItems": 1, "items": _TEXT}
        more = {"errors": {"type": "object", "additionalProperties": whys}}
    if status == 429:
        more = {"retry_after": {"type": "integer", "minimum": 1}}
    return _object(
        status=_const(written[knobs.error_status]),
        code={"type": "string", "enum": list(codes)},
        message=_TEXT,
        **more,
    )
