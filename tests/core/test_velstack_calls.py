"""What is asked of Velstack: paths, bodies, and what is refused before that."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stackverify._core.call import Call
from stackverify._services.velstack import calls, plans
from stackverify.errors import InvalidInputError
from stackverify.models.tier import Lane
from stackverify.models.velstack import QuickSms, VelstackApi

AMA, KOFI = "0205550368", "+233205550369"
SMS = QuickSms("Acme", AMA, "Hi")
CONTACT: dict[str, Any] = {
    "phone_number": AMA,
    "first_name": None,
    "last_name": None,
    "email_address": None,
    "extra": None,
}


def asked(call: Call[Any]) -> tuple[str, str, Any]:
    body = json.loads(call.body[0]) if call.body else None  # type: ignore[arg-type]
    return call.method, call.path, body


def refusal(make: Callable[[], object]) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        make()
    return caught.value


# Sends.


@pytest.mark.parametrize(
    ("api", "path"),
    [(VelstackApi.SITE, "/sms/quick"), (VelstackApi.OLDER, "/quick/sms")],
)
def test_a_quick_sms_goes_to_the_address_of_the_chosen_scheme(
    api: VelstackApi, path: str
) -> None:
    wanted = {
        "is_scheduled": False,
        "sender": "Acme",
        "recipient": AMA,
        "message": "Hi",
        "title": "News",
    }
    call = calls.send_sms(QuickSms("Acme", AMA, "Hi", title="News"), api=api)
    assert asked(call) == ("POST", path, wanted)


def test_a_title_that_was_not_given_is_not_sent() -> None:
    assert "title" not in asked(calls.send_sms(SMS))[2]


@pytest.mark.parametrize(
    ("recipient", "sent", "count"),
    [
        (AMA, AMA, 1),
        ([AMA, KOFI], [AMA, KOFI], 2),
        ((AMA,), [AMA], 1),
        (f"{AMA},{KOFI}", f"{AMA},{KOFI}", 2),
        (f"{AMA}, {KOFI}", f"{AMA}, {KOFI}", 2),
    ],
)
def test_recipients_are_sent_as_they_were_given(
    recipient: Any, sent: Any, count: int
) -> None:
    call = calls.send_sms(QuickSms("Acme", recipient, "Hi"))
    assert asked(call)[2]["recipient"] == sent
    assert (call.messages, call.is_send, call.is_read) == (count, True, False)


def test_a_group_sms_names_the_group() -> None:
    call = calls.send_group("Acme", 3, "Hi", title="News")
    wanted = {"sender": "Acme", "group_id": 3, "message": "Hi", "title": "News"}
    assert asked(call) == ("POST", "/group/sms", wanted)
    assert call.is_send


def test_extra_fields_are_added_as_they_are() -> None:
    extra = {"is_scheduled": True, "scheduled_for": "2026-12-03 14:30"}
    body = asked(calls.send_sms(QuickSms("Acme", AMA, "Hi", extra=extra)))[2]
    assert body.items() >= extra.items()


def test_extra_does_not_name_an_argument_again() -> None:
    error = refusal(
        lambda: calls.send_sms(QuickSms("Acme", AMA, "Hi", extra={"title": 1}))
    )
    assert (error.field, "title" in error.message) == ("extra", True)


@pytest.mark.parametrize(
    "number",
    ["0205550368", "205550368", "+233205550368", "020 555 0368", "020-5550368", "100"],
)
def test_local_and_international_numbers_are_taken(number: str) -> None:
    assert asked(calls.send_sms(QuickSms("Acme", number, "Hi")))[2]["recipient"]


WRONG_NUMBERS: list[Any] = [
    *("", " ", "Hi", "Your code is 4921", "ama@example.org", "+", "12", "1" * 40),
    *("0205550368\r\nX: 1", "020\t5550368", "0205550368,", ",", "0205550368,Ama"),
    *("٠٢٠٥٥٥٠٣٦٨", "0205550368\ud800", None, 205550368, b"0205550368", [], [None]),
    *([205550368], ["0205550368", "Ama"], {"0205550368"}, {"a": "0205550368"}),
]


@pytest.mark.parametrize("wrong", WRONG_NUMBERS, ids=ascii)
def test_what_is_no_number_is_refused_and_never_repeated(wrong: Any) -> None:
    error = refusal(lambda: calls.send_sms(QuickSms("Acme", wrong, "Hi")))
    assert error.field.startswith("recipient")
    assert error.remedy
    assert not [part for part in ("0205550368", "Ama", "4921") if part in str(error)]


def test_which_of_several_recipients_is_wrong_is_told() -> None:
    error = refusal(lambda: calls.send_sms(QuickSms("Acme", [AMA, "Ama"], "Hi")))
    assert error.field == "recipient[1]"


@pytest.mark.parametrize("wrong", ["", "a\nb", None, 3])
def test_a_sender_is_one_line(wrong: Any) -> None:
    assert refusal(lambda: calls.send_sms(QuickSms(wrong, AMA, "Hi"))).field == "sender"


@pytest.mark.parametrize("wrong", ["", None, b"Hi", "\ud800"])
def test_a_message_is_a_text(wrong: Any) -> None:
    error = refusal(lambda: calls.send_group("Acme", 3, wrong))
    assert error.field == "message"


def test_what_was_put_in_is_kept_out_of_errors() -> None:
    call = calls.send_sms(QuickSms("Acme", f"{AMA}, {KOFI}", "Hi there", title="News"))
    assert {"Acme", AMA, KOFI, "Hi there", "News"} <= set(call.secrets)


# Groups, contacts, sender IDs.

CHANGES: list[tuple[Call[Any], tuple[str, str, Any]]] = [
    (calls.create_group("Fans"), ("POST", "/group", {"group_name": "Fans"})),
    (
        calls.rename_group(3, "Fans"),
        ("PUT", "/group/3", {"group_new_name": "Fans"}),
    ),
    (calls.delete_group("3"), ("DELETE", "/group/3", None)),
    (
        calls.create_contact(3, **CONTACT | {"first_name": "Ama"}),
        (
            "POST",
            "/contact",
            {"group_id": 3, "first_name": "Ama", "phone_number": AMA},
        ),
    ),
    (
        calls.update_contact(5, **CONTACT),
        ("PUT", "/contact/5", {"phone_number": AMA}),
    ),
    (calls.delete_contact(5), ("DELETE", "/contact/5", None)),
    (
        calls.register_sender_id("Acme", "News"),
        ("POST", "/sender/id", {"sender_id": "Acme", "purpose": "News"}),
    ),
]


@pytest.mark.parametrize(("call", "wanted"), CHANGES)
def test_a_change_is_asked_for_and_is_no_read(call: Call[Any], wanted: Any) -> None:
    assert asked(call) == wanted
    assert (call.is_read, call.is_send, call.messages) == (False, False, 0)


def test_a_group_is_read() -> None:
    call = calls.get_group(3)
    assert asked(call) == ("GET", "/group/3", None)
    assert call.is_read


@pytest.mark.parametrize(
    "call", [calls.get_group(31337), calls.delete_contact(31337), CHANGES[1][0]]
)
def test_no_id_is_in_what_may_be_shown_of_a_path(call: Call[Any]) -> None:
    assert call.endpoint in {"/group", "/contact"}
    assert "31337" not in call.route


WRONG_IDS: list[Any] = [
    *("", ".", "..", "...", "a/b", "../sms", "a?b", "a#b", "a b", "a\nb", "%2e%2e"),
    *("a\\b", "é", "x" * 200, None, 1.5, True, b"3", [3], -1.0),
]


@pytest.mark.parametrize("wrong", WRONG_IDS, ids=ascii)
@pytest.mark.parametrize(
    "make",
    [
        calls.get_group,
        calls.delete_group,
        calls.delete_contact,
        lambda wrong: calls.rename_group(wrong, "Fans"),
        lambda wrong: calls.update_contact(wrong, **CONTACT),
        lambda wrong: calls.create_contact(wrong, **CONTACT),
        lambda wrong: calls.send_group("Acme", wrong, "Hi"),
    ],
)
def test_what_could_change_the_path_is_no_id(make: Any, wrong: Any) -> None:
    assert "id" in refusal(lambda: make(wrong)).field


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("message", lambda: calls.send_sms(QuickSms("Acme", AMA, ""))),
        ("title", lambda: calls.send_sms(QuickSms("Acme", AMA, "Hi", title=""))),
        ("sender", lambda: calls.send_group("", 3, "Hi")),
        ("group_id", lambda: calls.send_group("Acme", "", "Hi")),
        ("title", lambda: calls.send_group("Acme", 3, "Hi", title="")),
        ("group_id", lambda: calls.get_group("")),
        ("name", lambda: calls.create_group("")),
        ("group_id", lambda: calls.rename_group("", "Fans")),
        ("name", lambda: calls.rename_group(3, "")),
        ("group_id", lambda: calls.delete_group("")),
        ("group_id", lambda: calls.create_contact("", **CONTACT)),
        ("first_name", lambda: calls.create_contact(3, **CONTACT | {"first_name": ""})),
        ("last_name", lambda: calls.create_contact(3, **CONTACT | {"last_name": ""})),
        ("contact_id", lambda: calls.update_contact("", **CONTACT)),
        (
            "email_address",
            lambda: calls.update_contact(5, **CONTACT | {"email_address": ""}),
        ),
        ("contact_id", lambda: calls.delete_contact("")),
        ("sender_id", lambda: calls.register_sender_id("", "News")),
        ("purpose", lambda: calls.register_sender_id("Acme", "")),
    ],
)
def test_what_is_wrong_is_told_by_the_name_of_the_argument(
    field: str, make: Any
) -> None:
    assert refusal(make).field == field


def test_an_update_of_nothing_is_refused() -> None:
    nothing = CONTACT | {"phone_number": None}
    assert "nothing" in refusal(lambda: calls.update_contact(5, **nothing)).message


def test_a_contacts_number_is_checked() -> None:
    wrong = CONTACT | {"phone_number": "Ama"}
    error = refusal(lambda: calls.create_contact(3, **wrong))
    assert error.field == "phone_number"


# Bulk sends.


def packed(pack: int, rows: list[QuickSms]) -> Call[Any]:
    return plans.sms_plan(pack, VelstackApi.SITE).call(rows)


def test_a_row_alone_is_sent_as_it_is() -> None:
    call = packed(1, [SMS])
    assert (asked(call)[2]["recipient"], call.lane) == (AMA, Lane.BULK)


def test_rows_that_share_a_request_are_sent_to_an_array() -> None:
    call = packed(2, [SMS, QuickSms("Acme", KOFI, "Hi")])
    assert (asked(call)[2]["recipient"], call.messages) == ([AMA, KOFI], 2)


def key(row: Any) -> Any:
    return plans.sms_plan(2, VelstackApi.SITE).key(row)


def test_rows_share_a_request_if_all_but_the_number_is_the_same() -> None:
    assert key(SMS) == key(QuickSms("Acme", KOFI, "Hi"))


@pytest.mark.parametrize(
    "other",
    [
        QuickSms("Other", AMA, "Hi"),
        QuickSms("Acme", AMA, "Ho"),
        QuickSms("Acme", AMA, "Hi", title="News"),
    ],
)
def test_rows_that_differ_share_nothing(other: QuickSms) -> None:
    assert key(other) != key(SMS)


@pytest.mark.parametrize(
    "alone",
    [
        QuickSms("Acme", [AMA, KOFI], "Hi"),
        QuickSms("Acme", f"{AMA},{KOFI}", "Hi"),
        QuickSms("Acme", "Ama", "Hi"),
        QuickSms("Acme", AMA, "Hi", extra={"a": 1}),
        QuickSms("Acme", AMA, ["Hi"]),  # type: ignore[arg-type]
        "no message",
    ],
)
def test_some_rows_go_alone(alone: Any) -> None:
    assert key(alone) is None


def test_a_row_of_another_kind_is_refused() -> None:
    assert "QuickSms" in refusal(lambda: packed(1, ["Hi"])).remedy  # type: ignore[list-item]


@pytest.mark.parametrize("pack", [0, -1, 1001, True, "2", None, 1.0])
def test_a_pack_is_a_number_of_recipients(pack: Any) -> None:
    assert refusal(lambda: plans.sms_plan(pack, VelstackApi.SITE)).field == "pack"
