"""What may be asked of the pretend service, as JSON Schema."""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from stackverify.sandbox import checks, timetable
from stackverify.sandbox.knobs import Knobs, Templates

__all__ = ["list_parameters", "message_id", "send_schemas"]

_Schema: TypeAlias = dict[str, Any]

_BASE64 = (
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})?$"
)
_URL = r"^https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][^\x00-\x20\x7f]*)?$"
_WHEN: Sequence[_Schema] = (
    {"format": "date-time"},
    {"format": "date"},
)


def send_schemas(knobs: Knobs) -> dict[str, _Schema]:
    """Describe the body of each send, by the name of its schema."""
    return {
        "SmsSend": {"oneOf": [_ref("SmsToMessage"), _ref("SmsRecipientsBody")]},
        "SmsToMessage": _sms_of_the_reference(knobs),
        "SmsRecipientsBody": _sms_of_the_node_clients(knobs),
        "EmailSend": _email(knobs),
        "WhatsappSend": _whatsapp(knobs.templates),
        "Attachment": _attachment(),
    }


def message_id() -> _Schema:
    """Describe the parameter that names a message in a path."""
    return {
        "name": "messageId",
        "in": "path",
        "required": True,
        "description": "The id that the send was answered with.",
        "schema": {"type": "string", "minLength": 1},
    }


def list_parameters() -> list[_Schema]:
    """Describe what a list of SMS may be asked for."""
    statuses = sorted(timetable.STATUSES["sms"])
    start = "Messages accepted from then on; a day begins at midnight UTC."
    end = "Messages accepted up to then; a day ends at midnight UTC."
    number: _Schema = {"type": "integer", "minimum": 1}
    moment = {"type": "string", "anyOf": list(_WHEN)}
    return [
        _asked(
            "page", "Page number.", {**number, "default": 1, "maximum": 999_999_999}
        ),
        _asked(
            "per_page", "Results a page.", {**number, "default": 20, "maximum": 100}
        ),
        _asked("status", "Only these.", {"type": "string", "enum": statuses}),
        _asked("from", start, moment),
        _asked("to", end, moment),
    ]


def _asked(name: str, said: str, schema: _Schema) -> _Schema:
    return {
        "name": name,
        "in": "query",
        "description": f"{said} Empty is as good as left out.",
        "allowEmptyValue": True,
        "schema": schema,
    }


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def _text(longest: int = 2048, pattern: str | None = None) -> _Schema:
    told: _Schema = {"type": "string", "minLength": 1, "maxLength": longest}
    return {**told, "pattern": pattern} if pattern else told


def _or_null(schema: _Schema) -> _Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _phone() -> _Schema:
    return {"type": "string", "pattern": _whole(checks.PHONE), "maxLength": 16}


def _email_address() -> _Schema:
    return {"type": "string", "pattern": _whole(checks.EMAIL), "maxLength": 254}


def _line(longest: int) -> _Schema:
    return _text(longest, _whole(checks.ONE_LINE))


def _many(one: _Schema, knobs: Knobs) -> _Schema:
    """Describe an array in which all must be right, or one is enough."""
    which = "items" if knobs.atomic_arrays else "contains"
    return {"type": "array", "minItems": 1, which: one}


def _when() -> _Schema:
    said = "When to send, in ISO-8601; without an offset it is UTC."
    moment = {"type": "string", "anyOf": list(_WHEN)}
    return {"description": said, "anyOf": [moment, {"type": "null"}]}


def _sms(text: str, when: str) -> _Schema:
    """Describe what both bodies of an SMS have: text, template and the rest."""
    return {
        "type": "object",
        "properties": {
            text: _or_null(_text(1600)),
            "templateId": _or_null(_text(100)),
            "sender_id": _or_null(_line(50)),
            "callback_url": _or_null(_text(pattern=_URL)),
            when: _when(),
        },
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "string"}}}
            for name in (text, "templateId")
        ],
    }


def _sms_of_the_reference(knobs: Knobs) -> _Schema:
    told = _sms("message", "scheduled_at")
    to = {"oneOf": [_phone(), _many(_phone(), knobs)]}
    told["properties"] = {"to": to, "recipients": False, **told["properties"]}
    return {
        **told,
        "description": "The body of the reference; `templateId` is not its own.",
        "required": ["to"],
    }


def _sms_of_the_node_clients(knobs: Knobs) -> _Schema:
    told = _sms("body", "scheduleAt")
    recipients = _many(_phone(), knobs)
    told["properties"] = {"recipients": recipients, "to": False, **told["properties"]}
    return {
        **told,
        "description": "The body that the vendor's Node clients send.",
        "required": ["recipients"],
    }


def _email(knobs: Knobs) -> _Schema:
    address = _email_address()
    files = {"type": ["array", "null"], "items": _ref("Attachment")}
    headers = {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _whole(checks.HEADER)},
        "additionalProperties": {
            "type": "string",
            "pattern": _whole(checks.ONE_LINE),
        },
    }
    return {
        "type": "object",
        "required": ["to", "subject"],
        "properties": {
            "to": {"oneOf": [address, _many(address, knobs)]},
            "subject": _line(998),
            "html": _or_null(_text(10_000_000)),
            "text": _or_null(_text(10_000_000)),
            "from_name": _or_null(_line(200)),
            "from_email": _or_null(address),
            "reply_to": _or_null(address),
            "attachments": files,
            "headers": headers,
            "scheduled_at": _when(),
        },
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "string"}}}
            for name in ("html", "text")
        ],
    }


def _attachment() -> _Schema:
    """Describe a file: base64, or an object around it under any name in use."""
    encoded = {"type": "string", "contentEncoding": "base64", "pattern": _BASE64}
    names = ("filename", "name", "content_type", "contentType", "mime_type", "type")
    about = {name: _or_null(_line(255)) for name in names}
    held = [
        {"required": ["content"], "properties": {"content": encoded}},
        {
            "required": ["data"],
            "properties": {"content": {"type": "null"}, "data": encoded},
        },
    ]
    return {"oneOf": [encoded, {"type": "object", "properties": about, "anyOf": held}]}


def _whatsapp(templates: Templates) -> _Schema:
    variables = {
        "type": ["object", "null"],
        "description": "What stands in each placeholder, by its position.",
        "propertyNames": {"pattern": _whole(checks.POSITION)},
        "additionalProperties": {"type": "string"},
    }
    return {
        "type": "object",
        "required": ["to", "template_name", "language"],
        "properties": {
            "to": _phone(),
            "template_name": {"type": "string", "enum": sorted(templates)},
            "language": _text(35, _whole(checks.LANGUAGE)),
            "variables": variables,
            "header_media_url": _or_null(_text(pattern=_URL)),
        },
        "anyOf": [
            {
                "properties": {
                    "template_name": {"const": name},
                    "language": {"enum": list(languages)},
                }
            }
            for name, languages in sorted(templates.items())
        ],
    }
