"""How a list is walked: which page comes next, and which rows are new."""

from __future__ import annotations

from collections import deque

from stackverify.errors import ReadFailedError
from stackverify.models.results import Page, SmsMessage

__all__ = ["Walk"]


# Pages whose ids are remembered: so many may arrive while one is looked at.
_REMEMBERED = 20
_TOO_OFTEN = 3


class Walk:
    """Where a walk stands; it remembers the ids of some pages, and no rows.

    New messages push rows from one page to the next while we walk: a row whose
    id stood on a page not long before is left out. A service that caps the page size
    below what was asked sends short pages that are not the last: unless it says
    which is the last, the walk ends at a page shorter than the first, or empty.
    """

    def __init__(self, start: int, page_size: int) -> None:
        self.number: int | None = start
        self._full = page_size
        self._is_first = True
        self._before: deque[frozenset[str]] = deque(maxlen=_REMEMBERED)
        self._repeats = 0

    def take(self, page: Page[SmsMessage]) -> Page[SmsMessage] | None:
        """Note a page that came, and leave out what was seen before.

        Returns:
            What is new on it, or nothing if it only showed that the walk is over.

        Raises:
            ReadFailedError: The service sends the same page again and again.
        """
        ids = frozenset(row.message_id for row in page.rows if row.message_id)
        is_repeat = bool(ids and self._before and ids == self._before[-1])
        self._repeats = self._repeats + 1 if is_repeat else 0
        if self._repeats >= _TOO_OFTEN:
            raise ReadFailedError(
                f"GET /sms: page {page.number} is page {page.number - 1} again, so "
                "the service does not count pages as the reference says.",
                page.reply,
            )
        rows = tuple(row for row in page.rows if not self._was_seen(row))
        is_over = self._ends(page)
        self.number = None if is_over else page.number + 1
        is_end_only = is_over and not rows and not self._is_first
        self._is_first = False
        self._before.append(ids)
        if is_end_only:
            return None
        return Page(page.number, rows, page.is_last, page.total, page.reply)

    def _was_seen(self, row: SmsMessage) -> bool:
        return any(row.message_id in ids for ids in self._before)

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
