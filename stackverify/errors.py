"""Every error the library raises: what happened to the message is the class.

StackverifyError
├── ConfigurationError          a setting of the client is wrong
├── InvalidInputError           refused here, before anything was sent (ValueError)
├── BulkStoppedError            a bulk send ended before its last row
├── CampaignError               a campaign cannot go on
│   ├── CampaignStoppedError    it ended before its last row; run it again
│   ├── PreflightError          rows cannot be sent; nothing was sent
│   └── LedgerError             the ledger cannot be used: nothing is sent without it
│       ├── LedgerBusyError     another process is writing to it
│       ├── LedgerChangedError  it was made for another template or source
│       └── LedgerLostError     another runner took this one's rows over
├── ReplyError                  the service answered, and not with success
│   ├── RefusedError            a definite no: nothing was sent
│   │   ├── BadRequestError     400
│   │   ├── UnauthorizedError   401
│   │   ├── ForbiddenError      403; carries the missing permission
│   │   │   └── InsufficientBalanceError   ... for want of credit (Velstack)
│   │   ├── NotFoundError       404
│   │   ├── UnprocessableError  422; carries the errors by field
│   │   ├── RateLimitedError    429; carries retry_after
│   │   └── RedirectedError     307, 308: not followed
│   └── ServerError             5xx, or a code the reference does not know
│       └── SendServerError     ... in answer to a send (also a MaybeSentError)
├── NeverLeftError              provably not sent: safe to send again
│   ├── ConnectFailedError      no connection was made
│   │   └── CertificateError    the server is not who it says it is
│   ├── DeadlineError           no time was left to send it (TimeoutError)
│   ├── BudgetError             the month's messages are used up
│   └── SendCutShortError       it failed before its last byte was let go
├── MaybeSentError              it left and no clear answer came: do not repeat
│   ├── NoReplyError            nothing came back
│   ├── UnreadableReplyError    a success that cannot be read (also a ReplyError)
│   └── SendServerError
├── ReadFailedError             a read brought no usable answer: repeat at will
├── WaitTimeoutError            the status waited for did not come (TimeoutError)
└── WebhookError                a webhook was not taken; `answer` is its HTTP status
    ├── RawBodyError            500: not the bytes as they were received (TypeError)
    ├── BodyTooLargeError       413: no event is that large
    ├── SignatureError          401: nobody who has a secret signed this
    ├── UnreadableEventError    400: it is signed, and no event
    ├── StaleEventError         400: it tells of another time than now
    └── EventBusyError          503: the same message is being handled right now

Every message is masked: no key, number, address or text is in it. The reply
as it came is at `error.reply`. All of them can be pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from stackverify.reply import Reply

__all__ = [
    "BadRequestError",
    "BodyTooLargeError",
    "BudgetError",
    "BulkStoppedError",
    "CampaignError",
    "CampaignStoppedError",
    "CertificateError",
    "ConfigurationError",
    "ConnectFailedError",
    "DeadlineError",
    "EventBusyError",
    "ForbiddenError",
    "InsufficientBalanceError",
    "InvalidInputError",
    "LedgerBusyError",
    "LedgerChangedError",
    "LedgerError",
    "LedgerLostError",
    "MaybeSentError",
    "NeverLeftError",
    "NoReplyError",
    "NotFoundError",
    "PreflightError",
    "RateLimitedError",
    "RawBodyError",
    "ReadFailedError",
    "RedirectedError",
    "RefusedError",
    "ReplyError",
    "SendCutShortError",
    "SendServerError",
    "ServerError",
    "SignatureError",
    "StackverifyError",
    "StaleEventError",
    "UnauthorizedError",
    "UnprocessableError",
    "UnreadableEventError",
    "UnreadableReplyError",
    "WaitTimeoutError",
    "WebhookError",
]


@attrs.define(eq=False, slots=False)
class StackverifyError(Exception):
    """Base of every error raised here.

    Attributes:
        message: What happened, masked.
    """

    message: str

    next_step: ClassVar[str] = ""
    """What to do about it."""

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".rstrip()


@attrs.define(eq=False, slots=False)
class ConfigurationError(StackverifyError):
    """A setting of the client is wrong."""


@attrs.define(eq=False, slots=False)
class InvalidInputError(StackverifyError, ValueError):
    """A value was refused here, before anything was sent.

    Attributes:
        message: What is wrong with the value, and its shape.
        field: The name of the field.
        remedy: How to write it instead.
    """

    field: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}; {self.remedy}. Nothing was sent."


@attrs.define(eq=False, slots=False)
class BulkStoppedError(StackverifyError):
    """A bulk send ended before its last row.

    The outcomes of all that was begun were handed out before this was raised.

    Attributes:
        message: Why it stopped.
        summary: The `BulkSummary`: what was counted, and where to go on.
    """

    summary: Any = None
    next_step = (
        "Mend the cause, then send the rows in `summary.unfinished` and those "
        "from `summary.next_index` on."
    )


@attrs.define(eq=False, slots=False)
class CampaignError(StackverifyError):
    """A campaign cannot go on."""

    next_step = "Nothing was sent."


@attrs.define(eq=False, slots=False)
class CampaignStoppedError(CampaignError):
    """A campaign ended before its last row.

    Attributes:
        message: Why it stopped.
        summary: The `CampaignSummary` as it stands in the ledger.
    """

    summary: Any = None
    next_step = "Mend the cause, then run it again: it goes on where it stopped."


@attrs.define(eq=False, slots=False)
class PreflightError(CampaignError):
    """Rows of a campaign cannot be sent, and so none was.

    Attributes:
        message: How many, and the first reasons; no value is shown.
        preflight: The `Preflight`: what was counted, and which rows are meant.
    """

    preflight: Any = None
    next_step = (
        "Nothing was sent: mend the rows, or have them refused with "
        "`CampaignRules(refuse_bad=True)`."
    )


@attrs.define(eq=False, slots=False)
class LedgerError(CampaignError):
    """The ledger cannot be read or written, so nothing further is sent."""

    next_step = (
        "Nothing was sent that is not in it: mend the cause, then run the campaign "
        "again."
    )


@attrs.define(eq=False, slots=False)
class LedgerBusyError(LedgerError):
    """Another process is writing to the ledger, and takes its time."""

    next_step = "Nothing was sent: try again when it is done."


@attrs.define(eq=False, slots=False)
class LedgerChangedError(LedgerError):
    """The ledger was made for another template, or other rows.

    Attributes:
        differences: What differs: names of fields and columns, places of rows.
    """

    differences: tuple[str, ...] = ()
    next_step = (
        "Nothing was sent: go on with what it was made for, or make a new ledger."
    )


@attrs.define(eq=False, slots=False)
class LedgerLostError(LedgerError):
    """Another runner took over the rows of this one, which stood still too long."""

    next_step = "The other runner goes on with them; running again is safe."


@attrs.define(eq=False, slots=False)
class ReplyError(StackverifyError):
    """The service answered, and not with success.

    Attributes:
        message: The service's own words, masked.
        reply: The reply as it came.
    """

    reply: Reply

    @property
    def status(self) -> int:
        """The HTTP status code."""
        return self.reply.status

    @property
    def request_id(self) -> str | None:
        """The service's name for the request: quote it to their support."""
        return self.reply.request_id


