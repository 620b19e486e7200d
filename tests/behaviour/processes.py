"""Children of this process, and programs in a process of their own."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import attrs

REPOSITORY = Path(__file__).parents[2]
_PATIENCE = 60.0
_forks = multiprocessing.get_context("fork")

# Python 3.12 and later warn of what these tests are about.
FORK_WARNING = "ignore:.*multi-threaded, use of fork:DeprecationWarning"


@attrs.define(eq=False)
class Child:
    """A forked child at work."""

    process: Any
    answer: Any

    def result(self) -> Any:
        """Wait for what it came to; a child that hangs is a failure."""
        try:
            assert self.answer.poll(_PATIENCE), "the child hangs"
            return self.answer.recv()
        finally:
            self.process.kill()
            self.process.join()


def fork(work: Callable[[], Any]) -> Child:
    """Do some work in a forked child; an error is its result as well."""
    answer, told = _forks.Pipe(duplex=False)
    process = _forks.Process(target=_work, args=(work, told))
    process.start()
    told.close()
    return Child(process, answer)


def _work(work: Callable[[], Any], told: Any) -> None:
    try:
        told.send(work())
    except BaseException as error:
        told.send(error)
    finally:
        told.close()
        os._exit(0)


def run_program(
    source: str, *arguments: object, strict: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; `strict` makes Python complain of all it can."""
    flags = ["-X", "dev", "-W", "error"] if strict else []
    return subprocess.run(
        [sys.executable, *flags, "-c", dedent(source), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
