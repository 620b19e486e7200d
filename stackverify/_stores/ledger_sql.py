"""The tables of a ledger, and everything that is said to them.

The words for states are those of `RowState`, so that the file can be read with any
SQLite tool.
"""

from __future__ import annotations

VERSION = 1

TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
SET_UP = """
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS campaign (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        template TEXT NOT NULL,
        checked INTEGER NOT NULL DEFAULT 0,
        status TEXT NOT NULL DEFAULT 'open',
        reason TEXT
    );
    CREATE TABLE IF NOT EXISTS rows (
        idx INTEGER PRIMARY KEY,
        recipient TEXT NOT NULL,
        fields TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS marks (
        idx INTEGER PRIMARY KEY,
        state TEXT NOT NULL DEFAULT 'pending',
        runner INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0,
        zone INTEGER,
        previous INTEGER,
        shared INTEGER NOT NULL DEFAULT 0,
        alone INTEGER NOT NULL DEFAULT 0,
        copies INTEGER NOT NULL DEFAULT 0,
        since REAL,
        released_by REAL,
        ahead REAL,
        settled_at REAL,
        message_id TEXT,
        reason TEXT,
        status TEXT,
        status_at REAL
    );
    CREATE TABLE IF NOT EXISTS zones (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE IF NOT EXISTS runners (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        identity TEXT NOT NULL,
        lease_until REAL NOT NULL
    );
    COMMIT;
"""

HEADER = """
    SELECT template, checked, status, reason, (SELECT max(idx) + 1 FROM rows)
    FROM campaign
"""
SET_STATUS = "UPDATE campaign SET status = ?, reason = ? WHERE status <> 'cancelled'"
SET_CHECKED = "UPDATE campaign SET checked = ?"

ADD_CAMPAIGN = "INSERT INTO campaign (id, template) VALUES (1, ?)"
ADD_ROW = "INSERT INTO rows (idx, recipient, fields) VALUES (?, ?, ?)"
ADD_ZONE = "INSERT INTO zones (name) VALUES (?) RETURNING id"
ADD_MARK = "INSERT INTO marks (idx, zone) VALUES (?, ?)"
INDEX_RECIPIENTS = "CREATE INDEX rows_recipient ON rows (recipient)"
LINK_SHARED = """
    UPDATE marks SET previous = linked.previous, shared = 1
    FROM (
        SELECT idx, lag(idx) OVER (PARTITION BY recipient ORDER BY idx) AS previous
        FROM rows
    ) AS linked
    WHERE linked.idx = marks.idx AND linked.previous IS NOT NULL
"""
MARK_FIRST_SHARED = """
    UPDATE marks SET shared = 1
    WHERE idx IN (SELECT previous FROM marks WHERE previous IS NOT NULL)
"""
COUNT_SHARED = "SELECT count(*) FROM marks WHERE previous IS NOT NULL"

STORED = "SELECT idx, fields FROM rows WHERE idx >= ? ORDER BY idx LIMIT ?"
UNSENT = """
    SELECT idx, recipient, fields, shared FROM rows JOIN marks USING (idx)
    WHERE idx >= ? AND state = 'pending' ORDER BY idx LIMIT ?
"""
COLUMNS = """
    idx, state, recipient, fields, message_id, attempts, reason, since, settled_at,
    status, status_at, copies
"""
READ = f"""
    SELECT {COLUMNS} FROM rows JOIN marks USING (idx)
    WHERE idx >= ? ORDER BY idx LIMIT ?
"""  # noqa: S608 - the columns stand right above
READ_STATE = f"""
    SELECT {COLUMNS} FROM rows JOIN marks USING (idx)
    WHERE idx >= ? AND state = ? ORDER BY idx LIMIT ?
"""  # noqa: S608 - the columns stand right above
COUNT = """
    SELECT state, count(*), sum(message_id IS NULL), sum(copies > 0)
    FROM marks GROUP BY state
"""
COUNT_STATUSES = """
    SELECT status, count(*) FROM marks WHERE status IS NOT NULL GROUP BY status
"""
ZONES = "SELECT id, name FROM zones"

ADD_RUNNER = "INSERT INTO runners (identity, lease_until) VALUES (?, ?)"
RENEW = "UPDATE runners SET lease_until = ? WHERE id = ?"
RUNNERS = "SELECT id, identity, lease_until FROM runners"
# A lease that ends later than any can was taken before the clock was set back.
SHORTEN_LEASES = """
    UPDATE runners SET lease_until = :latest WHERE lease_until > :latest
"""
REMOVE_RUNNER = "DELETE FROM runners WHERE id = ?"
STANDING = """
    SELECT (SELECT lease_until FROM runners WHERE id = ?), status FROM campaign
"""
UNCLAIM = """
    UPDATE marks SET state = 'pending', runner = NULL
    WHERE state = 'claimed' AND runner = ?
"""
UNCLAIM_ROW = UNCLAIM + " AND idx = ?"
GIVE_UP = """
    UPDATE marks SET state = 'unknown', runner = NULL, settled_at = :now,
        released_by = min(released_by, :now), reason = :reason
    WHERE state = 'intent' AND runner = :runner
"""

