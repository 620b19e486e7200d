"""Clients that were used before a fork, in the parent and in its children."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import anyio
import httpx
import pytest

from stackverify import AsyncClient, Client, Sms
from stackverify.errors import ConfigurationError
from stackverify.sandbox import Sandbox
from tests.behaviour.processes import FORK_WARNING, fork
from tests.recipients import number

pytestmark = pytest.mark.filterwarnings(FORK_WARNING)

TIER = "enterprise:60000"
BACKENDS = ["asyncio", "trio"]
Sent = dict[str | None, str]


def truth(sandbox: Sandbox) -> Sent:
    return {message.message_id: message.to for message in sandbox.messages()}


def send(client: Client, rows: Iterable[int]) -> Sent:
    """Send; tell whose receipt each message's id came in."""
    return {client.sms.send(number(row), "hi").message_id: number(row) for row in rows}


async def send_async(client: AsyncClient, rows: Iterable[int]) -> Sent:
    return {
        (await client.sms.send(number(row), "hi")).message_id: number(row)
        for row in rows
    }


async def send_from_tasks(client: AsyncClient, rows: Iterable[int]) -> Sent:
    """Send all at once, over as many connections."""
    sent: Sent = {}

    async def one(row: int) -> None:
        sent.update(await send_async(client, [row]))

    async with anyio.create_task_group() as group:
        for row in rows:
            group.start_soon(one, row)
    return sent


def send_in_loop(backend: str, client: AsyncClient, rows: Iterable[int]) -> Sent:
    return anyio.run(send_from_tasks, client, rows, backend=backend)


def rows_of(child: int) -> range:
    return range(child * 1000, child * 1000 + 10)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.api_key, base_url=sandbox.base_url, tier=TIER) as client:
        yield client


@pytest.fixture
def asynchronous(sandbox: Sandbox) -> AsyncClient:
    return AsyncClient(sandbox.api_key, base_url=sandbox.base_url, tier=TIER)


