"""Prints what share of the ideal rate many sends at once reach.

Run it with `python -m benchmarks.bench_fanout`. Each answer takes 30 ms, so the ideal
is in flight / 30 ms.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping

import httpx

from benchmarks.harness import Server, rounds, serving, show
from benchmarks.senders import BARE, HEADERS, KEY, OURS, TIER
from stackverify import AsyncClient, Client, Sms

__all__ = ["main"]

_LATENCY = 30
_IN_FLIGHT = (50, 200)
_SECONDS = 1.0
_ROUNDS = 3
_Rates = defaultdict[str, list[tuple[float, float]]]


def main() -> None:
    """Print a table for each number in flight."""
    with serving() as server:
        for in_flight in _IN_FLIGHT:
            _show(in_flight, _measure(server, in_flight))


def _measure(server: Server, in_flight: int) -> _Rates:
    count = round(in_flight * _SECONDS / (_LATENCY / 1000))
    url = server.url(latency=_LATENCY)
    measured: _Rates = defaultdict(list)
    for order in rounds(_WAYS, _ROUNDS):
        for name, send_all in order:
            began, cpu = time.perf_counter(), time.process_time()
            send_all(url, count, in_flight)
            seconds = time.perf_counter() - began
            cost = (time.process_time() - cpu) / count
            measured[name].append((count / seconds, cost))
    return measured


def _rows(count: int) -> list[Sms]:
    return [
        Sms(f"+2547{n:08}", f"Dear customer {n}, it is on its way.")
        for n in range(count)
    ]


async def _ours(url: str, count: int, in_flight: int) -> None:
    async with AsyncClient(
        KEY, base_url=url, tier=TIER, max_connections=in_flight
    ) as client:
        async for _ in client.sms.send_many(_rows(count), pack=1):
            pass


def _ours_sync(url: str, count: int, in_flight: int) -> None:
    with Client(KEY, base_url=url, tier=TIER, max_connections=in_flight) as client:
        for _ in client.sms.send_many(_rows(count), pack=1):
            pass


async def _gathered(url: str, count: int, in_flight: int) -> None:
    """What one would write: a task for each row, behind a semaphore."""
    gate = asyncio.Semaphore(in_flight)
    async with httpx.AsyncClient(headers=HEADERS, timeout=60) as client:

        async def send(row: Sms) -> object:
            async with gate:
                fields = {"to": row.to, "message": row.text}
                reply = await client.post(f"{url}/sms/send", json=fields)
                return reply.raise_for_status().json()["message_id"]

        await asyncio.gather(*map(send, _rows(count)))


_SendAll = Callable[[str, int, int], None]


def _run(send_all: Callable[[str, int, int], Awaitable[None]]) -> _SendAll:
    async def run(url: str, count: int, in_flight: int) -> None:
        await send_all(url, count, in_flight)

    return lambda *how: asyncio.run(run(*how))


_WAYS: Mapping[str, _SendAll] = {
    f"{OURS}, send_many, asynchronous": _run(_ours),
    f"{OURS}, send_many, threads": _ours_sync,
    f"{BARE}, gather + semaphore": _run(_gathered),
}


def _show(in_flight: int, measured: _Rates) -> None:
    ideal = in_flight / (_LATENCY / 1000)
    show(
        f"{in_flight} in flight at {_LATENCY} ms, clients opened and closed: best of "
        f"{_ROUNDS}, of an ideal {ideal:,.0f} sends a second",
        ["", "sends/s", "of the ideal", "µs CPU a send"],
        [
            [name, f"{rate:,.0f}", f"{rate / ideal:.0%}", f"{cost * 1e6:.0f}"]
            for name, (rate, cost) in ((n, max(measured[n])) for n in _WAYS)
        ],
    )


if __name__ == "__main__":
    main()
