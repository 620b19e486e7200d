"""Texts under keys in this process's memory, the latest so many of them."""

from __future__ import annotations

import threading
from collections import OrderedDict

from stackverify._process.fork import reset_in_child
from stackverify.errors import ConfigurationError

__all__ = ["MemoryTable"]


class MemoryTable:
    """Compares and swaps; forgets the oldest when full, and what is over.

    Args:
        size: Keys at most.
    """

    def __init__(self, size: int) -> None:
        if type(size) is not int or size < 1:
            raise ConfigurationError("size must be an int of 1 or more.")
        self._size = size
        # In the order of their last change, which is that of their ends as well. Not
        # a dict: finding its first row takes the longer, the more were deleted.
        self._rows: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """Make a new lock: the parent may have held the old one."""
        self._lock = threading.Lock()

    def read(self, key: str, now: float) -> str | None:
        """Give the text under a key."""
        text, ends_at = self._rows.get(key, (None, 0.0))
        return text if now < ends_at else None

    def swap(
        self, key: str, old: str | None, new: str, *, now: float, keep: float
    ) -> bool:
        """Write under a key if `old` is still there; tell whether it was."""
        with self._lock:
            if self.read(key, now) != old:
                return False
            self._rows[key] = (new, now + keep)
            self._rows.move_to_end(key)
            self._forget(now)
            return True

    def _forget(self, now: float) -> None:
        while self._rows and (len(self._rows) > self._size or self._first_end() <= now):
            self._rows.popitem(last=False)

    def _first_end(self) -> float:
        return next(iter(self._rows.values()))[1]

    def __len__(self) -> int:
        return len(self._rows)
