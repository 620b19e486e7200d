"""What StackVerify's webhooks say, and what makes two of them the same."""

import copy
import datetime as dt
import json
import pickle
from typing import Any

import attrs
import pytest

from stackverify._services.stackverify.webhooks import mark_of, parse, status_from
from stackverify.errors import RawBodyError, UnreadableEventError
from stackverify.models.results import SmsStatus
from stackverify.models.webhooks import (
    DeliveryReport,
    InboundMessage,
    UnknownEvent,
    WebhookEvent,
)

REPORT = {
    "event": "delivery_report",
    "message_id": "sms_1",
    "to": "+254712345678",
    "status": "failed",
    "timestamp": "2026-11-24T08:30:00Z",
    "channel": "sms",
    "error_code": "30003",
}
INBOUND = {
    "event": "inbound_message",
    "from": "+254712345678",
    "to": "+254700000001",
    "message": "Yes, please",
    "channel": "whatsapp",
    "received_at": "2026-11-24T08:30:00+03:00",
}


def read(**fields: Any) -> WebhookEvent:
    return parse(json.dumps(fields).encode())


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def test_a_delivery_report_is_read() -> None:
    assert read(**REPORT) == DeliveryReport(
        "sms_1",
        "failed",
        "+254712345678",
        "sms",
        "2026-11-24T08:30:00Z",
        "30003",
        REPORT,
    )


def test_an_inbound_message_is_read() -> None:
    assert read(**INBOUND) == InboundMessage(
        "+254712345678",
        "+254700000001",
        "Yes, please",
        "whatsapp",
        "2026-11-24T08:30:00+03:00",
        INBOUND,
    )


def test_an_event_nobody_knows_is_kept_as_it_is() -> None:
    fields = {"event": "template_approved", "timestamp": "2026-11-24", "n": [{"a": 1}]}
    assert read(**fields) == UnknownEvent("template_approved", "2026-11-24", fields)


@pytest.mark.parametrize("name", ["to", "timestamp", "channel", "error_code"])
def test_what_a_report_may_lack_is_none_if_it_is_missing_or_null(name: str) -> None:
    for fields in (without(REPORT, name), {**REPORT, name: None}):
        assert getattr(read(**fields), name) is None


@pytest.mark.parametrize("value", [None, "", [], {}, True, 1.5])
@pytest.mark.parametrize("name", ["event", "message_id", "status"])
def test_what_a_report_must_have_is_named_where_it_is_missing(
    name: str, value: Any
) -> None:
    with pytest.raises(UnreadableEventError, match=f"^{name} is "):
        read(**{**REPORT, name: value})
    with pytest.raises(UnreadableEventError, match=f"^{name} is missing"):
        read(**without(REPORT, name))


def test_an_inbound_message_without_a_text_is_none_and_an_empty_one_is() -> None:
    with pytest.raises(UnreadableEventError, match=r"^message is missing"):
        read(**without(INBOUND, "message"))
    empty = read(**{**INBOUND, "message": ""})
    assert isinstance(empty, InboundMessage)
    assert empty.text == ""


@pytest.mark.parametrize("value", [[], {}, True, 1.5, ["+254712345678"]])
@pytest.mark.parametrize("name", ["to", "channel", "error_code", "timestamp"])
def test_a_field_of_another_kind_is_refused_by_name_and_not_shown(
    name: str, value: Any
) -> None:
    with pytest.raises(UnreadableEventError, match=f"^{name} is a ") as caught:
        read(**{**REPORT, name: value})
    assert "254" not in str(caught.value)


def test_whole_numbers_are_read_as_the_texts_they_stand_for() -> None:
    event = read(**{**REPORT, "message_id": 2**70, "error_code": 30003})
    assert isinstance(event, DeliveryReport)
    assert (event.message_id, event.error_code) == (str(2**70), "30003")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The body is not JSON, from its character 0 on."),
        (b'{"event":1.5}', "event is a float, not text."),
        (b"{}", "event is missing or empty."),
    ],
)
def test_the_reason_is_told_in_full(body: bytes, told: str) -> None:
    with pytest.raises(UnreadableEventError) as caught:
        parse(body)
    assert caught.value.message == told


