"""The life of a call, played by hand: no clock, no socket, no event loop."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stackverify._core.call import Call
from stackverify._core.flow import (
    Acquire,
    Answer,
    Attempt,
    Flow,
    Pause,
    Stopped,
    call_flow,
)
from stackverify._core.verdict import NoAnswer, Stage
from stackverify._services.stackverify import calls
from stackverify.errors import (
    CertificateError,
    ConnectFailedError,
    DeadlineError,
    NoReplyError,
    RateLimitedError,
    ReadFailedError,
    SendCutShortError,
    SendServerError,
    ServerError,
    StackverifyError,
    UnreadableReplyError,
)
from stackverify.models.messages import Sms
from stackverify.models.results import Receipt, SmsStatus
from stackverify.models.retry import RepeatSend, Retry
from stackverify.reply import Reply
from tests.refusals import DEFINITE

TEXT = "Your code is 4921, " + "and it is yours alone. " * 60
SEND = calls.send_sms("+254712345678", Sms("+254712345678", TEXT))
READ = calls.sms_status("SM1")
AGAIN = Acquire(again=True)
THRICE = Retry(attempts=3, first_wait=0.5, longest_wait=30.0)


def flow_of(
    call: Call[Any],
    retry: Retry = THRICE,
    *,
    deadline: float | None = None,
    jitter: Callable[[], float] = lambda: 1.0,
) -> Flow[Any]:
    return call_flow(call, retry, timeout=30.0, deadline=deadline, jitter=jitter)


def reply(status: int = 200, content: Any = None, **headers: str) -> Answer:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"message_id": "SM1"} if content is None else content)
    return Answer(Reply(status, fields, body.encode()), now=100.0)


def failure(
    stage: Stage = Stage.CONNECTING, *, now: float = 100.0, **more: Any
) -> Answer:
    return Answer(NoAnswer(stage, "ConnectError", **more), now, stage is Stage.AWAITING)


def begin(flow: Flow[Any], now: float = 100.0) -> Attempt:
    """Go up to the first attempt."""
    assert next(flow) == Acquire()
    step = flow.send(now)
    assert isinstance(step, Attempt)
    return step


def go_on(flow: Flow[Any], answer: Answer) -> tuple[Pause, Attempt]:
    """Let an attempt fail, and go up to the next one."""
    pause = flow.send(answer)
    assert isinstance(pause, Pause)
    assert flow.send(answer.now + pause.seconds) == AGAIN
    attempt = flow.send(answer.now + pause.seconds)
    assert isinstance(attempt, Attempt)
    return pause, attempt


def end(flow: Flow[Any], answer: Answer) -> Any:
    """Let an attempt end the call, and tell with what."""
    with pytest.raises(StopIteration) as caught:
        flow.send(answer)
    return caught.value.value


def fail(flow: Flow[Any], answer: Answer) -> StackverifyError:
    """Let an attempt end the call with an error."""
    with pytest.raises(StackverifyError) as caught:
        flow.send(answer)
    with pytest.raises(StopIteration):
        next(flow)
    return caught.value


# Good stories.


def test_a_call_waits_for_its_turn_is_sent_once_and_answered() -> None:
    flow = flow_of(SEND)
    assert begin(flow) == Attempt(1, 30.0)
    answer = reply()
    assert end(flow, answer) == Receipt("SM1", None, (), answer.outcome)  # type: ignore[arg-type]


def test_what_never_left_is_sent_again_a_little_later() -> None:
    flow = flow_of(SEND)
    begin(flow)
    first = go_on(flow, failure())
    assert first == (Pause(0.5, 2, "ConnectFailedError"), Attempt(2, 30.0))
    second = go_on(flow, failure(Stage.SENDING))
    assert second == (Pause(1.0, 3, "SendCutShortError"), Attempt(3, 30.0))
    assert end(flow, reply()).message_id == "SM1"


def test_a_read_is_repeated_whatever_its_failure_was() -> None:
    flow = flow_of(READ, Retry(attempts=5))
    begin(flow)
    assert go_on(flow, failure(Stage.AWAITING))[0].reason == "ReadFailedError"
    assert go_on(flow, reply(502, "oops"))[0].reason == "ServerError"
    assert go_on(flow, reply(200, {"no": "status"}))[0].reason == "ReadFailedError"
    assert go_on(flow, failure())[0].reason == "ConnectFailedError"
    status = end(flow, reply(content={"status": "delivered"}))
    assert isinstance(status, SmsStatus)


# Waits.


def waits(flow: Flow[Any], answers: Iterator[Answer]) -> list[float]:
    begin(flow)
    return [go_on(flow, answer)[0].seconds for answer in answers]


def test_the_wait_doubles_up_to_the_longest_one() -> None:
    flow = flow_of(SEND, Retry(attempts=9, first_wait=1.0, longest_wait=10.0))
    assert waits(flow, (failure() for _ in range(6))) == [1, 2, 4, 8, 10, 10]


def test_the_dice_take_away_half_of_a_wait_at_most() -> None:
    throws = iter([0.0, 0.5, 1.0])
    flow = flow_of(SEND, Retry(attempts=9, first_wait=1.0), jitter=lambda: next(throws))
    assert waits(flow, (failure() for _ in range(3))) == [0.5, 1.5, 4.0]


def test_thousands_of_attempts_do_not_overflow() -> None:
    flow = flow_of(SEND, Retry(attempts=5000, first_wait=1.0, longest_wait=3.0))
    assert waits(flow, (failure() for _ in range(4000)))[-1] == 3.0


def test_a_server_that_asks_a_read_to_wait_is_heard() -> None:
    flow = flow_of(READ)
    begin(flow)
    assert go_on(flow, reply(503, retry_after="7"))[0].seconds == 7.5
    assert go_on(flow, reply(500))[0].seconds == 1.0


def test_a_date_to_wait_for_is_read_on_the_server_s_clock() -> None:
    flow = flow_of(READ)
    begin(flow)
    date, later = "Mon, 30 Nov 2026 08:00:00 GMT", "Mon, 30 Nov 2026 08:00:09 GMT"
    assert go_on(flow, reply(503, date=date, retry_after=later))[0].seconds == 9.5


# Too fast.


def test_a_429_waits_in_the_limiter_and_not_by_itself() -> None:
    flow = flow_of(SEND)
    begin(flow)
    limited = go_on(flow, reply(429, retry_after="20"))
    assert limited == (Pause(0.0, 2, "RateLimitedError"), Attempt(2, 30.0))
    assert end(flow, reply()).message_id == "SM1"


def test_429s_are_counted_apart_from_other_failures() -> None:
    flow = flow_of(SEND, Retry(attempts=2, rate_limited=2))
    begin(flow)
    go_on(flow, reply(429))
    go_on(flow, failure())
    assert go_on(flow, reply(429))[1].number == 4
    error = fail(flow, reply(429, retry_after="3"))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 3.0


def test_429s_do_not_use_up_the_attempts() -> None:
    flow = flow_of(SEND, Retry(attempts=2, rate_limited=8))
    begin(flow)
    for _ in range(8):
        go_on(flow, reply(429))
    assert go_on(flow, failure())[0] == Pause(0.5, 10, "ConnectFailedError")
    assert isinstance(fail(flow, failure()), ConnectFailedError)


def test_without_further_tries_a_429_is_raised() -> None:
    flow = flow_of(SEND, Retry(rate_limited=0))
    begin(flow)
    assert isinstance(fail(flow, reply(429)), RateLimitedError)


@pytest.mark.parametrize("call", [SEND, READ], ids=["send", "read"])
@pytest.mark.parametrize("status", [429, 503])
def test_nobody_waits_longer_than_an_hour_for_a_server(
    call: Call[Any], status: int
) -> None:
    flow = flow_of(call)
    begin(flow)
    assert isinstance(
        fail(flow, reply(status, retry_after="36000")),
        (RateLimitedError, ServerError),
    )


def test_a_429_that_lasts_longer_than_the_deadline_is_raised_at_once() -> None:
    flow = flow_of(SEND, deadline=119.0)
    begin(flow)
    assert isinstance(fail(flow, reply(429, retry_after="20")), RateLimitedError)


# The end of the attempts.


def test_the_last_failure_is_raised_with_its_cause() -> None:
    flow = flow_of(SEND)
    begin(flow)
    go_on(flow, failure())
    go_on(flow, failure())
    reason = OSError("no route")
    error = fail(flow, failure(cause=reason))
    assert isinstance(error, ConnectFailedError)
    assert error.__cause__ is reason


def test_one_attempt_is_one_attempt() -> None:
    flow = flow_of(READ, Retry(attempts=1))
    begin(flow)
    assert isinstance(fail(flow, reply(500)), ServerError)


@pytest.mark.parametrize("call", [SEND, READ], ids=["send", "read"])
@pytest.mark.parametrize(("status", "error"), [*DEFINITE.items()])
def test_a_definite_no_is_not_asked_again(
    call: Call[Any], status: int, error: type[StackverifyError]
) -> None:
    flow = flow_of(call, Retry(repeat_sends=RepeatSend))
    begin(flow)
    assert type(fail(flow, reply(status))) is error


def test_a_bad_certificate_is_not_tried_again() -> None:
    flow = flow_of(READ)
    begin(flow)
    assert isinstance(fail(flow, failure(bad_certificate=True)), CertificateError)


# What may have been sent.

UNSURE = {
    RepeatSend.SERVER_ERROR: (reply(500), SendServerError),
    RepeatSend.NO_REPLY: (failure(Stage.AWAITING), NoReplyError),
    RepeatSend.UNREADABLE: (
        Answer(Reply(200, {}, b"<html>"), 100.0),
        UnreadableReplyError,
    ),
}


@pytest.mark.parametrize("named", [*RepeatSend])
def test_a_send_is_only_repeated_after_a_failure_that_is_named(
    named: RepeatSend,
) -> None:
    answer, error = UNSURE[named]
    others = frozenset(RepeatSend) - {named}
    for retry in (Retry(), Retry(repeat_sends=others)):
        flow = flow_of(SEND, retry)
        begin(flow)
        assert type(fail(flow, answer)) is error
    flow = flow_of(SEND, Retry(repeat_sends={named}))
    begin(flow)
    assert go_on(flow, answer)[0].reason == error.__name__


def test_a_reply_that_cannot_be_read_has_the_reason_as_its_cause() -> None:
    flow = flow_of(SEND)
    begin(flow)
    error = fail(flow, Answer(Reply(200, {}, b"<html>"), 100.0))
    assert isinstance(error.__cause__, ValueError)


def test_a_reply_to_a_body_that_was_not_let_go_says_nothing_was_sent() -> None:
    flow = flow_of(SEND)
    begin(flow)
    early = Answer(Reply(500, {}, b""), 100.0, released=False)
    assert go_on(flow, early)[0].reason == "SendCutShortError"


# Deadlines.


def test_an_attempt_gets_no_more_time_than_is_left() -> None:
    flow = flow_of(READ, deadline=110.0)
    assert begin(flow, 100.0) == Attempt(1, 10.0)
    assert go_on(flow, failure(now=105.0))[1] == Attempt(2, 4.5)


def test_a_retry_that_cannot_finish_in_time_is_not_begun() -> None:
    flow = flow_of(SEND, deadline=100.5)
    begin(flow)
    assert isinstance(fail(flow, failure()), ConnectFailedError)


def test_a_retry_that_just_fits_is_begun() -> None:
    flow = flow_of(SEND, deadline=100.6)
    begin(flow)
    assert go_on(flow, failure())[0].seconds == 0.5


def test_a_body_cut_by_the_deadline_was_never_sent_and_is_not_sent_again() -> None:
    flow = flow_of(SEND, deadline=200.0)
    begin(flow)
    reason = TimeoutError()
    late = failure(Stage.SENDING, out_of_time=True, cause=reason)
    error = fail(flow, late)
    assert type(error) is DeadlineError
    assert error.__cause__ is reason


def test_a_turn_that_does_not_come_in_time_is_told_as_that() -> None:
    flow = flow_of(SEND, deadline=101.0)
    next(flow)
    late = DeadlineError("The rate limit left no turn in time.")
    with pytest.raises(DeadlineError) as caught:
        flow.throw(late)
    assert caught.value is late


@pytest.mark.parametrize("signal", [DeadlineError("no turn in time."), Stopped()])
def test_a_wait_that_is_broken_off_tells_the_failure_before_it(
    signal: Exception,
) -> None:
    flow = flow_of(SEND)
    begin(flow)
    reason = OSError("no route")
    flow.send(failure(cause=reason))
    with pytest.raises(ConnectFailedError) as caught:
        flow.throw(signal)
    assert caught.value.__cause__ is reason


def test_a_second_turn_that_is_broken_off_tells_of_the_429_before_it() -> None:
    flow = flow_of(SEND)
    begin(flow)
    flow.send(reply(429))
    assert flow.send(101.0) == AGAIN
    with pytest.raises(RateLimitedError) as caught:
        flow.throw(Stopped())
    assert caught.value.__cause__ is None


def test_what_is_stopped_before_it_began_was_never_begun() -> None:
    flow = flow_of(SEND)
    next(flow)
    with pytest.raises(Stopped):
        flow.throw(Stopped())


# What an error may say.


@pytest.mark.parametrize("status", [400, 403, 422, 429, 500])
@pytest.mark.parametrize("before", ["", "x" * 300, "x " * 245])
def test_no_error_repeats_the_text_or_the_number(status: int, before: str) -> None:
    words = f"{before}bad: {TEXT} for +254712345678"
    flow = flow_of(SEND, Retry(attempts=1, rate_limited=0))
    begin(flow)
    error = fail(flow, reply(status, {"message": words, "errors": {"to": [words]}}))
    assert "4921" not in str(error)
    assert "4921" not in repr(error)
    assert "712345678" not in str(error)
    assert len(str(error)) < 1000


def test_a_retry_never_follows_a_cut_short_read() -> None:
    flow = flow_of(READ, Retry(attempts=1))
    begin(flow)
    cut = Answer(Reply(200, {}, b'{"sta', is_complete=False), 100.0)
    assert isinstance(fail(flow, cut), ReadFailedError)
    assert not issubclass(ReadFailedError, SendCutShortError)


@pytest.mark.parametrize("text", ["Your code is 4921.", "Your code is 4921..."])
def test_a_text_that_ends_in_full_stops_is_not_repeated_either(text: str) -> None:
    call = calls.send_sms("+254712345678", Sms("+254712345678", text))
    flow = flow_of(call)
    begin(flow)
    error = fail(flow, reply(400, {"message": f"Not allowed: {text}", "code": text}))
    assert "4921" not in str(error)
