"""What a 429 or a header of the server's changes."""

import math
from itertools import pairwise

import pytest

from stackverify._core.limiter import LONGEST_PAUSE, PacedLog, Permit
from stackverify.models.tier import Lane, Rate

BULK, TRANSACTIONAL = Lane.BULK, Lane.TRANSACTIONAL


def lite() -> PacedLog:
    return PacedLog(Rate(100), now=0.0)


def leave(limiter: PacedLog, now: float, lane: Lane = TRANSACTIONAL) -> Permit:
    permit = limiter.take(lane, 1, now)
    assert permit is not None
    return permit


def refuse(limiter: PacedLog, now: float, retry_after: float | None = 1.0) -> float:
    """Send one at `now`, the answer is 429."""
    permit = leave(limiter, now)
    return limiter.refused(permit, now, retry_after=retry_after, jitter=0.0)


def accept(limiter: PacedLog, now: float) -> None:
    limiter.settle(leave(limiter, now), now)


def pace_after(limiter: PacedLog, now: float) -> float:
    return limiter.usage(now).pace


def test_a_refusal_pauses_both_lanes() -> None:
    limiter = lite()
    assert refuse(limiter, 10.0, retry_after=5.0) == 15.0
    assert limiter.usage(10.0).paused_until == 15.0
    assert limiter.ready_at(TRANSACTIONAL, 1, 10.0) == pytest.approx(15.0)
    assert limiter.ready_at(BULK, 1, 10.0) == pytest.approx(15.0)


def test_the_latest_retry_after_ends_the_pause() -> None:
    limiter = lite()
    permits = [leave(limiter, 0.0) for _ in range(3)]
    for permit, asked in zip(permits, [2.0, 9.0, 4.0], strict=True):
        limiter.refused(permit, 1.0, retry_after=asked, jitter=0.0)
    assert limiter.usage(1.0).paused_until == 10.0


def test_a_refused_request_counts_as_answered() -> None:
    limiter = lite()
    refuse(limiter, 0.0)
    assert limiter.usage(0.0).in_flight == 0
    assert limiter.usage(0.0).used == 1


@pytest.mark.parametrize("lane", [TRANSACTIONAL, BULK])
def test_both_lanes_are_paced_for_a_window_after_a_pause(lane: Lane) -> None:
    limiter = lite()
    refuse(limiter, 0.0, retry_after=5.0)
    leave(limiter, 5.0, lane)
    slot = 60 / pace_after(limiter, 5.0)
    assert limiter.ready_at(lane, 1, 5.0) == pytest.approx(5.0 + slot)


def test_there_is_no_catch_up_for_a_window_after_a_pause() -> None:
    limiter = lite()
    refuse(limiter, 0.0, retry_after=5.0)
    leave(limiter, 30.0, BULK)
    assert limiter.ready_at(BULK, 1, 30.0) > 30.5


def test_a_window_later_transactional_requests_leave_at_once_again() -> None:
    limiter = lite()
    refuse(limiter, 0.0, retry_after=5.0)
    leave(limiter, 65.0)
    leave(limiter, 65.0)


def test_what_a_burst_owed_the_pacer_ends_with_the_pause() -> None:
    limiter = lite()
    permits = [leave(limiter, 0.0) for _ in range(50)]
    limiter.refused(permits[0], 0.5, retry_after=2.0, jitter=0.0)
    assert limiter.ready_at(BULK, 1, 0.5) == pytest.approx(2.5)


def test_no_transactional_request_is_paced_for_more_than_a_window() -> None:
    limiter = lite()
    refuse(limiter, 0.0, retry_after=5.0)
    assert limiter.ready_at(TRANSACTIONAL, 100, 5.0) == 65.0


@pytest.mark.parametrize("junk", [None, 0.0, -3.0, math.nan, -math.inf])
def test_an_unusable_retry_after_backs_off_from_a_second(junk: float | None) -> None:
    assert refuse(lite(), 10.0, retry_after=junk) == 11.0


@pytest.mark.parametrize("long", [1e9, math.inf])
def test_nothing_pauses_for_more_than_an_hour(long: float) -> None:
    assert refuse(lite(), 0.0, retry_after=long) == LONGEST_PAUSE == 3600.0


def test_backing_off_doubles_up_to_a_minute() -> None:
    limiter = lite()
    pauses, now = [], 0.0
    for _ in range(8):
        until = refuse(limiter, now, retry_after=None)
        pauses.append(until - now)
        now = until + 1.0
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_refusals_of_one_epoch_back_off_once() -> None:
    limiter = lite()
    permits = [leave(limiter, 0.0) for _ in range(50)]
    for permit in permits:
        limiter.refused(permit, 1.0, retry_after=None, jitter=0.0)
    assert limiter.usage(1.0).paused_until == 2.0


