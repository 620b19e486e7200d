"""What is told about the pretend service: its state, messages, requests, webhooks."""

import json
from typing import Any, TypeAlias

import attrs

from stackverify.sandbox.keys import Key
from stackverify.sandbox.messages import Email, Message, Sms, Template
from stackverify.sandbox.rendering import render
from stackverify.sandbox.reports import Attempt
from stackverify.sandbox.segments import cut
from stackverify.sandbox.service import Service
from stackverify.sandbox.shapes import timestamp
from stackverify.sandbox.timetable import STATUSES
from stackverify.sandbox.traffic import Record

__all__ = [
    "tell_attempt",
    "tell_faults",
    "tell_look",
    "tell_message",
    "tell_record",
    "tell_row",
    "tell_state",
    "tell_whole_message",
]

_Object: TypeAlias = dict[str, Any]
_PREVIEW = 120
_SHOWN = 64 * 1024


def tell_message(message: Message) -> _Object:
    """Tell what a message says and how it stands, with the request it came in."""
    return {**_about(message), "request": json.loads(message.raw)}


def _about(message: Message) -> _Object:
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
    }


def _content(content: Sms | Email | Template) -> _Object:
    match content:
        case Sms():
            return {"sender_id": content.sender_id}
        case Email():
            names = ("subject", "html", "from_name", "from_email", "reply_to")
            files = [attrs.asdict(file) for file in content.attachments]
            told = {name: getattr(content, name) for name in names}
            headers = dict(content.headers)
            return {
                **told,
                "plain": content.plain,
                "attachments": files,
                "headers": headers,
            }
        case Template():
            return {
                "template_name": content.name,
                "language": content.language,
                "variables": dict(content.variables),
                "header_media_url": content.header_media_url,
            }


def tell_whole_message(service: Service, message: Message) -> _Object:
    """Tell all that is known of a message."""
    return {**tell_message(message), **_history(service, message)}


def _history(service: Service, message: Message) -> _Object:
    return {
        "timeline": _timeline(service, message),
        "statuses": STATUSES[message.channel],
        **_looks(service, message),
        "exchange": tell_record(message.request),
        "webhooks": [
            tell_attempt(attempt)
            for attempt in service.webhooks
            if attempt.webhook.message_id == message.message_id
        ],
    }


def _timeline(service: Service, message: Message) -> list[_Object]:
    now, accepted_at = service.clock.now(), timestamp(message.accepted_at)
    moves = [
        {
            "status": move.status,
            "at": timestamp(move.at),
            "is_reached": move.at <= now,
            "by_hand": move.by_hand,
            "error_message": move.error_message,
        }
        for move in service.moves(message)
    ]
    return [{"status": "queued", "at": accepted_at, "is_reached": True}, *moves]


def tell_look(service: Service, message: Message) -> _Object:
    """Tell the same for a page: long texts cut short, and the request once."""
    told = {**_about(message), **_history(service, message)}
    del told["text"]
    for name in ("html", "plain"):
        if told.get(name) is not None:
            told[name] = _cut(told[name].encode("utf-8", "replace"))
    return told


def _looks(service: Service, message: Message) -> _Object:
    match message.content:
        case Sms(text=text):
            return {"segments": attrs.asdict(cut(text))}
        case Template() as template:
            parts = render(template, service.knobs.templates)
            return {"rendered": parts and [attrs.asdict(part) for part in parts]}
        case _:
            return {}


def tell_row(message: Message) -> _Object:
    """Tell as much of a message as a line of a list shows."""
    content = message.content
    title = content.subject if isinstance(content, Email) else message.text
    if isinstance(content, Template):
        title = f"{content.name}: {message.text}"
    return {
        "message_id": message.message_id,
        "channel": message.channel,
        "to": message.to,
        "status": message.status,
        "title": title[:_PREVIEW],
        "at": timestamp(message.accepted_at),
    }


def tell_record(record: Record) -> _Object:
    """Tell about a request and its answer."""
    return {
        "request_id": record.request_id,
        "at": timestamp(record.at),
        "method": record.method,
        "path": record.path,
        "head": record.head,
        "body": _cut(record.body),
        "status": record.status,
        "answer": _cut(record.answer),
        "fault": record.fault.kind if record.fault else None,
    }


def tell_attempt(attempt: Attempt) -> _Object:
    """Tell about an attempt to post a webhook."""
    webhook = attempt.webhook
    try:
        fields = webhook.fields
    except ValueError:
        fields = None
    return {
        "number": attempt.number,
        "url": webhook.url,
        "attempt": webhook.attempt,
        "is_replay": webhook.is_replay,
        "message_id": webhook.message_id,
        "at": timestamp(attempt.at),
        "status": attempt.status,
        "failure": attempt.failure,
        "answer": _cut(attempt.answer),
        "signature": webhook.signature,
        "body": _cut(webhook.body),
        "padding": webhook.padding,
        "fields": fields,
    }


def _cut(body: bytes) -> str:
    text = body[:_SHOWN].decode("utf-8", "replace")
    return text if len(body) <= _SHOWN else f"{text}…"


def tell_state(service: Service) -> _Object:
    """Tell how the service stands, in short."""
    return {
        "changes": service.changes,
        "now": timestamp(service.clock.now()),
        "accepted": {channel: service.count(channel) for channel in STATUSES},
        "requests": service.requests,
        "refused": service.refusals,
        "keys": [_key(service, key) for key in service.keys],
        "ahead": service.clock.ahead,
        "faults": tell_faults(service),
        "webhook_url": service.knobs.webhook_url,
        "opt_outs": sorted(service.opt_outs),
    }


def tell_faults(service: Service) -> list[_Object]:
    """Tell what goes wrong, each with its number."""
    faults = service.faults.numbered()
    return [{"number": number, **attrs.asdict(fault)} for number, fault in faults]


def _key(service: Service, key: Key) -> _Object:
    gauge = service.traffic.gauge(key)
    return {
        "ends_with": key.value[-4:],
        "mode": key.mode,
        "tier": key.tier.name,
        "per_minute": key.tier.per_minute,
        "per_month": key.tier.per_month,
        "this_month": service.spent(key.workspace),
        "minute": gauge.minute(service.clock.now()),
        "refused": gauge.refused,
    }
