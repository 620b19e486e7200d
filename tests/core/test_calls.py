"""Every endpoint as a value: what is sent, how it counts, and what is refused."""

import contextlib
import datetime as dt
import enum
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from stackverify._core.call import Base64, Call
from stackverify._core.options import SmsBody
from stackverify._services.stackverify import calls
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate
from stackverify.models.tier import Lane

NUMBER, OTHER = "+254712345678", "+254700000000"
MONDAY = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
INJECTED = "c4nary\r\nBcc: victim@example.org"


def sent(call: Call[Any]) -> Any:
    (body,) = call.body
    assert isinstance(body, bytes)
    return json.loads(body)


def sms(to: Any = NUMBER, text: Any = "Hi", **more: Any) -> Call[Any]:
    options = {name: more.pop(name) for name in ("body", "lane") if name in more}
    return calls.send_sms(to, Sms(to, text, **more), **options)


def email(to: Any = "a@example.org", **more: Any) -> Call[Any]:
    return calls.send_email(Email(to, **({"subject": "Hi", "text": "Hello"} | more)))


def template(**more: Any) -> Call[Any]:
    fields = {"to": NUMBER, "name": "order_update", "language": "en"} | more
    return calls.send_template(WhatsAppTemplate(**fields))


# SMS.


def test_an_sms_to_one_number_has_the_reference_s_two_fields() -> None:
    call = sms()
    assert (call.method, call.path) == ("POST", "/sms/send")
    assert sent(call) == {"to": NUMBER, "message": "Hi"}
    assert (call.permission, call.lane) == ("sms:send", Lane.TRANSACTIONAL)
    assert (call.weight, call.messages, call.is_send) == (1, 1, True)


def test_an_sms_to_several_numbers_has_an_array_and_counts_each() -> None:
    call = sms([NUMBER, OTHER])
    assert sent(call)["to"] == [NUMBER, OTHER]
    assert (call.messages, call.weight) == (2, 1)


def test_a_list_of_one_number_stays_an_array() -> None:
    assert sent(sms([NUMBER]))["to"] == [NUMBER]


def test_every_field_of_an_sms_is_sent() -> None:
    call = sms(
        sender_id="ACME",
        callback_url="https://example.org/hook",
        scheduled_at=MONDAY,
        extra={"campaign": "spring"},
    )
    assert sent(call) == {
        "to": NUMBER,
        "message": "Hi",
        "sender_id": "ACME",
        "callback_url": "https://example.org/hook",
        "scheduled_at": "2026-11-30T00:00:00+00:00",
        "campaign": "spring",
    }


def test_the_other_body_shares_no_field_with_the_reference_s() -> None:
    call = sms(body=SmsBody.RECIPIENTS, scheduled_at="2026-11-30")
    assert sent(call) == {
        "recipients": [NUMBER],
        "body": "Hi",
        "scheduleAt": "2026-11-30",
    }


def test_text_is_sent_as_utf_8() -> None:
    (body,) = sms(text="Żółć 😀").body
    assert isinstance(body, bytes)
    assert "Żółć 😀".encode() in body


def test_what_the_user_put_in_is_known_as_secret() -> None:
    assert sms([NUMBER, OTHER], "the code").secrets == (NUMBER, OTHER, "the code")
    assert "the code" not in repr(sms(text="the code"))
    assert NUMBER not in repr(sms())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "0712345678"}, "to"),
        ({"to": [NUMBER, "x"]}, "to[1]"),
        ({"to": []}, "to"),
        ({"text": ""}, "text"),
        ({"text": "x" * 1601}, "text"),
        ({"text": b"Hi"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"sender_id": INJECTED}, "sender_id"),
        ({"sender_id": ""}, "sender_id"),
        ({"sender_id": 7}, "sender_id"),
        ({"callback_url": INJECTED}, "callback_url"),
        ({"callback_url": "example.org"}, "callback_url"),
        ({"scheduled_at": dt.datetime(2026, 1, 1)}, "scheduled_at"),
        ({"scheduled_at": "soon"}, "scheduled_at"),
        ({"extra": {"to": OTHER}}, "extra"),
        ({"extra": {"message": "x"}}, "extra"),
        ({"extra": {"sender_id": "x"}}, "extra"),
        ({"extra": {"x": float("nan")}}, "extra"),
        ({"extra": {"x": b"y"}}, "extra"),
        ({"extra": ["x"]}, "extra"),
    ],
    ids=ascii,
)
def test_a_bad_field_of_an_sms_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sms(**wrong)
    assert caught.value.field == field
    assert "c4nary" not in str(caught.value)


def test_the_body_in_use_decides_which_extra_names_are_taken() -> None:
    assert sent(sms(extra={"recipients": [OTHER]}))["recipients"] == [OTHER]
    with pytest.raises(InvalidInputError, match="recipients"):
        sms(body=SmsBody.RECIPIENTS, extra={"recipients": [OTHER]})


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


