"""Facts out of a ledger, by sums that SQLite makes and one pass over its rows."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from sqlite3 import Connection
from typing import Any

import attrs

from stackverify._core.template import Template, read_template
from stackverify._process.phones import region_finder
from stackverify._stores.ledger_rows import LedgerRows
from stackverify._stores.ledger_snapshot import LedgerSnapshot
from stackverify.models.campaigns import CampaignRow, CampaignSummary, RowState
from stackverify.models.messages import Email, Sms
from stackverify.report import sql
from stackverify.report.facts import DeliveryTimes, Facts, Pace, Reason, Status
from stackverify.report.pace import busiest_minutes
from stackverify.report.spans import round_width
from stackverify.report.statuses import KINDS, kind_of
from stackverify.report.survey import Survey

__all__ = ["read_facts"]

_REASONS_SHOWN = 12
_REASONS_TOLD_APART = 1000
_BINS = 30
_PERMILLES = (500, 950, 990, 1000)
_LISTED = (RowState.UNKNOWN, RowState.ABSENT, RowState.REFUSED)
# The name of a request, by which else no two rows would have the same reason.
_REQUEST = re.compile(r", request \S+?(?=\.?(?:\s|$))")


def read_facts(path: str | os.PathLike[str], *, most_rows: int) -> Facts:
    """Read all that is told of a ledger, as it stands at one moment.

    Raises:
        LedgerError: It cannot be read.
    """
    snapshot = LedgerSnapshot(path)
    try:
        return _facts(snapshot, most_rows)
    finally:
        snapshot.close()


def _facts(snapshot: LedgerSnapshot, most_rows: int) -> Facts:
    ledger = LedgerRows(snapshot)
    header = ledger.header()
    if header is None:
        return Facts(snapshot.path.name, {}, CampaignSummary({}))
    with snapshot.reading() as connection:
        survey = _survey(connection, header.template)
        return Facts(
            snapshot.path.name,
            header.template,
            ledger.summary(),
            _reasons(connection),
            _pace(connection),
            _statuses(connection),
            _times(connection),
            survey.countries,
            survey.segments,
            _listed(ledger, most_rows),
        )


def _reasons(connection: Connection) -> list[Reason]:
    counts: Counter[tuple[str, str | None]] = Counter()
    for state, reason, rows in connection.execute(sql.REASONS):
        text = _REQUEST.sub("", reason)
        is_known = (state, text) in counts or len(counts) < _REASONS_TOLD_APART
        counts[state, text if is_known else None] += rows
    ranked = sorted(
        counts.items(), key=lambda item: (item[0][1] is None, -item[1], str(item[0]))
    )
    reasons = [Reason(RowState(state), text, n) for (state, text), n in ranked]
    shown, others = reasons[:_REASONS_SHOWN], Counter[RowState]()
    for reason in reasons[_REASONS_SHOWN:]:
        others[reason.state] += reason.rows
    return shown + [Reason(state, None, rows) for state, rows in others.items()]


def _pace(connection: Connection) -> Pace | None:
    first, last, untimed = connection.execute(sql.SENT_BETWEEN).fetchone()
    if first is None:
        return None
    sends = connection.execute(sql.SENDS)
    return busiest_minutes(sends, first=first, last=last, untimed=untimed)


def _statuses(connection: Connection) -> list[Status]:
    found = [
        Status(name, kind_of(name), rows)
        for name, rows in connection.execute(sql.STATUSES)
    ]
    found.sort(key=lambda each: (KINDS.index(each.kind), -each.rows, each.name or ""))
    return found


def _times(connection: Connection) -> DeliveryTimes | None:
    (rows,) = connection.execute(sql.TOOK_COUNT).fetchone()
    if not rows:
        return None
    took = _at_ranks(
        connection.execute(sql.TOOK),
        [max(0, -(-rows * permille // 1000) - 1) for permille in _PERMILLES],
    )
    median, most, nearly_all, longest = took
    width = round_width(nearly_all / _BINS)
    counts = [0] * (int(nearly_all / width) + 1)
    end = len(counts) * width
    for place, count in connection.execute(sql.TOOK_BINS, {"width": width, "end": end}):
        counts[min(place, len(counts) - 1)] += count
    beyond = rows - sum(counts)
    return DeliveryTimes(rows, median, most, longest, width, counts, beyond)


def _at_ranks(ordered: Iterator[tuple[float]], ranks: Sequence[int]) -> list[float]:
    """Pick values by their places, from 0, which do not fall."""
    picked: list[float] = []
    at = -1
    for rank in ranks:
        if rank == at:
            picked.append(picked[-1])
            continue
        (value,) = next(islice(ordered, rank - at - 1, None))
        picked.append(value)
        at = rank
    return picked


def _survey(connection: Connection, written: dict[str, Any]) -> Survey:
    message = read_template(written)
    template = None
    if isinstance(message, Sms):
        # Whether blanks were allowed is not in the ledger.
        template = Template(message, allow_blank=True)
    region_of = None if isinstance(message, Email) else region_finder()
    survey = Survey(region_of, template)
    if template is not None:
        survey.look(connection.execute(sql.ROWS))
    elif region_of is not None:
        survey.look(connection.execute(sql.ROWS_WITHOUT_FIELDS))
    return survey


def _listed(ledger: LedgerRows, most: int) -> list[CampaignRow]:
    rows: list[CampaignRow] = []
    for state in _LISTED:
        start = 0
        while len(rows) < most and (some := ledger.read(start, state)):
            start = some[-1].index + 1
            rows += [attrs.evolve(row, fields={}) for row in some]
    return rows[:most]
