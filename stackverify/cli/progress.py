"""How far a long send is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from stackverify.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress

    from stackverify.models.outcomes import BulkSummary

__all__ = ["bar", "progress"]

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress(
    title: str, total: int, *, is_plain: bool
) -> Iterator[Callable[[BulkSummary], None]]:
    """Show how far it is; the function that is given is told each time it moves."""
    shape = None if is_plain else bar()
    if shape is None:
        yield _Lines(title, total)
        return
    began = time.monotonic()
    with shape:
        task = shape.add_task(title, total=total, rate="")

        def advance(done: BulkSummary) -> None:
            rate = done.finished / max(time.monotonic() - began, 0.1) * 60
            shape.update(task, completed=done.finished, rate=f"{rate:,.0f}")

        yield advance


def bar() -> Progress | None:
    """Make a bar with rate and finishing time, if somebody would see it."""
    if not output.is_for_people(sys.stderr):
        return None
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ImportError:  # the sandbox's extra brings the command line without it
        return None
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>7}/min"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


@attrs.define
class _Lines:
    """Progress for a log file: nothing at all for what is done in a moment."""

    title: str
    total: int
    next_line: float = attrs.field(
        factory=lambda: time.monotonic() + _SECONDS_BETWEEN_LINES
    )

    def __call__(self, done: BulkSummary) -> None:
        """Write a line, if it is time for one."""
        if time.monotonic() < self.next_line:
            return
        self.next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        output.note(f"{self.title}: {done.finished:,} of {self.total:,}")
