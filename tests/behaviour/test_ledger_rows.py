"""What a ledger keeps of its rows, and whose they are."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackverify import Sms
from stackverify._core.ledger import Verdict
from stackverify._process import runners
from stackverify._stores.ledger_delivery import LedgerDelivery
from stackverify._stores.ledger_file import LedgerFile
from stackverify._stores.ledger_rows import LedgerRows
from stackverify._stores.ledger_runner import Claimed, Intents, LedgerRunner
from stackverify._stores.ledger_unsure import Decision, LedgerUnsure
from stackverify.campaigns import Campaign, RowState
from stackverify.errors import LedgerLostError
from tests.behaviour.ledgers import joined
from tests.clock import Clock

ANN, BEN = "+254700000001", "+254700000002"
NOW = 10_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LedgerFile]:
    """A ledger of two rows to Ann, and one to Ben."""
    people = [{"phone": to} for to in (ANN, ANN, BEN)]
    with Campaign(tmp_path / "may.ledger") as campaign:
        campaign.load(Sms("{phone}", "Hi"), people)
        yield campaign._file


@pytest.fixture
def runner(file: LedgerFile, clock: Clock) -> LedgerRunner:
    return joined(file, clock)


def begin(runner: LedgerRunner, count: int = 1) -> list[Claimed]:
    rows = runner.claim(count, None)
    runner.commit([Intents(rows, NOW, NOW + 30.0)])
    return rows


def end(runner: LedgerRunner, row: Claimed, verdict: Verdict) -> None:
    runner.note([(row, verdict, NOW + 2.0, NOW + 1.0)])
    runner.commit([])


def test_an_id_of_another_row_is_owned_by_it(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    end(runner, begin(runner)[0], Verdict(RowState.ACCEPTED, "sms_1"))
    end(runner, begin(runner)[0], Verdict(RowState.UNKNOWN))
    (row,) = LedgerUnsure(file).rows()
    assert (row.recipient, row.owned, row.is_shared) == (ANN, ("sms_1",), True)


def test_a_row_accepted_without_an_id_may_own_any_record_of_its_recipient(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    end(runner, begin(runner)[0], Verdict(RowState.ACCEPTED))
    runner.rewind()
    end(runner, begin(runner)[0], Verdict(RowState.UNKNOWN))
    (row,) = LedgerUnsure(file).rows()
    assert (row.recipient, row.owned) == (ANN, (None,))


def test_while_a_recipient_is_in_doubt_nothing_else_is_sent_there(
    runner: LedgerRunner,
) -> None:
    end(runner, begin(runner)[0], Verdict(RowState.UNKNOWN))
    runner.rewind()
    assert [row.index for row in runner.claim(3, None)] == [2]


def test_rows_that_somebody_else_took_are_not_begun(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    rows = runner.claim(2, None)
    with sqlite3.connect(file.path) as other:
        other.execute("UPDATE marks SET state = 'skipped', runner = NULL WHERE idx = 2")
    other.close()
    with pytest.raises(LedgerLostError):
        runner.commit([Intents(rows, NOW, NOW + 30.0)])
    assert [row.attempts for row in rows] == [0, 0]
    assert LedgerRows(file).summary()["intent"] == 0


def test_a_row_is_begun_once_for_each_time_it_was_read(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    (row,) = begin(runner)
    row.attempts -= 1
    with pytest.raises(LedgerLostError):
        runner.commit([Intents([row], NOW, NOW + 30.0)])


def test_a_runner_whose_rows_were_taken_over_is_none_any_more(
    file: LedgerFile, runner: LedgerRunner, clock: Clock
) -> None:
    clock.now += 31.0
    other = joined(file, clock)
    for write in (lambda: runner.commit([]), lambda: runner.claim(1, None)):
        with pytest.raises(LedgerLostError):
            write()
    other.leave()


def test_who_leaves_leaves_the_rows_of_others_alone(
    file: LedgerFile, runner: LedgerRunner, clock: Clock
) -> None:
    sent, claimed = runner.claim(2, None)
    runner.commit([Intents([sent], NOW, NOW + 30.0)])
    other = joined(file, clock)
    other.unclaim([claimed])
    other.refuse([(claimed.index, "No.")])
    other.leave()
    summary = LedgerRows(file).summary()
    assert (summary["intent"], summary["claimed"]) == (1, 1)
    assert not runner.is_another_working()


def test_where_processes_cannot_be_told_apart_one_of_our_number_may_be_alive(
    file: LedgerFile,
    runner: LedgerRunner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    begin(runner)
    with sqlite3.connect(file.path) as other:
        other.execute("UPDATE runners SET identity = ?", (f"unknown/{os.getpid()}",))
        other.execute("UPDATE runners SET id = 99")
        other.execute("UPDATE marks SET runner = 99 WHERE runner IS NOT NULL")
    other.close()
    monkeypatch.setattr(runners, "_PROC", tmp_path / "nowhere")
    joined(file, Clock(NOW))
    assert LedgerRows(file).summary()["intent"] == 1


def test_to_leave_twice_is_to_leave_once(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    begin(runner)
    runner.leave()
    runner.leave()
    assert LedgerRows(file).summary()["unknown"] == 1


def test_an_outcome_counts_for_its_own_attempt_only(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    (row,) = begin(runner)
    early = Claimed(row.index, row.attempts, is_alone=False, zone=0, fields={})
    runner.commit([Intents([row], NOW, NOW + 30.0)])
    end(runner, early, Verdict(RowState.PENDING))
    assert LedgerRows(file).summary()["intent"] == 1


def test_a_decision_counts_for_the_attempt_that_was_looked_up_only(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    (row,) = begin(runner)
    end(runner, row, Verdict(RowState.UNKNOWN))
    unsure = LedgerUnsure(file)
    unsure.decide([Decision(row.index, row.attempts + 1, RowState.PENDING)], NOW)
    assert LedgerRows(file).summary()["unknown"] == 1
    unsure.decide([Decision(row.index, row.attempts, RowState.PENDING)], NOW)
    assert LedgerRows(file).summary()["unknown"] == 0


SETTLED = sorted({*RowState} - {RowState.UNKNOWN, RowState.ABSENT}, key=str)


@pytest.mark.parametrize("state", SETTLED)
def test_only_what_is_unknown_or_held_is_decided(
    file: LedgerFile, runner: LedgerRunner, state: RowState
) -> None:
    (row,) = begin(runner)
    with sqlite3.connect(file.path) as other:
        other.execute("UPDATE marks SET state = ? WHERE idx = 0", (state.value,))
    other.close()
    decision = Decision(row.index, row.attempts, RowState.ABSENT, "sms_9")
    LedgerUnsure(file).decide([decision], NOW)
    assert not LedgerRows(file).resolve(0, RowState.ACCEPTED, NOW)
    (first, *_) = LedgerRows(file).read(0, None)
    assert (first.state, first.message_id) == (state, None)


@pytest.mark.parametrize("state", [RowState.ACCEPTED, RowState.SKIPPED])
def test_a_late_answer_changes_nothing_that_is_settled(
    file: LedgerFile, runner: LedgerRunner, state: RowState
) -> None:
    (row,) = begin(runner)
    with sqlite3.connect(file.path) as other:
        other.execute("UPDATE marks SET state = ? WHERE idx = 0", (state.value,))
    other.close()
    end(runner, row, Verdict(RowState.PENDING))
    assert LedgerRows(file).summary()[state] == 1


def test_what_goes_alone_once_goes_alone_ever_after(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    (row,) = begin(runner)
    end(runner, row, Verdict(RowState.PENDING, alone=True))
    for _ in range(2):
        runner.rewind()
        (row,) = begin(runner)
        assert row.is_alone
        end(runner, row, Verdict(RowState.PENDING))


def test_the_last_byte_of_one_that_died_left_before_it_was_found_dead(
    file: LedgerFile, runner: LedgerRunner, clock: Clock
) -> None:
    begin(runner)
    clock.now += 5.0
    runner.leave()
    (row,) = LedgerUnsure(file).rows()
    assert (row.since, row.released_by) == (NOW, NOW + 5.0)


def test_nor_did_it_leave_later_than_it_was_allowed_to(
    file: LedgerFile, runner: LedgerRunner, clock: Clock
) -> None:
    begin(runner)
    clock.now += 300.0
    runner.leave()
    (row,) = LedgerUnsure(file).rows()
    assert (row.since, row.released_by) == (NOW, NOW + 30.0)


@pytest.mark.parametrize(
    ("message_id", "told_at", "is_adopted"),
    [("sms_2", NOW, True), ("sms_2", NOW - 1.0, False), ("sms_1", NOW, False)],
)
def test_a_report_goes_to_the_one_unknown_row_it_can_be_of(
    file: LedgerFile,
    runner: LedgerRunner,
    message_id: str,
    told_at: float,
    is_adopted: bool,
) -> None:
    end(runner, begin(runner)[0], Verdict(RowState.ACCEPTED, "sms_1"))
    end(runner, begin(runner)[0], Verdict(RowState.UNKNOWN))
    delivery = LedgerDelivery(file)
    assert not delivery.adopt(BEN, message_id, told_at, NOW)
    assert delivery.adopt(ANN, message_id, told_at, NOW) is is_adopted
    assert LedgerRows(file).summary()["accepted"] == 1 + is_adopted


@pytest.fixture
def held(file: LedgerFile, runner: LedgerRunner) -> LedgerFile:
    """A ledger whose row to Ben is not in the list, and held."""
    _, row = runner.claim(2, None)
    runner.commit([Intents([row], NOW, NOW + 30.0)])
    end(runner, row, Verdict(RowState.UNKNOWN))
    decision = Decision(row.index, row.attempts, RowState.ABSENT)
    LedgerUnsure(file).decide([decision], NOW)
    return file


def test_a_report_of_a_row_that_is_held_shows_that_it_was_sent(
    held: LedgerFile,
) -> None:
    assert LedgerDelivery(held).adopt(BEN, "sms_1", NOW, NOW)
    assert LedgerRows(held).summary()["accepted"] == 1


@pytest.mark.parametrize("state", [RowState.ACCEPTED, RowState.PENDING])
def test_a_person_can_decide_what_became_of_a_row_that_is_held(
    held: LedgerFile, state: RowState
) -> None:
    assert LedgerRows(held).resolve(2, state, NOW)
    (*_, row) = LedgerRows(held).read(2, None)
    assert row.state is state


def test_who_opted_out_did_so_however_it_is_written(file: LedgerFile) -> None:
    has_opted_out = LedgerRows(file).opt_outs(["+254 700-000001", "Ann@Example.org"])
    assert has_opted_out(ANN)
    assert has_opted_out("ann@example.org")
    assert not has_opted_out(BEN)


def test_who_opted_out_of_one_look_did_not_of_the_next(file: LedgerFile) -> None:
    assert LedgerRows(file).opt_outs([ANN])(ANN)
    assert not LedgerRows(file).opt_outs([BEN])(ANN)


def test_what_was_cancelled_stays_so(file: LedgerFile) -> None:
    for status in ("cancelled", "open", "paused"):
        LedgerRows(file).set_status(status, None)
    assert LedgerRows(file).summary().is_cancelled


def test_only_what_was_accepted_with_an_id_and_is_under_way_is_asked_for(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    ann, ben = runner.claim(2, None)
    runner.commit([Intents([ann, ben], NOW, NOW + 30.0)])
    delivery = LedgerDelivery(file)
    end(runner, ann, Verdict(RowState.ACCEPTED))
    end(runner, ben, Verdict(RowState.ACCEPTED, "sms_2"))
    assert delivery.undelivered(0, ["failed"]) == [(2, "sms_2")]
    assert delivery.undelivered(3, ["failed"]) == []
    delivery.note([("sms_2", "sent")], NOW)
    assert delivery.undelivered(2, ["failed"]) == [(2, "sms_2")]
    delivery.note([("sms_2", "failed")], NOW)
    assert delivery.undelivered(0, ["failed"]) == []


def test_an_id_without_an_acceptance_is_not_asked_for(
    file: LedgerFile, runner: LedgerRunner
) -> None:
    end(runner, begin(runner)[0], Verdict(RowState.UNKNOWN, "sms_1"))
    assert LedgerDelivery(file).undelivered(0, []) == []


def test_rows_of_one_zone_are_claimed_together(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path / "zones.ledger")
    rows: list[Any] = [(f"+{n}", {}, zone) for n, zone in enumerate(["A", None] * 2)]
    LedgerRows(file).load({"channel": "sms"}, rows)
    runner = LedgerRunner(file)
    runner.join()
    ((number, name),) = LedgerRows(file).zones().items()
    assert (name, runner.pending_zones()) == ("A", [1, 0])
    assert [row.index for row in runner.claim(9, [number])] == [0, 2]
    runner.rewind()
    assert [row.index for row in runner.claim(9, [0])] == [1, 3]
    runner.leave()
    file.close()
