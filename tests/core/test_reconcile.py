"""Which record of the list belongs to an unknown row, and when there is none."""

import datetime as dt
import time
from collections.abc import Iterator
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


ORDER = attrs.evolve(ROW, text="Dear Joan, your order has arrived today.")


@pytest.mark.parametrize(
    "preview",
    [
        "Dear Joan, your order has…",
        "Dear Joan, your orde...",
        "Dear Joan, your orde",
        "Dear Joan, your order has arrived today",
    ],
)
def test_a_list_may_cut_texts_short(preview: str) -> None:
    record = attrs.evolve(RECORD, text=preview)
    assert judge(ORDER, [scan(record)]) == Found("sms_1")


@pytest.mark.parametrize(
    "text", ["Dear Joan, your ord…", "Dear Joan, your order is late…", "…", ""]
)
def test_too_short_a_part_of_a_text_or_another_one_is_something_else(text: str) -> None:
    record = attrs.evolve(RECORD, text=text)
    assert judge(ORDER, [scan(record), scan(record)]) == Absent()


@pytest.fixture
def _in_nairobi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have this machine's clock show another time than UTC."""
    monkeypatch.setenv("TZ", "Africa/Nairobi")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_nairobi")
@pytest.mark.parametrize(
    "created_at",
    [
        moment(1_002.0).replace(tzinfo=None),
        moment(1_002.0).astimezone(dt.timezone(dt.timedelta(hours=9))),
    ],
)
def test_a_time_without_a_zone_is_utc_wherever_this_machine_is(
    created_at: dt.datetime,
) -> None:
    record = attrs.evolve(RECORD, created_at=created_at)
    assert judge(ROW, [scan(record)]) == Found("sms_1")


@pytest.mark.parametrize("seconds", [995.0, 1_135.0])
def test_the_ends_of_a_window_belong_to_it(seconds: float) -> None:
    record = attrs.evolve(RECORD, created_at=moment(seconds))
    assert judge(ROW, [scan(record)]) == Found("sms_1")


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


@pytest.mark.parametrize("listed", ["SHOP", "Shop", None])
def test_a_list_need_not_name_the_sender_as_it_was_written(listed: str | None) -> None:
    row = attrs.evolve(ROW, sender_id="SHOP")
    record = attrs.evolve(RECORD, sender_id=listed)
    assert judge(row, [scan(record)]) == Found("sms_1")


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


def test_a_list_that_counts_as_many_as_it_gave_is_whole() -> None:
    other = attrs.evolve(RECORD, to="+254700000002", message_id="sms_2")
    whole = Scan([ROW], WINDOW)
    whole.take([other], 2)
    whole.take([other], 2)
    assert judge(ROW, [whole, whole]) == Absent()


def test_of_two_records_one_is_accepted_and_the_other_told() -> None:
    other = attrs.evolve(RECORD, message_id="sms_2")
    assert judge(ROW, [scan(RECORD, other)]) == Found("sms_1", ("sms_2",))


def test_a_list_without_recipients_proves_nothing() -> None:
    nameless = attrs.evolve(RECORD, to=None)
    unsaid = Undecided("the list does not say whom its messages went to")
    assert judge(ROW, [scan(nameless)]) == unsaid


@pytest.mark.parametrize("doubtful", [0, 1])
def test_nor_does_one_that_is_cut_short(doubtful: int) -> None:
    scans = [scan(total=0), scan(total=0)]
    scans[doubtful] = scan(total=1)
    fewer = Undecided("the list gave fewer messages than it counts")
    assert judge(ROW, scans) == fewer


def test_how_many_there_are_need_be_said_once_only() -> None:
    short = scan(attrs.evolve(RECORD, to="+254700000002"), total=2)
    short.take([], None)
    assert isinstance(judge(ROW, [short]), Undecided)


def test_nor_does_a_record_without_a_time() -> None:
    timeless = attrs.evolve(RECORD, created_at=None)
    untold = Undecided("the list does not say when its messages were taken")
    assert judge(ROW, [scan(timeless)]) == untold
    assert judge(ROW, [scan(RECORD, timeless)]) == untold


def test_a_record_without_an_id_will_do_if_the_recipient_has_one_row() -> None:
    record = attrs.evolve(RECORD, message_id=None)
    assert judge(ROW, [scan(record)]) == Found(None)
    shared = attrs.evolve(ROW, is_shared=True)
    assert judge(shared, [scan(record)]) == Undecided(
        "the list names no ids, and other rows go to this recipient"
    )


