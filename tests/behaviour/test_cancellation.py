"""Sends cancelled at random points: nothing leaks, and no verdict is wrong."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import anyio
import attrs
import pytest

from stackverify import AsyncClient, Event, RequestFinished
from stackverify.limiters import AsyncLimiter, Lane, Rate
from stackverify.sandbox import Sandbox
from tests.recipients import number

pytestmark = pytest.mark.anyio

SENDS = 300
CONNECTIONS = 8
LONGEST = 0.06
CancelAfter = Callable[[float, Callable[[], Awaitable[object]]], Awaitable[None]]


@attrs.define(eq=False)
class Send:
    """One send, and what its events said."""

    row: int
    events: list[Event] = attrs.field(factory=list)
    is_accepted: bool = False

    @property
    def left(self) -> bool:
        return any(
            event.left for event in self.events if isinstance(event, RequestFinished)
        )

    async def run(self, client: AsyncClient) -> None:
        heard = client.with_options(hooks=[self.events.append])
        await heard.sms.send(number(self.row), "hi")
        self.is_accepted = True


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[AsyncClient]:
    """A client with fewer connections than sends, so that some wait for one."""
    client = AsyncClient(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        max_connections=CONNECTIONS,
    )
    async with client:
        yield client
    gc.collect()  # A socket that is left is a ResourceWarning: an error here.


async def by_scope(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    with anyio.move_on_after(seconds):
        await work()


async def by_task(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Cancel as asyncio itself does: once, and through shields of scopes."""
    task = asyncio.ensure_future(work())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None


async def cancel_at_random(
    cancel_after: CancelAfter, works: list[Callable[[], Awaitable[object]]]
) -> None:
    dice = random.Random(SENDS)
    async with anyio.create_task_group() as group:
        for work in works:
            group.start_soon(cancel_after, dice.uniform(0, LONGEST), work)
            await anyio.sleep(dice.uniform(0, 0.002))


async def send_and_cancel(
    cancel_after: CancelAfter, client: AsyncClient, sandbox: Sandbox
) -> list[Send]:
    sandbox.knobs.latency = (0.0, 0.03)
    sends = [Send(row) for row in range(SENDS)]
    await cancel_at_random(cancel_after, [partial(send.run, client) for send in sends])
    return sends


async def check(sends: list[Send], client: AsyncClient, sandbox: Sandbox) -> None:
    await wait_until_quiet(sandbox)
    received = [message.to for message in sandbox.messages()]
    assert len(received) == len(set(received)) <= SENDS
    assert {number(send.row) for send in sends if send.is_accepted} <= set(received)
    assert not {number(send.row) for send in sends if not send.left} & set(received)
    assert 0 < len([send for send in sends if send.is_accepted]) < SENDS
    assert client.limiter.usage().in_flight == 0


async def wait_until_quiet(sandbox: Sandbox) -> None:
    requests = -1
    while requests != sandbox.requests:
        requests = sandbox.requests
        await anyio.sleep(0.1)


async def check_that_all_connections_are_usable(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.reset()
    sandbox.knobs.latency = 0.3
    async with anyio.create_task_group() as group:
        for row in range(CONNECTIONS):
            group.start_soon(client.sms.send, number(row), "hi")
    assert sandbox.peak_in_flight == sandbox.count() == CONNECTIONS


async def test_300_cancelled_sends_leak_nothing_and_are_told_of_truly(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sends = await send_and_cancel(by_scope, client, sandbox)
    await check(sends, client, sandbox)
    await check_that_all_connections_are_usable(client, sandbox)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_300_sends_cancelled_as_tasks_leak_nothing_and_are_told_of_truly(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sends = await send_and_cancel(by_task, client, sandbox)
    await check(sends, client, sandbox)
    await check_that_all_connections_are_usable(client, sandbox)


async def test_300_sends_cancelled_on_connections_that_must_be_made_leak_nothing(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    """Each send but the first few opens a connection: the server keeps none."""
    sends = [Send(row) for row in range(SENDS)]

    async def alone(send: Send) -> None:
        await send.run(client)
        await client.aclose()

    await cancel_at_random(by_scope, [partial(alone, send) for send in sends])
    await wait_until_quiet(sandbox)
    received = {message.to for message in sandbox.messages()}
    assert not {number(send.row) for send in sends if not send.left} & received
    assert client.limiter.usage().in_flight == 0


@pytest.mark.parametrize("lane", list(Lane))
async def test_300_cancelled_waits_for_a_turn_leave_the_limiter_whole(
    lane: Lane,
) -> None:
    limiter = AsyncLimiter(Rate(100, per=0.5))

    async def take_a_turn() -> None:
        with await limiter.acquire(lane):
            await anyio.sleep(0.01)

    await cancel_at_random(by_scope, [take_a_turn] * SENDS)
    assert limiter.usage().in_flight == 0
    turns = [await limiter.acquire(lane, timeout=20) for _ in range(50)]
    assert limiter.usage().in_flight == 50
    for turn in turns:
        turn.settle()
    assert limiter.usage().in_flight == 0


async def test_a_body_cut_short_by_a_cancellation_was_never_a_message(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    """Large enough to be cancelled between its first byte and its last."""
    events: list[Event] = []
    text = "x" * 20_000_000
    heard = client.with_options(hooks=[events.append])
    for seconds in (0.001, 0.003, 0.01, 0.02):
        with anyio.move_on_after(seconds):
            await heard.email.send("a@example.org", subject="Hi", text=text)
    await wait_until_quiet(sandbox)
    finished = [event for event in events if isinstance(event, RequestFinished)]
    assert sandbox.count() <= len([event for event in finished if event.left])
    assert client.limiter.usage().in_flight == 0
