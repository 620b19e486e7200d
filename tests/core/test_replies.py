"""The service's answers, read in every shape that is known or assumed."""

import datetime as dt
import json
from typing import Any

import pytest

from stackverify._services.stackverify.replies import (
    read_page,
    read_receipt,
    status_reader,
)
from stackverify.models.results import (
    EmailStatus,
    Page,
    Receipt,
    RecipientResult,
    SmsMessage,
    SmsStatus,
    WhatsAppStatus,
)
from stackverify.reply import Reply


def reply(content: Any, status: int = 200) -> Reply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Reply(status, {"content-type": "application/json"}, body)


def receipt(content: Any) -> Receipt:
    return read_receipt(reply(content))


# Receipts.


@pytest.mark.parametrize(
    "content",
    [
        {"message_id": "SM1"},
        {"messageId": "SM1"},
        {"id": "SM1"},
        {"success": True, "message_id": "SM1", "status": "queued"},
        {"message": "Queued", "data": {"message_id": "SM1"}},
        {"message": "Queued", "data": {"id": "SM1", "status": "queued"}},
        {"message": "Queued", "data": [{"message_id": "SM1", "to": "+254712345678"}]},
        {"data": {"results": [{"id": "SM1"}]}},
        {"data": {"messages": [{"id": "SM1"}]}},
        {"data": {"recipients": [{"id": "SM1"}]}},
        {"results": [{"id": "SM1"}]},
        [{"id": "SM1"}],
        {"message_id": "SM1", "data": {"id": "other"}},
        {"message_id": None, "id": "SM1"},
        {"message_id": {"odd": 1}, "data": {"id": "SM1"}},
    ],
    ids=json.dumps,
)
def test_the_id_is_found_wherever_it_stands(content: Any) -> None:
    assert receipt(content).message_id == "SM1"


def test_a_number_may_be_an_id() -> None:
    assert receipt({"id": 4711}).message_id == "4711"


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        None,
        True,
        7,
        "queued",
        [None, 1, "x"],
        {"data": None},
        {"data": "ok"},
        {"data": []},
        {"data": {"results": None}},
        {"message": "Queued"},
        {"message_id": True},
        {"message_id": ["SM1"]},
        {"data": [{"id": "SM1"}, {"id": "SM2"}]},
    ],
    ids=json.dumps,
)
def test_an_accepted_send_needs_no_id(content: Any) -> None:
    taken = receipt(content)
    assert taken.message_id is None
    assert taken.reply == reply(content)


def test_each_recipient_may_have_an_answer_of_its_own() -> None:
    data = [
        {"to": "+254712345678", "message_id": "SM1", "status": "queued"},
        {"recipient": "+254700000000", "status": "rejected", "error": "blocked"},
        {"phone": "+1", "id": 3, "error": {"code": 7}},
        "odd",
    ]
    assert receipt({"data": data}).results == (
        RecipientResult("+254712345678", "SM1", "queued", None),
        RecipientResult("+254700000000", None, "rejected", "blocked"),
        RecipientResult("+1", "3", None, "{'code': 7}"),
    )


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"status": "queued"}, "queued"),
        ({"status": "success", "data": {"status": "sent"}}, "sent"),
        ({"status": "success"}, None),
        ({"status": "ok"}, None),
        ({"status": True}, None),
        ({"status": 200}, "200"),
        ({"status": "teleported"}, "teleported"),
        ({}, None),
    ],
    ids=str,
)
def test_the_first_status_is_the_message_s_and_not_the_envelope_s(
    content: Any, status: str | None
) -> None:
    assert receipt(content).status == status


NO_JSON = [
    b"",
    b"<html>502</html>",
    b"{",
    b'{"a":',
    b"\xff\xfe",
    b"nul",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: ascii(body)[:20])
def test_what_is_no_json_cannot_be_read(body: bytes) -> None:
    for read in (read_receipt, status_reader(SmsStatus, "x"), read_page(1)):
        with pytest.raises(ValueError, match=r"."):
            read(reply(body))


# Statuses.


@pytest.mark.parametrize("model", [SmsStatus, EmailStatus, WhatsAppStatus])
@pytest.mark.parametrize(
    "envelope", ["{}", '{{"data": {}}}', '{{"message":"", "data":{}}}']
)
def test_a_status_is_found_wherever_it_stands(model: Any, envelope: str) -> None:
    fields = {"message_id": "SM1", "status": "failed", "error_message": "no route"}
    answer = reply(envelope.format(json.dumps(fields)).encode())
    status = status_reader(model, "asked")(answer)
    assert status == model("SM1", "failed", "no route", fields, answer)
    assert type(status) is model


def test_unknown_statuses_and_fields_survive() -> None:
    fields = {"status": "teleported", "hops": [1, {"to": "Mars"}]}
    status = status_reader(SmsStatus, "SM1")(reply(fields))
    assert (status.message_id, status.status) == ("SM1", "teleported")
    assert status.raw == fields


@pytest.mark.parametrize(
    "content",
    [
        *({}, [], None, "sent", 7, {"status": None}, {"status": True}, {"data": {}}),
        *({"status": {"is": "sent"}}, {"data": {"id": "SM1"}}, [{"status": "sent"}]),
    ],
    ids=json.dumps,
)
def test_an_answer_without_a_status_cannot_be_read(content: Any) -> None:
    with pytest.raises(ValueError, match=r"no status|no object"):
        status_reader(SmsStatus, "SM1")(reply(content))


