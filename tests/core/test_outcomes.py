"""What the end of a call means for each row that shared it."""

from collections.abc import Callable
from typing import Any

import pytest

from stackverify._core.outcomes import (
    outcome_of_error,
    outcomes_of_receipt,
    stops_all,
)
from stackverify.errors import (
    BadRequestError,
    BudgetError,
    CertificateError,
    ConnectFailedError,
    DeadlineError,
    ForbiddenError,
    InvalidInputError,
    NoReplyError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    SendCutShortError,
    SendServerError,
    StackverifyError,
    UnauthorizedError,
    UnprocessableError,
    UnreadableReplyError,
)
from stackverify.models.messages import Email, Sms
from stackverify.models.outcomes import (
    Accepted,
    BulkSummary,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from stackverify.models.results import Receipt, RecipientResult
from stackverify.reply import Reply

REPLY = Reply(200, {}, b"{}")
ANN, BEN, CID = "+254712345678", "+254700000000", "+254711111111"


def answered(kind: Callable[..., StackverifyError], status: int) -> StackverifyError:
    return kind("POST /sms/send: answered.", Reply(status, {}, b""))


ENDS: dict[str, tuple[StackverifyError, type, bool]] = {
    "a bad row": (InvalidInputError("is wrong", "to", "write it"), Refused, False),
    "400": (answered(BadRequestError, 400), Refused, False),
    "422": (answered(UnprocessableError, 422), Refused, False),
    "413": (answered(RefusedError, 413), Refused, False),
    "401": (answered(UnauthorizedError, 401), NotSent, True),
    "403": (answered(ForbiddenError, 403), NotSent, True),
    "429": (answered(RateLimitedError, 429), NotSent, False),
    "301": (answered(SendServerError, 301), Unknown, True),
    "308": (answered(RedirectedError, 308), NotSent, True),
    "no connection": (ConnectFailedError("refused"), NotSent, False),
    "certificate": (CertificateError("expired"), NotSent, True),
    "budget": (BudgetError("used up"), NotSent, True),
    "deadline": (DeadlineError("too late"), NotSent, False),
    "cut short": (SendCutShortError("reset"), NotSent, False),
    "no reply": (NoReplyError("reset"), Unknown, False),
    "500": (answered(SendServerError, 500), Unknown, False),
    "unreadable": (answered(UnreadableReplyError, 200), Unknown, False),
}


@pytest.mark.parametrize("end", ENDS)
def test_each_end_of_a_call_has_one_meaning(end: str) -> None:
    error, kind, stops = ENDS[end]
    outcome = outcome_of_error(3, "row", error)
    assert outcome == kind(3, "row", error)
    assert type(outcome) is kind
    assert stops_all(error) is stops


def rows(*numbers: str) -> list[tuple[int, Sms]]:
    return [(10 + place, Sms(to, "Hi")) for place, to in enumerate(numbers)]


def told(*results: RecipientResult, numbers: tuple[str, ...] = (ANN, BEN)) -> Any:
    receipt = Receipt("SM0", "queued", results, REPLY)
    return outcomes_of_receipt(rows(*numbers), numbers, receipt)


def ids(outcomes: list[Outcome[Sms]]) -> list[str | None]:
    return [outcome.receipt.message_id for outcome in outcomes]  # type: ignore[union-attr]


def test_one_row_gets_the_receipt_as_it_came() -> None:
    receipt = Receipt("SM1", "queued", (), REPLY)
    (outcome,) = outcomes_of_receipt(rows(ANN), [ANN], receipt)
    assert outcome == Accepted(10, Sms(ANN, "Hi"), receipt)
    assert outcome.receipt is receipt


def test_a_receipt_that_tells_nothing_apart_is_everybody_s() -> None:
    outcomes = told()
    assert [outcome.index for outcome in outcomes] == [10, 11]
    assert ids(outcomes) == ["SM0", "SM0"]


def test_each_row_finds_its_own_id_by_its_number() -> None:
    outcomes = told(RecipientResult(BEN, "SM2"), RecipientResult(ANN, "SM1", "sent"))
    assert ids(outcomes) == ["SM1", "SM2"]
    assert [outcome.receipt.status for outcome in outcomes] == ["sent", "queued"]
    assert outcomes[0].receipt.results == (RecipientResult(ANN, "SM1", "sent"),)


def test_results_without_numbers_are_taken_in_order() -> None:
    outcomes = told(RecipientResult(None, "SM1"), RecipientResult(None, "SM2"))
    assert ids(outcomes) == ["SM1", "SM2"]


def test_results_that_fit_nobody_accept_everybody() -> None:
    assert ids(told(RecipientResult(None, "SM1"))) == ["SM0", "SM0"]
    assert ids(told(RecipientResult(CID, "SM1"))) == ["SM0", "SM0"]


def test_a_row_the_service_does_not_name_is_accepted_with_the_rest() -> None:
    outcomes = told(RecipientResult(ANN, "SM1"), numbers=(ANN, BEN))
    assert ids(outcomes) == ["SM1", "SM0"]


@pytest.mark.parametrize(
    "result",
    [
        RecipientResult(BEN, None, "rejected"),
        RecipientResult(BEN, None, "failed", "no route"),
        RecipientResult(BEN, None, None, "blocked"),
        RecipientResult(BEN, None, "queued", "blocked"),
    ],
    ids=str,
)
def test_a_recipient_who_is_refused_alone_is_refused_alone(
    result: RecipientResult,
) -> None:
    accepted, refused = told(RecipientResult(ANN, "SM1"), result)
    assert type(accepted) is Accepted
    assert type(refused) is Refused
    assert refused.index == 11
    assert refused.error.reply is REPLY


@pytest.mark.parametrize("status", ["failed", "rejected"])
def test_a_recipient_with_an_id_was_taken_whatever_became_of_it(status: str) -> None:
    accepted, _ = told(RecipientResult(ANN, "SM1", status, "no route"))
    assert type(accepted) is Accepted
    assert accepted.receipt.status == status


def test_one_row_alone_can_be_refused_in_an_accepted_request() -> None:
    (refused,) = told(RecipientResult(None, None, "rejected"), numbers=(ANN,))
    assert type(refused) is Refused


def test_a_named_result_is_never_given_to_another_row() -> None:
    rejected = RecipientResult(BEN, None, "rejected")
    local = RecipientResult("0712345678", "SM1")
    accepted, refused = told(rejected, local)
    assert ids([accepted]) == ["SM1"]
    assert type(refused) is Refused


@pytest.mark.parametrize("result", [RecipientResult("a@example.org", "SM1"), None])
def test_an_email_to_several_is_accepted_as_one_row(
    result: RecipientResult | None,
) -> None:
    email = Email(["a@example.org", "b@example.org"], subject="Hi", text="Hi")
    results = tuple(filter(None, [result]))
    receipt = Receipt("SM0", None, results, REPLY)
    to: Any = [email.to]
    (outcome,) = outcomes_of_receipt([(0, email)], to, receipt)
    assert type(outcome) is Accepted


def refusal(error: str) -> StackverifyError:
    row = (0, Sms(ANN, "Your code is 4921"))
    receipt = Receipt(None, None, (RecipientResult(ANN, None, None, error),), REPLY)
    (outcome,) = outcomes_of_receipt([row], [ANN], receipt)
    assert isinstance(outcome, Refused)
    return outcome.error


def test_a_refusal_repeats_neither_number_nor_text() -> None:
    error = refusal(f"'Your code is 4921' may not go to {ANN}")
    assert ANN not in str(error)
    assert "4921" not in str(error)


def test_a_refusal_is_not_as_long_as_the_service_likes() -> None:
    assert len(str(refusal("no " * 10_000))) < 1000


# The count.


def test_a_summary_adds_up() -> None:
    summary = BulkSummary(accepted=5, refused=2, not_sent=3, unknown=1)
    assert summary.finished == 11


def test_a_summary_of_a_whole_run_is_one_line_of_counts() -> None:
    summary = BulkSummary(5, 2, 3, 1, next_index=11, exhausted=True)
    assert str(summary) == "5 accepted, 2 refused, 3 not sent, 1 unknown"


@pytest.mark.parametrize(
    "summary",
    [
        BulkSummary(accepted=5, next_index=8, unfinished=(6, 7)),
        BulkSummary(accepted=5, next_index=8, unfinished=(6, 7), exhausted=True),
    ],
    ids=["stopped", "exhausted"],
)
def test_a_summary_says_where_to_go_on(summary: BulkSummary) -> None:
    assert "2 rows read and not begun" in str(summary)
    assert "rows from 8 on" in str(summary)
