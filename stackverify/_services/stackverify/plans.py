"""How rows of a bulk send become requests, for each channel."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import attrs

from stackverify._core.call import Call
from stackverify._core.options import SmsBody
from stackverify._core.plan import Plan, check_pack, expect, hashable
from stackverify._services.stackverify import checks
from stackverify._services.stackverify.calls import send_email, send_sms, send_template
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Email, Sms, WhatsAppTemplate
from stackverify.models.results import Receipt
from stackverify.models.tier import Lane

__all__ = ["email_plan", "sms_plan", "whatsapp_plan"]


def sms_plan(pack: int, body: SmsBody) -> Plan[Sms]:
    """Put the same text to several numbers into one request."""
    return Plan(partial(_sms_call, body=body), _recipients, check_pack(pack), _sms_key)


def email_plan(pack: int) -> Plan[Email]:
    """Put the same email to several addresses into one request, if asked to."""
    return Plan(_email_call, _recipients, check_pack(pack), _email_key)


def whatsapp_plan() -> Plan[WhatsAppTemplate]:
    """Send each template on its own: the endpoint takes one recipient."""
    return Plan(_template_call, _recipients, 1, lambda message: None)


def _recipients(messages: Sequence[Any]) -> list[str]:
    return [message.to for message in messages]


def _sms_call(messages: Sequence[Sms], *, body: SmsBody) -> Call[Receipt]:
    for message in messages:
        expect(message, Sms)
    first = messages[0]
    # A row has one recipient, though a request of its own may have several.
    to = checks.phone("to", first.to) if len(messages) == 1 else _recipients(messages)
    return send_sms(to, first, body=body, lane=Lane.BULK)


def _sms_key(message: Sms) -> Hashable | None:
    if not isinstance(message, Sms) or message.extra:
        return None
    try:
        checks.phone("to", message.to)
    except InvalidInputError:  # it goes alone, and is refused alone
        return None
    return hashable(
        (message.text, message.sender_id, message.callback_url, message.scheduled_at)
    )


def _email_call(messages: Sequence[Email]) -> Call[Receipt]:
    for message in messages:
        expect(message, Email)
    first = messages[0]
    if len(messages) > 1:
        first = attrs.evolve(first, to=_recipients(messages))
    return send_email(first, lane=Lane.BULK)


def _email_key(message: Email) -> Hashable | None:
    is_plain = isinstance(message, Email) and isinstance(message.to, str)
    if not is_plain or message.extra or message.headers or message.attachments:
        return None
    try:
        checks.email_address("to", message.to)
    except InvalidInputError:  # it goes alone, and is refused alone
        return None
    return hashable(attrs.astuple(message, filter=lambda field, _: field.name != "to"))


def _template_call(messages: Sequence[WhatsAppTemplate]) -> Call[Receipt]:
    expect(messages[0], WhatsAppTemplate)
    return send_template(messages[0], lane=Lane.BULK)
