"""What a report finds out about campaigns that the real engine ran."""

import sys
from pathlib import Path

import pytest

from stackverify import Email, Sms
from stackverify.campaigns import Campaign, CampaignRules, RowState
from stackverify.report.reading import read_facts
from stackverify.sandbox import Sandbox
from tests.recipients import people
from tests.report.conftest import ALONE, Ran, mails

HI = Sms("{phone}", "Hi {name}")
MAIL = Email("{email}", subject="Hi", text="Hello {name}")


def test_outcomes_are_those_of_the_engine(
    ran: Ran, ledger: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("status", status=422, count=3)
    campaign = ran(HI, people(10))
    facts = read_facts(ledger, most_rows=10)
    assert facts.summary == campaign.summary()
    assert (facts.summary["accepted"], facts.summary["refused"]) == (7, 3)


def test_reasons_that_differ_only_in_their_request_are_one(
    ran: Ran, ledger: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("status", status=422, count=3)
    campaign = ran(HI, people(10))
    assert len({row.reason for row in campaign.rows("refused")}) == 3
    (reason,) = read_facts(ledger, most_rows=10).reasons
    assert (reason.state, reason.rows) == (RowState.REFUSED, 3)
    assert "before sending it again" in str(reason.text)


def test_every_request_counts_once_and_with_it_its_messages(
    ran: Ran, ledger: Path
) -> None:
    ran(Sms("{phone}", "Hi"), people(25), rules=CampaignRules(pack=10))
    pace = read_facts(ledger, most_rows=0).pace
    assert pace is not None
    assert (pace.requests, pace.messages, pace.untimed) == (3, 25, 0)
    assert max(pace.busiest_requests) == 3
    assert max(pace.busiest_messages) == 25


def test_a_row_that_was_sent_again_counts_twice(
    ran: Ran, ledger: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", seconds=0.2, count=1)
    ran(HI, people(1))
    pace = read_facts(ledger, most_rows=0).pace
    assert pace is not None
    assert (pace.requests, pace.messages, pace.untimed) == (2, 2, 0)


def test_deliveries_are_told_with_the_time_they_took(
    ran: Ran, ledger: Path, sandbox: Sandbox
) -> None:
    sandbox.knobs.timetable = 0.0
    ran(HI, people(20)).follow(timeout=5)
    facts = read_facts(ledger, most_rows=0)
    assert [(each.name, each.rows) for each in facts.statuses] == [("delivered", 20)]
    assert facts.times is not None
    assert facts.times.rows == sum(facts.times.counts) + facts.times.beyond == 20
    assert 0 <= facts.times.median <= facts.times.most <= facts.times.longest


def test_messages_nothing_was_heard_of_are_told(ran: Ran, ledger: Path) -> None:
    ran(HI, people(4))
    facts = read_facts(ledger, most_rows=0)
    (status,) = facts.statuses
    assert (status.name, status.kind, status.rows) == (None, "unheard", 4)
    assert facts.times is None


def test_segments_and_costly_characters_are_those_that_were_sent(
    ran: Ran, ledger: Path
) -> None:
    rows = [
        {"phone": "+254712345670", "text": "a" * 160},
        {"phone": "+254712345671", "text": "a" * 161},
        {"phone": "+254712345672", "text": "ł" * 71},
    ]
    ran(Sms("{phone}", "{text}"), rows)
    segments = read_facts(ledger, most_rows=0).segments
    assert segments is not None
    assert segments.counts == {1: 1, 2: 2}
    assert (segments.total, segments.ucs2) == (5, 1)
    assert segments.costly == {"ł": 1}


def test_refused_rows_cost_nothing(ran: Ran, ledger: Path) -> None:
    ran(HI, [*people(2), {"phone": "0712", "name": "No"}])
    segments = read_facts(ledger, most_rows=0).segments
    assert segments is not None
    assert segments.messages == 2


def test_countries_are_told_by_numbers(ran: Ran, ledger: Path) -> None:
    numbers = ("+254712345678", "+254712345679", "+12125550123", "+14165550123")
    ran(HI, [{"phone": number, "name": "N"} for number in numbers])
    countries = read_facts(ledger, most_rows=0).countries
    assert countries is not None
    assert [(each.region, each.accepted) for each in countries] == [
        ("KE", 2),
        ("CA", 1),
        ("US", 1),
    ]


def test_without_phonenumbers_countries_are_left_out(
    ran: Ran, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(HI, people(2))
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    assert read_facts(ledger, most_rows=0).countries is None


def test_emails_have_neither_segments_nor_countries(ran: Ran, ledger: Path) -> None:
    ran(MAIL, mails(3))
    facts = read_facts(ledger, most_rows=0)
    assert (facts.channel, facts.segments, facts.countries) == ("email", None, None)


def test_unknown_rows_are_listed_before_refused_ones(
    ran: Ran, ledger: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("status", status=422, count=2)
    sandbox.faults.add("accepted_then_hang_up", count=1)
    ran(MAIL, mails(6))
    listed = [row.state.value for row in read_facts(ledger, most_rows=10).rows]
    assert listed == ["unknown", "refused", "refused"]


def test_no_more_rows_are_listed_than_asked_for(
    ran: Ran, ledger: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("status", status=422)
    ran(HI, people(8))
    assert len(read_facts(ledger, most_rows=5).rows) == 5


def test_a_ledger_that_was_never_loaded_has_no_rows(ledger: Path) -> None:
    with Campaign(ledger) as campaign:
        campaign.summary()
    facts = read_facts(ledger, most_rows=5)
    assert (facts.summary.total, facts.template, facts.pace) == (0, {}, None)


def test_one_row_that_was_never_sent_is_told(ledger: Path) -> None:
    with Campaign(ledger, rules=ALONE) as campaign:
        campaign.load(HI, people(1))
    facts = read_facts(ledger, most_rows=5)
    assert (facts.summary["pending"], facts.summary.total) == (1, 1)
    assert (facts.pace, facts.times, facts.statuses) == (None, None, [])