# Lists.

ROWS = [{"id": "SM1"}, {"id": "SM2"}]


def page(content: Any, number: int = 1) -> Page[SmsMessage]:
    return read_page(number)(reply(content))


def ids(found: Page[SmsMessage]) -> list[str | None]:
    return [row.message_id for row in found.rows]


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        {"data": ROWS},
        {"messages": ROWS},
        {"results": ROWS},
        {"items": ROWS},
        {"sms": ROWS},
        {"records": ROWS},
        {"data": ROWS, "meta": {"page": 1}},
        {"current_page": 1, "data": ROWS, "next_page_url": None},
        {"data": {"data": ROWS, "total": 2}},
        {"data": {"messages": ROWS, "pagination": {"total": 2}}},
        {"success": True, "data": {"results": {"items": ROWS}}},
        {"data": None, "messages": ROWS},
    ],
    ids=json.dumps,
)
def test_the_rows_are_found_wherever_they_stand(content: Any) -> None:
    assert ids(page(content)) == ["SM1", "SM2"]


@pytest.mark.parametrize(
    "content",
    [{}, None, 7, "x", {"data": None}, {"data": {}}, {"data": "x"}, {"rows": []}],
    ids=json.dumps,
)
def test_an_answer_without_a_list_cannot_be_read(content: Any) -> None:
    with pytest.raises(ValueError, match="no list"):
        page(content)


def test_an_empty_list_is_a_page() -> None:
    assert page([]).rows == page({"data": []}).rows == ()


def test_what_is_no_row_is_left_out() -> None:
    assert ids(page([None, 1, "x", [], {"id": "SM1"}])) == ["SM1"]


@pytest.mark.parametrize(
    ("about", "is_last"),
    [
        ({"meta": {"last_page": 3}}, False),
        ({"meta": {"last_page": 2}}, True),
        ({"meta": {"last_page": "2"}}, True),
        ({"last_page": 1}, True),
        ({"pagination": {"totalPages": 3}}, False),
        ({"paging": {"total_pages": 2}}, True),
        ({"lastPage": 0}, True),
        ({"pages": 9}, False),
        ({"has_more": True}, False),
        ({"meta": {"hasMore": False}}, True),
        ({"has_next": False}, True),
        ({"has_more": "yes"}, None),
        ({"next_page_url": None}, True),
        ({"next_page_url": "https://example.org/?page=3"}, False),
        ({"nextPage": None}, True),
        ({"next_page": 3}, False),
        ({"last_page": "many"}, None),
        ({"last_page": -1}, None),
        ({"last_page": True}, None),
        ({"last_page": [3]}, None),
        ({"last_page": 2.0}, None),
        ({"meta": "odd"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_end_is_told_in_many_ways(about: dict[str, Any], is_last: bool) -> None:
    assert page({"data": ROWS} | about, 2).is_last is is_last


def test_a_nested_envelope_tells_the_end_too() -> None:
    content = {"meta": {"took": 3}, "data": {"last_page": 1, "data": ROWS, "total": 2}}
    assert (page(content).is_last, page(content).total) == (True, 2)


@pytest.mark.parametrize("name", ["total", "total_count", "totalCount"])
def test_the_total_is_read(name: str) -> None:
    assert page({"data": ROWS, name: 12}).total == 12
    assert page({"data": ROWS, "meta": {name: "12"}}).total == 12
    assert page({"data": ROWS, name: "many"}).total is None


def test_a_row_is_read_field_by_field() -> None:
    row = {
        "message_id": "SM1",
        "to": "+254712345678",
        "message": "Hi",
        "sender_id": "ACME",
        "status": "failed",
        "error_message": "no route",
        "created_at": "2026-11-30T08:00:00Z",
        "scheduled_at": "2026-11-30T09:00:00+03:00",
        "price": 0.8,
    }
    created = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)
    scheduled = dt.datetime(2026, 11, 30, 6, tzinfo=dt.UTC)
    (read,) = page([row]).rows
    assert read == SmsMessage(
        *("SM1", "+254712345678", "Hi", "ACME", "failed", "no route"),
        *(created, scheduled, row),
    )


def test_a_row_is_read_under_other_names() -> None:
    row = {
        "id": 7,
        "recipient": "+1",
        "body": "Hi",
        "from": "A",
        "createdAt": "2026-11-30",
    }
    (read,) = page([row]).rows
    assert (read.message_id, read.to, read.text) == ("7", "+1", "Hi")
    assert (read.sender_id, read.created_at) == ("A", dt.datetime(2026, 11, 30))


def test_odd_values_in_a_row_become_none_and_stay_in_raw() -> None:
    row = {"id": ["x"], "to": {}, "message": False, "created_at": "soon", "sent_at": 7}
    (read,) = page([row]).rows
    assert read == SmsMessage(raw=row)


def test_a_moment_that_is_no_text_becomes_none() -> None:
    (read,) = page([{"id": "SM1", "created_at": 1764489600}]).rows
    assert read == SmsMessage("SM1", raw={"id": "SM1", "created_at": 1764489600})


def test_a_page_keeps_its_number_and_its_reply() -> None:
    found = page(ROWS, 7)
    assert (found.number, found.reply) == (7, reply(ROWS))
