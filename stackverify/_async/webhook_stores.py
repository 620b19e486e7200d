"""Where a receiver remembers what it has seen."""

from __future__ import annotations

import os
from functools import partial
from typing import Protocol

from stackverify._async._concurrency import run_blocking
from stackverify._stores.memory import MemoryTable
from stackverify._stores.sqlite import SqliteTable

__all__ = ["AsyncMemoryStore", "AsyncSqliteStore", "AsyncStore"]


class AsyncStore(Protocol):
    """Short texts under keys, changed only if they are still what was read.

    Times are seconds since the epoch; a store with a clock of its own may use that.
    """

    async def read(self, key: str, *, now: float) -> str | None:
        """Give the text under a key, unless its time is over."""
        ...

    async def swap(
        self, key: str, old: str | None, new: str, *, now: float, keep: float
    ) -> bool:
        """Put `new` under a key if `old` is there; tell whether it was.

        This must be one step, whoever else does the same.

        Args:
            key: Up to 64 characters, ASCII.
            old: What is there; `None` for nothing, or something whose time is over.
            new: What is to be there: a kilobyte or so, ASCII.
            now: The time.
            keep: Seconds from now until the time of `new` is over.
        """
        ...


class AsyncMemoryStore:
    """Remembers in this process, the latest so many messages.

    Args:
        size: Messages at most; each takes about half a kilobyte.
    """

    def __init__(self, size: int = 100_000) -> None:
        self._table = MemoryTable(size)

    async def read(self, key: str, *, now: float) -> str | None:
        """Give the text under a key, unless its time is over."""
        return self._table.read(key, now)

    async def swap(
        self, key: str, old: str | None, new: str, *, now: float, keep: float
    ) -> bool:
        """Put `new` under a key if `old` is there; tell whether it was."""
        return self._table.swap(key, old, new, now=now, keep=keep)

    def __len__(self) -> int:
        return len(self._table)


class AsyncSqliteStore:
    """Remembers in a file, for all processes of this machine.

    Args:
        path: The file; it is made if there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._table = SqliteTable(path)

    async def read(self, key: str, *, now: float) -> str | None:
        """Give the text under a key, unless its time is over."""
        return await run_blocking(partial(self._table.read, key, now))

    async def swap(
        self, key: str, old: str | None, new: str, *, now: float, keep: float
    ) -> bool:
        """Put `new` under a key if `old` is there; tell whether it was."""
        return await run_blocking(
            partial(self._table.swap, key, old, new, now=now, keep=keep)
        )

    async def aclose(self) -> None:
        """Close the file; a later call opens it again."""
        await run_blocking(self._table.close)
