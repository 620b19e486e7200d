"""A shell in which the command line talks to a real sandbox."""

import os
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import ROOT, Shell


@pytest.fixture
def shell(sandbox: Sandbox, tmp_path: Path) -> Shell:
    """A shell in which the variables of the sandbox are set."""
    return Shell(
        tmp_path,
        {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "STACKVERIFY_API_KEY": sandbox.api_key,
            "STACKVERIFY_BASE_URL": sandbox.base_url,
            "STACKVERIFY_TIER": "enterprise:60000",
            "VELSTACK_API_KEY": sandbox.velstack.api_key,
            "VELSTACK_BASE_URL": sandbox.velstack_url,
        },
    )
