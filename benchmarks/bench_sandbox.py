"""Prints how many sends a second the sandbox takes on one core.

Run it with `python -m benchmarks.bench_sandbox`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from benchmarks.harness import Cost, Server, rounds, serving, show

__all__ = ["main"]

_CONNECTIONS = (1, 10, 50)
_ROUNDS = 5
_SENDS = 2000
_SUBJECTS = ("echo", "sandbox")
_Costs = Mapping[tuple[str, int], Cost]

_BODY = json.dumps({"to": "+254712345678", "message": "Your code is 4921"}).encode()
_REQUEST = (
    "POST /api/v1/sms/send HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Authorization: Bearer sk_test_sandbox\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(_BODY)}\r\n\r\n"
).encode() + _BODY


def main() -> None:
    """Print requests a second, by how many connections ask at once."""
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving("benchmarks.sandbox_servers", name))
            for name in _SUBJECTS
        }
        _show(asyncio.run(_measure(servers)))


async def _measure(servers: Mapping[str, Server]) -> _Costs:
    costs: defaultdict[tuple[str, int], Cost] = defaultdict(Cost)
    for connections in _CONNECTIONS:
        for order in rounds(servers, _ROUNDS):
            for name, server in order:
                cost = await _seconds_a_send(server, connections)
                costs[name, connections].seconds.append(cost)
    return costs


async def _seconds_a_send(server: Server, connections: int) -> float:
    turns = iter(range(_SENDS))
    began = time.perf_counter()
    await asyncio.gather(*(_ask(server, turns) for _ in range(connections)))
    return (time.perf_counter() - began) / _SENDS


async def _ask(server: Server, turns: Iterable[int]) -> None:
    """Send on one connection, each time once the answer is here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in turns:
        writer.write(_REQUEST)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200")
        length = head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()


def _show(costs: _Costs) -> None:
    show(
        "sends a second on one core (against the echo, same rounds) by connections",
        ["", *map(str, _CONNECTIONS)],
        [[_LABELS[name], *_cells(name, costs)] for name in _SUBJECTS],
    )


_LABELS = {"echo": "bare uvicorn and starlette, JSON echo", "sandbox": "sandbox"}


def _cells(name: str, costs: _Costs) -> list[str]:
    return [
        f"{1 / costs[name, at].typical:.0f} "
        f"({costs['echo', at].over(costs[name, at]):.2f})"
        for at in _CONNECTIONS
    ]


if __name__ == "__main__":
    main()
