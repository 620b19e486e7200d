"""The rows of a ledger that may have been sent, and what was found out about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from stackverify._core.codec import loads
from stackverify._stores import ledger_sql as sql
from stackverify._stores.ledger_file import LedgerFile
from stackverify.models.campaigns import RowState

__all__ = ["Decision", "LedgerUnsure", "UnsureRow"]


@attrs.frozen
class UnsureRow:
    """A row that may have been sent, as it stands in the ledger.

    Attributes:
        attempts: How often it was begun.
        since: When it was first begun.
        released_by: When its last byte was let go at the latest.
        ahead: What the service's clock was ahead then, if that was known.
        index: Its place in the source.
        recipient: Whom it is for.
        fields: The row as it was loaded.
        owned: Ids of other rows of the same recipient; nothing for one without.
        is_shared: Whether there are such rows.
    """

    attempts: int
    since: float
    released_by: float
    ahead: float | None
    index: int = attrs.field(kw_only=True)
    recipient: str = attrs.field(kw_only=True, repr=False)
    fields: dict[str, Any] = attrs.field(kw_only=True, repr=False)
    owned: tuple[str | None, ...] = attrs.field(kw_only=True)
    is_shared: bool = attrs.field(kw_only=True)


@attrs.frozen
class Decision:
    """What was found out about an unsure row."""

    index: int
    attempts: int
    state: RowState
    message_id: str | None = None
    reason: str | None = None
    copies: int = 0

    @property
    def told(self) -> tuple[str, str | None, str | None, int]:
        """What is written of it."""
        return self.state.value, self.message_id, self.reason, self.copies


class LedgerUnsure:
    """Reads the rows that may have been sent, and settles them."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def rows(self) -> list[UnsureRow]:
        """Give them."""
        with self._file.reading() as connection:
            rows = connection.execute(sql.UNSURE).fetchall()
            return [
                UnsureRow(
                    *others,
                    fields=loads(fields.encode()),
                    owned=self._owned(connection, index, recipient) if shared else (),
                    is_shared=bool(shared),
                    index=index,
                    recipient=recipient,
                )
                for index, recipient, fields, shared, *others in rows
            ]

    def _owned(
        self, connection: Any, index: int, recipient: str
    ) -> tuple[str | None, ...]:
        found = connection.execute(sql.OWNED, (recipient, index))
        return tuple(row[0] for row in found)

    def decide(self, decisions: Iterable[Decision], now: float) -> None:
        """Settle rows that were looked up, unless somebody did in the meantime."""
        values = [(*each.told, now, each.index, each.attempts) for each in decisions]
        self._file.patiently(lambda file: file.executemany(sql.DECIDE, values))
