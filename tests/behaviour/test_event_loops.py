"""One AsyncClient, made once for the whole module, in one event loop after another."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
import trio

from stackverify import AsyncClient
from stackverify.sandbox import Sandbox
from tests.recipients import number

TIER = "enterprise:60000"
BACKENDS = ["asyncio", "trio"]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(tier=TIER) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(running: Sandbox) -> AsyncClient:
    """The module's client: never closed, as a module-level one is."""
    return AsyncClient(running.api_key, base_url=running.base_url, tier=TIER)


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    running.knobs.latency = 0.0
    return running


async def send_five(client: AsyncClient, start: int = 0) -> list[str | None]:
    ids: list[str | None] = []

    async def send(row: int) -> None:
        receipt = await client.sms.send(number(row), "hi")
        ids.append(receipt.message_id)

    async with anyio.create_task_group() as group:
        for row in range(start, start + 5):
            group.start_soon(send, row)
    return ids


def test_runs_of_asyncio_follow_one_another(
    sandbox: Sandbox, client: AsyncClient
) -> None:
    ids = [key for _ in range(5) for key in asyncio.run(send_five(client))]
    assert set(ids) == {message.message_id for message in sandbox.messages()}
    assert len(ids) == 25


def test_asyncio_and_trio_take_turns(sandbox: Sandbox, client: AsyncClient) -> None:
    for backend in BACKENDS * 3:
        anyio.run(send_five, client, backend=backend)
    assert sandbox.count() == 30


@pytest.mark.parametrize("backends", [BACKENDS, BACKENDS[:1] * 2, BACKENDS[1:] * 2])
def test_two_loops_run_at_once_in_two_threads(
    sandbox: Sandbox, client: AsyncClient, backends: list[str]
) -> None:
    sandbox.knobs.latency = (0.0, 0.005)
    together = threading.Barrier(2)

    async def send_many_times(start: int) -> dict[str | None, str]:
        sent: dict[str | None, str] = {}
        together.wait(20)
        for row in range(start, start + 40):
            receipt = await client.sms.send(number(row), "hi")
            sent[receipt.message_id] = number(row)
        return sent

    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(anyio.run, send_many_times, start * 1000, backend=backend)
            for start, backend in enumerate(backends)
        ]
        first, second = (run.result() for run in runs)
    truth = {message.message_id: message.to for message in sandbox.messages()}
    assert first | second == truth
    assert len(truth) == 80


@pytest.mark.asyncio
async def test_pytest_asyncio_gives_a_loop_to_this_test(
    sandbox: Sandbox, client: AsyncClient
) -> None:
    assert len(await send_five(client)) == sandbox.count() == 5


@pytest.mark.asyncio
async def test_pytest_asyncio_gives_another_loop_to_this_one(
    sandbox: Sandbox, client: AsyncClient
) -> None:
    assert len(await send_five(client)) == sandbox.count() == 5


@pytest.mark.asyncio
async def test_requests_of_a_cancelled_loop_do_not_disturb_the_next(
    sandbox: Sandbox, client: AsyncClient
) -> None:
    """The next loop is that of whatever test comes after this one."""
    sandbox.knobs.latency = 0.2
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(send_five(client)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert all(task.cancel() for task in tasks)
    assert client.limiter.usage().in_flight == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_in_one_loop_leaves_the_other_alone(
    sandbox: Sandbox, client: AsyncClient, backend: str
) -> None:
    inside, closed = threading.Event(), threading.Event()

    async def send_around() -> list[str | None]:
        ids = await send_five(client)
        inside.set()
        assert await anyio.to_thread.run_sync(closed.wait, 20)
        return ids + await send_five(client, 5)

    async def close() -> None:
        await send_five(client, 10)
        await client.aclose()

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(lambda: anyio.run(send_around, backend=backend))
        assert inside.wait(20)
        anyio.run(close, backend="asyncio")
        closed.set()
        assert len(run.result()) == 10
    assert sandbox.count() == 15


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_closed_client_may_be_used_again(
    sandbox: Sandbox, client: AsyncClient, backend: str
) -> None:
    async def use_twice() -> None:
        for start in (0, 5):
            async with client:
                await send_five(client, start)

    anyio.run(use_twice, backend=backend)
    assert sandbox.count() == 10


@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_while_requests_are_under_way_lets_them_end_and_leaves_no_socket(
    sandbox: Sandbox, client: AsyncClient, backend: str
) -> None:
    """A socket that is left would be a ResourceWarning, which is an error here."""
    sandbox.knobs.latency = 0.2

    async def close_early() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(send_five, client)
            await anyio.sleep(0.1)
            await client.aclose()
        gc.collect()

    anyio.run(close_early, backend=backend)
    gc.collect()
    assert sandbox.count() == 5


def test_a_loop_that_ended_is_let_go(sandbox: Sandbox, client: AsyncClient) -> None:
    async def send() -> "weakref.ref[asyncio.AbstractEventLoop]":
        await send_five(client)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(send())
    gc.collect()
    assert loop() is None


def test_a_trio_run_that_ended_is_let_go(sandbox: Sandbox, client: AsyncClient) -> None:
    async def send() -> "weakref.ref[trio.lowlevel.TrioToken]":
        await send_five(client)
        return weakref.ref(trio.lowlevel.current_trio_token())

    token = trio.run(send)
    gc.collect()
    assert token() is None
