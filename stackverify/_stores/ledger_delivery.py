"""How far accepted rows were delivered, as far as was heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stackverify._core.codec import dumps
from stackverify._core.delivery import rank
from stackverify._stores import ledger_sql as sql
from stackverify._stores.ledger_file import LedgerFile

__all__ = ["LedgerDelivery"]


class LedgerDelivery:
    """Writes and reads how far rows were delivered."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file
        self._is_indexed = False

    def note(self, statuses: Iterable[tuple[str, str]], now: float) -> int:
        """Write statuses by message id; a message never goes back to an earlier one.

        Returns:
            How many of them were news.
        """
        with self._file.writing() as connection:
            if not self._is_indexed:
                connection.execute(sql.INDEX_IDS)
                self._is_indexed = True
            news = []
            for message_id, status in statuses:
                for index, old in connection.execute(sql.STATUS_OF, (message_id,)):
                    if old != status and _is_further(status, old):
                        news.append((status, now, index))
            connection.executemany(sql.SET_DELIVERY, news)
        return len(news)

    def adopt(
        self, recipient: str, message_id: str, told_at: float, now: float
    ) -> bool:
        """Take a message for the one open row of its recipient; tell if it is."""
        with self._file.writing() as connection:
            rows = connection.execute(sql.OPEN_OF, (recipient,)).fetchall()
            if len(rows) != 1 or told_at < rows[0][1]:
                return False
            if connection.execute(sql.STATUS_OF, (message_id,)).fetchone():
                return False
            connection.execute(sql.RESOLVE_AS, (message_id, now, rows[0][0]))
            return True

    def undelivered(self, start: int, final: Sequence[str]) -> list[tuple[int, str]]:
        """Give some accepted rows from a place on that are still under way."""
        wanted = (start, dumps(list(final)).decode(), 500)
        with self._file.reading() as connection:
            return list(connection.execute(sql.UNDELIVERED, wanted))

    def first_send(self) -> float | None:
        """Tell when the first accepted row was begun."""
        with self._file.reading() as connection:
            found: float | None = connection.execute(sql.FIRST_SEND).fetchone()[0]
            return found


def _is_further(status: str, old: str | None) -> bool:
    new_rank, old_rank = rank(status), rank(old or "")
    return new_rank is None or old_rank is None or new_rank > old_rank
