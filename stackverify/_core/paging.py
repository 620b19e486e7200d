"""How a list is walked: which page comes next, and which rows are new."""

from __future__ import annotations

from stackverify.errors import ReadFailedError
from stackverify.models.results import Page, SmsMessage

__all__ = ["Walk"]


class Walk:
    """Where a walk stands; it remembers the ids of one page and no more.

    New messages push rows from one page to the next while we walk: a row whose
    id stood on the page before is left out. A service that caps the page size
    below what was asked sends short pages that are not the last: unless it says
    which is the last, the walk ends at a page shorter than the first, or empty.
    """

    def __init__(self, start: int, page_size: int) -> None:
        self.number: int | None = start
        self._full = page_size
        self._is_first = True
        self._before: frozenset[str] = frozenset()

    def take(self, page: Page[SmsMessage]) -> Page[SmsMessage] | None:
        """Note a page that came, and leave out what was seen before.

        Returns:
            What is new on it, or nothing if it only showed that the walk is over.

        Raises:
            ReadFailedError: The service sent the page before once more.
        """
        ids = frozenset(row.message_id for row in page.rows if row.message_id)
        if ids and ids == self._before:
            raise ReadFailedError(
                f"GET /sms: page {page.number} is page {page.number - 1} again, so "
                "the service does not count pages as the reference says."
            )
        rows = tuple(row for row in page.rows if row.message_id not in self._before)
        is_over = self._ends(page)
        self.number = None if is_over else page.number + 1
        is_end_only = is_over and not rows and not self._is_first
        self._is_first = False
        self._before = ids
        if is_end_only:
            return None
        return Page(page.number, rows, page.is_last, page.total, page.reply)

    def _ends(self, page: Page[SmsMessage]) -> bool:
        if not page.rows:
            return True
        if page.is_last is not None:
            return page.is_last
        if not self._is_first:
            return len(page.rows) < self._full
        is_short = len(page.rows) < self._full
        self._full = min(self._full, len(page.rows))
        return is_short and page.total == len(page.rows)
