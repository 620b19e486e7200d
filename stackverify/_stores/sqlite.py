"""Texts under keys in a SQLite file that processes of one machine share."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence

from stackverify._process.fork import reset_in_child
from stackverify._stores.connection import connect

__all__ = ["SqliteTable"]

_SET_UP = """
    PRAGMA synchronous = NORMAL;
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS webhooks_seen (
        key TEXT PRIMARY KEY,
        text TEXT NOT NULL,
        ends_at REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS webhooks_seen_ends_at ON webhooks_seen (ends_at);
    COMMIT;
"""
_READ = "SELECT text FROM webhooks_seen WHERE key = ? AND ends_at > ?"
_ADD = """
    INSERT INTO webhooks_seen (key, text, ends_at) VALUES (:key, :new, :ends_at)
    ON CONFLICT (key) DO UPDATE SET text = :new, ends_at = :ends_at
    WHERE ends_at <= :now
"""
_CHANGE = """
    UPDATE webhooks_seen SET text = :new, ends_at = :ends_at
    WHERE key = :key AND text = :old AND ends_at > :now
"""
_FORGET = "DELETE FROM webhooks_seen WHERE ends_at <= ?"
_SECONDS_FOR_OTHERS = 10.0
_SWAPS_BETWEEN_FORGETTING = 1_000


class SqliteTable:
    """Compares and swaps; each change is a transaction of its own.

    A power cut can undo the last changes, since they are not synced one by one: then
    an event is handled again, never lost. One connection serves all threads, and a
    forked child opens its own.

    Args:
        path: The file; it is made if there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._connection: sqlite3.Connection | None = None
        self._swaps = 0
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """Leave the connection to the parent: SQLite wants none taken over a fork."""
        # Kept, since closing it would give up locks of the parent's.
        self._parents = self._connection
        self._connection = None
        self._lock = threading.Lock()

    def read(self, key: str, now: float) -> str | None:
        """Give the text under a key."""
        with self._lock:
            row: Sequence[str] | None = (
                self._open().execute(_READ, (key, now)).fetchone()
            )
        return row[0] if row else None

    def swap(
        self, key: str, old: str | None, new: str, *, now: float, keep: float
    ) -> bool:
        """Write under a key if `old` is still there; tell whether it was."""
        row = {"key": key, "old": old, "new": new, "now": now, "ends_at": now + keep}
        with self._lock:
            connection = self._open()
            done = connection.execute(_ADD if old is None else _CHANGE, row)
            self._swaps += 1
            if self._swaps % _SWAPS_BETWEEN_FORGETTING == 0:
                connection.execute(_FORGET, (now,))
            return done.rowcount == 1

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connected(self._path)
        return self._connection


def _connected(path: str) -> sqlite3.Connection:
    return connect(
        path,
        patience=_SECONDS_FOR_OTHERS,
        set_up=lambda opened: opened.executescript(_SET_UP),
    )
