"""Has something done again and again, beside all else."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Ticker"]


class Ticker:
    """A thread that does something every so many seconds, until it is stopped.

    Args:
        work: What to do; an error ends it.
        seconds: How long to wait in between.
    """

    def __init__(self, work: Callable[[], object], seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._tick, name="stackverify-ledger", daemon=True
        )

    def start(self) -> None:
        """Begin, one interval from now."""
        self._thread.start()

    def stop(self) -> None:
        """End it; waits for what is being done."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _tick(self) -> None:
        while not self._over.wait(self._seconds):
            self._work()
