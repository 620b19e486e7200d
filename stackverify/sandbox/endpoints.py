"""The endpoints of the reference: where each is, who may, and what it does."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

import attrs

from stackverify.sandbox import checks, drafts, shapes, timetable
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.keys import Key
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Channel, Draft
from stackverify.sandbox.outbox import Outbox, Query

__all__ = ["BASE_PATH", "Endpoint", "ENDPOINTS", "find"]

BASE_PATH = "/api/v1"

_Act: TypeAlias = Callable[[Exchange, Key, Outbox, Knobs], Reply]


@attrs.frozen
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    """A path that ends in a slash takes a message id after it."""
    permission: str
    act: _Act


def _send(
    draft: Draft, exchange: Exchange, key: Key, outbox: Outbox, knobs: Knobs
) -> Reply:
    exchange.accepted = messages = outbox.accept(draft, key, exchange.record)
    return shapes.accepted(draft, messages, knobs.reply_style)


def _send_sms(exchange: Exchange, key: Key, outbox: Outbox, knobs: Knobs) -> Reply:
    draft = drafts.sms_draft(exchange.fields, atomic=knobs.atomic_arrays)
    return _send(draft, exchange, key, outbox, knobs)


def _send_email(exchange: Exchange, key: Key, outbox: Outbox, knobs: Knobs) -> Reply:
    draft = drafts.email_draft(exchange.fields, atomic=knobs.atomic_arrays)
    return _send(draft, exchange, key, outbox, knobs)


def _send_template(exchange: Exchange, key: Key, outbox: Outbox, knobs: Knobs) -> Reply:
    draft = drafts.template_draft(exchange.fields, templates=knobs.templates)
    return _send(draft, exchange, key, outbox, knobs)


def _status_of(channel: Channel) -> _Act:
    def act(exchange: Exchange, key: Key, outbox: Outbox, knobs: Knobs) -> Reply:
        message = outbox.look_up(exchange.message_id, key, channel, exchange.now)
        return shapes.standing(message, knobs.status_style)

    return act


def _list_sms(exchange: Exchange, key: Key, outbox: Outbox, knobs: Knobs) -> Reply:
    given = dict(parse_qsl(exchange.query, keep_blank_values=True))
    query = _query(given)
    rows, total = outbox.listed(query, key, "sms", exchange.now)
    filters = urlencode({name: given[name] for name in given if name != "page"})
    address = f"{exchange.path}?{filters}{'&' if filters else ''}"
    page = shapes.Page(rows, query.page, query.per_page, total, address)
    return shapes.listing(page, knobs.list_style)


def _query(given: Mapping[str, str]) -> Query:
    """Read what a list is asked for; an empty value is as good as none."""
    errors: dict[str, list[str]] = {}
    page = _whole_number(given, "page", 1, 999_999_999, errors)
    per_page = _whole_number(given, "per_page", 20, 100, errors)
    status = given.get("status") or None
    if status is not None and status not in timetable.STATUSES["sms"]:
        known = ", ".join(sorted(timetable.STATUSES["sms"]))
        errors["status"] = [f"must be one of {known}"]
    since = _moment(given, "from", errors)
    until = _moment(given, "to", errors)
    if errors:
        raise RefusalError(422, "validation_error", "Validation failed.", errors)
    return Query(page, per_page, status, since, until)


def _whole_number(
    given: Mapping[str, str],
    name: str,
    default: int,
    most: int,
    errors: dict[str, list[str]],
) -> int:
    written = given.get(name) or str(default)
    number = int(written) if re.fullmatch(r"[0-9]{1,9}", written) else 0
    if not 1 <= number <= most:
        errors[name] = [f"must be a whole number from 1 to {most}"]
    return number


def _moment(
    given: Mapping[str, str], name: str, errors: dict[str, list[str]]
) -> float | None:
    written = given.get(name)
    if not written:
        return None
    at = checks.moment(written, day_ends=name == "to")
    if at is None:
        errors[name] = ["must be an ISO-8601 date or time"]
    return at


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint("POST", "/sms/send", "sms:send", _send_sms),
    Endpoint("GET", "/sms/status/", "sms:read", _status_of("sms")),
    Endpoint("GET", "/sms", "sms:read", _list_sms),
    Endpoint("POST", "/email/send", "email:send", _send_email),
    Endpoint("GET", "/email/status/", "email:read", _status_of("email")),
    Endpoint("POST", "/whatsapp/send-template", "whatsapp:send", _send_template),
    Endpoint("GET", "/whatsapp/status/", "whatsapp:read", _status_of("whatsapp")),
)
_BY_PATH = {f"{BASE_PATH}{endpoint.path}": endpoint for endpoint in ENDPOINTS}


def find(method: str, path: str) -> tuple[Endpoint, str]:
    """Find the endpoint for a request, and the message id in its path."""
    endpoint, message_id = _BY_PATH.get(path), ""
    if endpoint is None:
        head, _, message_id = path.rpartition("/")
        endpoint = _BY_PATH.get(f"{head}/")
    if endpoint is None or endpoint.path.endswith("/") is not bool(message_id):
        raise RefusalError(404, "not_found", "There is nothing at this address.")
    if endpoint.method != method:
        said = f"This address takes {endpoint.method} only."
        allow = (("allow", endpoint.method),)
        raise RefusalError(405, "method_not_allowed", said, headers=allow)
    return endpoint, message_id
