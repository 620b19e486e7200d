"""The pytest fixture `stackverify_sandbox`: a pretend service for each test.

It is found by pytest wherever stackverify is installed, and loads the sandbox (extra
`sandbox`) when a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stackverify.testing import SandboxInTests

__all__ = ["stackverify_environment", "stackverify_sandbox"]


@pytest.fixture
def stackverify_sandbox() -> Iterator[SandboxInTests]:
    """A pretend service in this process; it forgets everything with the test."""
    from stackverify.testing import SandboxInTests

    sandbox = SandboxInTests()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def stackverify_environment(
    stackverify_sandbox: SandboxInTests, monkeypatch: pytest.MonkeyPatch
) -> SandboxInTests:
    """The same on a port, with the environment set so that any client finds it."""
    for name, value in stackverify_sandbox.environment.items():
        monkeypatch.setenv(name, value)
    return stackverify_sandbox
