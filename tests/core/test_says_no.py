"""A 2xx whose body says no, and calls that change something without sending."""

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from stackverify._core.call import Call, SaysNo
from stackverify._core.flow import Answer, Attempt, Flow, Pause, call_flow
from stackverify._core.verdict import NoAnswer, Stage, judge_failure, judge_reply
from stackverify.errors import (
    BadRequestError,
    ConnectFailedError,
    ForbiddenError,
    InsufficientBalanceError,
    MaybeSentError,
    NoReplyError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    SendCutShortError,
    SendServerError,
    ServerError,
    StackverifyError,
    UnauthorizedError,
    UnprocessableError,
    UnreadableReplyError,
)
from stackverify.models.retry import RepeatSend, Retry
from stackverify.reply import Reply

KEY = "sk_live_c4nary"
TEXT = "c4nary text"


def says_no(reply: Reply) -> None:
    fields = reply.json()
    kind = InsufficientBalanceError if fields.get("poor") else None
    raise SaysNo(fields["code"], RefusedError if fields["code"] == 0 else kind)


SEND: Call[None] = Call(
    "POST", "/sms", says_no, permission="a key", messages=1, secrets=(TEXT,)
)
READ = attrs.evolve(SEND, method="GET", messages=0)
CHANGE = attrs.evolve(SEND, messages=0, changes=True)
THRICE = Retry(attempts=3, first_wait=0.5, rate_limited=2)


def answer(code: int, status: int = 200, **more: Any) -> Answer:
    body = {"code": code, "message": f"No: {TEXT}, {KEY}.", **more}
    return Answer(Reply(status, {}, json.dumps(body).encode()), now=100.0)


def ending(
    call: Call[Any], *answers: Answer, retry: Retry = THRICE
) -> tuple[list[float], StackverifyError]:
    """Give these answers; tell the pauses between them, and how it ended."""
    flow = call_flow(
        call, retry, timeout=9.0, deadline=None, jitter=lambda: 1.0, key=KEY
    )
    given, pauses = iter(answers), list[float]()
    with pytest.raises(StackverifyError) as caught:
        play(flow, given, pauses)
    assert next(given, None) is None
    return pauses, caught.value


def play(flow: Flow[Any], given: Iterator[Answer], pauses: list[float]) -> None:
    step = next(flow)
    while True:
        pauses += [step.seconds] if isinstance(step, Pause) else []
        step = flow.send(next(given) if isinstance(step, Attempt) else 100.0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (422, UnprocessableError),
        (0, RefusedError),
    ],
)
@pytest.mark.parametrize("call", [SEND, READ, CHANGE])
def test_a_no_inside_a_200_is_the_no_it_names(
    call: Call[Any], code: int, kind: type[Exception]
) -> None:
    pauses, error = ending(call, answer(code))
    assert (type(error), pauses) == (kind, [])
    assert error.reply.status == 200  # type: ignore[attr-defined]


def test_a_no_may_have_a_class_of_its_own() -> None:
    assert type(ending(SEND, answer(403, poor=True))[1]) is InsufficientBalanceError


@pytest.mark.parametrize("call", [SEND, CHANGE])
def test_trouble_inside_a_200_may_have_been_sent_and_is_not_repeated(
    call: Call[Any],
) -> None:
    pauses, error = ending(call, answer(503))
    assert (type(error), pauses) == (SendServerError, [])
    assert isinstance(error, MaybeSentError)


def test_a_read_is_repeated_after_trouble_inside_a_200() -> None:
    pauses, error = ending(READ, answer(503), answer(500), answer(503))
    assert (type(error), pauses) == (ServerError, [0.5, 1.0])


def test_too_fast_inside_a_200_waits_by_itself() -> None:
    """The limiter heard of no 429, so nobody else waits and nobody counts."""
    pauses, error = ending(SEND, answer(429), answer(429), answer(429))
    assert (type(error), pauses) == (RateLimitedError, [0.5, 1.0])


def test_too_fast_inside_a_200_waits_as_long_as_it_asks() -> None:
    pauses, _ = ending(SEND, *[answer(429, retry_after=7)] * 3)
    assert pauses == [7.0, 7.0]


def test_a_real_429_waits_with_all_others() -> None:
    pauses, _ = ending(SEND, *[answer(429, status=429)] * 3)
    assert pauses == [0.0, 0.0]


@pytest.mark.parametrize("code", [400, 403, 503, 429, 0])
def test_what_a_no_says_shows_neither_key_nor_text(code: int) -> None:
    error = ending(SEND, answer(code), retry=Retry(attempts=1, rate_limited=0))[1]
    assert "c4nary" not in f"{error} {error!r}"
    assert "answered 200 (No: " in str(error)


# Changes.


def test_a_change_is_neither_a_read_nor_a_send() -> None:
    told = [(call.is_read, call.is_send) for call in (READ, SEND, CHANGE)]
    assert told == [(True, False), (False, True), (False, False)]


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        (Stage.CONNECTING, ConnectFailedError),
        (Stage.SENDING, SendCutShortError),
        (Stage.AWAITING, NoReplyError),
    ],
)
def test_a_change_without_an_answer_is_judged_as_a_send(
    stage: Stage, kind: type[Exception]
) -> None:
    assert type(judge_failure(CHANGE, NoAnswer(stage, "it failed"))) is kind


def test_a_change_that_a_server_stumbled_over_may_have_been_made() -> None:
    assert type(judge_reply(CHANGE, Reply(502, {}, b""))) is SendServerError


def test_a_change_whose_answer_cannot_be_read_is_not_repeated() -> None:
    def unreadable(reply: Reply) -> None:
        raise ValueError("no")

    pauses, error = ending(attrs.evolve(CHANGE, read=unreadable), answer(0))
    assert (type(error), pauses) == (UnreadableReplyError, [])


def test_a_change_is_repeated_after_a_failure_that_is_named() -> None:
    named = Retry(attempts=2, repeat_sends=frozenset({RepeatSend.SERVER_ERROR}))
    pauses, _ = ending(CHANGE, answer(0, 500), answer(0, 500), retry=named)
    assert len(pauses) == 1


# What may be shown of a path.


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/sms/send", "/sms/send"),
        ("/sms/status/secret-id", "/sms/status"),
        ("/sms?to=secret", "/sms"),
    ],
)
def test_the_endpoint_is_the_path_without_id_and_query(
    path: str, endpoint: str
) -> None:
    assert Call("GET", path, says_no, permission="").endpoint == endpoint


def test_an_endpoint_may_be_named() -> None:
    call = Call("GET", "/group/7", says_no, permission="", endpoint="/group")
    assert (call.endpoint, call.route) == ("/group", "GET /group")
