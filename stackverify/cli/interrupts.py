"""Ctrl-C while messages are under way: once to stop, twice to leave."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["Interrupts"]

_WORD = (
    b"\nStopping: what is under way comes to its end. Ctrl-C again leaves at once.\n"
)


class Interrupts:
    """What was interrupted, and when it may be.

    Attributes:
        count: How often somebody wanted it to stop.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self._is_held = False
        self._is_deaf = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Take Ctrl-C, and a termination for one; the first waits for `release`."""
        self._is_held = True
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                # Who is deaf is about to end: nothing may come between.
                signal.signal(number, signal.SIG_IGN if self._is_deaf else handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the first one wait until something is done as a whole."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        self.release()

    def release(self) -> None:
        """Let the first one wait no longer, if it came already."""
        self._is_held = False
        if self.count:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """Hear no more of them: what is left to do is short, and must be done."""
        self._is_deaf = True

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._is_deaf:
            return
        self.count += 1
        if self.count == 1:
            # Not a stream: a signal may come while one is being written to.
            with suppress(OSError):
                os.write(2, _WORD)
        if self.count > 1 or not self._is_held:
            raise KeyboardInterrupt
