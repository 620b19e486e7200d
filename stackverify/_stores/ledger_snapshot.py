"""A ledger as it stood at one moment, to be read while others go on writing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from stackverify._stores.ledger_file import LedgerFile, version_of
from stackverify.errors import LedgerError

__all__ = ["LedgerSnapshot"]


class LedgerSnapshot(LedgerFile):
    """Reads a ledger that is there, and writes nothing to it.

    All that is read until it is closed is of the same moment, whatever runners write
    in the meantime.
    """

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connected(self.path)
        return self._connection


def _connected(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise LedgerError("There is no ledger of that name.")
    connection = _begun(path, "mode=ro")
    if connection is None and not path.with_name(f"{path.name}-wal").exists():
        # In a folder that may not be written SQLite cannot note who reads; without
        # that file nobody is writing.
        connection = _begun(path, "mode=ro&immutable=1")
    if connection is None:
        raise LedgerError("The ledger cannot be used: its folder may not be written.")
    try:
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _begun(path: Path, how: str) -> sqlite3.Connection | None:
    """Open the file and begin to read; nothing if its folder forbids it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("BEGIN")
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            return None
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    if version_of(connection) == 0:
        raise LedgerError("The ledger cannot be used: the file is no ledger.")
