"""What all tests share: the sandbox, and both event loops."""

import signal
from collections.abc import Iterator

import pytest

from stackverify._process import accounts
from stackverify.sandbox import Sandbox

# A shell that runs the tests in the background has Ctrl-C ignored by all they start,
# and some of them are there to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A pretend service of its own for each test, fast enough not to be felt."""
    with Sandbox(tier="enterprise:60000", failing=0.0) as running:
        yield running


@pytest.fixture(autouse=True)
def _signals_stay() -> Iterator[None]:
    """Leave signals as they were: a program started later would inherit deafness."""
    before = [signal.getsignal(number) for number in _SIGNALS]
    yield
    assert [signal.getsignal(number) for number in _SIGNALS] == before


@pytest.fixture(autouse=True)
def _no_limiter_of_another_test() -> None:
    """Forget the limiters of servers that are gone: their ports are used again."""
    accounts._accounts._by_place.clear()
