"""What the values show of themselves, and what they refuse to be."""

import copy
import datetime as dt
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest

import stackverify
from stackverify.errors import InvalidInputError, NoReplyError
from stackverify.models.events import (
    Paused,
    RateWait,
    RequestFinished,
    RequestStarted,
    RetryScheduled,
)
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate
from stackverify.models.outcomes import Accepted, NotSent, Refused, Unknown
from stackverify.models.results import (
    EmailStatus,
    MessageStatus,
    Page,
    Receipt,
    RecipientResult,
    SmsMessage,
    SmsStatus,
    WhatsAppStatus,
)
from stackverify.models.retry import Retry
from stackverify.models.tier import Lane, Rate, Tier
from stackverify.reply import Reply

NUMBER, ADDRESS, WORDS = "+254712345678", "joan@example.org", "the words"
SECRETS = ("4712345", "joan@", "example.org", WORDS, "c4nary")
BODY = f'{{"to": "{NUMBER}", "message": "{WORDS}"}}'.encode()
REPLY = Reply(200, {"x-request-id": "req_1", "set-cookie": "c4nary"}, BODY)
RAW = {"to": NUMBER, "message": WORDS}

SMS = Sms(
    NUMBER,
    WORDS,
    sender_id="ACME",
    callback_url="https://example.org/c4nary",
    scheduled_at=dt.datetime(2026, 11, 30, tzinfo=dt.UTC),
    extra={"note": "c4nary"},
)
EMAIL = Email(
    [ADDRESS],
    subject=WORDS,
    html=WORDS,
    text=WORDS,
    from_name="c4nary",
    from_email=ADDRESS,
    reply_to=ADDRESS,
    attachments=(Attachment("a.txt", b"c4nary"),),
    headers={"X-Campaign": "c4nary"},
    extra={"note": "c4nary"},
)
TEMPLATE = WhatsAppTemplate(
    NUMBER,
    "order_update",
    "en",
    variables={"1": WORDS},
    header_media_url="https://example.org/c4nary",
    extra={"note": "c4nary"},
)
RESULT = RecipientResult(NUMBER, "SM1", "rejected", WORDS)
RECEIPT = Receipt("SM1", "queued", (RESULT,), REPLY)
ROW = SmsMessage("SM1", NUMBER, WORDS, "ACME", "failed", WORDS, raw=RAW)
ERROR = NoReplyError("POST /sms/send: ReadError.")

VALUES: list[Any] = [
    *(SMS, EMAIL, TEMPLATE, attrs.evolve(EMAIL, to=ADDRESS, headers=None)),
    *(Attachment("a.txt", b"c4nary"), Attachment("a.txt", Path("c4nary.txt"))),
    *(RESULT, RECEIPT, ROW, Page(1, (ROW,), None, 1, REPLY), REPLY),
    *(
        kind("SM1", "failed", WORDS, RAW, REPLY)
        for kind in (MessageStatus, SmsStatus, EmailStatus, WhatsAppStatus)
    ),
    *(Accepted(0, SMS, RECEIPT), Refused(0, EMAIL, ERROR)),
    *(NotSent(0, TEMPLATE, ERROR), Unknown(0, SMS, ERROR)),
    RequestStarted("POST", "/sms/send", 1, Lane.BULK),
    RequestFinished("POST", "/sms/send", 1, 200, 0.1, None, left=True),
    *(RetryScheduled("/sms/send", 2, 0.5, "NoReplyError"), Paused(3.0)),
    *(RateWait("/sms/send", Lane.BULK, 1.0), Tier.PRO, Rate(5), Retry()),
]


def kind_of(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("value", VALUES, ids=kind_of)
def test_no_value_shows_a_number_an_address_or_a_text(value: Any) -> None:
    for shown in (repr(value), str(value), f"{value}"):
        assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("value", VALUES, ids=kind_of)
def test_a_value_can_be_pickled_and_copied(value: Any) -> None:
    back = pickle.loads(pickle.dumps(value))
    twin = copy.deepcopy(value)
    assert type(back) is type(twin) is type(value)
    assert repr(back) == repr(twin) == repr(value)


@pytest.mark.parametrize("value", VALUES, ids=kind_of)
def test_a_value_cannot_be_changed(value: Any) -> None:
    name = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, name, None)


@pytest.mark.parametrize(
    "wrong",
    [Sms(12345678, [WORDS]), Email(None, subject=7), Sms(b"x", b"y", extra=[1])],
)
def test_a_message_is_checked_when_it_is_sent_and_can_be_shown_before(
    wrong: Any,
) -> None:
    assert WORDS not in repr(wrong)
    assert "12345678" not in repr(wrong)


def test_a_value_shows_what_helps() -> None:
    assert repr(Sms(NUMBER, WORDS)) == (
        "Sms(extra=None, to=+25…78, text=<9 characters>, sender_id=None, "
        "callback_url=None, scheduled_at=None)"
    )
    assert "extra=['note']" in repr(SMS)
    assert "rows=<1 rows>" in repr(Page(1, (ROW,), None, 1, REPLY))


# Attachments from a path.


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("invoice.pdf", "application/pdf"),
        ("a.csv", "text/csv"),
        ("no-ending", "application/octet-stream"),
        ("odd.xyzzy", "application/octet-stream"),
    ],
)
def test_an_attachment_s_type_is_guessed_by_its_name(
    name: str, media_type: str
) -> None:
    file = Attachment.from_path(Path("dir") / name)
    assert file == Attachment(name, Path("dir") / name, media_type)


def test_an_attachment_may_be_named_and_typed_otherwise() -> None:
    renamed = Attachment.from_path("dir/x.bin", name="photo.png")
    assert (renamed.name, renamed.media_type) == ("photo.png", "image/png")
    typed = Attachment.from_path("x.bin", media_type="text/plain")
    assert (typed.name, typed.media_type) == ("x.bin", "text/plain")


# Replies.


@pytest.mark.parametrize(
    ("status", "is_success"), [(199, False), (200, True), (299, True), (300, False)]
)
def test_a_2xx_is_a_success(status: int, is_success: bool) -> None:
    assert Reply(status, {}, b"").is_success is is_success


def test_a_reply_reads_its_json_and_its_request_id() -> None:
    assert REPLY.json() == RAW
    assert REPLY.request_id == "req_1"
    assert repr(REPLY) == f"<Reply 200, {len(BODY)} bytes, request 'req_1'>"
    assert repr(Reply(500, {}, b"")) == "<Reply 500, 0 bytes>"


def test_a_reply_that_is_no_json_cannot_be_read_as_such() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        Reply(502, {}, b"<html>").json()


def test_bad_input_is_an_error_of_the_public_tree() -> None:
    assert issubclass(InvalidInputError, stackverify.StackverifyError)