def test_an_answer_ends_the_doubling() -> None:
    limiter = lite()
    refuse(limiter, 0.0, retry_after=None)
    accept(limiter, 2.0)
    assert refuse(limiter, 10.0, retry_after=None) == 11.0


def test_jitter_stretches_a_back_off() -> None:
    limiter = lite()
    permit = leave(limiter, 0.0)
    assert limiter.refused(permit, 0.0, retry_after=None, jitter=0.5) == 1.25


def test_the_first_refusal_costs_a_margin() -> None:
    limiter = lite()
    refuse(limiter, 0.0)
    assert pace_after(limiter, 1.0) == pytest.approx(98.05, abs=0.02)


def test_refusals_of_one_epoch_teach_once() -> None:
    limiter = lite()
    permits = [leave(limiter, 0.0) for _ in range(50)]
    for permit in permits:
        limiter.refused(permit, 1.0, retry_after=1.0, jitter=0.0)
    assert pace_after(limiter, 2.0) == pytest.approx(98.05, abs=0.02)


def test_a_pause_that_was_too_short_teaches_nothing_more() -> None:
    limiter = lite()
    refuse(limiter, 0.0, retry_after=1.0)
    refuse(limiter, 2.0, retry_after=1.0)
    assert pace_after(limiter, 3.0) == pytest.approx(98.05, abs=0.02)


def test_the_margin_fades_after_half_an_hour() -> None:
    limiter = lite()
    refuse(limiter, 0.0)
    assert pace_after(limiter, 1799.0) == pytest.approx(98.05, abs=0.02)
    assert pace_after(limiter, 1870.0) == pytest.approx(99.0)


def refused_twice() -> PacedLog:
    limiter = lite()
    refuse(limiter, 0.0)
    accept(limiter, 10.0)
    refuse(limiter, 100.0)
    return limiter


def test_a_second_refusal_soon_after_cuts_the_rate() -> None:
    assert pace_after(refused_twice(), 100.0) == pytest.approx(83.2, abs=0.1)


def test_the_rate_returns_along_a_cubic_curve() -> None:
    limiter = refused_twice()
    paces = [pace_after(limiter, 100.0 + minute * 60) for minute in range(16)]
    steps = [after - before for before, after in pairwise(paces)]
    assert steps == sorted(steps, reverse=True)
    assert paces[15] == pytest.approx(98.05, abs=0.02)


def test_a_later_refusal_of_a_recovered_rate_costs_a_margin_again() -> None:
    limiter = lite()
    refuse(limiter, 0.0)
    accept(limiter, 10.0)
    refuse(limiter, 400.0)
    assert pace_after(limiter, 401.0) == pytest.approx(97.1, abs=0.05)


def test_a_cut_lowers_what_a_transactional_burst_may_use() -> None:
    limiter = refused_twice()
    now = 100.0 + 62.0
    leaving = [limiter.take(TRANSACTIONAL, 1, now) for _ in range(100)]
    assert 80 <= sum(permit is not None for permit in leaving) <= 88


def test_a_heavy_request_is_never_locked_out_by_a_cut() -> None:
    limiter = refused_twice()
    assert limiter.ready_at(TRANSACTIONAL, 100, 300.0) <= 300.0


@pytest.mark.parametrize("requests", [1, 2, 1_000_000])
def test_any_number_of_refusals_leaves_a_pace(requests: int) -> None:
    limiter = PacedLog(Rate(requests), now=0.0)
    now = 0.0
    for _ in range(60):
        now = limiter.ready_at(TRANSACTIONAL, 1, now) + 0.01
        refuse(limiter, now)
        now = limiter.ready_at(TRANSACTIONAL, 1, now) + 0.01
        accept(limiter, now)
    assert requests / 200 < pace_after(limiter, now) < requests


def test_what_the_server_says_is_left_is_all_that_leaves() -> None:
    limiter = lite()
    limiter.observe(0.0, remaining=2, resets_in=30.0)
    leave(limiter, 1.0)
    leave(limiter, 1.0)
    assert limiter.ready_at(TRANSACTIONAL, 1, 1.0) == 30.0
    leave(limiter, 30.0)


def test_those_in_flight_are_taken_from_what_is_left() -> None:
    limiter = lite()
    leave(limiter, 0.0)
    limiter.observe(0.0, remaining=1, resets_in=30.0)
    assert limiter.take(TRANSACTIONAL, 1, 0.0) is None


@pytest.mark.parametrize("junk", [None, 0.0, -1.0, math.nan])
def test_a_rest_without_a_reset_says_nothing(junk: float | None) -> None:
    limiter = lite()
    limiter.observe(0.0, remaining=0, resets_in=junk)
    leave(limiter, 0.0)
