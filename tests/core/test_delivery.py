"""How far along a status is, and how often it is asked for."""

import itertools

import pytest

from stackverify._core.delivery import FINAL, is_settled, next_poll
from stackverify.errors import InvalidInputError

WAY = ["queued", "sent", "delivered", "read", "clicked"]


@pytest.mark.parametrize(("earlier", "later"), [*itertools.combinations(WAY, 2)])
def test_a_later_status_settles_an_earlier_one(earlier: str, later: str) -> None:
    assert is_settled(later, earlier)
    assert not is_settled(earlier, later)


@pytest.mark.parametrize("status", [*WAY, "opened", *sorted(FINAL)])
def test_every_status_settles_itself(status: str) -> None:
    assert is_settled(status, status)


def test_opened_and_read_are_equally_far() -> None:
    assert is_settled("opened", "read")
    assert is_settled("read", "opened")


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("until", [*WAY, "bounced"])
def test_after_a_failure_nothing_better_comes(status: str, until: str) -> None:
    assert is_settled(status, until)


@pytest.mark.parametrize("until", sorted(FINAL))
@pytest.mark.parametrize("status", [*WAY, "teleported"])
def test_no_good_status_settles_a_failure(status: str, until: str) -> None:
    assert not is_settled(status, until)


@pytest.mark.parametrize("until", WAY)
def test_an_unknown_status_settles_nothing_and_is_no_error(until: str) -> None:
    assert not is_settled("teleported", until)


@pytest.mark.parametrize("until", ["", "Delivered", "done", " sent", None, 7, b"sent"])
@pytest.mark.parametrize("status", ["queued", "failed", "done"])
def test_only_a_status_can_be_waited_for(status: str, until: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        is_settled(status, until)  # type: ignore[arg-type]
    assert caught.value.field == "until"
    assert "delivered" in caught.value.remedy
    assert "undelivered" in caught.value.remedy


def test_it_asks_soon_at_first_and_then_ever_less_often() -> None:
    waits = [next_poll(poll) for poll in range(10)]
    assert waits[:3] == [1.0, 1.5, 2.25]
    assert waits == sorted(waits)
    assert waits[-1] == 15.0


def test_a_very_long_wait_stays_at_the_longest_pause() -> None:
    assert next_poll(10**6) == 15.0
