"""Which record of the list belongs to an unknown row, and when there is none."""

import datetime as dt
from typing import Any

import attrs
import pytest

from stackverify._core.reconcile import (
    Absent,
    Found,
    Scan,
    Undecided,
    Unsure,
    Window,
    clock_offset,
    closed_at,
    judge,
    window_of,
    windows,
)
from stackverify.models.results import SmsMessage

ROW = Unsure(3, 1, "+254700000001", "Hi Joan", None, 1_000.0, 1_010.0)
WINDOW = Window(995.0, 1_135.0)


def moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


RECORD = SmsMessage("sms_1", "+254700000001", "Hi Joan", created_at=moment(1_002.0))


def scan(*records: SmsMessage, total: int | None = None) -> Scan:
    made = Scan([ROW], WINDOW)
    made.take(records, total)
    return made


def test_a_record_of_the_row_is_its() -> None:
    assert judge(ROW, [scan(RECORD)]) == Found("sms_1")


@pytest.mark.parametrize(
    "change",
    [
        {"to": "254700000001"},
        {"to": "+254 700 000 001"},
        {"text": None},
        {"text": " Hi  Joan "},
        {"sender_id": "SHOP"},
        {"created_at": moment(1_130.0).replace(tzinfo=None)},
    ],
)
def test_a_list_may_write_it_otherwise(change: Any) -> None:
    record = attrs.evolve(RECORD, **change)
    assert judge(ROW, [scan(record)]) == Found("sms_1")


def test_a_list_may_cut_texts_short() -> None:
    row = attrs.evolve(ROW, text="Dear Joan, your order has arrived today.")
    record = attrs.evolve(RECORD, text="Dear Joan, your order has…")
    assert judge(row, [scan(record)]) == Found("sms_1")


@pytest.mark.parametrize(
    "change",
    [
        {"to": "+254700000002"},
        {"text": "Your code is 4921"},
        {"text": "Hi"},
        {"created_at": moment(994.0)},
        {"created_at": moment(1_136.0)},
    ],
)
def test_a_record_of_something_else_is_not_its(change: Any) -> None:
    record = attrs.evolve(RECORD, **change)
    assert judge(ROW, [scan(record), scan(record)]) == Absent()


def test_another_sender_is_somebody_else() -> None:
    row = attrs.evolve(ROW, sender_id="SHOP")
    record = attrs.evolve(RECORD, sender_id="BANK")
    assert judge(row, [scan(record), scan(record)]) == Absent()


def test_a_record_that_another_row_owns_is_not_its() -> None:
    row = attrs.evolve(ROW, owned=frozenset({"sms_1"}))
    assert judge(row, [scan(RECORD), scan(RECORD)]) == Absent()


def test_what_is_not_there_is_looked_for_twice() -> None:
    assert judge(ROW, [scan()]) is None
    assert judge(ROW, [scan(), scan()]) == Absent()
    assert judge(ROW, [scan(), scan(RECORD)]) == Found("sms_1")


def test_of_two_records_one_is_accepted_and_the_other_told() -> None:
    other = attrs.evolve(RECORD, message_id="sms_2")
    assert judge(ROW, [scan(RECORD, other)]) == Found("sms_1", ("sms_2",))


def test_a_list_without_recipients_proves_nothing() -> None:
    nameless = attrs.evolve(RECORD, to=None)
    assert isinstance(judge(ROW, [scan(nameless)]), Undecided)


def test_nor_does_one_that_is_cut_short() -> None:
    assert isinstance(judge(ROW, [scan(total=2), scan(total=2)]), Undecided)


def test_nor_does_a_record_without_a_time() -> None:
    timeless = attrs.evolve(RECORD, created_at=None)
    assert isinstance(judge(ROW, [scan(timeless)]), Undecided)


def test_a_record_without_an_id_will_do_if_the_recipient_has_one_row() -> None:
    record = attrs.evolve(RECORD, message_id=None)
    assert judge(ROW, [scan(record)]) == Found(None)
    shared = attrs.evolve(ROW, is_shared=True)
    assert isinstance(judge(shared, [scan(record)]), Undecided)


@pytest.mark.parametrize("offset", [0.0, 30.0, -30.0])
def test_a_window_holds_the_record_whichever_clock_was_set(offset: float) -> None:
    window = window_of(ROW, settle=120.0, offset=offset, slack=5.0)
    assert window.since <= min(1_000.0, 1_000.0 + offset) - 5.0
    assert window.until >= max(1_130.0, 1_130.0 + offset) + 5.0


@pytest.mark.parametrize("offset", [0.0, 30.0, -30.0])
def test_a_window_is_closed_when_the_service_has_passed_its_end(offset: float) -> None:
    closed = closed_at(1_010.0, settle=120.0, offset=offset, slack=5.0)
    window = window_of(ROW, settle=120.0, offset=offset, slack=5.0)
    assert closed + offset >= window.until


def test_rows_whose_windows_overlap_are_looked_up_together() -> None:
    rows = [
        attrs.evolve(ROW, index=n, since=at, released_by=at + 1)
        for n, at in enumerate([5_000.0, 1_000.0, 1_100.0])
    ]
    found = windows(rows, settle=120.0, offset=0.0, slack=5.0)
    assert [[row.index for row in together] for _, together in found] == [[1, 2], [0]]
    assert found[0][0] == Window(995.0, 1_226.0)


def test_the_offset_is_what_the_service_says_the_time_is() -> None:
    headers = {"date": "Thu, 01 Jan 1970 00:01:40 GMT"}
    assert clock_offset(headers, 90.0) == 10.0
    assert clock_offset({}, 90.0) is None
