"""What the end of a call means for the rows of a bulk send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import attrs

from stackverify._core.limiter import LONGEST_PAUSE
from stackverify.errors import (
    BudgetError,
    CertificateError,
    ForbiddenError,
    MaybeSentError,
    NeverLeftError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    ReplyError,
    StackverifyError,
    UnauthorizedError,
)
from stackverify.masking import scrub
from stackverify.models.outcomes import Accepted, NotSent, Outcome, Refused, Unknown
from stackverify.models.results import Receipt, RecipientResult

__all__ = ["outcome_of_error", "outcomes_of_receipt", "stops_all"]

M = TypeVar("M")

_REJECTED = frozenset({"rejected", "refused", "invalid", "error", "failed"})


def stops_all(error: StackverifyError) -> bool:
    """Say whether the next row would fail for the same reason."""
    if isinstance(error, (UnauthorizedError, ForbiddenError, BudgetError)):
        return True
    if isinstance(error, (CertificateError, RedirectedError)):
        return True
    if isinstance(error, RateLimitedError):  # a month's limit, not a minute's
        return (error.retry_after or 0.0) > LONGEST_PAUSE
    return isinstance(error, ReplyError) and 300 <= error.status < 400


def outcome_of_error(index: int, message: M, error: StackverifyError) -> Outcome[M]:
    """Say what an error means for one row."""
    if isinstance(error, MaybeSentError):
        return Unknown(index, message, error)
    if isinstance(error, (NeverLeftError, RateLimitedError)) or stops_all(error):
        return NotSent(index, message, error)
    return Refused(index, message, error)


def outcomes_of_receipt(
    rows: Sequence[tuple[int, M]], recipients: Sequence[str], receipt: Receipt
) -> list[Outcome[M]]:
    """Give each row its own part of a receipt that stands for several.

    A service may take some recipients of an array and reject others
    (undocumented): one that says so of a recipient has refused that row.
    """
    if len(rows) == 1:  # which may be to several
        is_own = len(receipt.results) == 1 and isinstance(recipients[0], str)
        result = receipt.results[0] if is_own else None
        return [_outcome_of_result(*rows[0], receipt, result)]
    results = _by_row(recipients, receipt.results)
    return [
        _outcome_of_result(index, message, receipt, result)
        for (index, message), result in zip(rows, results, strict=True)
    ]


def _by_row(
    recipients: Sequence[str], results: Sequence[RecipientResult]
) -> list[RecipientResult | None]:
    wanted = set(recipients)
    named = {result.to: result for result in results if result.to in wanted}
    others = [result for result in results if result.to not in wanted]
    missing = [recipient for recipient in recipients if recipient not in named]
    # Not named, or in other words: in order, if there is one for each.
    if len(others) == len(missing):
        named |= zip(missing, others, strict=True)
    return [named.get(recipient) for recipient in recipients]


def _texts_of(message: object) -> list[str]:
    """Tell what of a message no error may repeat."""
    if not attrs.has(type(message)):
        return []
    values = attrs.asdict(message, recurse=False).values()  # type: ignore[arg-type]
    return [value for value in values if isinstance(value, str)]


def _outcome_of_result(
    index: int, message: M, receipt: Receipt, result: RecipientResult | None
) -> Outcome[M]:
    if result is None:
        return Accepted(index, message, receipt)
    if result.message_id is None and (
        result.error or (result.status or "").lower() in _REJECTED
    ):
        why = scrub(result.error or result.status or "", _texts_of(message))
        what = f"The service took the request and refused this recipient ({why})."
        return Refused(index, message, RefusedError(what, receipt.reply))
    own = attrs.evolve(
        receipt,
        message_id=result.message_id or receipt.message_id,
        status=result.status or receipt.status,
        results=(result,),
    )
    return Accepted(index, message, own)