# A row whose recipient has others waits for those before it to be settled, and
# while any of them may have been sent: then what is found in the list is one row's.
# To look at the one before it is quick, and mostly enough; but an earlier one may be
# sent again later than it.
CLAIMABLE = """
    SELECT m.idx, m.attempts, m.alone, coalesce(m.zone, 0), rows.fields
    FROM marks AS m JOIN rows ON rows.idx = m.idx
    WHERE m.idx >= :start AND m.state = 'pending'
        AND (:zones IS NULL
            OR coalesce(m.zone, 0) IN (SELECT value FROM json_each(:zones)))
        AND (m.shared = 0 OR (
            (m.previous IS NULL OR (
                SELECT p.state FROM marks AS p WHERE p.idx = m.previous
            ) IN ('accepted', 'refused', 'absent', 'skipped'))
            AND NOT EXISTS (
                SELECT 1 FROM rows AS other JOIN marks AS o ON o.idx = other.idx
                WHERE other.recipient = rows.recipient AND o.idx <> m.idx
                    AND (o.state IN ('claimed', 'intent', 'unknown')
                        OR (o.state = 'pending' AND o.idx < m.idx))
            )
        ))
    ORDER BY m.idx LIMIT :count
"""
CLAIM = """
    UPDATE marks SET state = 'claimed', runner = ? WHERE idx = ? AND state = 'pending'
"""
# One statement for many rows, which come as JSON: each statement gives the
# interpreter's lock away, and may wait for it as long as a send takes.
INTEND = """
    UPDATE marks SET state = 'intent', attempts = marks.attempts + 1,
        since = coalesce(
            since + coalesce(ahead - json_extract(new.value, '$[4]'), 0),
            json_extract(new.value, '$[2]')
        ),
        released_by = json_extract(new.value, '$[3]'),
        ahead = json_extract(new.value, '$[4]')
    FROM json_each(:rows) AS new
    WHERE marks.idx = json_extract(new.value, '$[0]')
        AND marks.attempts = json_extract(new.value, '$[1]')
        AND runner = :runner AND state IN ('claimed', 'intent')
"""
SETTLE = """
    UPDATE marks SET state = json_extract(new.value, '$[2]'),
        message_id = json_extract(new.value, '$[3]'),
        reason = json_extract(new.value, '$[4]'),
        settled_at = json_extract(new.value, '$[5]'),
        released_by = coalesce(json_extract(new.value, '$[6]'), released_by),
        alone = max(alone, json_extract(new.value, '$[7]')), runner = NULL
    FROM json_each(:rows) AS new
    WHERE marks.idx = json_extract(new.value, '$[0]')
        AND marks.attempts = json_extract(new.value, '$[1]')
        AND state IN ('intent', 'unknown')
"""
REFUSE = """
    UPDATE marks SET state = 'refused', runner = NULL, reason = ?, settled_at = ?
    WHERE idx = ? AND runner = ? AND state = 'claimed'
"""
WORKING = """
    SELECT 1 FROM marks WHERE state IN ('claimed', 'intent') AND runner <> ? LIMIT 1
"""
PENDING_ZONES = """
    SELECT DISTINCT coalesce(zone, 0) FROM marks WHERE state = 'pending'
"""

UNSURE = """
    SELECT idx, recipient, fields, shared, attempts, since, released_by, ahead
    FROM rows JOIN marks USING (idx) WHERE state = 'unknown'
"""
OWNED = """
    SELECT message_id FROM rows JOIN marks USING (idx)
    WHERE recipient = ? AND idx <> ? AND (message_id IS NOT NULL OR state = 'accepted')
"""
DECIDE = """
    UPDATE marks SET state = ?, message_id = ?, reason = ?, copies = ?, settled_at = ?
    WHERE idx = ? AND attempts = ? AND state = 'unknown'
"""
MOVE_ROW = """
    UPDATE marks SET state = ?, reason = ?, settled_at = ?
    WHERE idx = ? AND state = 'pending'
"""
MOVE_ALL = """
    UPDATE marks SET state = 'pending', reason = NULL, settled_at = ? WHERE state = ?
"""

SEEN_SET_UP = """
    CREATE TEMP TABLE IF NOT EXISTS seen (
        recipient TEXT, digest BLOB, PRIMARY KEY (recipient, digest)
    ) WITHOUT ROWID;
    DELETE FROM seen;
"""
SEE = "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING"
OPT_OUTS_SET_UP = """
    CREATE TEMP TABLE IF NOT EXISTS opt_outs (recipient TEXT PRIMARY KEY)
    WITHOUT ROWID;
    DELETE FROM opt_outs;
"""
ADD_OPT_OUT = "INSERT INTO opt_outs VALUES (?) ON CONFLICT DO NOTHING"
HAS_OPTED_OUT = "SELECT 1 FROM opt_outs WHERE recipient = ?"

INDEX_IDS = """
    CREATE INDEX IF NOT EXISTS marks_message_id ON marks (message_id)
    WHERE message_id IS NOT NULL
"""
STATUS_OF = "SELECT idx, status FROM marks WHERE message_id = ?"
SET_DELIVERY = "UPDATE marks SET status = ?, status_at = ? WHERE idx = ?"
OPEN_OF = """
    SELECT idx, since FROM rows JOIN marks USING (idx)
    WHERE recipient = ? AND state IN ('unknown', 'absent')
"""
RESOLVE_AS = """
    UPDATE marks SET state = 'accepted', message_id = ?, settled_at = ?, reason = NULL
    WHERE idx = ? AND state IN ('unknown', 'absent')
"""
RESOLVE = """
    UPDATE marks SET state = ?, settled_at = ?, reason = NULL
    WHERE idx = ? AND state IN ('unknown', 'absent')
"""
UNDELIVERED = """
    SELECT idx, message_id FROM marks
    WHERE idx >= ? AND state = 'accepted' AND message_id IS NOT NULL
        AND (status IS NULL OR status NOT IN (SELECT value FROM json_each(?)))
    ORDER BY idx LIMIT ?
"""
FIRST_SEND = "SELECT min(since) FROM marks WHERE state = 'accepted'"
