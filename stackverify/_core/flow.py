"""The life of a call as a generator: it decides, a driver acts.

A flow yields `Acquire`, `Attempt` and `Pause`. The driver answers `Acquire` and
`Pause` with the time, in seconds of a clock that only goes forward, and
`Attempt` with an `Answer`. What the generator returns is the result of the call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from stackverify._core.call import Call, SaysNo
from stackverify._core.limiter import LONGEST_PAUSE
from stackverify._core.verdict import (
    NoAnswer,
    judge_failure,
    judge_no,
    judge_reply,
    retry_after,
    unreadable,
)
from stackverify.errors import (
    CertificateError,
    DeadlineError,
    NeverLeftError,
    NoReplyError,
    RateLimitedError,
    ReadFailedError,
    SendServerError,
    ServerError,
    StackverifyError,
    UnreadableReplyError,
)
from stackverify.models.retry import RepeatSend, Retry
from stackverify.reply import Reply

__all__ = ["Acquire", "Answer", "Attempt", "call_flow", "Flow", "Pause", "Stopped"]

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - it tells a fact, and never reaches a user
    """The driver was asked to stop before anything further was begun."""


@attrs.frozen
class Acquire:
    """Wait for a turn under the rate limit; `again` waits at the lane's head."""

    again: bool = False


@attrs.frozen
class Attempt:
    """Send once, in so many seconds at most."""

    number: int
    timeout: float


@attrs.frozen
class Pause:
    """Say that a further attempt is to come, and wait so many seconds."""

    seconds: float
    attempt: int
    reason: str


@attrs.frozen
class Answer:
    """How an attempt ended.

    Attributes:
        outcome: The reply, or why there is none.
        now: The time, on the clock that only goes forward.
        released: Whether the last byte was let go.
        wall: Seconds since the epoch.
    """

    outcome: Reply | NoAnswer
    now: float
    released: bool = True
    wall: float = 0.0


Step: TypeAlias = Acquire | Attempt | Pause
Flow: TypeAlias = Generator[Step, Any, T]

# A socket takes no time limit below 0; what is too late is told of at the last byte.
_SHORTEST = 0.001
_ACQUIRE = Acquire()
_ACQUIRE_AGAIN = Acquire(again=True)
_NAMED = {
    SendServerError: RepeatSend.SERVER_ERROR,
    NoReplyError: RepeatSend.NO_REPLY,
    UnreadableReplyError: RepeatSend.UNREADABLE,
}


def call_flow(
    call: Call[T],
    retry: Retry,
    *,
    timeout: float,
    deadline: float | None,
    jitter: Callable[[], float],
    key: str = "",
) -> Flow[T]:
    """Try a call until it is answered, refused, or not to be tried again.

    Args:
        call: What to do.
        retry: How often to try.
        timeout: Seconds for one attempt.
        deadline: When all must be over, on the driver's clock.
        jitter: Gives numbers from 0 to 1.
        key: The API key, which no error text may repeat.
    """
    failed = limited = 0
    error: StackverifyError | None = None
    while True:
        try:
            now = yield _ACQUIRE if error is None else _ACQUIRE_AGAIN
            left = math.inf if deadline is None else max(_SHORTEST, deadline - now)
            number = failed + limited + 1
            answer: Answer = yield Attempt(number, min(timeout, left))
            result = _conclude(call, answer, key)
            if not isinstance(result, StackverifyError):
                return result.value
            error = result
            is_limited = isinstance(error, RateLimitedError)
            limited, failed = limited + is_limited, failed + (not is_limited)
            if not _goes_on(call, error, retry, failed=failed, limited=limited):
                raise error
            failures = limited if is_limited else failed
            wait = _wait_before_next(error, answer, retry, failures, jitter)
            if wait > LONGEST_PAUSE or _too_late(answer.now + wait, deadline):
                raise error
            own_wait = 0.0 if _waits_with_all(error) else wait
            yield Pause(own_wait, number + 1, type(error).__name__)
        except (DeadlineError, Stopped):
            # No further attempt was begun: the last one's error tells more.
            if error is None:
                raise
            raise error from error.__cause__


@attrs.frozen
class _Result(Generic[T]):
    value: T


def _conclude(call: Call[T], answer: Answer, key: str) -> _Result[T] | StackverifyError:
    outcome = answer.outcome
    if isinstance(outcome, NoAnswer) or not outcome.is_success:
        call = attrs.evolve(call, secrets=(*call.secrets, key))
    if isinstance(outcome, NoAnswer):
        error = judge_failure(call, outcome)
        error.__cause__ = outcome.cause
        return error
    refusal = judge_reply(call, outcome, released=answer.released, wall=answer.wall)
    if refusal is not None:
        return refusal
    try:
        return _Result(call.read(outcome))
    except SaysNo as no:
        call = attrs.evolve(call, secrets=(*call.secrets, key))
        return judge_no(call, outcome, no, wall=answer.wall)
    except ValueError as reason:
        error = unreadable(call, outcome, "not what the reference says")
        error.__cause__ = reason
        return error


def _goes_on(
    call: Call[Any], error: StackverifyError, retry: Retry, *, failed: int, limited: int
) -> bool:
    if isinstance(error, RateLimitedError):
        return limited <= retry.rate_limited
    return failed < retry.attempts and _may_repeat(call, error, retry)


def _wait_before_next(
    error: StackverifyError,
    answer: Answer,
    retry: Retry,
    failures: int,
    jitter: Callable[[], float],
) -> float:
    if isinstance(error, RateLimitedError):
        own = 0.0 if _waits_with_all(error) else _backoff(retry, failures, jitter)
        return error.retry_after or own
    return _backoff(retry, failures, jitter) + _asked_to_wait(error, answer)


def _waits_with_all(error: StackverifyError) -> bool:
    """Say whether it waits in the limiter, as one answered 429 and all of its key."""
    return isinstance(error, RateLimitedError) and error.status == 429


def _may_repeat(call: Call[Any], error: StackverifyError, retry: Retry) -> bool:
    if isinstance(error, (CertificateError, DeadlineError)):
        return False
    if isinstance(error, NeverLeftError):
        return True
    if call.is_read:
        return isinstance(error, (ReadFailedError, ServerError))
    return _NAMED.get(type(error)) in retry.repeat_sends


def _backoff(retry: Retry, failures: int, jitter: Callable[[], float]) -> float:
    longest = min(retry.longest_wait, retry.first_wait * 2.0 ** min(failures - 1, 60))
    return longest * (0.5 + 0.5 * jitter())


def _asked_to_wait(error: StackverifyError, answer: Answer) -> float:
    if not isinstance(error, ServerError):
        return 0.0
    return retry_after(error.reply, answer.wall) or 0.0


def _too_late(moment: float, deadline: float | None) -> bool:
    return deadline is not None and moment >= deadline
