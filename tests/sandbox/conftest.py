"""One sandbox on a real port for the whole room, as good as new for each test."""

from collections.abc import Iterator

import attrs
import httpx
import pytest

from stackverify.sandbox import Clock, Knobs, Sandbox
from tests.sandbox.listener import Listener, listening

NOON = 1_800_014_400.0  # 2027-01-15T12:00:00Z, the beginning of a minute


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(clock=Clock(lambda: NOON), tier="lite") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """A sandbox at the beginning of a minute of its own, where nothing fails."""
    running.reset()
    for field in attrs.fields(Knobs):
        setattr(running.knobs, field.name, getattr(Knobs(failing=0.0), field.name))
    running.clock.advance(-running.clock.now() % 60 + 3600)
    return running


@pytest.fixture(scope="session")
def connection() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as connection:
        yield connection


@pytest.fixture
def api(sandbox: Sandbox, connection: httpx.Client) -> httpx.Client:
    connection.base_url = httpx.URL(sandbox.base_url)
    connection.headers["authorization"] = f"Bearer {sandbox.api_key}"
    return connection


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client of the test API; it needs no key."""
    url = f"{sandbox.inbox_url}/sandbox"
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listens:
        yield listens
