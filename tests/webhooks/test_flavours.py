"""Both flavours side by side: which goes with which, and who hears of whom."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from stackverify import AsyncClient, Client
from stackverify.errors import ConfigurationError
from stackverify.webhooks import (
    AsyncMemoryStore,
    AsyncReceiver,
    AsyncRedisStore,
    AsyncSqliteStore,
    MemoryStore,
    Receiver,
    RedisStore,
    SqliteStore,
    sign,
)

SECRET = "whsec_canary"
BODY = b'{"event":"delivery_report","message_id":"sms_1","status":"delivered"}'
URL = "redis://127.0.0.1:1"
NOWHERE = "http://127.0.0.1:1/api/v1"


def test_stores_go_with_receivers_of_their_flavour(tmp_path: Path) -> None:
    file = tmp_path / "seen.db"
    for store in (AsyncMemoryStore(), AsyncSqliteStore(file), AsyncRedisStore(URL)):
        AsyncReceiver(SECRET, store=store)
        with pytest.raises(ConfigurationError, match=type(store).__name__):
            Receiver(SECRET, store=store)  # type: ignore[arg-type]
    for twin in (MemoryStore(), SqliteStore(file), RedisStore(URL)):
        Receiver(SECRET, store=twin)
        with pytest.raises(ConfigurationError, match="other flavour"):
            AsyncReceiver(SECRET, store=twin)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [Receiver, AsyncReceiver])
@pytest.mark.parametrize("store", ["seen.db", {}, object()])
def test_what_is_no_store_is_refused_where_it_is_given(kind: Any, store: Any) -> None:
    with pytest.raises(ConfigurationError, match="give one of the stores"):
        kind(SECRET, store=store)


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "9"])
def test_a_memory_of_no_size_is_refused(size: int) -> None:
    with pytest.raises(ConfigurationError, match="size"):
        MemoryStore(size)


def test_a_memory_that_is_full_forgets_the_oldest() -> None:
    store = MemoryStore(2)
    for number, key in enumerate("abca"):
        old = store.read(key, now=0.0)
        assert store.swap(key, old, str(number), now=0.0, keep=10.0)
    assert [store.read(key, now=9.0) for key in "abc"] == ["3", None, "2"]
    assert len(store) == 2


def test_a_memory_forgets_what_is_over_when_something_comes() -> None:
    store = MemoryStore()
    for number in range(100):
        store.swap(str(number), None, "x", now=float(number), keep=10.0)
    assert len(store) == 10


def test_asynchronous_waiters_hear_what_a_synchronous_receiver_takes() -> None:
    receiver = Receiver(SECRET)
    client = AsyncClient("sk_test_example", base_url=NOWHERE, receiver=receiver)

    def take() -> None:
        with receiver.receive(BODY, sign(BODY, SECRET)):
            pass

    async def wait() -> str:
        asyncio.get_running_loop().call_later(0.05, threading.Thread(target=take).start)
        return (await client.sms.wait("sms_1", timeout=30)).status

    assert asyncio.run(wait()) == "delivered"


def test_threads_hear_what_an_asynchronous_receiver_takes() -> None:
    receiver = AsyncReceiver(SECRET)
    client = Client("sk_test_example", base_url=NOWHERE, receiver=receiver)
    heard: list[str] = []

    def wait() -> None:
        heard.append(client.sms.wait("sms_1", timeout=30).status)

    async def take() -> None:
        await asyncio.sleep(0.05)
        async with await receiver.receive(BODY, sign(BODY, SECRET)):
            pass

    waiter = threading.Thread(target=wait)
    waiter.start()
    asyncio.run(take())
    waiter.join(30)
    assert heard == ["delivered"]


def test_a_receiver_made_at_import_serves_one_event_loop_after_another() -> None:
    receiver = AsyncReceiver(SECRET)

    async def take() -> str:
        async with await receiver.receive(BODY, sign(BODY, SECRET)) as reception:
            return reception.verdict.value

    assert [asyncio.run(take()) for _ in range(3)] == ["new", "repeated", "repeated"]


def test_a_handler_that_is_cancelled_gives_its_event_back() -> None:
    receiver = AsyncReceiver(SECRET)

    async def take(seconds: float) -> str:
        async with await receiver.receive(BODY, sign(BODY, SECRET)) as reception:
            await asyncio.sleep(seconds)
            return reception.verdict.value

    async def main() -> str:
        task = asyncio.create_task(take(30.0))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await take(0.0)

    assert asyncio.run(main()) == "new"
