"""What a reply, or none, means: the table of failures, row by row, without IO."""

from __future__ import annotations

from typing import Any

import pytest

from stackverify import Retry
from stackverify._core.call import Call
from stackverify._core.flow import Answer, Attempt, call_flow
from stackverify._core.verdict import (
    NoAnswer,
    Stage,
    judge_failure,
    judge_reply,
    retry_after,
    unreadable,
)
from stackverify.errors import (
    CertificateError,
    ConnectFailedError,
    DeadlineError,
    ForbiddenError,
    MaybeSentError,
    NeverLeftError,
    NoReplyError,
    RateLimitedError,
    ReadFailedError,
    RedirectedError,
    ReplyError,
    SendCutShortError,
    SendServerError,
    ServerError,
    StackverifyError,
    UnprocessableError,
    UnreadableReplyError,
)
from stackverify.reply import Reply
from tests.refusals import DEFINITE

PHONE = "+254712345678"
TEXT = "Your code is 4921"


def nothing(reply: Reply) -> None:
    return None


SEND: Call[None] = Call(
    "POST",
    "/sms/send",
    nothing,
    permission="sms:send",
    messages=1,
    secrets=(PHONE, TEXT),
)
READ: Call[None] = Call("GET", "/sms/status/m-1", nothing, permission="sms:read")


