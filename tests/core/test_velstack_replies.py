"""Velstack's answers: every sample that is known reads to the same values."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from stackverify._core.call import SaysNo
from stackverify._services.velstack.pages import page_reader
from stackverify._services.velstack.replies import (
    find_group,
    read_contact,
    read_group,
    read_nothing,
    read_receipt,
    read_sender_id,
    to_contact,
    to_group,
)
from stackverify.errors import InsufficientBalanceError, RefusedError
from stackverify.models.velstack import Contact, Group, SenderId
from stackverify.reply import Reply


def reply(content: Any) -> Reply:
    return Reply(200, {}, json.dumps(content).encode())


def yes(data: Any, **more: Any) -> Reply:
    return reply({"status": True, "message": "Done.", "data": data, **more})


SUMMARY = {
    "message_id": "6f8a",
    "type": "Quick SMS",
    "message": "Hi",
    "sender": "Acme",
    "total_contacts": 2,
    "recipients": ["0205550368", "0205550369"],
    "credit_used": 2,
    "credit_left": "47.00",
}


def wrapped_in_all_ways(summary: Any) -> list[Any]:
    return [
        {"summary": summary},
        {"Summary": summary},
        {"summary": [summary]},
        [{"summary": summary}],
        {"results": summary},
        [summary],
        summary,
    ]


# Receipts.


@pytest.mark.parametrize("data", wrapped_in_all_ways(SUMMARY))
def test_a_receipt_reads_the_same_wherever_it_stands(data: Any) -> None:
    receipt = read_receipt(yes(data))
    assert (receipt.message_id, receipt.kind) == ("6f8a", "Quick SMS")
    assert (receipt.text, receipt.sender, receipt.total_contacts) == ("Hi", "Acme", 2)
    assert receipt.recipients == ("0205550368", "0205550369")
    assert (receipt.credit_used, receipt.credit_left) == (Decimal(2), Decimal(47))


@pytest.mark.parametrize(
    "recipients",
    [
        ["0205550368", "0205550369"],
        "0205550368,0205550369",
        " 0205550368, 0205550369 ,",
        ["0205550368", " 0205550369", "", None],
    ],
)
def test_recipients_are_read_from_a_list_or_a_joined_text(recipients: Any) -> None:
    receipt = read_receipt(yes({"summary": {**SUMMARY, "recipients": recipients}}))
    assert receipt.recipients == ("0205550368", "0205550369")


@pytest.mark.parametrize("number", [205550368, "205550368"])
def test_a_recipient_written_as_a_number_is_read(number: Any) -> None:
    receipt = read_receipt(yes({"summary": {"recipients": [number]}}))
    assert receipt.recipients == ("205550368",)


@pytest.mark.parametrize("credit", ["1047.00", "1,047.00", " 1047 ", 1047, 1047.0])
def test_credit_is_a_decimal_whether_text_or_number(credit: Any) -> None:
    receipt = read_receipt(yes({"summary": {**SUMMARY, "credit_left": credit}}))
    assert receipt.credit_left == Decimal(1047)


def test_credit_has_no_error_of_binary_fractions() -> None:
    receipt = read_receipt(yes({"summary": {"credit_used": 0.1, "credit_left": "0.1"}}))
    assert receipt.credit_used == receipt.credit_left == Decimal("0.1")


@pytest.mark.parametrize("odd", [None, "", "lots", "NaN", "Infinity", True, [], {}])
def test_credit_that_is_no_number_is_none(odd: Any) -> None:
    receipt = read_receipt(yes({"summary": {**SUMMARY, "credit_left": odd}}))
    assert (receipt.credit_left, receipt.message_id) == (None, "6f8a")


@pytest.mark.parametrize(
    "content",
    [
        {"message": "SMS sent successfully."},
        {"status": True, "message": "Sent.", "data": None},
        {"status": True, "message": "Sent.", "data": []},
        {"status": True, "message": "Sent.", "data": {}},
        {"status": True, "message": "Sent.", "data": {"summary": None}},
        {"status": True, "message": "Sent.", "data": "6f8a"},
        {"status": "anything", "message": "Sent.", "code": 403},
        {},
    ],
)
def test_a_yes_without_more_is_a_receipt_without_more(content: Any) -> None:
    receipt = read_receipt(reply(content))
    assert (receipt.message_id, receipt.recipients, receipt.results) == (None, (), ())
    assert receipt.reply.json() == content


@pytest.mark.parametrize("odd", [None, True, False, "many", "", 2.5, "2.5", -1, []])
def test_a_count_that_is_none_is_none(odd: Any) -> None:
    receipt = read_receipt(yes({"summary": {**SUMMARY, "total_contacts": odd}}))
    assert receipt.total_contacts is None


@pytest.mark.parametrize("written", [2, "2", "02"])
def test_a_count_is_a_number_whether_text_or_number(written: Any) -> None:
    receipt = read_receipt(yes({"summary": {**SUMMARY, "total_contacts": written}}))
    assert receipt.total_contacts == 2


def test_a_numeric_message_id_is_text() -> None:
    assert read_receipt(yes({"summary": {"message_id": 77}})).message_id == "77"


def test_an_envelope_in_an_array_of_one_is_opened() -> None:
    content = [{"status": True, "message": "Sent.", "data": {"summary": SUMMARY}}]
    assert read_receipt(reply(content)).message_id == "6f8a"


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'"ok"', b"[1, 2]"])
def test_what_is_no_envelope_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_receipt(Reply(200, {}, body))


# A no under HTTP 200.

READERS: list[Callable[[Reply], Any]] = [
    read_receipt,
    read_nothing,
    find_group,
    read_group,
    read_contact,
    read_sender_id,
    page_reader(to_group, 1),
]


def no_of(read: Callable[[Reply], Any], **fields: Any) -> SaysNo:
    with pytest.raises(SaysNo) as caught:
        read(reply({"status": False, "message": "No.", "data": None, **fields}))
    return caught.value


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("code", [400, 401, 404, 422, 429, 500, 503, 599, "503"])
def test_a_no_has_the_status_that_its_code_names(read: Any, code: Any) -> None:
    no = no_of(read, code=code)
    assert (no.status, no.kind) == (int(code), None)


def test_a_send_that_is_forbidden_lacks_credit() -> None:
    no = no_of(read_receipt, code=403)
    assert (no.status, no.kind) == (403, InsufficientBalanceError)


@pytest.mark.parametrize("read", READERS[1:])
def test_what_costs_nothing_does_not_lack_credit(read: Any) -> None:
    no = no_of(read, code=403)
    assert (no.status, no.kind) == (403, None)


@pytest.mark.parametrize(
    "code", [None, 0, 200, 302, 402, 409, 499, 600, "E12", True, []]
)
def test_a_no_whose_code_says_nothing_is_a_no(code: Any) -> None:
    assert no_of(read_receipt, code=code).kind is RefusedError


def test_a_no_without_a_code_is_a_no() -> None:
    assert no_of(read_receipt).kind is RefusedError


@pytest.mark.parametrize("status", [False, 0, "false", "False", " FALSE "])
def test_false_is_false_however_it_is_written(status: Any) -> None:
    with pytest.raises(SaysNo):
        read_receipt(reply({"status": status, "message": "No."}))


@pytest.mark.parametrize("status", [True, 1, "true", None, "", "success", [], {}])
def test_only_false_is_false(status: Any) -> None:
    assert read_receipt(reply({"status": status, "message": "?"})).message_id is None


# Groups, contacts, sender IDs.

GROUP = {"id": 3, "name": "Fans", "members": 12}
CONTACT = {
    "id": 5,
    "first_name": "Ama",
    "last_name": "Mensah",
    "phone_number": "0205550368",
    "email_address": "ama@example.org",
    "Group": "Fans",
    "added_date": "2025-09-01 10:00",
}
SENDER_ID = {"id": 9, "purpose": "News", "status": "pending", "date": "2025-09-01"}


def in_both_ways(record: Any) -> list[Any]:
    return [record, [record], {"Summary": [record]}, {"results": record}]


@pytest.mark.parametrize("data", in_both_ways(GROUP))
@pytest.mark.parametrize("read", [find_group, read_group])
def test_a_group_reads_the_same_as_an_object_or_an_array_of_one(
    read: Any, data: Any
) -> None:
    assert read(yes(data)) == Group("3", "Fans", 12, GROUP)


@pytest.mark.parametrize("data", in_both_ways(CONTACT))
def test_a_contact_reads_the_same_in_both_ways(data: Any) -> None:
    contact = read_contact(yes(data))
    assert contact == Contact(
        "5",
        "0205550368",
        "Ama",
        "Mensah",
        "ama@example.org",
        "Fans",
        "2025-09-01 10:00",
        CONTACT,
    )


@pytest.mark.parametrize("data", in_both_ways(SENDER_ID))
def test_a_sender_id_reads_the_same_in_both_ways(data: Any) -> None:
    asked = read_sender_id(yes(data))
    assert asked == SenderId("9", "News", "pending", "2025-09-01", SENDER_ID)


@pytest.mark.parametrize("group_id", [3, "3"])
def test_an_id_is_text_whatever_it_is_written_as(group_id: Any) -> None:
    assert read_group(yes({**GROUP, "id": group_id})).id == "3"


def test_an_empty_array_says_that_there_is_no_such_group() -> None:
    with pytest.raises(SaysNo) as caught:
        find_group(yes([]))
    assert (caught.value.status, caught.value.kind) == (404, None)


@pytest.mark.parametrize("read", [read_group, read_contact, read_sender_id])
def test_an_empty_array_does_not_say_that_nothing_was_made(read: Any) -> None:
    with pytest.raises(ValueError, match="no object"):
        read(yes([]))


@pytest.mark.parametrize("data", [None, "x", 3, {"name": "no id"}, [[]], [None]])
def test_what_is_no_group_cannot_be_read_as_one(data: Any) -> None:
    with pytest.raises(ValueError, match="no "):
        read_group(yes(data))


@pytest.mark.parametrize("data", [None, [], {}, "", "deleted"])
def test_an_answer_that_holds_nothing_is_a_yes(data: Any) -> None:
    read_nothing(yes(data))


# Lists.


@pytest.mark.parametrize("wrapper", ["Summary", "summary", "results", "Results"])
def test_a_list_is_found_under_each_of_its_names(wrapper: str) -> None:
    leaf = page_reader(to_group, 1)(yes({wrapper: [GROUP]}))
    assert leaf.page.rows == (Group("3", "Fans", 12, GROUP),)


def test_a_list_may_stand_alone() -> None:
    leaf = page_reader(to_contact, 1)(yes([CONTACT, CONTACT]))
    assert [contact.id for contact in leaf.page.rows] == ["5", "5"]


@pytest.mark.parametrize("data", [None, [], {"Summary": []}, {"results": None}])
def test_a_list_of_nothing_has_no_rows(data: Any) -> None:
    leaf = page_reader(to_group, 1)(yes(data))
    assert (leaf.page.rows, leaf.page.is_last, leaf.link) == ((), True, None)


@pytest.mark.parametrize("data", ["x", 3, {"groups": 3}, {"Summary": {"id": 3}}])
def test_what_is_no_list_cannot_be_read_as_one(data: Any) -> None:
    with pytest.raises(ValueError, match="no list"):
        page_reader(to_group, 1)(yes(data))


META = {
    "currentPage": 2,
    "prevPage": "https://sms.velstack.com/api/group?page=1",
    "nextPage": "https://sms.velstack.com/api/group?page=3",
    "lastPage": 3,
    "perPage": 1,
    "total": 3,
}


def test_a_page_tells_where_it_stands() -> None:
    leaf = page_reader(to_group, 7)(yes({"Summary": [GROUP]}, meta=META))
    page = leaf.page
    assert (page.number, page.is_last, page.total) == (2, False, 3)
    assert leaf.link == META["nextPage"]


@pytest.mark.parametrize("meta", [{**META, "nextPage": None}, {}, None, "x", []])
def test_a_page_without_a_next_one_is_the_last(meta: Any) -> None:
    leaf = page_reader(to_group, 2)(yes([GROUP], meta=meta))
    assert (leaf.page.number, leaf.page.is_last, leaf.link) == (2, True, None)


# What may be shown.


@pytest.mark.parametrize(
    "value",
    [
        read_receipt(yes({"summary": SUMMARY})),
        read_contact(yes(CONTACT)),
        read_sender_id(yes(SENDER_ID)),
    ],
)
def test_no_number_address_name_or_text_is_shown(value: Any) -> None:
    shown = repr(value)
    secrets = ("0205550368", "Ama", "Mensah", "ama@", "Hi'", "Acme", "News", "Fans")
    assert [secret for secret in secrets if secret in shown] == []
