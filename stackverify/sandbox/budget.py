"""How many messages each workspace has sent in a calendar month."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

__all__ = ["Budget"]


class Budget:
    """Counts messages by month; a month begins at midnight UTC (assumed)."""

    def __init__(self) -> None:
        self._spent: Counter[tuple[str, int, int]] = Counter()

    def clear(self) -> None:
        """Forget what was spent."""
        self._spent.clear()

    def spent(self, workspace: str, now: float) -> int:
        """Say how many messages were sent this month."""
        today = datetime.fromtimestamp(now, UTC)
        return self._spent[workspace, today.year, today.month]

    def told(self) -> list[tuple[str, int, int, int]]:
        """Give what was spent, by workspace, year and month."""
        return [(*month, messages) for month, messages in self._spent.items()]

    def restore(self, told: Iterable[tuple[str, int, int, int]]) -> None:
        """Take up what was spent before."""
        for workspace, year, month, messages in told:
            self._spent[workspace, year, month] = messages

    def spend(self, workspace: str, now: float, messages: int, limit: int) -> float:
        """Spend with 0.0, or answer the seconds until the next month begins.

        All or nothing: a send that fits only in part is not admitted.
        """
        today = datetime.fromtimestamp(now, UTC)
        month = (workspace, today.year, today.month)
        if self._spent[month] + messages > limit:
            return _next_month(today) - now
        self._spent[month] += messages
        return 0.0


def _next_month(today: datetime) -> float:
    years, month = divmod(today.month, 12)
    begins = datetime(today.year + years, month + 1, 1, tzinfo=UTC)
    return begins.timestamp()
