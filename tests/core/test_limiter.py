"""What a limiter lets leave, and when; the time is whatever the test says."""

import math
import sys

import pytest

from stackverify._core.limiter import PacedLog, Permit
from stackverify.models.tier import Lane, Rate

BULK, TRANSACTIONAL = Lane.BULK, Lane.TRANSACTIONAL
SLOT_AT_100 = 60 / 99


def lite(now: float = 0.0, reserve: float = 0.0) -> PacedLog:
    return PacedLog(Rate(100), now=now, reserve=reserve)


def leave(limiter: PacedLog, lane: Lane, now: float, weight: int = 1) -> Permit:
    permit = limiter.take(lane, weight, now)
    assert permit is not None
    return permit


def test_a_transactional_request_leaves_at_once() -> None:
    assert lite().ready_at(TRANSACTIONAL, 1, 0.0) <= 0.0
    assert leave(lite(), TRANSACTIONAL, 0.0).left_at == 0.0


def test_the_bulk_lane_starts_without_credit() -> None:
    limiter = lite()
    assert limiter.take(BULK, 1, 0.0) is None
    assert limiter.ready_at(BULK, 1, 0.0) == pytest.approx(SLOT_AT_100)


def test_taking_at_the_promised_time_succeeds() -> None:
    limiter = lite(now=1_000_000.1)
    for _ in range(90):
        ready = limiter.ready_at(BULK, 1, 0.0)
        leave(limiter, BULK, ready)


def test_the_spacing_leaves_a_margin_below_the_rate() -> None:
    paces = {n: PacedLog(Rate(n), now=0.0).usage(0.0).pace for n in (1, 100, 500)}
    assert paces == pytest.approx({1: 0.99, 100: 99, 500: 496.5})


def test_a_late_wake_up_costs_no_pace() -> None:
    limiter = lite()
    for slot in range(1, 50):
        leave(limiter, BULK, slot * SLOT_AT_100 + 0.3)
    assert limiter.ready_at(BULK, 1, 0.0) == pytest.approx(50 * SLOT_AT_100)


def test_idle_time_is_worth_one_slot_of_catch_up() -> None:
    limiter = lite()
    leave(limiter, BULK, 1000.0)
    leave(limiter, BULK, 1000.0)
    assert limiter.ready_at(BULK, 1, 1000.0) == pytest.approx(1000 + SLOT_AT_100)


def test_transactional_requests_push_the_bulk_schedule_back() -> None:
    limiter = lite()
    for _ in range(10):
        leave(limiter, TRANSACTIONAL, 0.0)
    assert limiter.ready_at(BULK, 1, 0.0) == pytest.approx(11 * SLOT_AT_100)


def test_transactional_requests_leave_in_a_burst_up_to_the_rate() -> None:
    limiter = lite()
    for _ in range(100):
        leave(limiter, TRANSACTIONAL, 0.0)
    assert limiter.take(TRANSACTIONAL, 1, 0.0) is None


def test_only_an_answer_can_tell_when_all_places_are_in_flight() -> None:
    limiter = PacedLog(Rate(1), now=0.0)
    leave(limiter, TRANSACTIONAL, 0.0)
    assert limiter.ready_at(TRANSACTIONAL, 1, 1000.0) == math.inf


def test_a_place_is_free_a_window_after_its_answer() -> None:
    limiter = PacedLog(Rate(1), now=0.0)
    limiter.settle(leave(limiter, TRANSACTIONAL, 0.0), 0.5)
    assert limiter.ready_at(TRANSACTIONAL, 1, 0.5) == 60.5
    leave(limiter, TRANSACTIONAL, 60.5)


def test_the_window_is_as_long_as_the_rate_says() -> None:
    limiter = PacedLog(Rate(1, per=2.0), now=0.0)
    limiter.settle(leave(limiter, TRANSACTIONAL, 0.0), 0.5)
    assert limiter.ready_at(TRANSACTIONAL, 1, 0.5) == 2.5


def test_one_a_minute_leaves_once_a_minute() -> None:
    limiter = PacedLog(Rate(1), now=0.0)
    first = limiter.ready_at(BULK, 1, 0.0)
    limiter.settle(leave(limiter, BULK, first), first + 0.1)
    assert limiter.ready_at(BULK, 1, first + 0.1) == pytest.approx(first + 60 / 0.99)


def test_a_permit_settled_twice_counts_once() -> None:
    limiter = lite()
    permit = leave(limiter, TRANSACTIONAL, 0.0)
    limiter.settle(permit, 1.0)
    limiter.settle(permit, 2.0)
    limiter.give_back(permit, 2.0)
    assert limiter.refused(permit, 2.0, retry_after=5.0, jitter=0.0) <= 2.0
    assert limiter.usage(2.0).used == 1
    assert limiter.usage(61.0).used == 0


def test_what_never_left_costs_nothing() -> None:
    limiter = lite()
    before = limiter.ready_at(BULK, 1, 1.0)
    limiter.give_back(leave(limiter, BULK, 1.0), 1.2)
    assert limiter.usage(1.2).used == 0
    assert limiter.ready_at(BULK, 1, 1.2) == before


