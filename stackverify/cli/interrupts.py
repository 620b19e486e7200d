"""Ctrl-C while messages are under way: once to stop, twice to leave."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["gently_stopped"]

_WORD = (
    b"\nStopping: what is under way comes to its end. Ctrl-C again leaves at once.\n"
)


@contextmanager
def gently_stopped() -> Iterator[list[int]]:
    """Say at the first Ctrl-C what is waited for; take a termination for one.

    The list that is given grows with each.
    """
    told: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not told:
            # Not a stream: a signal may come while one is being written to.
            with suppress(OSError):
                os.write(2, _WORD)
        told.append(number)
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
