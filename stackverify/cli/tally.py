"""What became of each recipient of a send to many."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import attrs

from stackverify import Accepted, BulkSummary, NotSent, Outcome, SendMany, Unknown
from stackverify.cli import output
from stackverify.cli.interrupts import Interrupts
from stackverify.cli.letter import Letter
from stackverify.cli.sentences import sentence
from stackverify.cli.session import Session
from stackverify.errors import BulkStoppedError

__all__ = ["Result", "Tally", "told"]

# So many recipients are read off a screen; of more, only what went wrong.
_SHOWN = 20
_LOST = "Interrupted before the answer came: it may have been sent."


def told(
    outcome: str,
    to: str,
    message_id: str | None = None,
    status: str | None = None,
    error: str | None = None,
) -> dict[str, str | None]:
    """Tell what became of one recipient, as cells with names."""
    return {
        "outcome": outcome,
        "to": to,
        "message_id": message_id,
        "status": status,
        "error": error,
    }


@attrs.frozen(kw_only=True)
class Result:
    """What became of all recipients.

    Attributes:
        accepted: Those whose message the service took.
        refused: Those it did not take it for.
        unknown: Those who may have been sent to.
        left: The places of those who were not, in order.
        stopped_by: What ended it before its end.
        is_interrupted: Whether somebody did.
    """

    accepted: int
    refused: int
    unknown: int
    left: tuple[int, ...]
    stopped_by: BaseException | None
    is_interrupted: bool


@attrs.define(eq=False)
class Tally:
    """The count of a send to many."""

    letter: Letter
    chosen: Session
    counts: Counter[str] = attrs.field(factory=Counter)
    seen: set[int] = attrs.field(factory=set)
    to_repeat: set[int] = attrs.field(factory=set)
    stopped_by: BaseException | None = None
    is_interrupted: bool = False

    def take(
        self,
        sends: SendMany[Any],
        advance: Callable[[BulkSummary], None],
        interrupts: Interrupts,
    ) -> None:
        """Take the outcomes to the end, or until somebody has had enough."""
        try:
            interrupts.release()
            for outcome in sends:
                with interrupts.held():
                    self._add(outcome)
                    advance(sends.summary)
                if self.stopped_by is not None:
                    break
        except BulkStoppedError as stopped:
            self.stopped_by = stopped.__cause__
        except KeyboardInterrupt:
            self.is_interrupted = True
        if interrupts.count > 1:  # then nobody waits for what is under way
            return
        with suppress(BulkStoppedError, KeyboardInterrupt):
            sends.close()
            for outcome in sends:
                self._add(outcome)

    def _add(self, outcome: Outcome[Any]) -> None:
        kind = _kind(outcome)
        self._count(outcome.index, kind)
        to = self.letter.to[outcome.index]
        if isinstance(outcome, Accepted):
            receipt = outcome.receipt
            self._tell(told(kind, to, receipt.message_id, receipt.status))
            return
        error = sentence(outcome.error)
        self._tell(told(kind, to, error=error))

    def _tell(self, cells: dict[str, str | None]) -> None:
        try:
            self._write(cells)
        except BrokenPipeError:
            output.silence()
            output.note("Nobody reads the results any more; the sending goes on.")
        except OSError as error:  # they cannot be kept, so there shall be no more
            output.silence()
            self.stopped_by = error

    def _write(self, cells: dict[str, str | None]) -> None:
        if self.chosen.json:
            output.document(cells)
            return
        if not output.is_for_people(sys.stdout):
            output.row(cells.values())
            return
        outcome = str(cells["outcome"])
        if outcome != "accepted" or len(self.letter.to) <= _SHOWN:
            last = output.clean(cells["error"] or cells["message_id"] or "")
            painted = output.painted(outcome, width=8)
            output.line(f"{painted}  {cells['to']}  {last}")

    def _count(self, index: int, kind: str) -> None:
        self.seen.add(index)
        self.counts[kind] += 1
        if kind == "not sent":
            self.to_repeat.add(index)

    def _kind_unheard(self, summary: BulkSummary) -> str:
        """Tell what an outcome was that an interrupt took as it was handed over."""
        counted = {  # by those who did the work, whom nothing interrupts
            "accepted": summary.accepted,
            "refused": summary.refused,
            "not sent": summary.not_sent,
        }
        return next(
            (kind for kind, count in counted.items() if count > self.counts[kind]),
            "unknown",
        )

    def close(self, summary: BulkSummary) -> Result:
        """Count those whose answer nobody waited for, and those not begun."""
        total = len(self.letter.to)
        unbegun = {*summary.unfinished, *range(summary.next_index, total)}
        unheard = sorted(set(range(total)) - self.seen - unbegun)
        kind = self._kind_unheard(summary) if len(unheard) == 1 else "unknown"
        for index in unheard:
            self._count(index, kind)
            error = _LOST if kind == "unknown" else None
            self._tell(told(kind, self.letter.to[index], error=error))
        left = tuple(sorted(self.to_repeat | unbegun))
        return Result(
            accepted=self.counts["accepted"],
            refused=self.counts["refused"],
            unknown=self.counts["unknown"],
            left=left,
            stopped_by=self.stopped_by,
            is_interrupted=self.is_interrupted,
        )


def _kind(outcome: Outcome[Any]) -> str:
    match outcome:
        case Accepted():
            return "accepted"
        case NotSent():
            return "not sent"
        case Unknown():
            return "unknown"
    return "refused"
