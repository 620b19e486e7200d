"""An interrupt takes no outcome away, wherever it strikes."""

import signal
from collections.abc import Iterator

import pytest

from stackverify import Client
from stackverify.cli.interrupts import Interrupts
from stackverify.cli.letter import Letter
from stackverify.cli.session import Session
from stackverify.cli.tally import Tally
from stackverify.models.outcomes import BulkSummary
from stackverify.sandbox import Sandbox


@pytest.fixture
def tally() -> Tally:
    """A tally that heard of the first of three."""
    each = ("+254712345678", "+254712345679", "+254712345670")
    tally = Tally(Letter.write("sms", each, {"text": "Hello"}), Session())
    tally.seen.add(0)
    tally.counts["accepted"] += 1
    return tally


def test_an_outcome_that_was_counted_and_not_heard_of_is_no_unknown(
    tally: Tally,
) -> None:
    result = tally.close(BulkSummary(accepted=2, next_index=2))
    assert (result.accepted, result.unknown, result.left) == (2, 0, (2,))


def test_one_that_never_left_is_left_to_be_sent(tally: Tally) -> None:
    result = tally.close(BulkSummary(accepted=1, not_sent=1, next_index=2))
    assert (result.accepted, result.unknown, result.left) == (1, 0, (1, 2))


def test_one_that_nobody_counted_is_unknown(tally: Tally) -> None:
    result = tally.close(BulkSummary(accepted=1, next_index=2))
    assert (result.accepted, result.unknown, result.left) == (1, 1, (2,))


def test_several_that_were_not_heard_of_are_unknown(tally: Tally) -> None:
    result = tally.close(BulkSummary(accepted=2, next_index=3, exhausted=True))
    assert (result.accepted, result.unknown, result.left) == (1, 2, ())


def interrupted(interrupts: Interrupts, times: int) -> list[str]:
    """Interrupt something, and tell what was done of it."""
    done: list[str] = []

    def work() -> None:
        with interrupts.heard(), interrupts.held():
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            done.append("as a whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    return done


def test_an_interrupt_waits_until_something_is_done_as_a_whole() -> None:
    assert interrupted(Interrupts(), 1) == ["as a whole"]


def test_one_that_comes_before_the_first_send_stops_it(sandbox: Sandbox) -> None:
    letter = Letter.write("sms", ("+254712345678", "+254712345679"), {"text": "Hi"})
    tally, interrupts = Tally(letter, Session()), Interrupts()
    with Client(sandbox.api_key, base_url=sandbox.base_url) as client:
        sends = letter.send_to_all(client, over_budget=False)
        with interrupts.heard():
            signal.raise_signal(signal.SIGINT)
            tally.take(sends, lambda summary: None, interrupts)
    assert tally.close(sends.summary).left == (0, 1)
    assert (tally.is_interrupted, sandbox.count()) == (True, 0)


def test_a_second_one_does_not_wait() -> None:
    assert interrupted(Interrupts(), 2) == []


@pytest.fixture
def end() -> Iterator[None]:
    """What would be the end of the process, and is none here."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_at_the_end_they_are_not_heard_any_more(end: None) -> None:
    interrupts = Interrupts()
    with interrupts.heard():
        interrupts.ignore()
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    assert interrupts.count == 0
