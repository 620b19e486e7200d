"""A word to many waiters that nothing further is to be begun."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Stop", "Wakeable"]


class Wakeable(Protocol):
    """Somebody who waits, and can be woken from any thread."""

    def unpark(self) -> bool:
        """Wake it; tell whether it can still be woken."""
        ...


class Stop:
    """Told once, heard by all who wait under it.

    It takes no lock: it may be told by a garbage collection, at any point of
    any thread. Adding to a set and copying it are single steps to the interpreter.
    """

    def __init__(self) -> None:
        self.is_told: bool = False
        self.is_ebbing: bool = False
        self._reading: set[Wakeable] = set()
        self._waiting: set[Wakeable] = set()

    def tell(self) -> None:
        """Wake all who wait, and let nobody wait any more."""
        self.is_told = True
        for waiter in tuple(self._waiting):
            waiter.unpark()
        self.ebb()

    def unpark(self) -> bool:
        """Tell it, since another stop that it waits under was told."""
        self.tell()
        return True

    def ebb(self) -> None:
        """Let nothing further be read; what was begun may go on waiting."""
        self.is_ebbing = True
        for reader in tuple(self._reading):
            reader.unpark()

    def add_reader(self, reader: Wakeable) -> None:
        """Have a reader woken when nothing further is to be read."""
        self._reading.add(reader)

    def add(self, waiter: Wakeable) -> None:
        """Have a waiter woken when it is told; look at `is_told` afterwards."""
        self._waiting.add(waiter)

    def discard(self, waiter: Wakeable) -> None:
        """Forget a waiter."""
        self._waiting.discard(waiter)
        self._reading.discard(waiter)
