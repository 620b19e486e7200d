"""Prints what share of the ideal rate many sends at once reach.

Run it with `python -m benchmarks.bench_fanout`. Each answer takes 30 ms, so the ideal
is in flight / 30 ms.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping

import httpx

from benchmarks.harness import rounds, serving, show
from benchmarks.senders import BARE, HEADERS, KEY, OURS, TIER
from stackverify import AsyncClient, Client, Sms

__all__ = ["main"]

_LATENCY = 0.03
_IN_FLIGHT = (50, 200)
_SENDS = 2_000
_ROUNDS = 3
_Measured = tuple[float, float]
"""Sends a second, and CPU seconds a send."""
_Send = Callable[[str, int], _Measured]


def main() -> None:
    """Print a table for each number in flight."""
    with serving() as server:
        url = server.url(latency=round(_LATENCY * 1000))
        for in_flight in _IN_FLIGHT:
            best: defaultdict[str, _Measured] = defaultdict(lambda: (0.0, 0.0))
            for order in rounds(_WAYS, _ROUNDS):
                for name, send in order:
                    best[name] = max(best[name], send(url, in_flight))
            _show(in_flight, best)


def _rows(count: int) -> Iterator[Sms]:
    return (Sms(f"+2547{n:08}", f"Dear customer {n}.") for n in range(count))


class _Watch:
    """Measures from here on; what went before opened the connections."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> _Measured:
        cpu = time.process_time() - self._cpu
        return _SENDS / (time.perf_counter() - self._began), cpu / _SENDS


async def _ours(url: str, in_flight: int) -> _Measured:
    async with AsyncClient(
        KEY, base_url=url, tier=TIER, max_connections=in_flight
    ) as client:

        async def send(count: int) -> None:
            async for _ in client.sms.send_many(_rows(count), pack=1):
                pass

        return await _timed(send, in_flight)


async def _gathered(url: str, in_flight: int) -> _Measured:
    """What one would write: a task for each row, behind a semaphore."""
    gate = asyncio.Semaphore(in_flight)
    async with httpx.AsyncClient(headers=HEADERS, timeout=60) as client:

        async def send_one(row: Sms) -> str:
            async with gate:
                fields = {"to": row.to, "message": row.text}
                reply = await client.post(f"{url}/sms/send", json=fields)
                return str(reply.raise_for_status().json()["message_id"])

        async def send(count: int) -> None:
            await asyncio.gather(*map(send_one, _rows(count)))

        return await _timed(send, in_flight)


async def _timed(send: Callable[[int], Awaitable[None]], in_flight: int) -> _Measured:
    await send(2 * in_flight)
    watch = _Watch()
    await send(_SENDS)
    return watch.read()


def _ours_sync(url: str, in_flight: int) -> _Measured:
    with Client(KEY, base_url=url, tier=TIER, max_connections=in_flight) as client:
        for _ in client.sms.send_many(_rows(2 * in_flight), pack=1):
            pass
        watch = _Watch()
        for _ in client.sms.send_many(_rows(_SENDS), pack=1):
            pass
        return watch.read()


_WAYS: Mapping[str, _Send] = {
    f"{OURS}, send_many, asynchronous": lambda *how: asyncio.run(_ours(*how)),
    f"{OURS}, send_many, threads": _ours_sync,
    f"{BARE}, gather + semaphore": lambda *how: asyncio.run(_gathered(*how)),
}


def _show(in_flight: int, best: Mapping[str, _Measured]) -> None:
    ideal = in_flight / _LATENCY
    show(
        f"{in_flight} in flight at {_LATENCY * 1000:.0f} ms: best of {_ROUNDS}, of an "
        f"ideal {ideal:,.0f} sends a second",
        ["", "sends/s", "of the ideal", "µs CPU a send"],
        [
            [name, f"{rate:,.0f}", f"{rate / ideal:.0%}", f"{cost * 1e6:.0f}"]
            for name, (rate, cost) in ((name, best[name]) for name in _WAYS)
        ],
    )


if __name__ == "__main__":
    main()
