"""What the pretend service keeps in a file, so that a restart forgets nothing."""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import JsonConverter, make_converter
from cattrs.strategies import configure_tagged_union

from stackverify.sandbox.messages import Content, Message
from stackverify.sandbox.outbox import Outbox
from stackverify.sandbox.progress import Move, Progress
from stackverify.sandbox.traffic import Record

__all__ = ["Journal"]

_VERSION = 1
_SET_UP = f"""
BEGIN;
CREATE TABLE record (id TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    told TEXT NOT NULL,
    moves TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX message_record ON message (record);
CREATE TABLE tally (name TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_ADD_RECORD = "INSERT OR REPLACE INTO record VALUES (?, ?)"
_ADD = "INSERT OR REPLACE INTO message (id, record, told) VALUES (?, ?, ?)"
_MOVE = "UPDATE message SET moves = ? WHERE id = ?"
_TALLY = "INSERT OR REPLACE INTO tally VALUES (?, ?)"
_READ = """
SELECT message.told, record.told, moves
FROM message JOIN record ON record.id = message.record ORDER BY number
"""
_FORGET = "DELETE FROM message WHERE number <= (SELECT max(number) FROM message) - ?"
_FORGET_RECORDS = "DELETE FROM record WHERE id NOT IN (SELECT record FROM message)"
_ADDED_BETWEEN_FORGETTING = 1_000


class Journal:
    """A file that holds messages, what was moved by hand, and counts.

    Args:
        path: The file; it is made if there is none.

    Raises:
        ValueError: It is no such file, or another sandbox has it open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._converter = _converter()
        self._path = os.fspath(path)
        self._connection: sqlite3.Connection | None = _opened(self._path)
        self._added = 0

    @property
    def _file(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _opened(self._path)
        return self._connection

    def recall(self, outbox: Outbox, progress: Progress) -> None:
        """Take up what was written down."""
        for message, moves in self._remembered():
            outbox.store.add(message, outbox.keep)
            if moves:
                progress.restore(message.message_id, moves)
        rows = self._file.execute("SELECT name, told FROM tally")
        tallies = {name: json.loads(told) for name, told in rows}
        outbox.store.restore(tallies.get("counts", {}))
        outbox.budget.restore(tallies.get("budget", ()))
        outbox.opted_out.update(tallies.get("opted_out", ()))

    def accepted(
        self, record: Record, messages: Sequence[Message], outbox: Outbox
    ) -> None:
        """Write down new messages, and forget the oldest."""
        dumps = self._converter.dumps
        rows = [
            (each.message_id, record.request_id, dumps(each, Message))
            for each in messages
        ]
        with self._file as file:
            file.execute(_ADD_RECORD, (record.request_id, dumps(record)))
            file.executemany(_ADD, rows)
            file.executemany(_TALLY, _tallies(outbox))
            self._added += len(rows)
            if self._added >= _ADDED_BETWEEN_FORGETTING:
                self._forget(outbox.keep)

    def _forget(self, keep: int) -> None:
        self._file.execute(_FORGET, (keep,))
        self._file.execute(_FORGET_RECORDS)
        self._added = 0

    def tally(self, outbox: Outbox) -> None:
        """Write down counts, and who opted out."""
        with self._file as file:
            file.executemany(_TALLY, _tallies(outbox))

    def moved(self, message_id: str, moves: Sequence[Move]) -> None:
        """Write down what was moved by hand of a message."""
        with self._file as file:
            file.execute(_MOVE, (self._converter.dumps(moves), message_id))

    def clear(self) -> None:
        """Forget it all."""
        with self._file as file:
            for table in ("message", "record", "tally"):
                file.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own

    def _remembered(self) -> Iterator[tuple[Message, Sequence[Move]]]:
        read = self._converter.loads
        record, of = None, ""
        for told, request, moves in self._file.execute(_READ):
            if record is None or request != of:
                record, of = read(request, Record), request
            message = self._converter.structure(
                {**json.loads(told), "request": record}, Message
            )
            yield message, read(moves, list[Move])

    def close(self) -> None:
        """Close the file; what is written later opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _tallies(outbox: Outbox) -> list[tuple[str, str]]:
    told = {
        "counts": outbox.store.counts(),
        "budget": outbox.budget.told(),
        "opted_out": sorted(outbox.opted_out),
    }
    return [(name, json.dumps(value)) for name, value in told.items()]


def _converter() -> JsonConverter:
    converter = make_converter()
    configure_tagged_union(Content, converter)
    converter.register_structure_hook(Record, _as_it_is_or(converter))
    converter.register_unstructure_hook(
        Message,
        make_dict_unstructure_fn(Message, converter, request=override(omit=True)),
    )
    return converter


def _as_it_is_or(converter: cattrs.Converter) -> Any:
    """Read a record, or take one that was read already."""
    read = make_dict_structure_fn(Record, converter)

    def hook(value: Any, kind: type[Record]) -> Record:
        return value if isinstance(value, Record) else read(value, kind)

    return hook


def _opened(path: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=0.5, check_same_thread=False)
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error
    try:
        _set_up(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ValueError(f"{path} cannot be used: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not version and not tables:
        connection.executescript(_SET_UP)
    elif version != _VERSION or not tables >= {"record", "message", "tally"}:
        raise ValueError(f"{path} was not written by this version of the sandbox")
