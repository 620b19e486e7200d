"""What sending a campaign would mean, counted row by row."""

from collections.abc import Callable
from typing import Any

import pytest

from stackverify import Email, Sms
from stackverify._core.packing import Packer
from stackverify._core.preflight import Survey
from stackverify._core.recipients import whose
from stackverify.errors import InvalidInputError
from stackverify.models.campaigns import Preflight, RowProblem
from stackverify.models.velstack import QuickSms


def survey(
    pack: int = 1, window: int = 10, suggest: Callable[[str], str | None] | None = None
) -> Survey:
    packer = Packer[tuple[int, Any]](
        pack,
        key=lambda row: row[1].text,
        member=lambda row: row[1].to,
        window=window,
    )
    return Survey(packer) if suggest is None else Survey(packer, suggest)


def result(
    survey: Survey, *, per_minute: float = 60.0, price: float | None = None
) -> Preflight:
    return survey.result(
        shared_recipients=0, per_minute=per_minute, messages_left=None, price=price
    )


def test_nothing_to_send_means_nothing() -> None:
    assert result(survey(), price=1.0) == Preflight(
        rows=0,
        to_send=0,
        problems=(),
        bad_rows=0,
        repeated=0,
        shared_recipients=0,
        opted_out=0,
        requests=0,
        segments=0,
        segment_counts={},
        costly={},
        seconds=0.0,
        messages_left=None,
        cost=0.0,
    )


def test_what_was_counted_elsewhere_is_told_as_it_is() -> None:
    made = survey()
    made.rows, made.repeated, made.opted_out = 9, 2, 3
    found = made.result(
        shared_recipients=4, per_minute=60.0, messages_left=7, price=None
    )
    assert (found.rows, found.repeated, found.opted_out) == (9, 2, 3)
    assert (found.shared_recipients, found.messages_left) == (4, 7)


@pytest.mark.parametrize(
    ("pack", "requests"), [(1, 5), (2, 3), (3, 2), (5, 1), (100, 1)]
)
def test_rows_of_one_text_share_requests(pack: int, requests: int) -> None:
    made = survey(pack)
    for n in range(5):
        made.good(n, Sms(f"+25470000000{n}", "Hi"))
    assert (result(made).to_send, result(made).requests) == (5, requests)


@pytest.mark.parametrize(("window", "requests"), [(3, 6), (4, 3)])
def test_rows_wait_for_others_no_longer_than_they_will(
    window: int, requests: int
) -> None:
    made = survey(2, window=window)
    for n, text in enumerate("abcabc"):
        made.good(n, Sms(f"+25470000000{n}", text))
    assert result(made).requests == requests


def test_the_rate_tells_how_long_it_takes() -> None:
    made = survey()
    for n in range(3):
        made.good(n, Sms(f"+25470000000{n}", "Hi"))
    assert result(made, per_minute=90.0).seconds == 2.0


@pytest.mark.parametrize("kind", [Sms, lambda to, text: QuickSms("Shop", to, text)])
def test_segments_are_counted_and_paid_for(kind: Any) -> None:
    made = survey()
    for n, text in enumerate(["Hi", "x" * 161, "ž" * 71, "x" * 460]):
        made.good(n, kind(f"+25470000000{n}", text))
    found = result(made, price=0.5)
    assert list(found.segment_counts.items()) == [(1, 1), (2, 2), (4, 1)]
    assert (found.segments, found.cost) == (9, 4.5)


def test_without_a_price_nothing_is_said_of_the_cost() -> None:
    made = survey()
    made.good(0, Sms("+254700000000", "Hi"))
    assert result(made).cost is None
    assert result(made, price=0.0).cost == 0.0


def test_an_email_has_no_segments() -> None:
    made = survey()
    made.good(0, Email("a@example.org", subject="ž", text="ž"))
    found = result(made)
    assert (found.to_send, found.segments, found.costly) == (1, 0, {})


def test_the_50_characters_that_cost_in_most_rows_are_named_first() -> None:
    made = survey()
    letters = [chr(ord("一") + n) for n in range(51)]
    made.good(0, Sms("+254700000000", "".join(letters)))
    made.good(1, Sms("+254700000001", letters[50] * 2))
    costly = result(made).costly
    assert [*costly.items()][:2] == [(letters[50], 2), (letters[0], 1)]
    assert len(costly) == 50


@pytest.mark.parametrize(
    ("written", "plainly"),
    [
        ("+254 712-345.678 ", "254712345678"),
        ("+254712345678", "254712345678"),
        ("254712345678", "254712345678"),
        ("00254 712 345678", "254712345678"),
        (" Ann.1@Example.ORG", "ann.1@example.org"),
        ("nobody", "nobody"),
        ("", ""),
    ],
)
def test_one_recipient_can_be_written_in_many_ways(written: str, plainly: str) -> None:
    assert whose(written) == plainly


BAD = InvalidInputError("is bad", "to", "mend it")


def test_a_row_that_cannot_be_sent_is_told_with_what_was_meant() -> None:
    made = survey(suggest=lambda recipient: recipient.replace("0", "+254", 1))
    made.bad(7, "0712345678", BAD)
    problem = RowProblem(7, "to", "is bad", "mend it", "+254712345678")
    assert result(made).problems == (problem,)


@pytest.mark.parametrize(
    ("field", "suggested"), [("to", "+1"), ("recipient", "+1"), ("text", None)]
)
def test_only_for_a_recipient_something_is_suggested(
    field: str, suggested: str | None
) -> None:
    made = survey(suggest=lambda recipient: "+1")
    made.bad(0, "1", InvalidInputError("is bad", field, "mend it"))
    assert result(made).problems[0].suggestion == suggested


def test_nothing_need_be_suggested() -> None:
    made = survey()
    made.bad(0, "1", BAD)
    assert result(made).problems[0].suggestion is None


def test_all_bad_rows_are_counted_and_the_first_20_told() -> None:
    made = survey()
    for n in range(25):
        made.bad(n, "1", BAD)
    found = result(made)
    assert (found.bad_rows, found.to_send) == (25, 0)
    assert [problem.index for problem in found.problems] == list(range(20))