class Pair(NamedTuple):
    left: int
    right: int


class Text(str):
    """A str of the caller's own."""


class Share(float):
    """A float of the caller's own, as numpy's is."""


class Colour(enum.IntEnum):
    RED = 1


UNUSUAL = [
    *(2**63, 2**64, -(2**70), 10**5000, sys.maxsize),
    *({1: "x"}, {None: 1}, {True: 1}, {1.5: 1}, {Text("a"): 1}, {Colour.RED: 1}),
    *(nested(100), nested(250), nested(300), nested(900)),
    *(Pair(1, 2), (1, 2), Text("a"), Share(0.5), Colour.RED, Path("x")),
    *(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.date(2026, 1, 1)),
]


@pytest.mark.parametrize("value", UNUSUAL, ids=lambda value: type(value).__name__)
def test_extra_is_either_refused_or_written(value: object) -> None:
    with contextlib.suppress(InvalidInputError):
        assert "more" in sent(sms(extra={"more": value}))


# Email.


def test_an_email_needs_a_subject_and_one_body() -> None:
    call = email()
    assert (call.method, call.path) == ("POST", "/email/send")
    assert sent(call) == {"to": "a@example.org", "subject": "Hi", "text": "Hello"}
    assert (call.permission, call.messages) == ("email:send", 1)
    assert sent(email(text=None, html="<p>Hi</p>"))["html"] == "<p>Hi</p>"


def test_every_field_of_an_email_is_sent() -> None:
    fields = {
        "subject": "Hi",
        "html": "<p>Hi</p>",
        "text": "Hi",
        "from_name": "Acme, Inc.",
        "from_email": "acme@example.org",
        "reply_to": "help@example.org",
        "headers": {"X-Campaign": "spring"},
        "scheduled_at": "2026-11-30",
    }
    call = email(**fields, extra={"track": True})
    assert sent(call) == {"to": "a@example.org", "track": True} | fields


def test_an_email_to_several_counts_each() -> None:
    call = email(["a@example.org", "b@example.org"])
    assert sent(call)["to"] == ["a@example.org", "b@example.org"]
    assert call.messages == 2


def test_no_text_of_an_email_may_be_repeated() -> None:
    call = email(subject="About you", html="<b>x</b>", reply_to="r@example.org")
    secrets = {"a@example.org", "About you", "<b>x</b>", "Hello", "r@example.org"}
    assert set(call.secrets) >= secrets


HEADER_FIELDS = ["subject", "from_name", "from_email", "reply_to", "scheduled_at"]
ENDS_OF_LINES = ["\r\nBcc: c4nary@example.org", "\n", "\r", "\x00", "\x85", "\u2028"]


@pytest.mark.parametrize("field", HEADER_FIELDS)
@pytest.mark.parametrize("end", ENDS_OF_LINES, ids=ascii)
def test_no_field_of_an_email_can_add_a_header(field: str, end: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        email(**{field: f"a@example.org{end}"})
    assert caught.value.field == field
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "a"}, "to"),
        ({"to": ["a@example.org", "b"]}, "to[1]"),
        ({"to": ()}, "to"),
        ({"subject": ""}, "subject"),
        ({"subject": None}, "subject"),
        ({"text": None}, "html, text"),
        ({"text": ""}, "text"),
        ({"html": ""}, "html"),
        ({"html": b"<p>"}, "html"),
        ({"from_email": "acme"}, "from_email"),
        ({"headers": {"X-A": INJECTED}}, "headers[X-A]"),
        ({"headers": {INJECTED: "x"}}, "headers"),
        ({"headers": [("X-A", "y")]}, "headers"),
        ({"headers": []}, "headers"),
        ({"headers": ""}, "headers"),
        ({"headers": 0}, "headers"),
        ({"attachments": "a.txt"}, "attachments"),
        ({"attachments": None}, "attachments"),
        ({"attachments": [Attachment(INJECTED, b"")]}, "attachments[0].name"),
        (
            {"attachments": [Attachment("a", b"", f"a/b;{INJECTED}")]},
            "attachments[0].media_type",
        ),
        (
            {"extra": {"attachments": []}, "attachments": [Attachment("a", b"x")]},
            "extra",
        ),
        ({"extra": {"subject": "x"}}, "extra"),
    ],
    ids=ascii,
)
def test_a_bad_field_of_an_email_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        email(**wrong)
    assert caught.value.field == field
    assert "c4nary" not in str(caught.value)