def test_a_slot_is_not_given_back_under_the_next_one() -> None:
    limiter = lite()
    never_left = leave(limiter, BULK, 2.0)
    leave(limiter, BULK, 2.0)
    before = limiter.ready_at(BULK, 1, 2.0)
    limiter.give_back(never_left, 2.0)
    assert limiter.ready_at(BULK, 1, 2.0) == before
    assert limiter.usage(2.0).in_flight == 1


def test_a_heavy_request_waits_for_all_it_needs() -> None:
    limiter = lite()
    for second in range(100):
        limiter.settle(leave(limiter, TRANSACTIONAL, second / 10), second / 10)
    assert limiter.ready_at(TRANSACTIONAL, 5, 10.0) == pytest.approx(60.4)
    assert leave(limiter, TRANSACTIONAL, 60.5, weight=5).weight == 5


def test_a_heavy_bulk_request_waits_for_as_many_slots() -> None:
    limiter = lite()
    assert limiter.ready_at(BULK, 10, 0.0) == pytest.approx(10 * SLOT_AT_100)
    leave(limiter, BULK, 10.0, weight=10)
    assert limiter.usage(10.0).in_flight == 10


@pytest.mark.parametrize("weight", [0, -1, 101])
def test_a_weight_that_never_fits_is_refused(weight: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 100"):
        lite().ready_at(TRANSACTIONAL, weight, 0.0)


@pytest.mark.parametrize("reserve", [-0.1, 1.0, math.nan])
def test_a_reserve_is_a_share(reserve: float) -> None:
    with pytest.raises(ValueError, match="reserve"):
        lite(reserve=reserve)


def test_the_reserve_is_kept_from_the_bulk_lane() -> None:
    limiter = lite(reserve=0.02)
    for _ in range(98):
        leave(limiter, TRANSACTIONAL, 0.0)
    assert limiter.ready_at(BULK, 1, 1000.0) == math.inf
    leave(limiter, TRANSACTIONAL, 1000.0)


def test_a_reserve_of_nearly_all_still_lets_bulk_through() -> None:
    limiter = PacedLog(Rate(10), now=0.0, reserve=0.99)
    leave(limiter, BULK, 10.0)


def test_a_clock_that_runs_backwards_stands_still() -> None:
    limiter = PacedLog(Rate(1), now=100.0)
    permit = leave(limiter, TRANSACTIONAL, 50.0)
    assert permit.left_at == 100.0
    limiter.settle(permit, 10.0)
    assert limiter.ready_at(TRANSACTIONAL, 1, 20.0) == 160.0


def test_after_a_fork_the_flights_of_the_parent_count_from_now() -> None:
    limiter = PacedLog(Rate(2), now=0.0)
    of_parent = leave(limiter, TRANSACTIONAL, 0.0)
    limiter.forget_in_flight(1.0)
    limiter.settle(of_parent, 30.0)
    limiter.give_back(of_parent, 30.0)
    assert limiter.usage(30.0).in_flight == 0
    assert limiter.usage(30.0).used == 1
    assert limiter.usage(61.0).used == 0


def test_after_a_fork_new_permits_work_as_ever() -> None:
    limiter = PacedLog(Rate(1), now=0.0)
    limiter.forget_in_flight(0.0)
    limiter.settle(leave(limiter, TRANSACTIONAL, 0.0), 1.0)
    assert limiter.ready_at(TRANSACTIONAL, 1, 1.0) == 61.0


def test_forks_with_nothing_in_flight_leave_no_trace() -> None:
    limiter = lite()
    for _ in range(200):
        limiter.forget_in_flight(0.0)
    assert not limiter._log._entries


def test_usage_tells_how_things_stand() -> None:
    limiter = lite()
    limiter.settle(leave(limiter, TRANSACTIONAL, 0.0), 0.5)
    leave(limiter, TRANSACTIONAL, 1.0)
    usage = limiter.usage(1.0)
    assert (usage.in_flight, usage.used) == (1, 2)
    assert usage.pace == pytest.approx(99)
    assert usage.paused_until <= 1.0


def test_answers_that_share_an_entry_are_never_counted_too_short() -> None:
    for millisecond in range(40):
        answered = 1.0 + millisecond / 1000
        limiter = PacedLog(Rate(5000), now=0.0)
        limiter.settle(leave(limiter, TRANSACTIONAL, 0.0, 5000), answered)
        free_after = limiter.ready_at(TRANSACTIONAL, 1, answered) - answered
        assert 60.0 < free_after < 60.016


def test_a_million_a_minute_needs_little_memory() -> None:
    limiter = PacedLog(Rate(1_000_000), now=0.0)
    for n in range(60_000):
        limiter.settle(leave(limiter, TRANSACTIONAL, n / 1000, 16), n / 1000)
    entries = limiter._log._entries
    assert len(entries) <= 4100
    assert sum(map(sys.getsizeof, entries)) + sys.getsizeof(entries) < 400_000
    assert limiter.usage(60.0).used <= 1_000_000
