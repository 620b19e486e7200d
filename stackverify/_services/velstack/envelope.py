"""Velstack's envelope: whether a reply is a yes, and what is in it.

`{status, message, data, code?, meta?}`, of which `message` alone is always there.
An SMS send always answers HTTP 200: look inside (the vendor's site). Which class a
no has is told by `code` (assumed, from the vendor's own client: 403 insufficient
balance and 503 unavailable were seen).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stackverify._core.call import SaysNo
from stackverify._core.codec import loads
from stackverify.errors import InsufficientBalanceError, RefusedError
from stackverify.reply import Reply

__all__ = ["Envelope", "open_envelope", "whole"]

Envelope = Mapping[str, Any]

_WHOLE = re.compile(r"[0-9]{1,18}")
# Codes with a class of their own. Any other, but a 5xx, is a no like any other.
_CLASSED = frozenset({400, 401, 403, 404, 422, 429})


def open_envelope(reply: Reply, *, costs: bool = False) -> Envelope:
    """Open the envelope of a reply whose HTTP status is a success.

    Args:
        reply: The reply.
        costs: Whether what was asked costs credit.

    Raises:
        SaysNo: Its `status` is false.
        ValueError: It is no envelope.
    """
    content = loads(reply.body)
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    if not isinstance(content, Mapping):
        raise ValueError("no envelope")
    if _is_false(content.get("status")):
        raise _no(whole(content.get("code")), costs=costs)
    return content


def _is_false(status: object) -> bool:
    if isinstance(status, str):
        return status.strip().lower() == "false"
    return status == 0  # as False is


def _no(code: int | None, *, costs: bool) -> SaysNo:
    if code == 403 and costs:
        return SaysNo(code, InsufficientBalanceError)
    # The service was not well, and that is all it says: the send may be out.
    if code in _CLASSED or (code is not None and 500 <= code <= 599):
        return SaysNo(code)
    return SaysNo(code or 0, RefusedError)


def whole(value: object) -> int | None:
    """Read a whole number, or text that is one."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    return int(value) if _WHOLE.fullmatch(str(value)) else None
