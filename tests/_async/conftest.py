"""What the tests of the client share: a client at the sandbox, and its traffic."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest

from stackverify import AsyncClient
from stackverify._async._concurrency import FanOut
from stackverify._core.packing import Packer
from stackverify._process.stop import Stop
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange
from stackverify.velstack import AsyncVelstack

TIER = "enterprise:60000"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A pretend service of its own for each test; it stops while others go on."""
    running = Sandbox(tier=TIER, failing=0.0)
    running.start()
    yield running
    threading.Thread(target=running.stop).start()


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[AsyncClient]:
    """A client whose rate is not felt."""
    async with AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, tier=TIER
    ) as opened:
        yield opened


@pytest.fixture
async def velstack(sandbox: Sandbox) -> AsyncIterator[AsyncVelstack]:
    """A client of the pretend Velstack, with its test key."""
    async with AsyncVelstack(
        sandbox.velstack.api_key, base_url=sandbox.velstack_url
    ) as opened:
        yield opened


@pytest.fixture
def seen(sandbox: Sandbox) -> list[Exchange]:
    """Every request that reaches the sandbox, as it came."""
    exchanges: list[Exchange] = []
    sandbox.steps.insert(0, exchanges.append)
    return exchanges


@pytest.fixture
def together() -> Callable[..., Awaitable[list[Any]]]:
    """Do one thing to many values at once; give the results as they come."""

    async def run(work: Callable[[Any], Awaitable[Any]], values: Sequence[Any]) -> Any:
        async def each(pack: list[tuple[int, Any]]) -> list[Any]:
            return [await work(value) for _, value in pack]

        crew = FanOut(
            each,
            values,
            packer=Packer(1, key=lambda row: None, member=lambda row: row, window=1),
            limit=max(1, len(values)),
            stop=Stop(),
        )
        return [result async for result in crew]

    return run
