"""What the benchmarks share: a server next door, shuffled rounds, plain tables."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.util import find_spec
from typing import TypeAlias, TypeVar

import attrs

__all__ = [
    "Cost",
    "Send",
    "SendAsync",
    "Server",
    "cpu_of_sends",
    "cpu_of_tasks",
    "is_installed",
    "rounds",
    "serving",
    "show",
]

T = TypeVar("T")
Key = TypeVar("Key")
Send: TypeAlias = Callable[[], object]
SendAsync: TypeAlias = Callable[[], Awaitable[object]]


@attrs.frozen
class Server:
    """The server next door."""

    port: int

    def url(self, *, latency: int = 0) -> str:
        """Give a base URL whose answers take so many milliseconds."""
        return f"http://127.0.0.1:{self.port}/{latency}/api/v1"

    def opened(self) -> int:
        """Count the connections opened so far, but not those that ask."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/opened")
        told = int(connection.getresponse().read())
        connection.close()
        _askers[self.port] = _askers.get(self.port, 0) + 1
        return told - _askers[self.port]


_askers: dict[int, int] = {}


@contextmanager
def serving(*module: str) -> Iterator[Server]:
    """Run the server on the last core, and this process on the first.

    Args:
        *module: Another module to run as the server, and its first arguments.
    """
    cores = _CORES
    server_core = [str(cores[-1])] if len(cores) > 1 else []
    named = module or ("benchmarks.server",)
    command = [sys.executable, "-m", *named, *server_core]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if len(cores) > 1:
                os.sched_setaffinity(0, {cores[0]})
            yield Server(int(process.stdout.readline()))
        finally:
            process.kill()
            if len(cores) > 1:
                os.sched_setaffinity(0, cores)


def _cores() -> list[int]:
    # Linux only; elsewhere the two processes go where the system puts them.
    if not hasattr(os, "sched_getaffinity"):
        return []
    return sorted(os.sched_getaffinity(0))


# As they were: inside `serving` this process has but one of them.
_CORES = _cores()


async def cpu_of_tasks(send: SendAsync, *, count: int, in_flight: int) -> float:
    """Send so many times, so many at once; tell the CPU seconds a send."""
    await _in_tasks(send, in_flight, in_flight)
    began = time.process_time()
    await _in_tasks(send, count, in_flight)
    return (time.process_time() - began) / count


async def _in_tasks(send: SendAsync, count: int, in_flight: int) -> None:
    turns = iter(range(count))

    async def work() -> None:
        for _ in turns:
            await send()

    await asyncio.gather(*(work() for _ in range(in_flight)))


def cpu_of_sends(send: Send, *, count: int, in_flight: int) -> float:
    """Do the same with threads; with one at once in this thread."""
    # A lap that does not count: what rested while others were measured is old by now.
    _in_threads(send, in_flight, in_flight)
    began = time.process_time()
    _in_threads(send, count, in_flight)
    return (time.process_time() - began) / count


def _in_threads(send: Send, count: int, in_flight: int) -> None:
    turns = iter(range(count))

    def work() -> None:
        for _ in turns:
            send()

    threads = [threading.Thread(target=work) for _ in range(in_flight - 1)]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()


@attrs.define
class Cost:
    """What something cost, round by round."""

    seconds: list[float] = attrs.field(factory=list)

    @property
    def typical(self) -> float:
        """Give the median."""
        return statistics.median(self.seconds)

    def over(self, other: Cost) -> float:
        """Compare round by round: the machine's speed swings by 2 between them."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


def rounds(subjects: Mapping[Key, T], count: int) -> Iterator[list[tuple[Key, T]]]:
    """Give all subjects so many times, each time in another order."""
    items = list(subjects.items())
    for _ in range(count):
        random.shuffle(items)
        yield list(items)


def is_installed(name: str) -> bool:
    """Tell whether an optional comparison can be made."""
    return find_spec(name) is not None


def show(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    print(f"\n{title}")
    for row in (heads, *rows):
        first, *others = (
            cell.rjust(width) for cell, width in zip(row, widths, strict=True)
        )
        print("  ".join([first.strip().ljust(widths[0]), *others]), flush=True)
