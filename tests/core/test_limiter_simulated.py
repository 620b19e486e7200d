"""What the limiter reaches against five servers, in virtual time."""

import pytest

from benchmarks.bench_limiter import STRATEGIES, NoLimiter
from benchmarks.simulator import Burst, Result, Scenario, simulate

MODES = ["fixed", "sliding", "counter", "bucket", "gcra"]
# The sliding counter is the strictest: it has figures of its own.
OTHERS = ["fixed", "sliding", "bucket", "gcra"]
HOUR = 3600.0

every_mode = pytest.mark.parametrize("mode", MODES)
other_modes = pytest.mark.parametrize("mode", OTHERS)


def refused_between(result: Result, begin: float, end: float) -> int:
    return sum(begin <= at < end for at in result.refused_at)


@other_modes
@pytest.mark.parametrize("requests", [100, 500])
def test_reaches_the_rate_without_a_refusal(mode: str, requests: int) -> None:
    result = simulate(Scenario(mode, requests=requests))
    assert result.share >= 0.989
    assert not result.refused_at


@other_modes
@pytest.mark.parametrize("seed", range(1, 6))
def test_luck_plays_no_part_in_it(mode: str, seed: int) -> None:
    result = simulate(Scenario(mode, seed=seed))
    assert result.share >= 0.989
    assert not result.refused_at


@pytest.mark.parametrize("seed", range(12))
def test_a_sliding_counter_refuses_at_most_two_an_hour(seed: int) -> None:
    result = simulate(Scenario("counter", seed=seed, seconds=HOUR))
    assert result.share >= 0.98
    assert len(result.refused_at) <= 2


@pytest.mark.parametrize("seed", range(3))
def test_a_sliding_counter_refuses_none_of_500_a_minute(seed: int) -> None:
    result = simulate(Scenario("counter", requests=500, seed=seed, seconds=HOUR))
    assert result.share >= 0.989
    assert not result.refused_at


@every_mode
@pytest.mark.parametrize("restart", [31.0, 60.5, 95.3, 119.9, 170.1, 222.2])
def test_a_restart_costs_at_most_one_refusal(mode: str, restart: float) -> None:
    for seed in range(4):
        scenario = Scenario(mode, seed=seed, seconds=restart + 125, restarts=(restart,))
        after = refused_between(simulate(scenario), restart, restart + 125)
        assert after <= 1


@other_modes
def test_restarting_over_and_over_is_no_way_around(mode: str) -> None:
    restarts = tuple(7.7 * n for n in range(1, 70))
    result = simulate(Scenario(mode, seconds=600.0, restarts=restarts))
    assert not result.refused_at


@every_mode
@pytest.mark.parametrize("seed", range(3))
def test_a_one_time_password_waits_about_a_second_at_most(mode: str, seed: int) -> None:
    result = simulate(Scenario(mode, seed=seed, single_every=(5.0, 15.0)))
    assert len(result.waits) > 150
    assert result.longest_wait <= 1.1
    assert result.wait_p99 <= 0.9


@other_modes
def test_transactional_sends_do_not_break_the_pace(mode: str) -> None:
    result = simulate(Scenario(mode, single_every=(1.0, 5.0)))
    assert result.share >= 0.989
    assert not result.refused_at


@other_modes
def test_bursts_of_transactional_sends_are_made_up_for(mode: str) -> None:
    bursts = tuple(Burst(30.0 + 120 * n, 8) for n in range(14))
    result = simulate(Scenario(mode, bursts=bursts))
    assert result.share >= 0.989
    assert not result.refused_at


@other_modes
def test_late_timers_cost_nothing(mode: str) -> None:
    result = simulate(Scenario(mode, lateness=0.02))
    assert result.share >= 0.989
    assert not result.refused_at


@other_modes
@pytest.mark.parametrize("per", [1.0, 3600.0])
def test_other_windows_work_alike(mode: str, per: float) -> None:
    seconds = 30.0 if per == 1.0 else 6 * per
    scenario = Scenario(
        mode, requests=100, per=per, seconds=seconds, fastest=0.001, slowest=0.01
    )
    result = simulate(scenario)
    assert result.share >= 0.97
    assert not result.refused_at


@other_modes
def test_heavy_requests_keep_the_rate_too(mode: str) -> None:
    result = simulate(Scenario(mode, weight=5))
    assert result.share >= 0.98
    assert not result.refused_at


@every_mode
@pytest.mark.parametrize("allowed", [80, 33])
def test_a_server_that_allows_less_is_found_out(mode: str, allowed: int) -> None:
    scenario = Scenario(mode, server_requests=allowed, seconds=2 * HOUR)
    result = simulate(scenario)
    assert result.share >= 0.9
    assert refused_between(result, HOUR, 2 * HOUR) <= 8


@every_mode
def test_a_server_that_never_says_how_long_is_survived(mode: str) -> None:
    scenario = Scenario(mode, server_requests=50, seconds=HOUR, tells_retry_after=False)
    result = simulate(scenario)
    assert result.share >= 0.85
    assert len(result.refused_at) <= 40


def test_the_same_seed_gives_the_same_result() -> None:
    scenario = Scenario("counter", seed=7, single_every=(5.0, 15.0))
    assert simulate(scenario) == simulate(scenario)


@pytest.mark.parametrize("mode", ["fixed", "sliding", "counter", "gcra"])
def test_a_token_bucket_of_the_whole_rate_is_refused(mode: str) -> None:
    result = simulate(Scenario(mode), STRATEGIES["token bucket of N"])
    assert len(result.refused_at) > 10


@pytest.mark.parametrize("mode", ["sliding", "counter"])
def test_a_pacer_alone_is_refused(mode: str) -> None:
    result = simulate(Scenario(mode), STRATEGIES["pacer alone"])
    assert len(result.refused_at) > 10


@every_mode
def test_without_a_limiter_refusals_abound(mode: str) -> None:
    result = simulate(Scenario(mode, seconds=90.0), lambda rate, now: NoLimiter())
    assert len(result.refused_at) >= 50
