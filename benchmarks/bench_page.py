"""Prints the CPU of fetching a page of 100 messages and reading it into values.

Run it with `python -m benchmarks.bench_page`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from benchmarks.harness import Cost, is_installed, rounds, serving, show
from benchmarks.senders import BARE, HEADERS, KEY, OURS, TIER
from benchmarks.server import PAGE_SIZE
from stackverify import Client

__all__ = ["main"]

_ROUNDS = 9
_PAGES = 60
_Fetch = Callable[[], int]


@dataclass
class _Row:
    message_id: str
    to: str
    message: str
    sender_id: str | None
    status: str
    error_message: str | None
    created_at: dt.datetime | None
    scheduled_at: dt.datetime | None


@dataclass
class _Page:
    data: list[_Row]
    meta: dict[str, int]


def main() -> None:
    """Print the table."""
    ways = {OURS: _ours, f"{BARE} + json": _plain}
    if is_installed("pydantic"):
        ways[f"{BARE} + pydantic"] = _pydantic
    costs = {name: Cost() for name in ways}
    with serving() as server, ExitStack() as stack:
        fetches = {
            name: stack.enter_context(open_(server.url()))
            for name, open_ in ways.items()
        }
        for order in rounds(fetches, _ROUNDS):
            for name, fetch in order:
                costs[name].seconds.append(_cost(fetch))
    show(
        f"a page of {PAGE_SIZE} messages, GET and read, synchronous",
        ["", "µs CPU a page", "ours / theirs"],
        [
            [name, f"{cost.typical * 1e6:.0f}", f"{costs[OURS].over(cost):.2f}"]
            for name, cost in costs.items()
        ],
    )


def _cost(fetch: _Fetch) -> float:
    assert fetch() == PAGE_SIZE
    began = time.process_time()
    for _ in range(_PAGES):
        fetch()
    return (time.process_time() - began) / _PAGES


@contextmanager
def _ours(url: str) -> Iterator[_Fetch]:
    with Client(KEY, base_url=url, tier=TIER) as client:
        yield lambda: len(next(client.sms.list().pages()).rows)


@contextmanager
def _plain(url: str) -> Iterator[_Fetch]:
    with httpx.Client(headers=HEADERS, timeout=30) as client:
        yield lambda: len(_get(client, url).json()["data"])


@contextmanager
def _pydantic(url: str) -> Iterator[_Fetch]:
    from pydantic import TypeAdapter

    page = TypeAdapter(_Page)
    with httpx.Client(headers=HEADERS, timeout=30) as client:
        yield lambda: len(page.validate_json(_get(client, url).content).data)


def _get(client: httpx.Client, url: str) -> httpx.Response:
    query = {"page": 1, "per_page": PAGE_SIZE}
    return client.get(f"{url}/sms", params=query).raise_for_status()


if __name__ == "__main__":
    main()