@attrs.define(eq=False, slots=False)
class RefusedError(ReplyError):
    """The service said no: nothing was sent."""

    next_step = "Nothing was sent: correct the request before sending it again."


@attrs.define(eq=False, slots=False)
class BadRequestError(RefusedError):
    """A parameter is missing or malformed (400)."""


@attrs.define(eq=False, slots=False)
class UnauthorizedError(RefusedError):
    """The key is missing or not known (401)."""

    next_step = "Nothing was sent: check the API key, and that it is this service's."


@attrs.define(eq=False, slots=False)
class ForbiddenError(RefusedError):
    """The key is good but may not do this (403).

    Attributes:
        permission: What the endpoint needs, such as `sms:send`.
    """

    permission: str | None = None
    next_step = "Nothing was sent: give the key this permission, or use another key."


@attrs.define(eq=False, slots=False)
class InsufficientBalanceError(ForbiddenError):
    """The account's credit does not suffice (403)."""

    next_step = "Nothing was sent: top up the account, then send it again."


@attrs.define(eq=False, slots=False)
class NotFoundError(RefusedError):
    """There is no such thing (404)."""

    next_step = (
        "Check the id, and that it belongs to this key's account; if you gave none, "
        "check the base URL."
    )


@attrs.define(eq=False, slots=False)
class UnprocessableError(RefusedError):
    """A field did not pass the service's checks (422).

    Attributes:
        errors: The service's complaints by field, as it wrote them (unmasked).
    """

    errors: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=dict, repr=lambda errors: f"<{len(errors)} fields>"
    )


@attrs.define(eq=False, slots=False)
class RateLimitedError(RefusedError):
    """Too fast, and the attempts are used up (429).

    Attributes:
        retry_after: Seconds the service asked to wait, if it said so.
    """

    retry_after: float | None = None
    next_step = (
        "Nothing was sent: send it again after `retry_after` seconds, and check "
        "that the client's rate is the key's."
    )


@attrs.define(eq=False, slots=False)
class RedirectedError(RefusedError):
    """The service sent us elsewhere, and we do not follow (307, 308)."""

    next_step = "Nothing was sent: correct the base URL."


