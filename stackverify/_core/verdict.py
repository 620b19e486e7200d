"""What an attempt means for the message: the failure table, as pure functions."""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

from stackverify._core.call import Call, SaysNo
from stackverify._core.codec import first_of, loads, text_or_none
from stackverify.errors import (
    BadRequestError,
    CertificateError,
    ConnectFailedError,
    DeadlineError,
    ForbiddenError,
    NoReplyError,
    NotFoundError,
    RateLimitedError,
    ReadFailedError,
    RedirectedError,
    RefusedError,
    SendCutShortError,
    SendServerError,
    ServerError,
    StackverifyError,
    UnauthorizedError,
    UnprocessableError,
    UnreadableReplyError,
)
from stackverify.masking import scrub
from stackverify.reply import Reply

__all__ = [
    "http_date",
    "judge_failure",
    "judge_no",
    "judge_reply",
    "NoAnswer",
    "retry_after",
    "Stage",
    "unreadable",
]

# Definite answers without a class of their own; any further code settles nothing.
_REFUSALS = frozenset({405, 413, 414, 415, 431})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Stage(enum.Enum):
    """How far a request came before it failed."""

    CONNECTING = "connecting"
    """No byte left."""
    SENDING = "sending"
    """The last byte of the body was not let go: the request was never complete."""
    AWAITING = "awaiting"
    """All of it was let go."""


@attrs.frozen
class NoAnswer:
    """An attempt that no reply ended.

    Attributes:
        stage: How far it came.
        failure: The name of what happened, masked.
        bad_certificate: Whether the server's certificate was the reason.
        out_of_time: Whether the deadline was the reason.
        cause: The exception underneath.
    """

    stage: Stage
    failure: str
    bad_certificate: bool = False
    out_of_time: bool = False
    cause: BaseException | None = attrs.field(default=None, repr=False)


def judge_failure(call: Call[Any], failure: NoAnswer) -> StackverifyError:
    """Say what an attempt without a reply means.

    A body whose last byte was withheld is no JSON, whatever else happened: the
    request was never complete, so nothing was sent.
    """
    what = f"{call.route}: {failure.failure}."
    if failure.bad_certificate:
        return CertificateError(what)
    if failure.stage is Stage.CONNECTING and not failure.out_of_time:
        return ConnectFailedError(what)
    if call.is_read:
        return ReadFailedError(what)
    if failure.stage is Stage.AWAITING:
        return NoReplyError(what)
    return DeadlineError(what) if failure.out_of_time else SendCutShortError(what)


def judge_reply(
    call: Call[Any], reply: Reply, *, released: bool = True, wall: float = 0.0
) -> StackverifyError | None:
    """Say what a reply means; nothing if it is a success that can be read.

    Args:
        call: What was asked.
        reply: What was answered.
        released: Whether the last byte was let go before the reply came.
        wall: Seconds since the epoch, for a Retry-After that is a date.
    """
    if reply.is_success:
        return None if reply.is_complete else unreadable(call, reply, "cut short")
    what = _words(call, reply)
    if not released and not call.is_read and reply.status != 429:
        return _refusal(call, reply, reply.status, what) or SendCutShortError(
            what, reply
        )
    return _judge(call, reply, reply.status, what, wall)


def judge_no(
    call: Call[Any], reply: Reply, no: SaysNo, *, wall: float = 0.0
) -> StackverifyError:
    """Say what a reply means whose status is a success, and which is none."""
    what = _words(call, reply)
    return (
        no.kind(what, reply) if no.kind else _judge(call, reply, no.status, what, wall)
    )


def _judge(
    call: Call[Any], reply: Reply, status: int, what: str, wall: float
) -> StackverifyError:
    if status == 429:
        return RateLimitedError(what, reply, retry_after(reply, wall))
    if refusal := _refusal(call, reply, status, what):
        return refusal
    return ServerError(what, reply) if call.is_read else SendServerError(what, reply)


def unreadable(call: Call[Any], reply: Reply, why: str) -> StackverifyError:
    """Say that a success cannot be read."""
    what = f"{call.route}: answered {reply.status}, with a body that is {why}."
    kind = ReadFailedError if call.is_read else UnreadableReplyError
    return kind(what, reply)


def retry_after(reply: Reply, wall: float) -> float | None:
    """Read how many seconds the service asks us to wait.

    It stands in the header as seconds or as a date, or in the body (assumed)
    as `retry_after`. A date is read against the service's own clock, where it
    tells it. What is no finite number, or is negative, is no answer.
    """
    text = reply.headers.get("retry-after", "").strip()
    if (seconds := _seconds(text)) is not None:
        return seconds
    if (moment := http_date(text)) is not None:
        now = http_date(reply.headers.get("date", ""))
        return max(0.0, moment - (wall if now is None else now))
    return _seconds(_object(reply).get("retry_after"))


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def http_date(text: str) -> float | None:
    """Read a date as HTTP writes it, in seconds since the epoch."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()


def _refusal(
    call: Call[Any], reply: Reply, status: int, what: str
) -> RefusedError | None:
    match status:
        case 400:
            return BadRequestError(what, reply)
        case 401:
            return UnauthorizedError(what, reply)
        case 403:
            return ForbiddenError(what, reply, call.permission)
        case 404:
            return NotFoundError(what, reply)
        case 422:
            return UnprocessableError(what, reply, _errors_by_field(reply))
        # After 301 to 303 a client would fetch the answer: the send was handled.
        case _ if status in _REDIRECTS and (status > 303 or call.is_read):
            return RedirectedError(what, reply)
        case _ if status in _REFUSALS:
            return RefusedError(what, reply)
    return None


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        content = loads(reply.body)
    except ValueError:
        return {}
    return content if isinstance(content, Mapping) else {}


def _words(call: Call[Any], reply: Reply) -> str:
    """Put a failed reply into words, with nothing in them that the user sent."""
    content = _object(reply)
    said = text_or_none(content.get("message")) or ""
    code = text_or_none(first_of(content, ("code", "error"))) or ""
    names = ", ".join(sorted(_errors_by_field(reply)))
    # Before anything is cut off them: a part of a secret would not be found.
    said, code, fields = (scrub(text, call.secrets) for text in (said, code, names))
    details = "; ".join(
        part for part in (said.rstrip("."), code, fields and f"see {fields}") if part
    )
    needs = f"; needs {call.permission}" if reply.status == 403 else ""
    quoted = f" ({details[:500]})" if details else ""
    named = scrub(reply.request_id or "", call.secrets)[:100]
    request = f", request {named}" if named else ""
    return f"{call.route}: answered {reply.status}{quoted}{needs}{request}."


def _errors_by_field(reply: Reply) -> dict[str, tuple[str, ...]]:
    errors = _object(reply).get("errors")
    if isinstance(errors, Mapping):
        return {str(name): _texts(value) for name, value in errors.items()}
    return {"": _texts(errors)} if errors else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
