"""Moves between the states of a row, what outcomes mean, and hours."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from stackverify._core.hours import opens_at
from stackverify._core.ledger import MOVES, Verdict, may_move, verdict_of
from stackverify.errors import (
    ConfigurationError,
    InvalidInputError,
    NeverLeftError,
    NoReplyError,
    StackverifyError,
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


MOVES_ALLOWED = {
    "pending": {"claimed", "skipped", "refused"},
    "claimed": {"pending", "refused", "intent"},
    "intent": {"intent", "pending", "accepted", "refused", "unknown"},
    "unknown": {"accepted", "refused", "absent", "pending"},
    "absent": {"pending", "accepted"},
    "refused": {"pending"},
    "skipped": {"pending"},
    "accepted": set(),
}


def test_no_other_moves_are_allowed_than_these() -> None:
    allowed = {
        old.value: {new.value for new in RowState if may_move(old, new)}
        for old in RowState
    }
    assert allowed == MOVES_ALLOWED


def test_what_was_accepted_keeps_its_id_and_needs_no_reason() -> None:
    verdict = verdict_of(Accepted(0, None, RECEIPT), together=True)
    assert verdict == Verdict(RowState.ACCEPTED, "sms_1", None, alone=False)
    assert verdict.told == ("accepted", "sms_1", None)


def test_what_was_accepted_without_an_id_has_none() -> None:
    receipt = attrs.evolve(RECEIPT, message_id=None)
    assert verdict_of(Accepted(0, None, receipt), together=False).message_id is None


BAD = "to: is bad; mend it. Nothing was sent."


@pytest.mark.parametrize("kind", [Unknown, NotSent, Refused])
def test_what_was_not_accepted_has_the_reason_and_no_id(kind: Any) -> None:
    outcome = kind(0, None, InvalidInputError("is bad", "to", "mend it"))
    verdict = verdict_of(outcome, together=False)
    assert (verdict.message_id, verdict.reason) == (None, BAD)
    assert verdict.alone is False


@pytest.mark.parametrize(("length", "kept"), [(0, 0), (300, 300), (301, 300)])
def test_a_reason_has_300_characters_at_most(length: int, kept: int) -> None:
    error = StackverifyError("x" * length)
    assert verdict_of(Refused(0, None, error), together=False).reason == "x" * kept


def test_a_request_refused_for_several_leaves_them_unknown_and_parted() -> None:
    refused = Refused(0, None, InvalidInputError("is bad", "to", "mend it"))
    verdict = verdict_of(refused, together=True)
    assert (verdict.state, verdict.alone) == (RowState.UNKNOWN, True)
    assert verdict.reason == (
        "Refused together with others; whether a service that refuses a request sent "
        f"none of it is looked up. {BAD}"
    )


@pytest.mark.parametrize("kind", [Unknown, NotSent])
def test_what_nobody_refused_may_be_sent_together_again(kind: Any) -> None:
    outcome = kind(0, None, NoReplyError("gone"))
    assert verdict_of(outcome, together=True) == verdict_of(outcome, together=False)


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
        ("22:00", "06:00", at(22), at(22)),
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


def test_hours_begin_to_the_microsecond() -> None:
    hours = SendHours("08:00:30.500000", "20:00")
    opening = at(8) + 30.5
    for now in (at(7, 59) + 59.25, at(8) + 30.25):
        assert opens_at(hours, NAIROBI, now) == opening
    assert opens_at(hours, NAIROBI, opening) == opening


NIGHT_OF_CHANGE = dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC).timestamp()
"""Midnight in Berlin; 180 minutes later it is two o'clock once more."""


@pytest.mark.parametrize(
    ("minutes", "opens"),
    [(0, 150), (149, 150), (150, 150), (190, 190), (209, 209), (210, 210)],
)
def test_hours_that_begin_twice_in_a_night_begin_the_first_time(
    minutes: int, opens: int
) -> None:
    moment = opens_at(
        SendHours("02:30", "20:00"),
        ZoneInfo("Europe/Berlin"),
        NIGHT_OF_CHANGE + 60.0 * minutes,
    )
    assert moment == NIGHT_OF_CHANGE + 60.0 * opens


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