@contextmanager
def busy(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """Do some work over and over in a thread; give what it came to."""
    results: list[Any] = []
    is_over = threading.Event()
    has_begun = threading.Event()

    def toil() -> None:
        while not is_over.is_set():
            results.append(work())
            has_begun.set()

    with ThreadPoolExecutor(1) as pool:
        toiling = pool.submit(toil)
        assert has_begun.wait(20)
        try:
            yield results
        finally:
            is_over.set()
    toiling.result()


def test_each_child_of_a_warm_client_gets_its_own_replies(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.knobs.latency = (0.0, 0.01)
    with ThreadPoolExecutor(8) as pool:
        warm = pool.map(partial(send, client), [rows_of(child) for child in range(8)])
        sent = {key: to for part in warm for key, to in part.items()}
    children = [fork(partial(send, client, rows_of(n))) for n in range(8, 16)]
    sent |= send(client, rows_of(16))
    for child in children:
        sent |= child.result()
    assert sent == truth(sandbox)
    assert len(sent) == 17 * 10


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_child_of_a_warm_async_client_gets_its_own_replies(
    sandbox: Sandbox, asynchronous: AsyncClient, backend: str
) -> None:
    sent = send_in_loop(backend, asynchronous, rows_of(0))
    here = partial(send_in_loop, backend, asynchronous)
    children = [fork(partial(here, rows_of(n))) for n in range(1, 9)]
    sent |= here(rows_of(9))
    for child in children:
        sent |= child.result()
    assert sent == truth(sandbox)
    assert len(sent) == 10 * 10


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("other", BACKENDS)
def test_children_are_safe_from_the_open_connections_of_a_running_loop(
    sandbox: Sandbox, asynchronous: AsyncClient, backend: str, other: str
) -> None:
    row = iter(range(10**6, 10**7))

    async def keep_sending(
        is_over: threading.Event, has_begun: threading.Event
    ) -> Sent:
        sent: Sent = {}
        while not is_over.is_set():
            sent |= await send_async(asynchronous, [next(row)])
            has_begun.set()
        return sent

    is_over, has_begun = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        run = partial(anyio.run, keep_sending, is_over, has_begun, backend=backend)
        parent = pool.submit(run)
        assert has_begun.wait(20)
        work = partial(send_in_loop, other, asynchronous)
        children = [fork(partial(work, rows_of(n))) for n in range(6)]
        results = [child.result() for child in children]
        is_over.set()
    sent = {key: to for part in (parent.result(), *results) for key, to in part.items()}
    assert sent == truth(sandbox)


def test_a_child_forked_inside_a_running_loop_has_a_loop_of_its_own(
    sandbox: Sandbox, asynchronous: AsyncClient
) -> None:
    async def send_and_fork() -> Sent:
        sent = await send_from_tasks(asynchronous, rows_of(0))
        children = [
            fork(lambda n=n: asyncio.run(send_from_tasks(asynchronous, rows_of(n))))
            for n in range(1, 4)
        ]
        sent |= await send_from_tasks(asynchronous, rows_of(4))
        for child in children:
            sent |= await asyncio.to_thread(child.result)
        await asynchronous.aclose()
        return sent

    assert asyncio.run(send_and_fork()) == truth(sandbox)
    assert sandbox.count() == 50


def test_children_forked_between_the_requests_of_busy_threads_do_not_hang(
    sandbox: Sandbox, client: Client
) -> None:
    rows = iter(range(10**6, 10**7))
    with ExitStack() as stack:
        parts = [
            stack.enter_context(busy(lambda: send(client, [next(rows)])))
            for _ in range(6)
        ]
        children = [fork(partial(send, client, rows_of(n))) for n in range(12)]
        results = [child.result() for child in children]
    for part in parts:
        results += part
    sent = {key: to for part in results for key, to in part.items()}
    assert sent == truth(sandbox)


def locks_of_ours() -> list[Any]:
    ours = [
        thing
        for thing in gc.get_objects()
        if str(type(thing).__module__).startswith("stackverify._")
    ]
    return [
        value
        for thing in ours
        for value in getattr(thing, "__dict__", {}).values()
        if isinstance(value, type(threading.Lock()))
    ]


def test_a_lock_that_another_thread_holds_does_not_stop_a_child(
    sandbox: Sandbox, client: Client
) -> None:
    send(client, [0])
    held = locks_of_ours()
    assert len(held) >= 3
    for lock in held:
        lock.acquire()
    child = fork(partial(send, client, [1]))
    for lock in held:
        lock.release()
    assert list(child.result().values()) == [number(1)]


def test_a_child_sends_in_bulk(sandbox: Sandbox, client: Client) -> None:
    def send_many() -> list[str]:
        rows = (Sms(number(row), "hi") for row in range(50))
        return [outcome.message.to for outcome in client.sms.send_many(rows, pack=1)]

    send(client, [10**6])
    child = fork(send_many)
    assert sorted(child.result()) == [number(row) for row in range(50)]


def test_a_child_of_a_child_gets_its_own_replies(
    sandbox: Sandbox, client: Client
) -> None:
    send(client, [0])

    def generation() -> Sent:
        sent = send(client, [1])
        return sent | fork(partial(send, client, [2])).result()

    sent = fork(generation).result() | send(client, [3])
    assert sent.items() <= truth(sandbox).items()
    assert sorted(sent.values()) == [number(row) for row in (1, 2, 3)]


def test_a_child_counts_no_request_of_its_parent_as_under_way(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.knobs.latency = 0.5
    with ThreadPoolExecutor(4) as pool:
        sends = [pool.submit(send, client, [row]) for row in range(4)]
        while client.limiter.usage().in_flight < 4:
            threading.Event().wait(0.001)
        usage = fork(lambda: client.limiter.usage()).result()
        assert all(sent.result() for sent in sends)
    assert usage.in_flight == 0
    assert usage.used == 4


def test_a_users_own_httpx_client_is_refused_in_a_child(sandbox: Sandbox) -> None:
    with httpx.Client() as http:
        client = Client(
            sandbox.api_key, base_url=sandbox.base_url, tier=TIER, http=http
        )
        send(client, [0])
        error = fork(partial(send, client, [1])).result()
        send(client, [2])
    assert isinstance(error, ConfigurationError)
    assert "make a new one in the child" in str(error)
    assert sorted(truth(sandbox).values()) == [number(0), number(2)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_users_own_async_transport_is_refused_in_a_child(
    sandbox: Sandbox, backend: str
) -> None:
    client = AsyncClient(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier=TIER,
        http=httpx.AsyncHTTPTransport(),
    )
    error = fork(partial(send_in_loop, backend, client, [1])).result()
    assert "make a new one in the child" in repr(error)
    assert sandbox.count() == 0