def told(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def failed(call: Call[Any], stage: Stage, **facts: bool) -> StackverifyError:
    return judge_failure(call, NoAnswer(stage, "it failed", **facts))


# No reply: rows 1 to 9.


@pytest.mark.parametrize(
    ("stage", "meaning"),
    [
        (Stage.CONNECTING, ConnectFailedError),
        (Stage.SENDING, SendCutShortError),
        (Stage.AWAITING, NoReplyError),
    ],
)
def test_how_far_a_send_came_decides(stage: Stage, meaning: type[Exception]) -> None:
    assert type(failed(SEND, stage)) is meaning


@pytest.mark.parametrize(
    ("stage", "meaning"),
    [
        (Stage.CONNECTING, DeadlineError),
        (Stage.SENDING, DeadlineError),
        (Stage.AWAITING, NoReplyError),
    ],
)
def test_out_of_time_after_the_last_byte_it_may_be_sent_all_the_same(
    stage: Stage, meaning: type[Exception]
) -> None:
    assert type(failed(SEND, stage, out_of_time=True)) is meaning


@pytest.mark.parametrize("stage", [Stage.CONNECTING, Stage.SENDING])
def test_before_the_last_byte_is_let_go_it_never_left(stage: Stage) -> None:
    assert isinstance(failed(SEND, stage), NeverLeftError)
    assert isinstance(failed(SEND, stage, out_of_time=True), NeverLeftError)


def test_a_bad_certificate_is_a_class_of_its_own() -> None:
    assert type(failed(SEND, Stage.CONNECTING, bad_certificate=True)) is (
        CertificateError
    )


@pytest.mark.parametrize(
    ("stage", "meaning"),
    [
        (Stage.CONNECTING, ConnectFailedError),
        (Stage.SENDING, ReadFailedError),
        (Stage.AWAITING, ReadFailedError),
    ],
)
def test_a_read_without_an_answer_changed_nothing(
    stage: Stage, meaning: type[Exception]
) -> None:
    error = failed(READ, stage)
    assert type(error) is meaning
    assert not isinstance(error, MaybeSentError)


# Replies: rows 11 to 17.

REFUSALS = {**DEFINITE, 429: RateLimitedError}
UNSETTLED = {*range(100, 1000)} - {*REFUSALS, *range(200, 300)}


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("call", [SEND, READ], ids=["send", "read"])
def test_a_documented_no_is_a_no(call: Call[Any], status: int) -> None:
    error = judge_reply(call, told(status))
    assert type(error) is REFUSALS[status]
    assert not isinstance(error, MaybeSentError)


def test_any_other_code_settles_nothing_for_a_send() -> None:
    errors = {type(judge_reply(SEND, told(status))) for status in UNSETTLED}
    assert errors == {SendServerError}


def test_any_other_code_before_the_last_byte_says_that_it_never_left() -> None:
    errors = [judge_reply(SEND, told(code), released=False) for code in UNSETTLED]
    assert {type(error) for error in errors} == {SendCutShortError}


@pytest.mark.parametrize("status", REFUSALS)
def test_an_early_no_is_the_same_no(status: int) -> None:
    error = judge_reply(SEND, told(status), released=False)
    assert type(error) is REFUSALS[status]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_read_sent_elsewhere_is_refused(status: int) -> None:
    assert type(judge_reply(READ, told(status))) is RedirectedError


@pytest.mark.parametrize("status", [408, 418, 500, 502, 503, 504])
def test_a_read_that_met_trouble_may_be_repeated(status: int) -> None:
    assert type(judge_reply(READ, told(status))) is ServerError


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_complete_2xx_is_no_error(status: int) -> None:
    assert judge_reply(SEND, told(status)) is None


def test_a_2xx_cut_short_may_be_sent() -> None:
    error = judge_reply(SEND, Reply(200, {}, b"", is_complete=False))
    assert isinstance(error, UnreadableReplyError)
    assert isinstance(error, ReplyError)


def test_a_read_that_cannot_be_read_changed_nothing() -> None:
    assert type(unreadable(READ, told(200), "odd")) is ReadFailedError


def test_a_no_cut_short_is_a_no() -> None:
    reply = Reply(422, {}, b'{"mess', is_complete=False)
    assert type(judge_reply(SEND, reply)) is UnprocessableError


def test_a_403_names_the_missing_permission() -> None:
    error = judge_reply(SEND, told(403))
    assert isinstance(error, ForbiddenError)
    assert error.permission == "sms:send"
    assert "sms:send" in str(error)


@pytest.mark.parametrize(
    ("errors", "read"),
    [
        (b'{"to": ["bad", "worse"]}', {"to": ("bad", "worse")}),
        (b'{"to": "bad"}', {"to": ("bad",)}),
        (b'["bad"]', {"": ("bad",)}),
        (b'"bad"', {"": ("bad",)}),
        (b"{}", {}),
        (b"null", {}),
    ],
)
def test_complaints_are_kept_by_field(
    errors: bytes, read: dict[str, tuple[str, ...]]
) -> None:
    error = judge_reply(SEND, told(422, b'{"errors": %s}' % errors))
    assert isinstance(error, UnprocessableError)
    assert error.errors == read


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"errors": 7}']
)
def test_odd_words_do_not_change_the_verdict(body: bytes) -> None:
    assert type(judge_reply(SEND, told(422, body))) is UnprocessableError
    assert type(judge_reply(SEND, told(502, body))) is SendServerError


# What is shown.


def words(body: bytes, status: int = 400) -> str:
    return str(judge_reply(SEND, told(status, body)))


def test_the_services_own_words_are_shown() -> None:
    text = words(b'{"message": "No such sender.", "code": "E12"}')
    assert text.startswith("POST /sms/send: answered 400 (No such sender; E12).")


def test_what_the_user_sent_is_not_shown() -> None:
    body = f'{{"message": "cannot send {TEXT!s} to {PHONE}"}}'.encode()
    assert TEXT not in words(body)
    assert PHONE not in words(body)


@pytest.mark.parametrize(
    "leak",
    [
        "254712345678",
        "0712 345 678",
        "(0712) 345-678",
        "joan@example.org",
        "sk_live_abcdef123",
        "sk_test_example",
        "Bearer abc.def",
    ],
)
def test_what_looks_private_is_not_shown(leak: str) -> None:
    assert leak not in words(f'{{"message": "about {leak} here"}}'.encode())
    assert leak not in words(f'{{"error": "{leak}"}}'.encode(), 500)


@pytest.mark.parametrize("leak", ["254712345678", "joan@example.org", PHONE])
def test_a_field_named_like_something_private_is_not_shown(leak: str) -> None:
    assert leak not in words(f'{{"errors": {{"{leak}": ["bad"]}}}}'.encode(), 422)


