"""Prints how many connections are opened for each send.

Run it with `python -m benchmarks.bench_connections`.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AbstractContextManager

from benchmarks.harness import (
    Send,
    SendAsync,
    Server,
    cpu_of_sends,
    cpu_of_tasks,
    serving,
    show,
)
from benchmarks.senders import ASYNC, BARE, OURS, SYNC

__all__ = ["main"]

_IN_FLIGHT = (10, 50, 200)
_SENDS = 2_000
_LATENCY = 10


def main() -> None:
    """Print the table."""
    with serving() as server:
        rows = [
            *(_row(name, server, threads=False) for name in (OURS, BARE)),
            *(_row(name, server, threads=True) for name in (OURS, BARE)),
        ]
    show(
        f"new connections a send, {_SENDS:,} sends at {_LATENCY} ms, by in flight",
        ["", *map(str, _IN_FLIGHT)],
        rows,
    )


def _row(name: str, server: Server, *, threads: bool) -> list[str]:
    cells = [
        _by_threads(SYNC[name](server.url(latency=_LATENCY)), server, in_flight)
        if threads
        else asyncio.run(
            _by_tasks(ASYNC[name](server.url(latency=_LATENCY)), server, in_flight)
        )
        for in_flight in _IN_FLIGHT
    ]
    flavour = "threads" if threads else "asynchronous"
    return [f"{name}, {flavour}", *(f"{cell:.3f}" for cell in cells)]


async def _by_tasks(
    opening: AbstractAsyncContextManager[SendAsync], server: Server, in_flight: int
) -> float:
    async with opening as send:
        # The first send of each opens one; what counts is how it goes on.
        await cpu_of_tasks(send, count=2 * in_flight, in_flight=in_flight)
        before = server.opened()
        await cpu_of_tasks(send, count=_SENDS, in_flight=in_flight)
        return (server.opened() - before) / _SENDS


def _by_threads(
    opening: AbstractContextManager[Send], server: Server, in_flight: int
) -> float:
    with opening as send:
        cpu_of_sends(send, count=2 * in_flight, in_flight=in_flight)
        before = server.opened()
        cpu_of_sends(send, count=_SENDS, in_flight=in_flight)
        return (server.opened() - before) / _SENDS


if __name__ == "__main__":
    main()
