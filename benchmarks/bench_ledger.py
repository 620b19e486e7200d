"""Prints what a campaign's ledger costs, beside the sends themselves.

Run it with `python -m benchmarks.bench_ledger`; `--full` measures 100,000 rows instead
of 10,000, and loads, resumes and counts 1,000,000. The ledger lies in the folder for
temporary files, so have that on a disk.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from benchmarks.bench_memory import Answers, grown
from benchmarks.harness import Cost, rounds, serving, show
from benchmarks.senders import KEY, TIER
from stackverify import AsyncClient, Sms
from stackverify.campaigns import AsyncCampaign, CampaignRules

__all__ = ["main"]

_IN_FLIGHT = (10, 50)
_ROUNDS = 5
_SHARE = 0.15
_RULES = CampaignRules(pack=1)
_TEMPLATE = Sms("{phone}", "Dear {name}.")


def main() -> None:
    """Print a table for CPU, one for the rate, one for memory, one for a million."""
    is_full = "--full" in sys.argv
    count = 100_000 if is_full else 10_000
    with serving() as server:
        for in_flight in _IN_FLIGHT:
            _show_cpu(server.url(), in_flight, count // _ROUNDS)
        _show_rate(server.url(latency=50))
    _show_memory((1_000, 10_000, 100_000) if is_full else (1_000, 10_000))
    if is_full:
        _show_million(1_000_000)


def _people(count: int) -> Iterator[dict[str, str]]:
    return ({"phone": f"+2547{n:08}", "name": f"customer {n}"} for n in range(count))


def _messages(count: int) -> Iterator[Sms]:
    return (Sms(f"+2547{n:08}", f"Dear customer {n}.") for n in range(count))


@attrs.frozen
class _Spent:
    """What a send took."""

    cpu: float
    wall: float

    @classmethod
    def since(cls, began: _Spent, count: int) -> _Spent:
        """Tell what each of so many sends took."""
        now = cls.now()
        return cls((now.cpu - began.cpu) / count, (now.wall - began.wall) / count)

    @classmethod
    def now(cls) -> _Spent:
        """Read the clocks."""
        return cls(time.process_time(), time.perf_counter())


async def _send(url: str, in_flight: int, count: int) -> _Spent:
    """Send without a ledger."""
    async with AsyncClient(
        KEY, base_url=url, tier=TIER, max_connections=in_flight
    ) as client:
        began = _Spent.now()
        async for _ in client.sms.send_many(_messages(count), pack=1):
            pass
        return _Spent.since(began, count)


async def _campaign(url: str, in_flight: int, count: int) -> _Spent:
    """Send with a ledger that was filled before."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            AsyncClient(
                KEY, base_url=url, tier=TIER, max_connections=in_flight
            ) as client,
            AsyncCampaign(Path(folder, "a.ledger"), client, rules=_RULES) as campaign,
        ):
            await campaign.load(_TEMPLATE, _people(count))
            campaign._ledger.checked()  # the preflight has a cost of its own
            began = _Spent.now()
            summary = await campaign.run()
            assert summary["accepted"] == count
            return _Spent.since(began, count)


_Way = Callable[[str, int, int], _Spent]
_WAYS: Mapping[str, _Way] = {
    "send_many": lambda *how: asyncio.run(_send(*how)),
    "campaign": lambda *how: asyncio.run(_campaign(*how)),
}


def _show_cpu(url: str, in_flight: int, count: int) -> None:
    costs: defaultdict[str, Cost] = defaultdict(Cost)
    for order in rounds(_WAYS, _ROUNDS):
        for name, send in order:
            costs[name].seconds.append(send(url, in_flight, count).cpu)
    bare = costs["send_many"]
    show(
        f"{_ROUNDS} rounds of {count:,} rows, {in_flight} in flight: the ledger is to "
        f"cost {_SHARE:.0%} at most",
        ["", "µs CPU a send", "more than without"],
        [
            [name, f"{cost.typical * 1e6:.0f}", f"{cost.over(bare) - 1:+.0%}"]
            for name, cost in costs.items()
        ],
    )


def _show_rate(url: str) -> None:
    count, in_flight = 5_000, 50
    rows = [
        [name, f"{1 / send(url, in_flight, count).wall:,.0f}"]
        for name, send in _WAYS.items()
    ]
    show(f"{in_flight} in flight, answers after 50 ms", ["", "rows/s"], rows)


async def _in_memory(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            AsyncClient(
                KEY, base_url="http://127.0.0.1:9/v1", tier=TIER, http=Answers()
            ) as client,
            AsyncCampaign(Path(folder, "a.ledger"), client, rules=_RULES) as campaign,
        ):
            await campaign.load(_TEMPLATE, _people(count))
            await campaign.run()


def _show_memory(counts: tuple[int, ...]) -> None:
    def run(count: int) -> None:
        asyncio.run(_in_memory(count))

    run(counts[0])  # loads what is loaded once
    show(
        "load, check and run",
        ["rows", "MB more, process"],
        [[f"{count:,}", grown(run, count)] for count in counts],
    )


def _runner(step: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[int], None]:
    return lambda count: asyncio.run(step())


def _show_million(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.ledger")

        async def load() -> None:
            async with AsyncCampaign(path) as campaign:
                await campaign.load(_TEMPLATE, _people(count))

        async def tally() -> None:
            async with AsyncCampaign(path) as campaign:
                assert (await campaign.summary()).total == count

        rows = []
        steps = {"load": load, "load again: compare": load, "count": tally}
        for name, step in steps.items():
            began = time.perf_counter()
            more = grown(_runner(step), count)
            rows.append([name, f"{time.perf_counter() - began:.1f}", more])
    show(f"{count:,} rows", ["", "seconds", "MB more, process"], rows)


if __name__ == "__main__":
    main()