@pytest.mark.parametrize("body", ["{}", {}, None])
def test_only_bytes_are_read(body: Any) -> None:
    with pytest.raises(RawBodyError):
        parse(body)


def test_bytes_of_other_kinds_are_read_as_well() -> None:
    assert parse(bytearray(json.dumps(REPORT).encode())) == read(**REPORT)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-24T08:30:00Z", dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC)),
        ("2026-11-24T11:30:00+03:00", dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC)),
        ("2026-11-24 08:30:00", dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC)),
        ("2026-11-24", dt.datetime(2026, 11, 24, tzinfo=dt.UTC)),
        ("soon", None),
        ("", None),
        (None, None),
        ("1796027400", None),
        ("9999-99-99", None),
    ],
)
def test_times_are_read_if_they_are_and_kept_as_written(
    written: str | None, moment: dt.datetime | None
) -> None:
    report = DeliveryReport("sms_1", "sent", timestamp=written)
    inbound = InboundMessage(None, None, "", received_at=written)
    assert [report.time, inbound.time] == [moment, moment]
    assert UnknownEvent("x", written).time == moment
    assert (report.timestamp, inbound.received_at) == (written, written)


def test_a_report_tells_what_a_status_call_would() -> None:
    report = DeliveryReport("sms_1", "failed", error_code="7", raw={"x": 1})
    assert status_from(report, SmsStatus) == SmsStatus(
        "sms_1", "failed", "7", {"x": 1}, None
    )


def mark(**changes: Any) -> Any:
    body = json.dumps({**REPORT, **changes}).encode()
    return mark_of(parse(body), body)


def test_a_report_is_the_same_whatever_else_it_says() -> None:
    assert mark() == mark(to="+254700000000", error_code=None, extra=[1])


@pytest.mark.parametrize("name", ["status", "timestamp"])
def test_a_report_of_another_status_or_time_is_another_of_the_same_message(
    name: str,
) -> None:
    other = mark(**{name: "sent"})
    assert (other.key, other.event != mark().event) == (mark().key, True)


def test_status_and_time_are_not_mixed_up() -> None:
    marks = {
        mark(status=status, timestamp=time).event
        for status, time in [("sent", "1"), ("sent1", ""), ("sen", "t1"), ("4:", "4:")]
    }
    assert len(marks) == 4


def test_a_report_of_another_message_has_another_key() -> None:
    assert mark(message_id="sms_2").key != mark().key
    assert mark(message_id="sms_2").event == mark().event


@pytest.mark.parametrize(
    ("status", "rank"), [("queued", 0), ("Delivered", 2), ("spam", 8), ("lost", None)]
)
def test_a_mark_has_the_rank_of_its_status(status: str, rank: int | None) -> None:
    assert mark(status=status).rank == rank


def test_what_has_no_id_is_known_by_its_whole_body() -> None:
    body = json.dumps(INBOUND).encode()
    one, same = mark_of(parse(body), body), mark_of(parse(body), bytes(body))
    other = mark_of(parse(body + b" "), body + b" ")
    assert (one == same, one.key == other.key, one.rank) == (True, False, None)


EVENTS = [
    read(**{**REPORT, "extra": "c4nary"}),
    read(**{**INBOUND, "message": "c4nary"}),
    read(event="other", note="c4nary"),
]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_shows_no_number_and_no_text(event: WebhookEvent) -> None:
    shown = f"{event!r} {event}"
    assert [
        secret for secret in ("c4nary", "4712345", "470000") if secret in shown
    ] == []


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_can_be_copied_and_travel(event: WebhookEvent) -> None:
    assert pickle.loads(pickle.dumps(event)) == event
    assert copy.deepcopy(event) == event
    assert attrs.evolve(event) == event


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_cannot_be_changed(event: Any) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.raw = {}


def test_a_report_made_by_hand_needs_two_fields_only() -> None:
    report = DeliveryReport("sms_1", "sent")
    assert attrs.asdict(report) == {
        **dict.fromkeys(["to", "channel", "timestamp", "error_code"]),
        "message_id": "sms_1",
        "status": "sent",
        "raw": {},
        "is_late": False,
    }
