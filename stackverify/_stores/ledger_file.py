"""A SQLite file in which every transaction is synced before it counts."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

from stackverify._process.fork import reset_in_child
from stackverify._stores import ledger_sql as sql
from stackverify._stores.connection import connect
from stackverify.errors import LedgerBusyError, LedgerError

__all__ = ["LedgerFile", "version_of"]

T = TypeVar("T")
_Place: TypeAlias = tuple[int, int]

_OWN = frozenset({"campaign", "marks"})
_SECONDS_FOR_OTHERS = 1.0
_TRIES = 10
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SAID = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened (is its folder there?)",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is no ledger",
}


class LedgerFile:
    """One connection for all threads of a process; a forked child opens its own.

    After a write that failed for another reason than that somebody else was writing,
    nothing more is written through it: what a disk holds after that is not known.

    Args:
        path: The file; it is made if there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Whatever the working directory is later.
        self.path: Path = Path(path).absolute()
        self._connection: sqlite3.Connection | None = None
        self._files: tuple[_Place | None, ...] = (None, None)
        self._failure: LedgerError | None = None
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """Leave the connection to the parent: SQLite wants none taken over a fork."""
        # Kept, since closing it would give up locks of the parent's.
        self._parents = self._connection
        self._connection = None
        # One that may be taken again by the thread that has it: a load is many calls.
        self._lock = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Have the connection to oneself.

        Raises:
            LedgerError: It cannot be read.
        """
        with self._lock, _told():
            yield self._open()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Have the only transaction that writes; it is synced when the block ends.

        Raises:
            LedgerError: It cannot be written; nothing of the block was.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                with _told():
                    connection = self._open()
                    self._check_place()
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
            except BaseException as error:
                self._undo(error)
                raise

    def patiently(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction, and again while other runners are writing.

        Raises:
            LedgerError: It cannot be written; nothing of it was.
        """
        for _ in range(_TRIES - 1):
            try:
                with self.writing() as connection:
                    return work(connection)
            except LedgerBusyError:
                continue
        with self.writing() as connection:
            return work(connection)

    def _check_place(self) -> None:
        # What is written to a file that was moved or replaced, nobody finds again.
        found = self._places()
        if any(
            old not in (None, new) for old, new in zip(self._files, found, strict=True)
        ):
            raise LedgerError(
                "The ledger was moved, replaced or removed while it was in use: "
                "put it back, or open it where it is now."
            )

    def _places(self) -> tuple[_Place | None, ...]:
        return _place(self.path), _place(Path(f"{self.path}-wal"))

    def _undo(self, error: BaseException) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        if isinstance(error.__cause__, sqlite3.Error) and not isinstance(
            error, LedgerBusyError
        ):
            self._failure = error if isinstance(error, LedgerError) else None

    def mend(self) -> None:
        """Begin anew with what is on the disk, if a write failed before."""
        if self._failure is not None:
            self.close()

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = self._failure = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connected(self.path)
            self._files = self._places()
        return self._connection


def _place(path: Path) -> _Place | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _error_of(error) from error


def _error_of(error: sqlite3.Error) -> LedgerError:
    # An extended code has the plain one in its last byte. What SQLite says itself
    # may repeat values of a row.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return LedgerBusyError("Another process is writing to the ledger.")
    what = _SAID.get(code) or f"SQLite says {type(error).__name__}"
    return LedgerError(f"The ledger cannot be used: {what}.")


def _connected(path: Path) -> sqlite3.Connection:
    return connect(path, patience=_SECONDS_FOR_OTHERS, set_up=_set_up, check=version_of)


def _set_up(connection: sqlite3.Connection) -> None:
    # NORMAL does not sync each commit: a power cut could undo an intent whose
    # message was sent. FULL would do, but not where there is no write-ahead log.
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA fullfsync = ON")
    if version_of(connection) == 0:
        connection.executescript(sql.SET_UP)
        connection.execute(f"PRAGMA user_version = {sql.VERSION}")


def version_of(connection: sqlite3.Connection) -> int:
    """Tell which version of the tables a file has; 0 for none.

    Raises:
        LedgerError: It is newer than what is known here, or has other tables.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = {name for (name,) in connection.execute(sql.TABLES)}
    if not tables >= _OWN and (version or tables):
        raise LedgerError("The ledger cannot be used: the file is no ledger.")
    if version > sql.VERSION:
        raise LedgerError("The ledger was made by a newer version of stackverify.")
    return version
