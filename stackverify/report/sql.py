"""What a report asks a ledger."""

from __future__ import annotations

__all__: list[str] = []

REASONS = """
    SELECT state, reason, count(*) FROM marks
    WHERE reason IS NOT NULL AND state <> 'accepted' GROUP BY state, reason
"""

# The rows of a request share the moment it was begun. Of a row that was sent again
# the ledger keeps the first moment and the last.
SENDS = """
    SELECT at, count(*) FROM (
        SELECT since AS at FROM marks WHERE since IS NOT NULL
        UNION ALL
        SELECT min(released_by, coalesce(settled_at, released_by)) FROM marks
        WHERE attempts > 1 AND released_by IS NOT NULL
    ) GROUP BY at ORDER BY at
"""
SENT_BETWEEN = """
    SELECT min(since), max(
        max(since),
        coalesce(max(CASE WHEN attempts > 1
            THEN min(released_by, coalesce(settled_at, released_by)) END), 0)
    ), coalesce(sum(max(attempts - 2, 0)), 0)
    FROM marks WHERE since IS NOT NULL
"""

STATUSES = """
    SELECT status, count(*) FROM marks WHERE state = 'accepted' GROUP BY status
"""
_TOOK = """
    SELECT status_at - released_by AS took FROM marks
    WHERE state = 'accepted' AND lower(status) = 'delivered'
        AND status_at >= released_by
"""
TOOK_COUNT = f"SELECT count(*) FROM ({_TOOK})"  # noqa: S608 - it stands right above
TOOK = f"SELECT took FROM ({_TOOK}) ORDER BY took"  # noqa: S608
TOOK_BINS = f"""
    SELECT CAST(took / :width AS INTEGER) AS bin, count(*) FROM ({_TOOK})
    WHERE took < :end GROUP BY bin
"""  # noqa: S608

ROWS = """
    SELECT recipient, state, status, fields
    FROM rows JOIN marks USING (idx) ORDER BY idx
"""
ROWS_WITHOUT_FIELDS = """
    SELECT recipient, state, status, NULL
    FROM rows JOIN marks USING (idx) ORDER BY idx
"""