def test_attachments_stand_in_the_body_and_are_read_while_it_is_sent() -> None:
    files = [Attachment("a.txt", b"one", "text/plain"), Attachment("b.bin", Path("x"))]
    body = email(attachments=files).body
    assert [piece.content for piece in body if isinstance(piece, Base64)] == [
        b"one",
        Path("x"),
    ]
    written = b"".join(p if isinstance(p, bytes) else b"QUJD" for p in body)
    assert json.loads(written)["attachments"] == [
        {"filename": "a.txt", "content_type": "text/plain", "content": "QUJD"},
        {"filename": "b.bin", "content_type": Attachment("", b"").media_type}
        | {"content": "QUJD"},
    ]


def test_a_body_ends_in_a_byte_that_can_be_withheld() -> None:
    assert email(attachments=[Attachment("a", b"x")]).body[-1] == b"]}"
    assert "one" not in repr(Base64(b"one"))


# WhatsApp.


def test_a_template_goes_to_one_number() -> None:
    call = template()
    assert (call.method, call.path) == ("POST", "/whatsapp/send-template")
    assert sent(call) == {
        "to": NUMBER,
        "template_name": "order_update",
        "language": "en",
    }
    assert (call.permission, call.messages) == ("whatsapp:send", 1)


def test_every_field_of_a_template_is_sent() -> None:
    more = {
        "variables": {"1": "Joan", "2": "5 pm"},
        "header_media_url": "https://example.org/a.png",
    }
    call = template(**more, extra={"x": 1})
    assert sent(call).items() >= (more | {"x": 1}).items()
    assert call.secrets == (NUMBER, "Joan", "5 pm")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": [NUMBER]}, "to"),
        ({"to": "07"}, "to"),
        ({"name": ""}, "template_name"),
        ({"name": INJECTED}, "template_name"),
        ({"language": INJECTED}, "language"),
        ({"variables": {"name": "Joan"}}, "variables"),
        ({"variables": {"1": ""}}, "variables[1]"),
        ({"variables": {"1": 7}}, "variables[1]"),
        ({"variables": ["Joan"]}, "variables"),
        ({"variables": []}, "variables"),
        ({"variables": ""}, "variables"),
        ({"header_media_url": "a.png"}, "header_media_url"),
        ({"extra": {"to": OTHER}}, "extra"),
    ],
    ids=ascii,
)
def test_a_bad_field_of_a_template_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        template(**wrong)
    assert caught.value.field == field
    assert "c4nary" not in str(caught.value)


# Reads.

STATUSES = {
    "sms": calls.sms_status,
    "email": calls.email_status,
    "whatsapp": calls.whatsapp_status,
}


@pytest.mark.parametrize(("channel", "ask"), [*STATUSES.items()], ids=list(STATUSES))
def test_a_status_is_asked_for_by_id(channel: str, ask: Callable[..., Any]) -> None:
    call = ask("a:b")
    assert (call.method, call.path) == ("GET", f"/{channel}/status/a%3Ab")
    assert call.permission == f"{channel}:read"
    assert (call.body, call.is_send, call.lane) == ((), False, Lane.TRANSACTIONAL)
    assert ask("x", lane=Lane.BULK).lane is Lane.BULK


@pytest.mark.parametrize("ask", [*STATUSES.values()], ids=list(STATUSES))
@pytest.mark.parametrize("message_id", ["..", "../x", "%2e%2e", "", "a/b", "a\r\nb"])
def test_no_id_leads_to_another_path(ask: Callable[..., Any], message_id: str) -> None:
    with pytest.raises(InvalidInputError, match="message_id"):
        ask(message_id)


def test_a_route_shows_no_id_and_no_query() -> None:
    assert calls.sms_status("SM1").route == "GET /sms/status"
    assert calls.list_sms(status="failed").route == "GET /sms"
    assert sms().route == "POST /sms/send"


def query(**asked: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(calls.list_sms(**asked).path).query)


def test_a_list_is_asked_for_by_page() -> None:
    assert query() == {"page": ["1"], "per_page": ["100"]}
    assert calls.list_sms().permission == "sms:read"
    assert calls.list_sms().lane is Lane.BULK


def test_filters_have_the_reference_s_names() -> None:
    asked = query(
        page=3, page_size=7, status="failed", since=MONDAY, until="2026-12-01"
    )
    assert asked == {
        "page": ["3"],
        "per_page": ["7"],
        "status": ["failed"],
        "from": ["2026-11-30T00:00:00+00:00"],
        "to": ["2026-12-01"],
    }


def test_a_filter_cannot_add_a_parameter() -> None:
    asked = query(status="failed&per_page=5#x")
    assert asked == {
        "page": ["1"],
        "per_page": ["100"],
        "status": ["failed&per_page=5#x"],
    }


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"page": 0}, "page"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": True}, "page_size"),
        ({"status": ""}, "status"),
        ({"status": "a\nb"}, "status"),
        ({"since": dt.datetime(2026, 1, 1)}, "since"),
        ({"until": "yesterday"}, "until"),
    ],
    ids=ascii,
)
def test_a_bad_filter_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        calls.list_sms(**wrong)
    assert caught.value.field == field
