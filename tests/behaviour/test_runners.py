"""A process is taken for ended only when it surely is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stackverify._process.runners import has_ended, identity
from tests.behaviour.processes import run_program

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/ns/pid").exists(), reason="only Linux tells"
)

SAY = "from stackverify._process.runners import identity; print(identity())"


def test_this_process_has_not_ended() -> None:
    assert not has_ended(identity())


def test_one_that_ended_has() -> None:
    assert has_ended(run_program(SAY).stdout.strip())


def test_one_that_has_its_number_now_is_another() -> None:
    place, _, _ = identity().rpartition("/")
    assert has_ended(f"{place}/1")


def test_its_remains_count_for_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SAY], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        name = child.stdout.read().strip()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(name)


@pytest.mark.parametrize(
    "name", ["", "unknown/7", "another-boot/pid:[1]/7/8", "a/b/c/d/e"]
)
def test_of_one_that_runs_elsewhere_nothing_is_known(name: str) -> None:
    assert not has_ended(name)
