"""Prints the CPU of one send, by how many are in flight.

Run it with `python -m benchmarks.bench_calls`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack

from benchmarks.harness import (
    Cost,
    Server,
    cpu_of_sends,
    cpu_of_tasks,
    rounds,
    serving,
    show,
)
from benchmarks.senders import ASYNC, OURS, SYNC

__all__ = ["main"]

_IN_FLIGHT = (1, 10, 50, 200)
_ROUNDS = 7
_SENDS = 600
_Costs = Mapping[tuple[str, int], Cost]


def main() -> None:
    """Print a table for each flavour."""
    with serving() as server:
        _show("asynchronous", asyncio.run(_measure_async(server)))
        _show("synchronous, a thread for each in flight", _measure_sync(server))


async def _measure_async(server: Server) -> _Costs:
    costs: defaultdict[tuple[str, int], Cost] = defaultdict(Cost)
    async with AsyncExitStack() as stack:
        sends = {
            name: await stack.enter_async_context(open_(server.url()))
            for name, open_ in ASYNC.items()
        }
        for in_flight in _IN_FLIGHT:
            for order in rounds(sends, _ROUNDS):
                for name, send in order:
                    cost = await cpu_of_tasks(send, count=_SENDS, in_flight=in_flight)
                    costs[name, in_flight].seconds.append(cost)
    return costs


def _measure_sync(server: Server) -> _Costs:
    costs: defaultdict[tuple[str, int], Cost] = defaultdict(Cost)
    with ExitStack() as stack:
        sends = {
            name: stack.enter_context(open_(server.url()))
            for name, open_ in SYNC.items()
        }
        for in_flight in _IN_FLIGHT:
            for order in rounds(sends, _ROUNDS):
                for name, send in order:
                    cost = cpu_of_sends(send, count=_SENDS, in_flight=in_flight)
                    costs[name, in_flight].seconds.append(cost)
    return costs


def _show(flavour: str, costs: _Costs) -> None:
    show(
        f"one send, {flavour}: µs CPU (ours / theirs, same rounds) by in flight",
        ["", *map(str, _IN_FLIGHT), "growth 10 to 200"],
        [_row(name, costs) for name in dict.fromkeys(name for name, _ in costs)],
    )


def _row(name: str, costs: _Costs) -> list[str]:
    growth = costs[name, 200].over(costs[name, 10])
    cells = [_cell(name, costs, in_flight) for in_flight in _IN_FLIGHT]
    return [name, *cells, f"{growth:.2f}"]


def _cell(name: str, costs: _Costs, in_flight: int) -> str:
    cost, ours = costs[name, in_flight], costs[OURS, in_flight]
    return f"{cost.typical * 1e6:.0f} ({ours.over(cost):.2f})"


if __name__ == "__main__":
    main()