def test_values_of_complaints_are_not_shown() -> None:
    error = judge_reply(SEND, told(422, b'{"errors": {"to": ["bad: 0712345678"]}}'))
    assert "see to" in str(error)
    assert "0712345678" not in str(error)
    assert "0712345678" not in repr(error)


def test_a_secret_at_the_cut_of_long_words_is_not_shown_in_part() -> None:
    said = "x" * 490 + " " + PHONE
    assert PHONE[:9] not in words(f'{{"message": "{said}"}}'.encode())


def test_long_words_are_cut() -> None:
    assert len(words(b'{"message": "%s"}' % (b"word " * 10_000))) < 800


def test_the_services_name_of_the_request_is_shown() -> None:
    error = judge_reply(SEND, told(500, x_request_id="r-77"))
    assert "request r-77" in str(error)


def test_an_id_in_the_path_is_not_shown() -> None:
    assert "m-1" not in str(judge_reply(READ, told(404)))


# Row 11: how long to wait.

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("Sun, 06 Nov 1994 08:49:49 GMT", 12.0),
        ("Sunday, 06-Nov-94 08:49:49 GMT", 12.0),
        ("Sun Nov  6 08:49:49 1994", 12.0),
        ("Sun, 06 Nov 1994 10:49:49 +0200", 12.0),
        ("Sun, 06 Nov 1994 08:49:30 GMT", 0.0),
    ],
)
def test_seconds_and_dates_are_read(header: str, seconds: float) -> None:
    assert retry_after(told(429, retry_after=header), NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "-1",
        "-0.5",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "9" * 400,
        "1e999",
        "soon",
        "3, 4",
        "0x10",
        "7 s",
        "Sun, 99 Nov 1994 08:49:49 GMT",
        "Sun, 06 Nov 99999 08:49:49 GMT",
        "06 Nov",
        ",",
        "\x00",
    ],
)
def test_what_says_no_time_is_no_answer(header: str) -> None:
    assert retry_after(told(429, retry_after=header), NOW) is None


def test_a_date_is_read_against_the_services_own_clock() -> None:
    reply = told(
        429,
        date="Sun, 06 Nov 1994 08:49:40 GMT",
        retry_after="Sun, 06 Nov 1994 08:49:49 GMT",
    )
    assert retry_after(reply, NOW + 5000) == 9.0


def test_a_date_of_the_service_that_is_none_is_not_used() -> None:
    reply = told(429, date="today", retry_after="Sun, 06 Nov 1994 08:49:49 GMT")
    assert retry_after(reply, NOW) == 12.0


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (b"5", 5.0),
        (b"2.5", 2.5),
        (b'"5"', 5.0),
        (b"0", 0.0),
        (b"-5", None),
        (b"true", None),
        (b"null", None),
        (b"[5]", None),
        (b'"nan"', None),
        (b'"soon"', None),
        (b"1" + b"0" * 400, None),
    ],
)
def test_the_body_is_asked_where_the_header_says_nothing(
    asked: bytes, seconds: float | None
) -> None:
    assert retry_after(told(429, b'{"retry_after": %s}' % asked), NOW) == seconds


def test_the_header_goes_before_the_body() -> None:
    assert retry_after(told(429, b'{"retry_after": 5}', retry_after="9"), NOW) == 9.0


def test_a_429_carries_what_was_asked() -> None:
    error = judge_reply(SEND, told(429, retry_after="9"))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 9.0


@pytest.mark.parametrize("asked", ["3601", "86400", "1e300"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_read_is_not_put_off_for_longer_than_an_hour(status: int, asked: str) -> None:
    flow = call_flow(READ, Retry(), timeout=1.0, deadline=None, jitter=lambda: 0.0)
    next(flow)
    assert flow.send(0.0) == Attempt(1, 1.0)
    with pytest.raises(ReplyError):
        flow.send(Answer(told(status, retry_after=asked), 0.0))