def test_a_record_may_be_of_another_row_that_was_accepted_without_an_id() -> None:
    row = attrs.evolve(ROW, is_shared=True, has_nameless=True)
    assert judge(row, [scan(RECORD)]) == Undecided(
        "it may be another row's, which was accepted without an id"
    )
    assert judge(row, [scan(), scan()]) == Absent()


def test_what_was_sent_while_the_clock_was_set_back_is_never_absent() -> None:
    row = attrs.evolve(ROW, since=4_600.0)
    assert judge(row, [scan(), scan()]) == Undecided(
        "the clock was set back while it was sent"
    )
    assert judge(row, [scan(RECORD)]) == Found("sms_1")
    assert judge(attrs.evolve(row, ahead=-3_600.0), [scan(), scan()]) == Absent()
    assert judge(attrs.evolve(row, since=1_010.0), [scan(), scan()]) == Absent()


def test_a_row_shows_no_number_and_no_text() -> None:
    assert "254700000001" not in repr(ROW)
    assert "Joan" not in repr(ROW)


@pytest.mark.parametrize("offset", [0.0, 30.0, -30.0])
def test_a_window_holds_the_record_whichever_clock_was_set(offset: float) -> None:
    window = window_of(ROW, settle=120.0, offset=offset, slack=5.0)
    assert window.since <= min(1_000.0, 1_000.0 + offset) - 5.0
    assert window.until >= max(1_130.0, 1_130.0 + offset) + 5.0


@pytest.mark.parametrize("offset", [0.0, 30.0, -30.0])
def test_a_window_is_closed_when_the_service_has_passed_its_end(offset: float) -> None:
    closed = closed_at(ROW, settle=120.0, offset=offset, slack=5.0)
    window = window_of(ROW, settle=120.0, offset=offset, slack=5.0)
    assert closed + offset >= window.until


@pytest.mark.parametrize("sent_with", [-3_600.0, 3_600.0])
def test_a_clock_that_was_put_right_leaves_the_record_in_the_window(
    sent_with: float,
) -> None:
    row = attrs.evolve(ROW, ahead=sent_with)
    window = window_of(row, settle=120.0, offset=0.0, slack=5.0)
    assert window.since <= 1_000.0 + sent_with - 5.0
    assert window.until >= 1_130.0 + sent_with + 5.0
    assert closed_at(row, settle=120.0, offset=0.0, slack=5.0) == window.until


def test_a_service_may_keep_whole_seconds() -> None:
    row = attrs.evolve(ROW, since=1_000.9)
    window = window_of(row, settle=120.0, offset=0.0, slack=0.0)
    assert window == Window(1_000.0, 1_130.0)


def test_nobody_waits_longer_than_it_takes_the_service_to_settle() -> None:
    assert closed_at(ROW, settle=120.0, offset=0.0, slack=5.0) == 1_135.0
    assert closed_at(ROW, settle=120.0, offset=30.0, slack=5.0) == 1_135.0
    assert closed_at(ROW, settle=120.0, offset=-30.0, slack=5.0) == 1_165.0


def test_rows_whose_windows_overlap_are_looked_up_together() -> None:
    moments = [5_000.0, 1_000.0, 1_100.0, 5_131.0, 5_263.0, 5_200.0]
    rows = [
        attrs.evolve(ROW, index=n, since=at, released_by=at + 1)
        for n, at in enumerate(moments)
    ]
    found = windows(rows, settle=120.0, offset=0.0, slack=5.0)
    indexes = [[row.index for row in together] for _, together in found]
    assert indexes == [[1, 2], [0, 3, 5, 4]]
    assert [window for window, _ in found] == [
        Window(995.0, 1_226.0),
        Window(4_995.0, 5_389.0),
    ]


def test_windows_that_touch_overlap() -> None:
    rows = [ROW, attrs.evolve(ROW, since=1_140.0, released_by=1_150.0)]
    assert len(windows(rows, settle=120.0, offset=0.0, slack=5.0)) == 1
    apart = [ROW, attrs.evolve(ROW, since=1_141.0, released_by=1_150.0)]
    assert len(windows(apart, settle=120.0, offset=0.0, slack=5.0)) == 2


def test_a_window_within_another_does_not_end_it() -> None:
    long = attrs.evolve(ROW, released_by=9_000.0)
    ((window, together),) = windows(
        [long, attrs.evolve(ROW, since=1_005.0)], settle=120.0, offset=0.0, slack=5.0
    )
    assert (window.until, len(together)) == (9_125.0, 2)


def test_the_offset_is_what_the_service_says_the_time_is() -> None:
    headers = {"date": "Thu, 01 Jan 1970 00:01:40 GMT"}
    assert clock_offset(headers, 90.0) == 10.0
    assert clock_offset({}, 90.0) is None
