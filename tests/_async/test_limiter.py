"""The limiter with a real clock: tasks and threads wait, and the rate is kept."""

import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio  # async only
import pytest

from stackverify import AsyncClient, Sms
from stackverify._async._concurrency import sleep
from stackverify.errors import DeadlineError
from stackverify.limiters import AsyncLimiter, Lane, Rate
from stackverify.limiters import Limiter as ThreadLimiter  # async only
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange
from stackverify.sandbox.limits import COUNTERS

pytestmark = pytest.mark.anyio

Together = Callable[..., Awaitable[list[Any]]]


class Counted:
    """A service that notes when each request arrives."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []

    def arrive(self, units: int = 1) -> None:
        self.arrivals += [time.monotonic()] * units

    def closest(self, count: int) -> float:
        """Tell in how short a time more than `count` arrived."""
        at = sorted(self.arrivals)
        return min(b - a for a, b in zip(at, at[count:], strict=False))


@pytest.mark.parametrize("lane", Lane)
async def test_no_window_ever_sees_more_than_the_rate(
    together: Together, lane: Lane
) -> None:
    limiter, service = AsyncLimiter(Rate(20, per=0.4)), Counted()

    async def call(dice: float) -> None:
        with await limiter.acquire(lane):
            await sleep(dice * 0.03)
            service.arrive()
            await sleep((1 - dice) * 0.03)

    dice = random.Random(1)
    await together(call, [dice.random() for _ in range(70)])
    assert len(service.arrivals) == 70
    assert service.closest(20) >= 0.4


async def test_both_lanes_together_keep_the_rate(together: Together) -> None:
    limiter, service = AsyncLimiter(Rate(20, per=0.4)), Counted()

    async def call(lane: Lane) -> None:
        with await limiter.acquire(lane):
            service.arrive()

    await together(call, [Lane.BULK, Lane.TRANSACTIONAL] * 30)
    assert service.closest(20) >= 0.4


async def test_weights_count_as_so_many_requests(together: Together) -> None:
    limiter, service = AsyncLimiter(Rate(10, per=0.3)), Counted()

    async def call(weight: int) -> None:
        with await limiter.acquire(weight=weight):
            service.arrive(weight)

    await together(call, [4, 1, 10, 3, 3, 6, 1, 4])
    assert len(service.arrivals) == 32
    assert service.closest(10) >= 0.3


@pytest.mark.parametrize("weight", [0, -1, 11])
async def test_a_weight_that_never_fits_is_refused(weight: int) -> None:
    limiter = AsyncLimiter(Rate(10, per=0.3))
    with pytest.raises(ValueError, match="weight"):
        await limiter.acquire(weight=weight)


async def test_inside_a_lane_the_first_to_come_is_the_first_to_go(
    together: Together,
) -> None:
    limiter = AsyncLimiter(Rate(8, per=0.8))
    order: list[int] = []

    async def call(place: int) -> None:
        await sleep(place * 0.05)
        with await limiter.acquire(Lane.BULK):
            order.append(place)

    (await limiter.acquire(weight=4)).settle()
    await together(call, range(6))
    assert order == list(range(6))


async def test_transactional_passes_all_that_wait_in_bulk(together: Together) -> None:
    limiter = AsyncLimiter(Rate(4, per=1.6))
    order: list[Lane] = []

    async def call(lane: Lane) -> None:
        await sleep(0.05 * (lane is Lane.TRANSACTIONAL))
        with await limiter.acquire(lane):
            order.append(lane)

    await together(call, [Lane.BULK, Lane.BULK, Lane.TRANSACTIONAL])
    assert order == [Lane.TRANSACTIONAL, Lane.BULK, Lane.BULK]


@pytest.mark.parametrize("lane", Lane)
async def test_a_429_holds_up_everybody(together: Together, lane: Lane) -> None:
    limiter = AsyncLimiter(Rate(1000, per=1.0))
    turn = await limiter.acquire()
    left: list[float] = []

    async def call(place: int) -> None:
        with await limiter.acquire(lane):
            left.append(time.monotonic())

    began = time.monotonic()
    assert turn.refused(retry_after=0.3) >= 0.29
    await together(call, range(5))
    assert min(left) >= began + 0.3


async def test_a_request_that_was_refused_goes_on_before_the_others(
    together: Together,
) -> None:
    limiter = AsyncLimiter(Rate(100, per=10.0))
    order: list[str] = []

    async def call(name: str) -> None:
        await sleep(0.05 * (name == "again"))
        with await limiter.acquire(Lane.BULK, again=name == "again"):
            order.append(name)

    (await limiter.acquire()).refused(retry_after=0.3)
    await together(call, ["first", "second", "again"])
    assert order == ["again", "first", "second"]


async def test_a_request_that_never_left_costs_nothing() -> None:
    limiter = AsyncLimiter(Rate(1, per=60.0))
    for _ in range(5):
        (await limiter.acquire(timeout=1.0)).give_back()
    assert limiter.usage().used == 0


async def test_a_turn_is_settled_once() -> None:
    limiter = AsyncLimiter(Rate(2, per=60.0))
    with await limiter.acquire() as turn:
        turn.settle()
        turn.give_back()
    assert (limiter.usage().used, limiter.usage().in_flight) == (1, 0)


async def test_a_turn_that_comes_too_late_is_refused_without_waiting_for_it() -> None:
    limiter = AsyncLimiter(Rate(1, per=60.0))
    (await limiter.acquire()).settle()
    began = time.monotonic()
    with pytest.raises(DeadlineError):
        await limiter.acquire(timeout=30.0)
    assert time.monotonic() - began < 30.0


async def test_who_waits_behind_others_gives_up_in_time(together: Together) -> None:
    limiter = AsyncLimiter(Rate(1, per=1.0))
    outcomes: list[str] = []

    async def call(timeout: float) -> None:
        await sleep(0.1 * (timeout < 1))
        try:
            with await limiter.acquire(timeout=timeout):
                outcomes.append("went")
        except DeadlineError:
            outcomes.append("gave up")

    (await limiter.acquire()).settle()
    await together(call, [5.0, 0.2, 0.2])
    assert outcomes == ["gave up", "gave up", "went"]
    assert limiter.usage().used == 1


# async only: begin
async def test_a_cancelled_wait_costs_nothing() -> None:
    limiter = AsyncLimiter(Rate(3, per=0.5))
    for _ in range(3):
        (await limiter.acquire()).settle()
    for _ in range(5):
        with anyio.move_on_after(0.01):
            await limiter.acquire()
    assert limiter.usage().used == 3
    for _ in range(3):
        (await limiter.acquire()).settle()
    assert limiter.usage().used == 3


async def test_cancelling_the_first_in_line_lets_the_next_one_go() -> None:
    limiter = AsyncLimiter(Rate(1, per=0.3))
    (await limiter.acquire()).settle()
    went: list[float] = []

    async def wait_its_turn() -> None:
        with await limiter.acquire() as turn:
            went.append(turn.waited)

    async with anyio.create_task_group() as group:
        with anyio.move_on_after(0.05):
            group.start_soon(wait_its_turn)
            await limiter.acquire()
    assert len(went) == 1


async def test_a_thread_and_an_event_loop_share_a_limiter() -> None:
    limiter, service = AsyncLimiter(Rate(20, per=0.4)), Counted()
    of_threads = ThreadLimiter(limiter._turns)

    def work() -> None:
        for _ in range(30):
            with of_threads.acquire():
                service.arrive()

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(30):
        with await limiter.acquire():
            service.arrive()
    await anyio.to_thread.run_sync(thread.join)
    assert len(service.arrivals) == 60
    assert service.closest(20) >= 0.4


# async only: end


def personal(count: int) -> list[Sms]:
    return [Sms(f"+2547{n:08d}", f"Hi {n}") for n in range(count)]


@pytest.mark.parametrize("counting", COUNTERS)
async def test_an_enterprise_rate_meets_no_429_however_it_is_counted(
    counting: str,
) -> None:
    tier = "enterprise:1200"
    with Sandbox(tier=tier, counting=counting, latency=(0.0, 0.05)) as sandbox:
        async with AsyncClient(
            sandbox.api_key, base_url=sandbox.base_url, tier=tier
        ) as client:
            sends = client.sms.send_many(personal(25), pack=1)
            outcomes = [outcome async for outcome in sends]
        assert (sandbox.refusals, sends.summary.rate_limited) == (0, 0)
        assert len(outcomes) == sandbox.count() == 25


async def test_many_short_windows_meet_no_429_however_they_are_counted(
    sandbox: Sandbox,
) -> None:
    counters = {name: count(50, per=0.5) for name, count in COUNTERS.items()}
    refused: Counter[str] = Counter()

    def count_in_all_ways(exchange: Exchange) -> None:
        waits = {name: each.allow(exchange.now) for name, each in counters.items()}
        refused.update(name for name, wait in waits.items() if wait)

    sandbox.steps.insert(0, count_in_all_ways)
    async with AsyncClient(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        limiter=AsyncLimiter(Rate(50, per=0.5)),
    ) as client:
        async for _ in client.sms.send_many(personal(200), pack=1):
            pass
    # A strict counter of an estimate cannot be met for sure, least of all in
    # windows as short as these: at most one in fifty, as promised.
    assert refused.pop("counter", 0) <= 4
    assert (sandbox.count(), refused) == (200, {})
