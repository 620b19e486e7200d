"""How far a campaign is while it runs: read from the ledger, shown as it moves."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import attrs

from stackverify.campaigns import (
    Campaign,
    CampaignEvent,
    CampaignSummary,
    CampaignWaits,
    RowState,
)
from stackverify.cli import output
from stackverify.cli.progress import bar
from stackverify.errors import LedgerError

__all__ = ["Board", "shown", "Waits"]

_SECONDS_BETWEEN_LOOKS = 0.25
_SECONDS_BETWEEN_LINES = 5.0
# Counting a million rows takes a moment: it shall be a small part of the time.
_SHARE_OF_TIME = 20

Board: TypeAlias = Callable[[CampaignSummary], None]
"""Is told how the rows stand, and shows it."""


@contextmanager
def shown(ledger: str, *, is_plain: bool) -> Iterator[None]:
    """Show how a ledger stands, from a thread of its own that only reads it."""
    ended = threading.Event()
    with board(ledger, is_plain=is_plain) as show:
        watcher = threading.Thread(
            target=_look, args=(ledger, show, ended), daemon=True
        )
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _look(ledger: str, show: Board, ended: threading.Event) -> None:
    with Campaign(ledger) as campaign:
        is_over, pause = False, 0.0
        while not is_over:
            is_over = ended.wait(pause)
            began = time.monotonic()
            try:
                show(campaign.summary())
            except LedgerError:  # whoever runs it says so
                return
            taken = time.monotonic() - began
            pause = max(_SECONDS_BETWEEN_LOOKS, taken * _SHARE_OF_TIME)


@contextmanager
def board(ledger: str, *, is_plain: bool) -> Iterator[Board]:
    """Give what shows how the rows stand: a bar, or a line now and then."""
    name = Path(ledger).name
    shape = None if is_plain else bar()
    if shape is None:
        yield _Lines(name)
        return
    with Campaign(ledger) as campaign:
        total = campaign.summary().total
    with shape:
        pace = _Pace()
        task = shape.add_task(name, total=total, rate="")

        def show(summary: CampaignSummary) -> None:
            done = _done(summary)
            shape.update(
                task,
                completed=done,
                rate=f"{pace.per_minute(done):,.0f}",
                description=f"{name}{_trouble(summary)}",
            )

        yield show


def _done(summary: CampaignSummary) -> int:
    return summary.total - summary.left


def _trouble(summary: CampaignSummary) -> str:
    told = [
        f"{summary[state]:,} {state.value}"
        for state in (RowState.REFUSED, RowState.ABSENT, RowState.UNKNOWN)
        if summary[state]
    ]
    return f" ({', '.join(told)})" if told else ""


@attrs.define
class _Pace:
    """Counts how many rows a minute are done since somebody looks."""

    began: float = attrs.field(factory=time.monotonic)
    first: int | None = None

    def per_minute(self, done: int) -> float:
        """Tell the pace, given how many are done by now."""
        if self.first is None:
            self.first = done
        return (done - self.first) * 60 / max(time.monotonic() - self.began, 0.1)


@attrs.define
class _Lines:
    """Progress for a log file: nothing while it stands still, or for a moment."""

    name: str
    pace: _Pace = attrs.field(factory=_Pace)
    told: int = -1
    next_line: float = attrs.field(
        factory=lambda: time.monotonic() + _SECONDS_BETWEEN_LINES
    )

    def __call__(self, summary: CampaignSummary) -> None:
        """Write a line, if it is time for one."""
        done = _done(summary)
        rate = self.pace.per_minute(done)
        if time.monotonic() < self.next_line or done == self.told:
            return
        self.told = done
        self.next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        text = f"{self.name}: {done:,} of {summary.total:,}{_trouble(summary)}"
        if rate:
            left = dt.timedelta(minutes=summary.left / rate)
            ends_at = dt.datetime.now(dt.UTC).astimezone() + left
            text += f", {rate:,.0f}/min, until {ends_at:%H:%M:%S}"
        output.note(text)


@attrs.define
class Waits:
    """Says what a campaign waits for, each time once."""

    reason: str = ""
    ends_at: float = 0.0

    def __call__(self, event: CampaignEvent) -> None:
        """Hear of an event."""
        if not isinstance(event, CampaignWaits):
            return
        ends_at = time.time() + event.seconds
        is_told = event.reason == self.reason and (
            event.reason == "others" or abs(ends_at - self.ends_at) < 60.0
        )
        self.reason, self.ends_at = event.reason, ends_at
        if not is_told:
            output.note(self._sentence(event))

    def _sentence(self, event: CampaignWaits) -> str:
        at = dt.datetime.fromtimestamp(self.ends_at, dt.UTC).astimezone()
        match event.reason:
            case "settling":
                return (
                    f"Waiting {event.seconds:,.0f} s, until what became of those "
                    "unknown can be looked up."
                )
            case "hours":
                return f"Waiting for the hours to send: {at:%a %d %b, %H:%M %Z}."
        return "Waiting for another process that works on the rest."
