"""A SQLite file that threads of one process share, and other processes as well."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress

__all__ = ["connect"]


def connect(
    path: str | os.PathLike[str],
    *,
    patience: float,
    set_up: Callable[[sqlite3.Connection], object],
    check: Callable[[sqlite3.Connection], object] = lambda connection: None,
) -> sqlite3.Connection:
    """Open a file, and make it if there is none.

    Args:
        path: The file.
        patience: Seconds to wait for who is writing to it.
        set_up: Makes what it must hold; if it fails, the file is closed again.
        check: Looks at the file before anything in it is changed, and raises if it
            is somebody else's.
    """
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        check(connection)
        # Whoever is refused this, another process is doing it: it is the file's.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection
