"""What clients share, and what they tell."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from stackverify import (
    AsyncClient,
    Event,
    Lane,
    Paused,
    RateWait,
    RequestFinished,
    RequestStarted,
    Retry,
    RetryScheduled,
    Sms,
    Tier,
)
from stackverify._async._concurrency import sleep
from stackverify.errors import ConfigurationError, DeadlineError, SendServerError
from stackverify.limiters import AsyncLimiter, Rate
from stackverify.sandbox import Exchange, Reply, Sandbox

pytestmark = pytest.mark.anyio

NUMBER = "+254712345678"
FAST = "enterprise:60000"


def client_of(sandbox: Sandbox, **settings: Any) -> AsyncClient:
    settings = {"base_url": sandbox.base_url, "tier": FAST, **settings}
    return AsyncClient(sandbox.api_key, **settings)


def reply_first(sandbox: Sandbox, *replies: Reply | None) -> None:
    """Have the next requests answered so; `None` lets one through."""
    left: Iterator[Reply | None] = iter(replies)

    def step(exchange: Exchange) -> Reply | None:
        return next(left, None)

    sandbox.steps.insert(0, step)


def too_fast(seconds: float) -> Reply:
    headers = (("retry-after", str(seconds)),)
    return Reply(429, {"message": "Too many requests."}, headers)


BROKEN = Reply(500, {"message": "Broken."})


async def test_two_clients_of_a_key_share_its_limiter(sandbox: Sandbox) -> None:
    async with client_of(sandbox) as one, client_of(sandbox) as other:
        await one.sms.send(NUMBER, "hi")
        assert other.limiter.usage().used == 1


async def test_a_pause_of_one_client_holds_the_other_back(sandbox: Sandbox) -> None:
    events: list[Event] = []
    once = Retry(rate_limited=0)
    reply_first(sandbox, too_fast(0.3))
    async with (
        client_of(sandbox, retry=once) as one,
        client_of(sandbox, hooks=[events.append]) as other,
    ):
        with pytest.raises(Exception, match="429"):
            await one.sms.send(NUMBER, "hi")
        await other.sms.send(NUMBER, "hi")
    assert [type(event) for event in events][:1] == [RateWait]


async def test_another_key_has_a_limiter_of_its_own(sandbox: Sandbox) -> None:
    key = sandbox.keys.add().value
    async with (
        client_of(sandbox) as one,
        AsyncClient(key, base_url=sandbox.base_url, tier=FAST) as other,
    ):
        await one.sms.send(NUMBER, "hi")
        assert other.limiter.usage().used == 0


async def test_another_base_url_has_a_limiter_of_its_own(sandbox: Sandbox) -> None:
    elsewhere = sandbox.base_url.replace("127.0.0.1", "localhost")
    async with client_of(sandbox) as one, client_of(sandbox, base_url=elsewhere) as two:
        await one.sms.send(NUMBER, "hi")
        assert two.limiter.usage().used == 0


async def test_a_slash_at_the_end_of_the_base_url_makes_no_difference(
    sandbox: Sandbox,
) -> None:
    base_url = sandbox.base_url + "/"
    async with client_of(sandbox) as one, client_of(sandbox, base_url=base_url) as two:
        await one.sms.send(NUMBER, "hi")
        assert two.limiter.usage().used == 1


async def test_a_second_tier_for_a_key_in_use_is_refused(sandbox: Sandbox) -> None:
    async with client_of(sandbox, tier=Tier.PRO) as client:
        with pytest.raises(ConfigurationError, match="tier pro"):
            client_of(sandbox, tier="lite")
        assert client_of(sandbox, tier="pro").tier == client.tier


async def test_copies_keep_the_tier_of_a_key_in_use(sandbox: Sandbox) -> None:
    copy = client_of(sandbox, tier=Tier.PRO).with_options(timeout=5.0)
    with pytest.raises(ConfigurationError, match="tier pro"):
        client_of(sandbox, tier="lite")
    await copy.aclose()


async def test_a_bulk_send_under_way_keeps_the_tier_of_its_key(
    sandbox: Sandbox,
) -> None:
    outcomes = client_of(sandbox).sms.send_many([Sms(NUMBER, "hi")])
    gc.collect()
    with pytest.raises(ConfigurationError, match="tier enterprise"):
        client_of(sandbox, tier="lite")
    async with outcomes:
        assert [outcome.index async for outcome in outcomes] == [0]


async def test_another_tier_may_be_used_when_all_clients_are_gone(
    sandbox: Sandbox,
) -> None:
    clients = [client_of(sandbox, tier="lite") for _ in range(2)]
    for client in clients:
        async with client:
            await client.sms.send(NUMBER, "hi")
    del client, clients
    gc.collect()
    async with client_of(sandbox, tier="pro") as other:
        assert other.tier == Tier.PRO
        assert other.limiter.rate == Rate(500)


async def test_a_limiter_of_ones_own_is_used_instead(sandbox: Sandbox) -> None:
    limiter = AsyncLimiter(Rate(100))
    async with client_of(sandbox, limiter=limiter) as client:
        await client.sms.send(NUMBER, "hi")
    assert limiter.usage().used == 1


async def test_a_limiter_paces_anything_by_itself() -> None:
    limiter = AsyncLimiter(Rate(3, per=0.5))
    waits = []
    for _ in range(4):
        with await limiter.acquire() as turn:
            waits.append(turn.waited)
            await sleep(0.001)
    assert waits[:3] == [0.0] * 3
    assert 0.3 < waits[3] < 5.0
    assert limiter.usage().in_flight == 0


async def test_a_limiter_by_itself_pauses_all_after_a_refusal() -> None:
    limiter = AsyncLimiter(Rate(1000))
    with await limiter.acquire(Lane.BULK) as turn:
        pause = turn.refused(retry_after=0.2)
    assert 0.1 < pause < 5.0
    with pytest.raises(DeadlineError):
        await limiter.acquire(timeout=0.01)


async def test_a_turn_that_is_given_back_costs_nothing() -> None:
    limiter = AsyncLimiter(Rate(1))
    for _ in range(5):
        turn = await limiter.acquire(timeout=0.1)
        turn.give_back()
    assert limiter.usage().used == 0


async def test_a_copy_shares_limiter_and_connections(sandbox: Sandbox) -> None:
    async with client_of(sandbox, max_connections=1) as client:
        copy = client.with_options(timeout=5.0)
        await client.sms.send(NUMBER, "hi")
        before = sandbox_connections(sandbox)
        await copy.sms.send(NUMBER, "hi")
        assert sandbox_connections(sandbox) == before == 1
        assert copy.limiter.usage().used == 2


def sandbox_connections(sandbox: Sandbox) -> int:
    server = sandbox._server
    assert server is not None
    return len(server.server_state.connections)


async def test_a_copy_has_its_own_options_and_leaves_the_others_alone(
    sandbox: Sandbox,
) -> None:
    events: list[Event] = []
    async with client_of(sandbox) as client:
        await client.with_options(hooks=[events.append]).sms.send(NUMBER, "hi")
        await client.sms.send(NUMBER, "hi")
    assert [type(event) for event in events] == [RequestStarted, RequestFinished]


@pytest.mark.parametrize("error", [ValueError("no"), AssertionError(), StopIteration()])
async def test_a_hook_that_raises_costs_no_message(
    sandbox: Sandbox, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Event] = []

    def raising(event: Event) -> None:
        raise error

    reply_first(sandbox, too_fast(0.01))
    async with client_of(sandbox, hooks=[raising, events.append]) as client:
        receipt = await client.sms.send(NUMBER, "hi")
    assert receipt.message_id == sandbox.messages()[0].message_id
    assert len(events) >= 5
    assert f"A hook raised {type(error).__name__}" in caplog.text


async def test_the_events_of_a_send_say_what_happened(sandbox: Sandbox) -> None:
    events: list[Any] = []
    async with client_of(sandbox, hooks=[events.append]) as client:
        await client.sms.send(NUMBER, "hi")
    started, finished = events
    assert started == RequestStarted("POST", "/sms/send", 1, Lane.TRANSACTIONAL)
    assert finished == RequestFinished(
        "POST", "/sms/send", 1, 200, finished.seconds, None, left=True
    )
    assert finished.seconds > 0


async def test_the_events_of_a_status_hold_no_message_id(sandbox: Sandbox) -> None:
    events: list[Any] = []
    async with client_of(sandbox, hooks=[events.append]) as client:
        message_id = (await client.sms.send(NUMBER, "hi")).message_id
        await client.sms.status(message_id)
    assert events[2] == RequestStarted("GET", "/sms/status", 1, Lane.TRANSACTIONAL)
    assert str(message_id) not in repr(events)


async def test_the_events_of_a_429_say_who_waits_for_how_long(
    sandbox: Sandbox,
) -> None:
    events: list[Any] = []
    reply_first(sandbox, too_fast(0.2))
    async with client_of(sandbox, hooks=[events.append]) as client:
        await client.sms.send(NUMBER, "hi")
    started, paused, finished, retry, wait, again, done = events
    assert isinstance(paused, Paused)
    assert paused.seconds == pytest.approx(0.2, rel=0.6)
    assert (finished.status, finished.left) == (429, True)
    assert retry == RetryScheduled("/sms/send", 2, 0.0, "RateLimitedError")
    assert wait == RateWait("/sms/send", Lane.TRANSACTIONAL, wait.seconds)
    assert wait.seconds >= 0.19
    assert (started.attempt, again.attempt) == (1, 2)
    assert (done.attempt, done.status) == (2, 200)


async def test_the_events_of_a_repeated_read_say_why(sandbox: Sandbox) -> None:
    events: list[Any] = []
    async with client_of(sandbox, retry=Retry(first_wait=0.01)) as client:
        message_id = (await client.sms.send(NUMBER, "hi")).message_id
        reply_first(sandbox, BROKEN)
        heard = client.with_options(hooks=[events.append])
        await heard.sms.status(message_id)
    _, finished, retry, _, _ = events
    assert finished.status == 500
    assert (retry.attempt, retry.reason) == (2, "ServerError")
    assert 0 < retry.wait <= 0.01


async def test_the_events_of_a_failed_connection_say_that_nothing_left(
    unused_address: str,
) -> None:
    events: list[Any] = []
    once = Retry(attempts=1)
    client = AsyncClient(
        "sk_test_example", base_url=unused_address, hooks=[events.append], retry=once
    )
    with pytest.raises(Exception, match="not sent"):
        await client.sms.send(NUMBER, "hi")
    finished = events[-1]
    assert (finished.status, finished.left) == (None, False)
    assert finished.failure == "the connection failed (nobody listens there)"


@pytest.fixture
def unused_address() -> str:
    with Sandbox() as sandbox:
        return sandbox.base_url


async def test_the_events_of_a_lost_answer_say_that_it_left(sandbox: Sandbox) -> None:
    events: list[Any] = []
    sandbox.knobs.latency = 5.0
    async with client_of(sandbox, hooks=[events.append], timeout=0.1) as client:
        with pytest.raises(Exception, match="may have been sent"):
            await client.sms.send(NUMBER, "hi")
    assert (events[-1].status, events[-1].left) == (None, True)
    assert events[-1].failure is not None


async def test_a_server_error_is_announced_with_its_status(sandbox: Sandbox) -> None:
    events: list[Any] = []
    reply_first(sandbox, BROKEN)
    async with client_of(sandbox, hooks=[events.append]) as client:
        with pytest.raises(SendServerError):
            await client.sms.send(NUMBER, "hi")
    assert [event.status for event in events[1:]] == [500]


async def test_bulk_requests_are_announced_in_the_bulk_lane(sandbox: Sandbox) -> None:
    events: list[Any] = []
    async with client_of(sandbox, hooks=[events.append]) as client:
        async for _ in client.sms.send_many([Sms(NUMBER, "hi")]):
            pass
    assert Lane.BULK in [event.lane for event in events if hasattr(event, "lane")]


async def test_the_deadline_covers_the_wait_for_the_rate_limit(
    sandbox: Sandbox,
) -> None:
    async with client_of(sandbox, tier="enterprise:2") as client:
        for _ in range(2):
            await client.sms.send(NUMBER, "hi")
        with pytest.raises(DeadlineError):
            await client.sms.send(NUMBER, "hi", deadline=0.2)
    assert sandbox.requests == 2
    assert client.limiter.usage().in_flight == 0


async def test_the_deadline_covers_a_pause_that_the_service_asks_for(
    sandbox: Sandbox,
) -> None:
    reply_first(sandbox, too_fast(30.0))
    async with client_of(sandbox) as client:
        with pytest.raises(Exception, match="429"):
            await client.sms.send(NUMBER, "hi", deadline=0.5)
    assert sandbox.requests == 1


async def test_the_deadline_of_another_client_does_not_pass_its_pause(
    sandbox: Sandbox,
) -> None:
    reply_first(sandbox, too_fast(30.0))
    async with client_of(sandbox, retry=Retry(rate_limited=0)) as client:
        with pytest.raises(Exception, match="429"):
            await client.sms.send(NUMBER, "hi")
        with pytest.raises(DeadlineError):
            await client_of(sandbox, deadline=0.1).sms.send(NUMBER, "hi")
    assert sandbox.requests == 1


@pytest.mark.parametrize("deadline", [1e-9, 1e-4])
async def test_a_deadline_too_short_for_anything_sends_nothing(
    sandbox: Sandbox, deadline: float
) -> None:
    client = client_of(sandbox)
    with pytest.raises(DeadlineError):
        await client.sms.send(NUMBER, "hi", deadline=deadline)
    assert sandbox.count() == 0
    assert client.limiter.usage().in_flight == 0
    await client.aclose()


async def test_a_client_that_was_never_used_can_be_closed(sandbox: Sandbox) -> None:
    client = client_of(sandbox)
    await client.aclose()
    await client.aclose()


async def test_a_client_can_be_used_before_and_after_it_is_closed(
    sandbox: Sandbox,
) -> None:
    client = client_of(sandbox)
    for _ in range(3):
        await client.sms.send(NUMBER, "hi")
        await client.aclose()
    assert sandbox.count() == 3
