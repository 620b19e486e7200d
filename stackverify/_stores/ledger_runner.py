"""A runner's side of a ledger: claim rows, write intents and outcomes.

A runner has a lease, and everything it writes is refused once another runner took
its rows over. It takes over what a runner left behind that ended, or did not renew
its lease: claims become pending again, since they were never sent; intents become
unknown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import attrs

from stackverify._core.codec import dumps, loads
from stackverify._core.ledger import Verdict
from stackverify._process.fork import reset_in_child
from stackverify._process.runners import has_ended, identity
from stackverify._stores import ledger_sql as sql
from stackverify._stores.ledger_file import LedgerFile
from stackverify.errors import LedgerError, LedgerLostError

__all__ = [
    "Claimed",
    "Intents",
    "LedgerRunner",
    "Outcome",
    "StandingError",
]

_LEASE = 30.0
# Nothing is let go so shortly before the lease ends: between a look at the clock and
# the byte that leaves, a process can be stopped.
_LEASE_MARGIN = 10.0
_RENEWED_AFTER = 5.0

# The runners of this process: one that could not say goodbye is none any more.
_at_work: set[tuple[str, int]] = set()

_GIVEN_UP = "Its runner ended while it was being sent."


@attrs.define(eq=False)
class Claimed:
    """A row that this runner alone may send.

    Attributes:
        index: Its place in the source.
        attempts: How often it was begun so far.
        is_alone: Whether it must not share a request.
        zone: The number of its time zone.
        fields: The row as it was loaded.
        message: What is to be sent.
    """

    index: int
    attempts: int
    is_alone: bool
    zone: int
    fields: dict[str, Any] = attrs.field(repr=False)
    message: Any = attrs.field(default=None, repr=False)


@attrs.frozen
class Intents:
    """Rows whose first byte is to leave, all in one request.

    Attributes:
        rows: Which.
        now: When.
        release_by: When no last byte is let go any more.
        ahead: What the service's clock is ahead, if that is known.
    """

    rows: Sequence[Claimed]
    now: float
    release_by: float
    ahead: float | None = None


Outcome: TypeAlias = tuple[Claimed, Verdict, float, float | None]
"""A row, what became of it, when, and when its last byte was let go."""


class StandingError(Exception):
    """The campaign was paused or cancelled: no further intent is written."""


class LedgerRunner:
    """Claims rows and writes what becomes of them, for one run.

    Args:
        file: The ledger.
        clock: Tells the time, in seconds since the epoch.
    """

    def __init__(
        self, file: LedgerFile, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._clock = clock
        self._id = 0
        self._lease_until = 0.0
        self._next_index = 0
        self._outcomes: list[Outcome] = []
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """Know nothing of the parent's run: its rows are the parent's."""
        self._lock = threading.Lock()
        self._outcomes = []
        self._id, self._lease_until = 0, 0.0

    def join(self) -> None:
        """Become a runner, and take over what others left behind."""
        now = self._clock()
        with self._file.writing() as connection:
            connection.execute(sql.SHORTEN_LEASES, {"latest": now + _LEASE})
            for number, name, lease_until in connection.execute(sql.RUNNERS).fetchall():
                is_over = lease_until < now or has_ended(name)
                is_idle = name == identity() and self._place(number) not in _at_work
                if number != self._id and (is_over or is_idle):
                    _bury(connection, number, now)
            if not self._id:
                lease_until = now + _LEASE
                joined = connection.execute(sql.ADD_RUNNER, (identity(), lease_until))
                self._id = joined.lastrowid or 0
                self._lease_until = lease_until
                _at_work.add(self._place(self._id))

    def _place(self, number: int) -> tuple[str, int]:
        return str(self._file.path.resolve()), number

    def leave(self) -> None:
        """Write what is noted, give claims back, and be no runner any more."""
        if not self._id:
            return
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        number, self._id, self._lease_until = self._id, 0, 0.0
        _at_work.discard(self._place(number))

        def leave(connection: Any) -> None:
            self._settle(connection, outcomes)
            _bury(connection, number, self._clock())

        self._file.patiently(leave)

    def may_release(self) -> bool:
        """Say whether a last byte may be let go: nobody took the rows over."""
        return _LEASE_MARGIN < self._lease_left() <= _LEASE

    def _lease_left(self) -> float:
        return self._lease_until - self._clock()

    def _is_due(self) -> bool:
        """Say whether the lease is to be renewed; or the clock was set back."""
        return not _LEASE - _RENEWED_AFTER <= self._lease_left() <= _LEASE

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Have outcomes written with the next intents, or soon."""
        with self._lock:
            self._outcomes += outcomes

    def rewind(self) -> None:
        """Look for rows to send from the first one on."""
        self._next_index = 0

    def claim(self, count: int, zones: Sequence[int] | None) -> list[Claimed]:
        """Take rows to send; none are left beyond the last if fewer come.

        Args:
            count: Rows at most.
            zones: Numbers of the time zones whose rows may be sent; all if `None`.

        Raises:
            StandingError: The campaign was paused or cancelled.
            LedgerLostError: Another runner took over.
        """
        wanted = {
            "start": self._next_index,
            "count": count,
            "zones": None if zones is None else dumps(list(zones)).decode(),
        }

        def claim(connection: Any) -> list[Sequence[Any]]:
            self._stand(connection)
            found: list[Sequence[Any]] = connection.execute(
                sql.CLAIMABLE, wanted
            ).fetchall()
            connection.executemany(sql.CLAIM, [(self._id, row[0]) for row in found])
            return found

        found = self._file.patiently(claim)
        if found:
            self._next_index = found[-1][0] + 1
        return [
            Claimed(index, attempts, bool(alone), zone, loads(fields.encode()))
            for index, attempts, alone, zone, fields in found
        ]

    def unclaim(self, rows: Iterable[Claimed]) -> None:
        """Give back rows that are not sent after all."""
        numbers = [(self._id, row.index) for row in rows]
        self._file.patiently(lambda file: file.executemany(sql.UNCLAIM_ROW, numbers))

    def refuse(self, rows: Iterable[tuple[int, str]]) -> None:
        """Refuse claimed rows before anything was sent of them, each with a reason."""
        now = self._clock()
        values = [(reason, now, index, self._id) for index, reason in rows]
        self._file.patiently(lambda file: file.executemany(sql.REFUSE, values))

    def commit(self, requests: Sequence[Intents]) -> None:
        """Write and sync intents, and with them the outcomes noted so far.

        Raises:
            StandingError: The campaign was paused or cancelled.
            LedgerLostError: Another runner took over.
            LedgerError: It cannot be written.
        """
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        try:
            self._lease_until = self._file.patiently(
                lambda file: self._write(file, requests, outcomes)
            )
        except BaseException:
            with self._lock:
                self._outcomes[:0] = outcomes
            raise
        for request in requests:
            for row in request.rows:
                row.attempts += 1

    def tick(self) -> None:
        """Write outcomes that wait, and renew the lease; to be done every second.

        What goes wrong is told by the next intent, which is refused.
        """
        if self._id and (self._outcomes or self._is_due()):
            with suppress(LedgerError):
                self.commit(())

    def is_another_working(self) -> bool:
        """Tell whether rows are in the hands of another runner."""
        with self._file.reading() as connection:
            found = connection.execute(sql.WORKING, (self._id,)).fetchone()
            return found is not None

    def pending_zones(self) -> list[int]:
        """Tell the numbers of the time zones of rows that are to be sent."""
        with self._file.reading() as connection:
            return [row[0] for row in connection.execute(sql.PENDING_ZONES)]

    def _write(
        self, connection: Any, requests: Sequence[Intents], outcomes: Sequence[Outcome]
    ) -> float:
        """Write all of it; tell until when the lease is, once it is on the disk."""
        # Before anything else, so that rows sent again find themselves settled.
        self._settle(connection, outcomes)
        if requests:
            self._stand(connection)
            intents = [
                (row.index, row.attempts, each.now, each.release_by, each.ahead)
                for each in requests
                for row in each.rows
            ]
            new = {"rows": dumps(intents).decode(), "runner": self._id}
            if connection.execute(sql.INTEND, new).rowcount != len(intents):
                raise _lost()
        return self._renewed(connection) if self._is_due() else self._lease_until

    def _stand(self, connection: Any) -> None:
        lease_until, status = connection.execute(sql.STANDING, (self._id,)).fetchone()
        if lease_until is None:
            raise _lost()
        if status != "open":
            raise StandingError(status)

    def _renewed(self, connection: Any) -> float:
        lease_until = self._clock() + _LEASE
        if not connection.execute(sql.RENEW, (lease_until, self._id)).rowcount:
            raise _lost()
        return lease_until

    def _settle(self, connection: Any, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        settled = [
            (row.index, row.attempts, *verdict.told, now, released_at, verdict.alone)
            for row, verdict, now, released_at in outcomes
        ]
        connection.execute(sql.SETTLE, {"rows": dumps(settled).decode()})


def _bury(connection: Any, runner: int, now: float) -> None:
    """Remove a runner; what it had under way may have been sent."""
    connection.execute(sql.UNCLAIM, (runner,))
    connection.execute(sql.GIVE_UP, {"now": now, "runner": runner, "reason": _GIVEN_UP})
    connection.execute(sql.REMOVE_RUNNER, (runner,))


def _lost() -> LedgerLostError:
    return LedgerLostError("Another runner took over the rows of this one.")
