"""The rows of a ledger: how they come in, how they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, TypeAlias

import attrs

from stackverify._core.codec import dumps, loads
from stackverify._core.recipients import whose
from stackverify._core.template import differing_fields
from stackverify._stores import ledger_sql as sql
from stackverify._stores.ledger_file import LedgerFile
from stackverify.errors import LedgerChangedError
from stackverify.models.campaigns import CampaignRow, CampaignSummary, RowState

__all__ = ["Header", "LedgerRows", "NewRow", "UnsentRow"]

_AT_ONCE = 500

NewRow: TypeAlias = tuple[str, dict[str, Any], str | None]
"""Recipient, fields, and the name of a time zone."""


@attrs.frozen
class Header:
    """What a ledger was made for, and how it stands.

    Attributes:
        template: As `write_template` wrote it.
        rows: How many rows it has.
        is_checked: Whether the rows were found fit to be sent.
        status: `open`, `paused` or `cancelled`.
        reason: Why, if it is not open.
    """

    template: dict[str, Any] = attrs.field(repr=False)
    rows: int
    is_checked: bool
    status: str
    reason: str | None


@attrs.frozen
class UnsentRow:
    """A row that is to be sent.

    Attributes:
        index: Its place in the source.
        recipient: Whom it is for.
        fields: The row as it was loaded.
        is_shared: Whether other rows have the same recipient.
    """

    index: int
    recipient: str = attrs.field(repr=False)
    fields: dict[str, Any] = attrs.field(repr=False)
    is_shared: bool


class LedgerRows:
    """Fills a ledger, and reads it, however many rows it has."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def header(self) -> Header | None:
        """Tell what the ledger was made for, if it was made."""
        with self._file.reading() as connection:
            found = connection.execute(sql.HEADER).fetchone()
        if found is None:
            return None
        template, checked, status, reason, rows = found
        return Header(
            loads(template.encode()), rows or 0, bool(checked), status, reason
        )

    def load(self, template: dict[str, Any], rows: Iterable[NewRow]) -> Header | None:
        """Take in all rows, or none; give the header if somebody else was first."""
        with self._file.writing() as connection:
            if header := self.header():
                return header
            connection.execute(sql.ADD_CAMPAIGN, (dumps(template).decode(),))
            zones = _Zones(connection)
            for start, some in _counted(rows):
                texts = [(to, dumps(fields).decode()) for to, fields, _ in some]
                connection.executemany(
                    sql.ADD_ROW, [(start + n, *text) for n, text in enumerate(texts)]
                )
                connection.executemany(
                    sql.ADD_MARK,
                    [(start + n, zones.number(row[2])) for n, row in enumerate(some)],
                )
            connection.execute(sql.INDEX_RECIPIENTS)
            connection.execute(sql.LINK_SHARED)
            connection.execute(sql.MARK_FIRST_SHARED)
        return None

    def compare(self, rows: Iterable[NewRow]) -> None:
        """Make sure that the ledger was made of these rows.

        Raises:
            LedgerChangedError: It was not.
        """
        total = 0
        for start, some in _counted(rows):
            stored = self._stored(start, len(some))
            for index, (_, fields, _) in enumerate(some, start):
                if index - start >= len(stored):
                    raise _changed(f"row {index} and later ones are new")
                if names := _differences(stored[index - start], fields):
                    raise _changed(f"row {index} differs in {', '.join(names)}")
            total = start + len(some)
        if self._stored(total, 1):
            raise _changed(f"rows from {total} on are gone")

    def _stored(self, start: int, count: int) -> list[str]:
        with self._file.reading() as connection:
            return [row[1] for row in connection.execute(sql.STORED, (start, count))]

    def read(self, start: int, state: RowState | None) -> list[CampaignRow]:
        """Read some rows from a place on; none are left if none come."""
        with self._file.reading() as connection:
            if state is None:
                found = connection.execute(sql.READ, (start, _AT_ONCE))
            else:
                found = connection.execute(
                    sql.READ_STATE, (start, state.value, _AT_ONCE)
                )
            return [_row(values) for values in found]

    def unsent(self, start: int) -> list[UnsentRow]:
        """Read some rows from a place on that are to be sent."""
        with self._file.reading() as connection:
            return [
                UnsentRow(index, recipient, loads(fields.encode()), bool(shared))
                for index, recipient, fields, shared in connection.execute(
                    sql.UNSENT, (start, _AT_ONCE)
                )
            ]

    def summary(self) -> CampaignSummary:
        """Count the rows."""
        with self._file.reading() as connection:
            counts = connection.execute(sql.COUNT).fetchall()
            statuses = dict(connection.execute(sql.COUNT_STATUSES).fetchall())
        header = self.header()
        status = header.status if header else "open"
        without_id = sum(row[2] for row in counts if row[0] == "accepted")
        return CampaignSummary(
            states={RowState(row[0]): row[1] for row in counts},
            statuses=statuses,
            without_id=without_id,
            suspected_duplicates=sum(row[3] for row in counts),
            is_paused=status == "paused",
            is_cancelled=status == "cancelled",
            pause_reason=header.reason if header and status == "paused" else None,
        )

    def zones(self) -> dict[int, str]:
        """Name the time zones of rows, by their number; 0 stands for none."""
        with self._file.reading() as connection:
            return dict(connection.execute(sql.ZONES).fetchall())

    def set_status(self, status: str, reason: str | None) -> None:
        """Have every runner go on, or stop."""
        with self._file.writing() as connection:
            connection.execute(sql.SET_STATUS, (status, reason))

    def checked(self) -> None:
        """Note that the rows were found fit to be sent."""
        with self._file.writing() as connection:
            connection.execute(sql.SET_CHECKED, (1,))

    def unchecked(self) -> None:
        """Have the rows looked at again before the next send."""
        with self._file.writing() as connection:
            connection.execute(sql.SET_CHECKED, (0,))

    def move(
        self, rows: Sequence[tuple[int, str]], state: RowState, now: float
    ) -> None:
        """Leave out rows that were not sent, each with a reason."""
        with self._file.writing() as connection:
            connection.executemany(
                sql.MOVE_ROW,
                [(state.value, reason, now, index) for index, reason in rows],
            )

    def move_all(self, state: RowState, now: float) -> int:
        """Have all rows of a state sent again; tell how many there are."""
        with self._file.writing() as connection:
            return connection.execute(sql.MOVE_ALL, (now, state.value)).rowcount

    def resolve(self, index: int, state: RowState, now: float) -> bool:
        """Settle a row that was unknown, or held; tell whether it was."""
        with self._file.writing() as connection:
            done = connection.execute(sql.RESOLVE, (state.value, now, index))
            return done.rowcount == 1

    def count_shared(self) -> int:
        """Count the rows whose recipient stands in an earlier one."""
        with self._file.reading() as connection:
            (count,) = connection.execute(sql.COUNT_SHARED).fetchone()
            return int(count)

    def opt_outs(self, recipients: Iterable[str]) -> Callable[[str], bool]:
        """Take in who wants nothing; give what tells whether someone is one of them."""
        with self._file.reading() as connection:
            connection.executescript(sql.OPT_OUTS_SET_UP)
            connection.executemany(
                sql.ADD_OPT_OUT, ((whose(recipient),) for recipient in recipients)
            )

        def has_opted_out(recipient: str) -> bool:
            with self._file.reading() as connection:
                found = connection.execute(
                    sql.HAS_OPTED_OUT, (whose(recipient),)
                ).fetchone()
                return found is not None

        return has_opted_out

    def first_sights(self) -> Callable[[str, str], bool]:
        """Give what tells whether a recipient and a message are seen first."""
        with self._file.reading() as connection:
            connection.executescript(sql.SEEN_SET_UP)

        def is_first(recipient: str, message: str) -> bool:
            digest = blake2b(message.encode("utf-8", "replace"), digest_size=16)
            with self._file.reading() as connection:
                seen = connection.execute(sql.SEE, (recipient, digest.digest()))
                return seen.rowcount == 1

        return is_first


class _Zones:
    """The numbers of time zones, given out as they are met."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[str, int] = {}

    def number(self, name: str | None) -> int | None:
        if name is None:
            return None
        if name not in self._numbers:
            (number,) = self._connection.execute(sql.ADD_ZONE, (name,)).fetchone()
            self._numbers[name] = number
        return self._numbers[name]


def _counted(rows: Iterable[NewRow]) -> Iterator[tuple[int, list[NewRow]]]:
    """Give rows some at a time, with the index of the first."""
    start, some = 0, []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield start, some
            start, some = start + len(some), []
    if some:
        yield start, some


def _differences(stored: str, fields: dict[str, Any]) -> list[str]:
    text = dumps(fields)
    if stored.encode() == text:
        return []
    return differing_fields(loads(stored.encode()), loads(text))


def _changed(difference: str) -> LedgerChangedError:
    return LedgerChangedError(
        f"The ledger was made of other rows: {difference}.", (difference,)
    )


def _row(values: Sequence[Any]) -> CampaignRow:
    index, state, recipient, fields, *others = values
    return CampaignRow(
        index, RowState(state), recipient, loads(fields.encode()), *others
    )
