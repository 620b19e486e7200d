"""Which rows of a bulk send may share a request, and what that request is."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from stackverify._core.options import SmsBody
from stackverify._core.plan import Plan
from stackverify._services.stackverify.plans import email_plan, sms_plan, whatsapp_plan
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate
from stackverify.models.tier import Lane

ANN, BEN = "+254712345678", "+254700000000"
SMS = sms_plan(100, SmsBody.REFERENCE)
EMAIL = email_plan(50)
PLANS: dict[str, Plan[Any]] = {"sms": SMS, "email": EMAIL, "whatsapp": whatsapp_plan()}


def email(to: Any = "a@example.org", **more: Any) -> Email:
    return Email(to, **({"subject": "Hi", "text": "Hello"} | more))


def body(plan: Plan[Any], *messages: Any) -> Any:
    (piece,) = plan.call(messages).body
    assert isinstance(piece, bytes)
    return json.loads(piece)


def test_the_same_text_to_two_numbers_is_one_request() -> None:
    pair = (Sms(ANN, "Hi"), Sms(BEN, "Hi"))
    assert SMS.key(pair[0]) == SMS.key(pair[1]) != None  # noqa: E711
    assert body(SMS, *pair) == {"to": [ANN, BEN], "message": "Hi"}
    assert SMS.recipients(pair) == [ANN, BEN]


def test_a_message_alone_is_sent_as_one_and_not_as_an_array() -> None:
    assert body(SMS, Sms(ANN, "Hi"))["to"] == ANN
    assert body(EMAIL, email())["to"] == "a@example.org"


def test_the_chosen_body_is_used_in_bulk_too() -> None:
    plan = sms_plan(100, SmsBody.RECIPIENTS)
    assert body(plan, Sms(ANN, "Hi")) == {"recipients": [ANN], "body": "Hi"}


@pytest.mark.parametrize(
    "other",
    [
        Sms(ANN, "Ho"),
        Sms(ANN, "Hi", sender_id="ACME"),
        Sms(ANN, "Hi", callback_url="https://example.org"),
        Sms(ANN, "Hi", scheduled_at="2026-12-01"),
        Sms(ANN, "Hi", scheduled_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC)),
    ],
)
def test_what_differs_in_anything_but_the_number_is_not_packed(other: Sms) -> None:
    assert SMS.key(other) != SMS.key(Sms(ANN, "Hi"))


@pytest.mark.parametrize(
    "alone",
    [
        Sms(ANN, "Hi", extra={"x": 1}),
        Sms("0712", "Hi"),
        Sms([ANN], "Hi"),  # type: ignore[arg-type]
        Sms(None, "Hi"),  # type: ignore[arg-type]
        Sms(ANN, ["unhashable"]),  # type: ignore[arg-type]
        Sms(ANN, "Hi", scheduled_at={}),  # type: ignore[arg-type]
        email(),
        (ANN, "Hi"),
        None,
    ],
    ids=lambda row: type(row).__name__,
)
def test_an_odd_sms_goes_alone(alone: Any) -> None:
    assert SMS.key(alone) is None


@pytest.mark.parametrize(
    "alone",
    [
        email(extra={"x": 1}),
        email(headers={"X-A": "b"}),
        email(attachments=[Attachment("a", b"x")]),
        email(["a@example.org", "b@example.org"]),
        email("no address"),
        email(None),
        email(subject=["unhashable"]),
        Sms(ANN, "Hi"),
        None,
    ],
    ids=lambda row: type(row).__name__,
)
def test_an_odd_email_goes_alone(alone: Any) -> None:
    assert EMAIL.key(alone) is None


def test_the_same_email_to_two_addresses_is_one_request() -> None:
    pair = (email("a@example.org"), email("b@example.org"))
    assert EMAIL.key(pair[0]) == EMAIL.key(pair[1]) != None  # noqa: E711
    assert body(EMAIL, *pair)["to"] == ["a@example.org", "b@example.org"]
    assert EMAIL.key(pair[0]) != EMAIL.key(email(subject="Ho"))
    assert EMAIL.key(pair[0]) != EMAIL.key(email(text=None, html="Hello"))


def test_templates_go_one_by_one() -> None:
    plan = whatsapp_plan()
    message = WhatsAppTemplate(ANN, "order_update", "en")
    assert (plan.pack, plan.key(message)) == (1, None)
    assert body(plan, message)["to"] == ANN


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (SMS, Sms(ANN, "Hi")),
        (EMAIL, email()),
        (whatsapp_plan(), WhatsAppTemplate(ANN, "order_update", "en")),
    ],
    ids=list(PLANS),
)
def test_bulk_goes_in_the_bulk_lane(plan: Plan[Any], message: Any) -> None:
    assert plan.call([message]).lane is Lane.BULK


@pytest.mark.parametrize("plan", [*PLANS.values()], ids=list(PLANS))
@pytest.mark.parametrize(
    "row", [None, "+254712345678", (ANN, "Hi"), {"to": ANN}, Attachment("a", b"x")]
)
def test_a_row_of_another_kind_is_refused_alone(plan: Plan[Any], row: Any) -> None:
    assert plan.key(row) is None
    with pytest.raises(InvalidInputError, match="send_many") as caught:
        plan.call([row])
    assert caught.value.field == "message"
    assert caught.value.message == f"is of type {type(row).__name__}"
    assert ANN not in str(caught.value)


def test_a_row_of_another_kind_is_told_what_would_be_right() -> None:
    with pytest.raises(InvalidInputError) as caught:
        SMS.call([email()])
    assert caught.value.message == "is of type Email"
    assert caught.value.remedy == "give Sms values to send_many"


def test_an_sms_of_a_bulk_send_has_one_recipient() -> None:
    with pytest.raises(InvalidInputError) as caught:
        SMS.call([Sms([ANN, BEN], "Hi")])  # type: ignore[arg-type]
    assert caught.value.field == "to"


@pytest.mark.parametrize("pack", [0, -1, 1001, True, 1.0, "10", None, 10**30])
@pytest.mark.parametrize(
    "make", [lambda pack: sms_plan(pack, SmsBody.REFERENCE), email_plan]
)
def test_a_pack_is_an_int_from_1_to_1000(make: Callable[[Any], Any], pack: Any) -> None:
    with pytest.raises(InvalidInputError, match="1000") as caught:
        make(pack)
    assert caught.value.field == "pack"
    assert caught.value.message == "is no number of recipients"
    assert caught.value.remedy == "give an int from 1 to 1000"


def test_the_ends_of_the_range_are_taken() -> None:
    assert [email_plan(1).pack, email_plan(1000).pack] == [1, 1000]
