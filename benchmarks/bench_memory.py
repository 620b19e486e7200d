"""Prints how memory grows with the number of queued sends.

Run it with `python -m benchmarks.bench_memory`; `--full` adds 1,000,000 rows, which
take some minutes. The service is a transport in this process that answers at once.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from benchmarks.harness import show
from benchmarks.senders import KEY, TIER
from stackverify import AsyncClient, Client, Sms

__all__ = ["Answers", "grown", "main"]

_COUNTS = (1_000, 10_000, 100_000)
_FULL = 1_000_000
_TRACED = 10_000
_STATUS = Path("/proc/self/status")


class Answers(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Takes a request in, and answers it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        await request.aread()
        return _reply()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        request.read()
        return _reply()


def _reply() -> httpx.Response:
    return httpx.Response(200, json={"message_id": "msg_1", "status": "queued"})


def main() -> None:
    """Print a table for each flavour, and for what one would write without us."""
    counts = (*_COUNTS, _FULL) if "--full" in sys.argv else _COUNTS
    _show("send_many, asynchronous", lambda n: asyncio.run(_send(n)), counts)
    _show("send_many, threads", _send_sync, counts)
    _show("httpx, gather + semaphore", lambda n: asyncio.run(_gather(n)), counts[:3])


def _rows(count: int) -> Iterator[Sms]:
    return (Sms(f"+2547{n:08}", f"Dear customer {n}.") for n in range(count))


async def _send(count: int) -> None:
    transport = Answers()
    async with AsyncClient(
        KEY, base_url="http://127.0.0.1:9/v1", tier=TIER, http=transport
    ) as client:
        sent = client.sms.send_many(_rows(count), pack=1)
        accepted = 0
        async for _ in sent:
            accepted += 1
    assert accepted == sent.summary.accepted == count


def _send_sync(count: int) -> None:
    transport = Answers()
    with Client(
        KEY, base_url="http://127.0.0.1:9/v1", tier=TIER, http=transport
    ) as client:
        sent = client.sms.send_many(_rows(count), pack=1)
        accepted = sum(1 for _ in sent)
    assert accepted == sent.summary.accepted == count


async def _gather(count: int) -> None:
    gate = asyncio.Semaphore(20)
    async with httpx.AsyncClient(transport=Answers()) as client:

        async def send(row: Sms) -> None:
            async with gate:
                fields = {"to": row.to, "message": row.text}
                await client.post("http://127.0.0.1:9/v1/sms/send", json=fields)

        await asyncio.gather(*map(send, _rows(count)))


def _show(title: str, send: Callable[[int], None], counts: tuple[int, ...]) -> None:
    send(_COUNTS[0])  # loads what is loaded once
    rows = [[f"{count:,}", grown(send, count), _held(send, count)] for count in counts]
    show(title, ["rows", "MB more, process", "MB at most, Python's own"], rows)


def grown(send: Callable[[int], None], count: int) -> str:
    """Tell how many MB the process grew at its peak, if the system tells."""
    if not _STATUS.exists():
        return "-"
    gc.collect()
    before = _reset_peak()
    send(count)
    return f"{_peak() - before:+.1f}"


def _held(send: Callable[[int], None], count: int) -> str:
    if count > _TRACED:  # tracing takes three times as long
        return "-"
    gc.collect()
    tracemalloc.start()
    try:
        send(count)
        return f"{tracemalloc.get_traced_memory()[1] / 1e6:.2f}"
    finally:
        tracemalloc.stop()


def _reset_peak() -> float:
    if _STATUS.exists():  # Linux only
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    if not _STATUS.exists():
        return 0.0
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1e3


if __name__ == "__main__":
    main()
