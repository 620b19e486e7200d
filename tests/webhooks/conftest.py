"""Services on real servers, one for each framework."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeAlias

import pytest

from tests.webhooks.servers import uvicorn_at_work
from tests.webhooks.services import FRAMEWORKS, Framework, Service, running

Start: TypeAlias = Callable[..., Service]


@pytest.fixture(scope="session")
def _uvicorn() -> Iterator[None]:
    with uvicorn_at_work():
        yield


@pytest.fixture
def start(_uvicorn: None) -> Iterator[Start]:
    """Starts services that stop at the end of the test."""
    with ExitStack() as stack:

        def start(framework: Framework, *change: Any, **options: Any) -> Service:
            return stack.enter_context(running(framework, *change, **options))

        yield start


@pytest.fixture(params=list(FRAMEWORKS))
def serve(request: pytest.FixtureRequest, start: Start) -> Start:
    """Starts a service in each framework, with a receiver of these options."""
    return lambda **options: start(FRAMEWORKS[request.param], **options)


@pytest.fixture
def service(serve: Start) -> Service:
    return serve()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    """What the library has logged so far: levels and lines."""
    return lambda: [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "stackverify"
    ]