@attrs.define(eq=False, slots=False)
class ServerError(ReplyError):
    """The reply settles nothing: a 5xx, or a code the reference does not know."""

    next_step = "Try again later."


@attrs.define(eq=False, slots=False)
class NeverLeftError(StackverifyError):
    """It provably did not reach the service."""

    next_step = "It was not sent: sending it again is safe."


@attrs.define(eq=False, slots=False)
class ConnectFailedError(NeverLeftError):
    """No connection was made: name, route, port, proxy or TLS."""


@attrs.define(eq=False, slots=False)
class CertificateError(ConnectFailedError):
    """The server's certificate was not accepted."""

    next_step = (
        "It was not sent. Check the base URL, the clock and the proxy; a private "
        "authority goes into an httpx transport given as `http=`."
    )


@attrs.define(eq=False, slots=False)
class DeadlineError(NeverLeftError, TimeoutError):
    """No time was left to send it: the deadline came first."""

    next_step = "It was not sent: send it again with a later deadline."


@attrs.define(eq=False, slots=False)
class BudgetError(NeverLeftError):
    """The month's messages would not suffice."""

    next_step = (
        "Nothing was sent: send fewer, choose another tier, or say "
        "`over_budget=True` to let the service decide."
    )


@attrs.define(eq=False, slots=False)
class SendCutShortError(NeverLeftError):
    """It failed before its last byte was let go, so it was never complete.

    Attributes:
        message: What happened, masked.
        reply: What the service answered to the part it had, if it did.
    """

    reply: Reply | None = None


@attrs.define(eq=False, slots=False)
class MaybeSentError(StackverifyError):
    """It left and no clear answer came: it may have been sent."""

    next_step = (
        "It may have been sent: look it up (a list, a webhook, the dashboard) before "
        "sending it again."
    )


@attrs.define(eq=False, slots=False)
class NoReplyError(MaybeSentError):
    """It was sent in full, and nothing came back."""


@attrs.define(eq=False, slots=False)
class UnreadableReplyError(MaybeSentError, ReplyError):
    """The service said yes in words that cannot be read."""


@attrs.define(eq=False, slots=False)
class SendServerError(MaybeSentError, ServerError):
    """A send was answered with a 5xx, or a code that settles nothing."""


@attrs.define(eq=False, slots=False)
class ReadFailedError(StackverifyError):
    """A read brought no usable answer.

    Attributes:
        message: What happened, masked.
        reply: The reply that could not be used, if one came.
    """

    reply: Reply | None = None
    next_step = "Nothing was changed by it: try again."


@attrs.define(eq=False, slots=False)
class WaitTimeoutError(StackverifyError, TimeoutError):
    """The status waited for did not come in time.

    Attributes:
        last: The last status seen, if any was.
    """

    last: Any = None
    next_step = "The message is still on its way: wait again, or ask for its status."


@attrs.define(eq=False, slots=False)
class WebhookError(StackverifyError):
    """A webhook was not taken."""

    answer: ClassVar[int] = 400
    """The HTTP status for its sender; the reason is not for them to know."""
    answer_headers: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The HTTP headers that go with it."""


@attrs.define(eq=False, slots=False)
class RawBodyError(WebhookError, TypeError):
    """What was given is not the body as it was received."""

    answer = 500
    next_step = (
        "The signature is made of the bytes as they were received: give those. "
        "FastAPI and Starlette have them at `await request.body()`, aiohttp at "
        "`await request.read()`, Flask at `request.get_data()`, Django at "
        "`request.body`; nothing may read or rewrite them before."
    )


@attrs.define(eq=False, slots=False)
class BodyTooLargeError(WebhookError):
    """The body is larger than an event may be."""

    answer = 413
    next_step = "It was not looked at; if it is genuine, raise `max_body`."


@attrs.define(eq=False, slots=False)
class SignatureError(WebhookError):
    """Nobody who has a secret signed this."""

    answer = 401
    next_step = (
        "Do not trust it. If all are refused: compare the secret with the one in "
        "Settings → Webhooks, and see that nothing rewrites the body on its way."
    )


@attrs.define(eq=False, slots=False)
class UnreadableEventError(WebhookError):
    """It is signed, and it is no event."""

    next_step = "It was not handled: show the service's support what they send."


@attrs.define(eq=False, slots=False)
class StaleEventError(WebhookError):
    """The time it tells of is too far from now."""

    next_step = (
        "It was not handled. If it is genuine: check this machine's clock, or "
        "allow more `tolerance`, since the service repeats late what it could not "
        "deliver."
    )


@attrs.define(eq=False, slots=False)
class EventBusyError(WebhookError):
    """Another delivery about the same message is being handled right now."""

    answer = 503
    answer_headers: ClassVar[Mapping[str, str]] = MappingProxyType({"Retry-After": "1"})
    next_step = "Its sender is asked to try again."
