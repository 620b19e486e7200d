"""Connections are used again while that is safe, and only as long."""

from __future__ import annotations

import pytest

from stackverify import AsyncClient, Retry, Sms
from stackverify._async import connections
from stackverify._async._concurrency import FanOut, sleep
from stackverify._core.packing import Packer
from stackverify._process.stop import Stop
from stackverify.reply import Reply
from tests.faulty_server import (
    FaultyServer,
    Script,
    Talk,
    accept_all,
    accepted,
    reply,
    script,
)

pytestmark = pytest.mark.anyio

TO = "+254712345678"
ONCE = Retry(attempts=1)


def client_of(server: FaultyServer) -> AsyncClient:
    return AsyncClient(
        "sk_test_example",
        base_url=server.base_url,
        tier="enterprise:60000",
        retry=ONCE,
        timeout=10.0,
    )


def closes_when_idle(seconds: float, *fields: str) -> Script:
    """Accept what comes, and close when nothing came for so long."""

    def run(talk: Talk) -> None:
        while True:
            try:
                talk.rest(seconds)
            except TimeoutError:
                talk.leave()
                return
            talk.request()
            talk.say(accepted(*fields))

    return run


async def test_one_after_the_other_they_share_one_connection() -> None:
    with FaultyServer(accept_all) as server:
        async with client_of(server) as client:
            for number in range(200):
                await client.sms.send(TO, f"number {number}.")
    assert server.connections == 1
    assert server.posts() == 200


async def test_a_bulk_send_opens_no_more_than_it_has_in_flight() -> None:
    rows = [Sms(TO, f"number {number}.") for number in range(400)]
    with FaultyServer(accept_all) as server:
        async with client_of(server) as client:
            await client.sms.send(TO, "warm")
            outcomes = [each async for each in client.sms.send_many(rows, pack=1)]
            limit = client._transport.in_flight
    assert len(outcomes) == 400
    assert server.connections <= limit
    assert server.posts() == 401


async def test_the_connection_used_last_is_used_next() -> None:
    async def send(pack: list[tuple[int, str]]) -> list[object]:
        return [await client.sms.send(TO, text) for _, text in pack]

    def slow(talk: Talk) -> None:
        while True:
            talk.request()
            seen.append(talk)
            talk.drip(accepted(), every=0.0005)

    seen: list[Talk] = []
    packer: Packer[tuple[int, str]] = Packer(
        1, key=lambda _: None, member=lambda _: None, window=1
    )
    texts = [f"number {number}." for number in range(5)]
    with FaultyServer(slow) as server:
        async with client_of(server) as client:
            crew = FanOut(send, texts, packer=packer, limit=5, stop=Stop())
            assert len([each async for each in crew]) == 5
            opened = server.connections
            for number in range(20):
                await client.sms.send(TO, f"later {number}.")
    assert server.connections == opened > 1
    assert len(set(map(id, seen[-20:]))) == 1


async def test_a_connection_closed_while_idle_is_not_written_to() -> None:
    with FaultyServer(closes_when_idle(0.05)) as server:
        async with client_of(server) as client:
            for number in range(4):
                await client.sms.send(TO, f"number {number}.")
                await sleep(0.3)
    assert server.connections == 4
    assert server.posts() == 4


async def test_a_farewell_while_idle_is_no_reply_to_the_next_send() -> None:
    def bids_farewell(talk: Talk) -> None:
        talk.accept()
        with pytest.raises(TimeoutError):
            talk.rest(0.05)
        talk.say(reply(408))
        talk.hang_up()

    with FaultyServer(bids_farewell) as server:
        async with client_of(server) as client:
            for number in range(3):
                await client.sms.send(TO, f"number {number}.")
                await sleep(0.3)
    assert server.connections == 3
    assert server.posts() == 3


async def test_sending_at_the_idle_limit_meets_no_closed_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The limit is to the server's what 2 s are to 5 s, ten times as fast."""
    monkeypatch.setattr(connections, "_IDLE", 0.2)

    async def send(pack: list[tuple[int, int]]) -> list[object]:
        [(_, number)] = pack
        for _ in range(4):
            await sleep(0.19 + number / 2000)
            await client.sms.send(TO, f"number {number}.")
        return [number]

    packer: Packer[tuple[int, int]] = Packer(
        1, key=lambda _: None, member=lambda _: None, window=1
    )
    with FaultyServer(closes_when_idle(0.5)) as server:
        async with client_of(server) as client:
            crew = FanOut(send, range(40), packer=packer, limit=40, stop=Stop())
            assert len([each async for each in crew]) == 40
    assert server.posts() == 160


async def test_what_the_server_says_of_its_idle_limit_is_heeded_at_half() -> None:
    with FaultyServer(closes_when_idle(1.0, "Keep-Alive: timeout=1")) as server:
        async with client_of(server) as client:
            await client.sms.send(TO, "the first")
            await client.sms.send(TO, "at once")
            assert server.connections == 1
            await sleep(0.6)
            await client.sms.send(TO, "after more than half of it")
    assert server.connections == 2
    assert server.posts() == 3


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("", 2.0),
        ("timeout=5", 2.0),
        ("timeout=3", 1.5),
        ("timeout=1, max=100", 0.5),
        ("max=100, Timeout=1", 0.5),
        ("timeout=0", 0.0),
        ("timeout=-1", 2.0),
        ("timeout=soon", 2.0),
        ("timeout", 2.0),
    ],
)
def test_a_connection_rests_two_seconds_at_most(told: str, seconds: float) -> None:
    assert connections._idle_time(Reply(200, {"keep-alive": told}, b"")) == seconds


async def test_a_server_that_closes_after_each_reply_costs_no_error() -> None:
    closing = script(lambda talk: talk.say(reply(200, b"{}")))
    with FaultyServer(closing) as server:
        async with client_of(server) as client:
            for number in range(10):
                await client.sms.send(TO, f"number {number}.")
    assert server.connections == 10
    assert server.posts() == 10
