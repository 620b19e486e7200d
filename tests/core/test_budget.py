"""The month's messages: counted, given back, and refused when they are used up."""

import datetime as dt

import pytest

from stackverify._core.budget import Budget, month_of
from stackverify.errors import BudgetError, NeverLeftError

MAY, JUNE = "2026-05", "2026-06"


def test_what_is_spent_is_no_longer_left() -> None:
    budget = Budget(100)
    budget.spend(30, MAY)
    budget.spend(20, MAY)
    assert budget.left(MAY) == 50


def test_what_was_not_sent_after_all_is_given_back() -> None:
    budget = Budget(100)
    budget.spend(30, MAY)
    budget.refund(10, MAY)
    assert budget.left(MAY) == 80


def test_a_new_month_begins_with_all_of_it() -> None:
    budget = Budget(100)
    budget.spend(100, MAY)
    assert (budget.left(MAY), budget.left(JUNE)) == (0, 100)
    budget.spend(1, JUNE)
    assert budget.left(JUNE) == 99


def test_a_refund_of_last_month_does_not_fill_this_one() -> None:
    budget = Budget(100)
    budget.spend(30, MAY)
    budget.spend(5, JUNE)
    budget.refund(30, MAY)
    assert budget.left(JUNE) == 95


def test_an_overdrawn_budget_has_nothing_left_and_not_less() -> None:
    budget = Budget(10)
    budget.spend(25, MAY)
    assert budget.left(MAY) == 0


def test_the_last_message_may_be_sent_and_not_one_more() -> None:
    budget = Budget(10)
    budget.spend(9, MAY)
    budget.require(1, MAY)
    with pytest.raises(BudgetError) as caught:
        budget.require(2, MAY)
    assert isinstance(caught.value, NeverLeftError)


def test_the_error_counts_what_is_asked_left_and_allowed() -> None:
    budget = Budget(10_000)
    budget.spend(8_500, MAY)
    with pytest.raises(BudgetError, match=r"2,000 .* 1,500 .* 10,000") as caught:
        budget.require(2_000, MAY)
    assert "over_budget=True" in str(caught.value)


def test_what_is_not_left_may_be_spent_unless_it_is_said_not_to() -> None:
    budget = Budget(10)
    budget.spend(8, MAY, at_most=True)
    with pytest.raises(BudgetError):
        budget.spend(3, MAY, at_most=True)
    assert budget.left(MAY) == 2
    budget.spend(3, MAY)
    assert budget.left(MAY) == 0


def test_without_a_limit_everything_may_be_sent() -> None:
    budget = Budget(None)
    budget.spend(10**9, MAY)
    budget.require(10**9, MAY)
    assert budget.left(MAY) is None


def test_a_read_costs_nothing() -> None:
    budget = Budget(1)
    budget.spend(0, MAY)
    budget.require(0, MAY)
    assert budget.left(MAY) == 1


def test_a_month_is_one_of_utc() -> None:
    last_second = dt.datetime(2026, 5, 31, 23, 59, 59, tzinfo=dt.UTC).timestamp()
    assert month_of(last_second) == MAY
    assert month_of(last_second + 1) == JUNE
