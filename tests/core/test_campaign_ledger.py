"""Moves between the states of a row, what outcomes mean, and hours."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stackverify._core.hours import opens_at
from stackverify._core.ledger import MOVES, may_move, verdict_of
from stackverify.errors import (
    ConfigurationError,
    InvalidInputError,
    NeverLeftError,
    NoReplyError,
)
from stackverify.models.campaign_rules import CampaignRules, SendHours
from stackverify.models.campaigns import RowState
from stackverify.models.outcomes import Accepted, NotSent, Refused, Unknown
from stackverify.models.results import Receipt
from stackverify.reply import Reply

NAIROBI = ZoneInfo("Africa/Nairobi")


def test_every_state_has_its_moves() -> None:
    assert MOVES.keys() == set(RowState)


def test_what_was_accepted_goes_nowhere() -> None:
    assert not any(may_move(RowState.ACCEPTED, state) for state in RowState)


def test_what_may_have_been_sent_is_never_claimed_again() -> None:
    assert not may_move(RowState.INTENT, RowState.CLAIMED)
    assert not may_move(RowState.UNKNOWN, RowState.CLAIMED)


def test_nothing_is_sent_but_what_is_claimed() -> None:
    before = {state for state in RowState if may_move(state, RowState.INTENT)}
    assert before == {RowState.CLAIMED, RowState.INTENT}


RECEIPT = Receipt("sms_1", None, (), Reply(200, {}, b""))


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted(0, None, RECEIPT), RowState.ACCEPTED),
        (Unknown(0, None, NoReplyError("gone")), RowState.UNKNOWN),
        (NotSent(0, None, NeverLeftError("gone")), RowState.PENDING),
        (Refused(0, None, InvalidInputError("bad", "to", "mend")), RowState.REFUSED),
    ],
)
def test_an_outcome_says_where_its_row_goes(outcome: Any, state: RowState) -> None:
    assert verdict_of(outcome, together=False).state is state
    assert may_move(RowState.INTENT, state)


def test_a_request_refused_for_several_leaves_them_unknown_and_parted() -> None:
    refused = Refused(0, None, InvalidInputError("bad", "to", "mend"))
    verdict = verdict_of(refused, together=True)
    assert (verdict.state, verdict.alone) == (RowState.UNKNOWN, True)


def test_a_reason_holds_no_number() -> None:
    error = NoReplyError("lost +254712345678")
    assert "254712" not in str(verdict_of(Unknown(0, None, error), together=False))


def test_a_reason_can_be_written_whatever_the_service_said() -> None:
    verdict = verdict_of(Unknown(0, None, NoReplyError("\ud800")), together=False)
    assert verdict.reason is not None
    assert verdict.reason.encode()


def at(hour: int, minute: int = 0, day: int = 10) -> float:
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=NAIROBI).timestamp()


@pytest.mark.parametrize(
    ("start", "end", "now", "opens"),
    [
        ("08:00", "20:00", at(12), at(12)),
        ("08:00", "20:00", at(8), at(8)),
        ("08:00", "20:00", at(7, 59), at(8)),
        ("08:00", "20:00", at(20), at(8, day=11)),
        ("22:00", "06:00", at(23), at(23)),
        ("22:00", "06:00", at(5), at(5)),
        ("22:00", "06:00", at(6), at(22)),
    ],
)
def test_hours_are_those_of_the_recipient(
    start: str, end: str, now: float, opens: float
) -> None:
    assert opens_at(SendHours(start, end), NAIROBI, now) == opens


def test_hours_follow_the_change_to_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = dt.datetime(2026, 3, 28, 21, tzinfo=berlin).timestamp()
    opens = opens_at(SendHours("08:00", "20:00"), berlin, before)
    assert opens - before == 10 * 3600.0


@pytest.mark.parametrize("hours", [("8", "20:00"), ("08:00", "08:00"), (8, 20)])
def test_odd_hours_are_refused(hours: Any) -> None:
    with pytest.raises(ConfigurationError):
        SendHours(*hours)


@pytest.mark.parametrize(
    "rule",
    [
        {"pack": 0},
        {"settle": -1},
        {"settle": float("nan")},
        {"max_error_rate": 0},
        {"per_minute": 1.5},
        {"price": -1},
    ],
)
def test_odd_rules_are_refused(rule: Any) -> None:
    with pytest.raises(ConfigurationError):
        CampaignRules(**rule)
