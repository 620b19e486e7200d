"""Which listed record belongs to an unknown row, and when there is none.

All moments are seconds since the epoch. Those of a row are of this machine's clock,
those of a record of the service's: `offset` is what the latter is ahead.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from stackverify._core.verdict import http_date
from stackverify.masking import mask_recipient, mask_text
from stackverify.models.results import SmsMessage

__all__ = [
    "Absent",
    "clock_offset",
    "closed_at",
    "Finding",
    "Found",
    "judge",
    "Scan",
    "Undecided",
    "Unsure",
    "Window",
    "windows",
]

# A list may cut texts short: so many characters that agree are no accident.
_PREVIEW = 20


@attrs.frozen
class Unsure:
    """A row that may have been sent.

    Attributes:
        index: Its place in the source.
        attempts: How often it was begun: a decision counts for no other attempt.
        recipient: Whom it is for.
        text: What it says.
        sender_id: The sender it names, if any.
        since: When it was first begun.
        released_by: When its last byte was let go at the latest.
        ahead: What the service's clock was ahead when it was last begun, if that was
            known.
        owned: Ids of records that belong to other rows of the same recipient.
        has_nameless: Whether one of those was accepted without an id.
        is_shared: Whether other rows have the same recipient.
    """

    index: int
    attempts: int
    recipient: str = attrs.field(repr=mask_recipient)
    text: str = attrs.field(repr=mask_text)
    sender_id: str | None
    since: float
    released_by: float
    ahead: float | None = None
    owned: frozenset[str] = frozenset()
    has_nameless: bool = False
    is_shared: bool = False

    @property
    def is_out_of_order(self) -> bool:
        """Whether the clock was set back while it was sent, who knows how far."""
        return self.ahead is None and self.released_by < self.since


@attrs.frozen
class Window:
    """A span of the service's time."""

    since: float
    until: float


def window_of(row: Unsure, *, settle: float, offset: float, slack: float) -> Window:
    """Say when the record of a row was made, if it was.

    What a clock was ahead only ever widens it: nobody knows which was set when.
    """
    ahead = (0.0, offset, offset if row.ahead is None else row.ahead)
    return Window(
        # The service may keep whole seconds.
        math.floor(row.since + min(ahead) - slack),
        row.released_by + settle + max(ahead) + slack,
    )


def closed_at(row: Unsure, *, settle: float, offset: float, slack: float) -> float:
    """Say when a row's window is closed, by this machine's clock."""
    window = window_of(row, settle=settle, offset=offset, slack=slack)
    return window.until - offset


def windows(
    rows: Iterable[Unsure], *, settle: float, offset: float, slack: float
) -> list[tuple[Window, list[Unsure]]]:
    """Put rows together whose windows overlap."""
    found: list[tuple[Window, list[Unsure]]] = []
    for row in sorted(rows, key=lambda row: row.since):
        window = window_of(row, settle=settle, offset=offset, slack=slack)
        if found and window.since <= found[-1][0].until:
            last, together = found[-1]
            until = max(last.until, window.until)
            found[-1] = (Window(last.since, until), [*together, row])
        else:
            found.append((window, [row]))
    return found


def clock_offset(headers: Mapping[str, str], now: float) -> float | None:
    """Tell how far the service's clock is ahead, if a reply says what time it is."""
    date = http_date(headers.get("date", ""))
    return None if date is None else date - now


@attrs.frozen
class Found:
    """The service has the row.

    Attributes:
        message_id: The id of its record, if it has one.
        others: Ids of further records that could be its.
    """

    message_id: str | None
    others: tuple[str, ...] = ()


@attrs.frozen
class Absent:
    """The service does not have the row."""


@attrs.frozen
class Undecided:
    """The list does not tell."""

    reason: str


Finding: TypeAlias = Found | Absent | Undecided


class Scan:
    """One complete walk over a window of the list; keeps what concerns some rows.

    Args:
        rows: The rows that are looked for.
        window: The window that was asked for.
    """

    def __init__(self, rows: Iterable[Unsure], window: Window) -> None:
        self.window = window
        self._records: dict[str, list[SmsMessage]] = {
            _digits(row.recipient): [] for row in rows
        }
        self._seen = 0
        self._nameless = 0
        self._total: int | None = None

    def take(self, records: Iterable[SmsMessage], total: int | None) -> None:
        """Take in a page."""
        self._total = total if self._total is None else self._total
        for record in records:
            self._seen += 1
            if record.to is None:
                self._nameless += 1
            elif (kept := self._records.get(_digits(record.to))) is not None:
                kept.append(record)

    @property
    def doubt(self) -> str | None:
        """Why what is not here may exist all the same."""
        if self._nameless:
            return "the list does not say whom its messages went to"
        if self._total is not None and self._seen < self._total:
            return "the list gave fewer messages than it counts"
        return None

    def candidates(self, row: Unsure) -> list[SmsMessage]:
        """Give the records that can be a row's."""
        return [
            record
            for record in self._records.get(_digits(row.recipient), ())
            if record.message_id not in row.owned
            and _is_same_text(row.text, record.text)
            and _is_same_sender(row.sender_id, record.sender_id)
            and self._is_within(record.created_at)
        ]

    def _is_within(self, moment: dt.datetime | None) -> bool:
        if moment is None:
            return True
        known = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return self.window.since <= known.timestamp() <= self.window.until


def judge(row: Unsure, scans: Sequence[Scan]) -> Finding | None:
    """Say what walks over a closed window mean for a row.

    Returns:
        A finding, or nothing if it takes another walk: what is not there is looked
        for twice.
    """
    for scan in scans:
        if candidates := scan.candidates(row):
            return _found(row, candidates)
    if doubt := next(filter(None, (scan.doubt for scan in scans)), None):
        return Undecided(doubt)
    if row.is_out_of_order:
        return Undecided("the clock was set back while it was sent")
    return Absent() if len(scans) > 1 else None


def _found(row: Unsure, candidates: Sequence[SmsMessage]) -> Finding:
    if any(record.created_at is None for record in candidates):
        return Undecided("the list does not say when its messages were taken")
    if row.has_nameless:
        return Undecided("it may be another row's, which was accepted without an id")
    ids = [record.message_id for record in candidates if record.message_id]
    if ids:
        return Found(ids[0], tuple(ids[1:]))
    if row.is_shared:
        return Undecided("the list names no ids, and other rows go to this recipient")
    return Found(None)


def _digits(recipient: str) -> str:
    return re.sub(r"\D", "", recipient)


def _is_same_sender(ours: str | None, theirs: str | None) -> bool:
    return ours is None or theirs is None or ours.casefold() == theirs.casefold()


def _is_same_text(ours: str, theirs: str | None) -> bool:
    if theirs is None:  # a list need not show texts
        return True
    ours, theirs = _plain(ours), _plain(theirs)
    preview = theirs.rstrip("….")
    is_preview = len(preview) >= _PREVIEW and ours.startswith(preview)
    return ours == theirs or is_preview


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
