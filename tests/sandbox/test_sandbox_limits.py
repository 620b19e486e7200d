"""The five ways of counting, told the time."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackverify.sandbox.limits import (
    COUNTERS,
    Bucket,
    Counter,
    FixedWindow,
    Gcra,
    SlidingCounter,
    SlidingLog,
)

MINUTE = 1_800_000_000.0  # a multiple of 60


def admitted(counter: Counter, now: float, tries: int) -> int:
    return sum(counter.allow(now) == 0.0 for _ in range(tries))


def test_fixed_window_starts_afresh_at_the_minute() -> None:
    counter = FixedWindow(100)
    assert admitted(counter, MINUTE + 59, 150) == 100
    assert counter.allow(MINUTE + 59.5) == 0.5
    assert admitted(counter, MINUTE + 60, 150) == 100


def test_sliding_log_frees_a_place_a_minute_after_it_was_taken() -> None:
    counter = SlidingLog(2)
    assert [counter.allow(MINUTE + at) for at in (0, 10)] == [0.0, 0.0]
    assert counter.allow(MINUTE + 30) == 30.0
    assert counter.allow(MINUTE + 60) == 0.0
    assert counter.allow(MINUTE + 60) == 10.0


def test_sliding_counter_weighs_the_window_before() -> None:
    counter = SlidingCounter(100)
    assert admitted(counter, MINUTE + 30, 150) == 100
    assert admitted(counter, MINUTE + 60, 1) == 0
    assert admitted(counter, MINUTE + 75, 150) == 25
    assert admitted(counter, MINUTE + 120, 150) == 75


def test_sliding_counter_forgets_after_two_quiet_windows() -> None:
    counter = SlidingCounter(100)
    assert admitted(counter, MINUTE, 150) == 100
    assert admitted(counter, MINUTE + 120, 150) == 100


def test_sliding_counter_says_the_wait_into_the_next_window() -> None:
    counter = SlidingCounter(100)
    admitted(counter, MINUTE, 100)
    wait = counter.allow(MINUTE + 10)
    assert wait == pytest.approx(50 + 60 / 100)


def test_bucket_is_full_at_first_then_refills_evenly() -> None:
    counter = Bucket(120)
    assert admitted(counter, MINUTE, 200) == 120
    assert counter.allow(MINUTE) == pytest.approx(0.5)
    assert admitted(counter, MINUTE + 5, 50) == 10


def test_gcra_takes_a_burst_of_ten_then_wants_spacing() -> None:
    counter = Gcra(60)
    assert admitted(counter, MINUTE, 50) == 10
    assert counter.allow(MINUTE) == pytest.approx(1.0)
    assert admitted(counter, MINUTE + 3, 50) == 3


def test_gcra_admits_requests_that_keep_the_spacing_for_ever() -> None:
    counter = Gcra(500)
    admitted(counter, MINUTE, 10)
    assert all(counter.allow(MINUTE + n * 60 / 500) == 0 for n in range(1, 5000))


@pytest.mark.parametrize("name", COUNTERS)
def test_what_never_fits_waits_for_ever(name: str) -> None:
    assert COUNTERS[name](5).allow(MINUTE, 6) == math.inf


@pytest.mark.parametrize("name", COUNTERS)
def test_units_count_as_so_many_requests(name: str) -> None:
    counter = COUNTERS[name](10)
    assert counter.allow(MINUTE, 8) == 0.0
    assert counter.allow(MINUTE, 3) > 0.0
    assert counter.allow(MINUTE, 2) == 0.0


@pytest.mark.parametrize("name", COUNTERS)
def test_a_refused_request_leaves_no_trace(name: str) -> None:
    patient, pushy = COUNTERS[name](10), COUNTERS[name](10)
    admitted(patient, MINUTE, 10)
    admitted(pushy, MINUTE, 1000)
    assert patient.allow(MINUTE + 20) == pushy.allow(MINUTE + 20)


@pytest.mark.parametrize("name", COUNTERS)
@settings(deadline=None)
@given(
    limit=st.integers(1, 600),
    steps=st.lists(st.floats(0, 30, allow_subnormal=False), max_size=60),
)
def test_waiting_as_long_as_told_is_always_enough(
    name: str, limit: int, steps: list[float]
) -> None:
    counter, now = COUNTERS[name](limit), MINUTE
    for step in steps:
        now += step
        for _ in range(20):
            now += counter.allow(now)
            assert counter.allow(now) >= 0.0
        wait = counter.allow(now)
        assert wait == 0.0 or counter.allow(now + wait) == 0.0
        now += wait


@pytest.mark.parametrize("name", COUNTERS)
@settings(deadline=None)
@given(gaps=st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_way_of_counting_admits_more_than_twice_the_limit_in_a_window(
    name: str, gaps: list[float]
) -> None:
    counter, now, times = COUNTERS[name](7), MINUTE, []
    for gap in gaps:
        now += gap
        times += [now] * (counter.allow(now) == 0.0)
    assert max(sum(t - 60 < u <= t for u in times) for t in times) <= 14
