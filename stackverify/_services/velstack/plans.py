"""How rows of a bulk send become requests to Velstack."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import attrs

from stackverify._core.call import Call
from stackverify._core.plan import Plan, check_pack, expect, hashable
from stackverify._services.velstack import checks
from stackverify._services.velstack.calls import send_sms
from stackverify.errors import InvalidInputError
from stackverify.models.results import Receipt
from stackverify.models.tier import Lane
from stackverify.models.velstack import QuickSms, VelstackApi

__all__ = ["sms_plan"]


def sms_plan(pack: int, api: VelstackApi) -> Plan[QuickSms]:
    """Put the same text to several numbers into one request, if asked to."""
    return Plan(partial(_call, api=api), _recipients, check_pack(pack), _key)


def _recipients(messages: Sequence[QuickSms]) -> list[str]:
    return [message.recipient for message in messages]  # type: ignore[misc]


def _call(messages: Sequence[QuickSms], *, api: VelstackApi) -> Call[Receipt]:
    for message in messages:
        expect(message, QuickSms)
    first = messages[0]
    if len(messages) > 1:
        first = attrs.evolve(first, recipient=_recipients(messages))
    return send_sms(first, api=api, lane=Lane.BULK)


def _key(message: QuickSms) -> Hashable | None:
    is_one = isinstance(message, QuickSms) and isinstance(message.recipient, str)
    if not is_one or message.extra or "," in message.recipient:
        return None
    try:
        checks.recipients("recipient", message.recipient)
    except InvalidInputError:  # it goes alone, and is refused alone
        return None
    return hashable((message.sender, message.message, message.title))
