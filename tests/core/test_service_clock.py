"""What the service's clock is ahead, as its replies tell."""

from typing import Any

import pytest

from stackverify._process.service_clock import ServiceClock


def told(second: int) -> dict[str, str]:
    return {"date": f"Thu, 01 Jan 1970 00:01:{second:02} GMT"}


def test_nothing_is_known_before_the_first_reply() -> None:
    assert ServiceClock().ahead is None


def test_a_reply_tells_what_it_is_ahead() -> None:
    clock = ServiceClock()
    clock.hear(told(40), 90.0)
    assert clock.ahead == 10.0


def test_the_first_reply_of_a_second_is_the_most_exact() -> None:
    clock = ServiceClock()
    clock.hear(told(40), 100.0)
    clock.hear(told(40), 100.9)
    assert clock.ahead == 0.0


def test_a_clock_that_was_set_is_heard_of() -> None:
    clock = ServiceClock()
    clock.hear(told(40), 100.0)
    clock.hear(told(41), 3_701.0)
    assert clock.ahead == -3_600.0


@pytest.mark.parametrize("headers", [{}, {"date": ""}, {"date": "today"}])
def test_a_reply_that_does_not_tell_changes_nothing(headers: Any) -> None:
    clock = ServiceClock()
    clock.hear(told(40), 90.0)
    clock.hear(headers, 500.0)
    assert clock.ahead == 10.0
