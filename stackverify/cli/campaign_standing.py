"""How a campaign stands: what is said, how to go on, the exit code."""

from __future__ import annotations

import sys
from typing import Any

import attrs

from stackverify.campaigns import CampaignSummary, RowState
from stackverify.cli import output
from stackverify.cli.exits import FAILED, FINE, INTERRUPTED, NOTHING_LEFT, UNKNOWN
from stackverify.cli.rest import command
from stackverify.cli.sentences import code_of, sentence
from stackverify.cli.session import Session
from stackverify.errors import StackverifyError

__all__ = ["counts", "Standing", "states_of"]

_SETTLED = (RowState.ACCEPTED, RowState.REFUSED, RowState.ABSENT, RowState.SKIPPED)


@attrs.frozen(kw_only=True)
class Standing:
    """How the rows of a ledger stand after something ended.

    Attributes:
        ledger: Its path.
        summary: The count of its rows.
        again: The command that goes on.
        has_list: Whether unknown messages can be looked up.
        is_interrupted: Whether somebody ended it.
        stopped_by: What else did.
    """

    ledger: str
    summary: CampaignSummary
    again: str
    has_list: bool
    is_interrupted: bool = False
    stopped_by: StackverifyError | None = None

    @property
    def unsure(self) -> int:
        """Rows that may have been sent."""
        return self.summary[RowState.UNKNOWN] + self.summary[RowState.INTENT]

    @property
    def code(self) -> int:
        """The exit code."""
        summary = self.summary
        failed = summary[RowState.REFUSED] + summary[RowState.ABSENT]
        if self.unsure:
            return UNKNOWN
        if self.is_interrupted and summary.left:
            return INTERRUPTED
        if summary.left and not (summary[RowState.ACCEPTED] or failed):
            return code_of(self.stopped_by) if self.stopped_by else NOTHING_LEFT
        return FAILED if failed or summary.left else FINE

    @property
    def go_on(self) -> str | None:
        """The command that goes on, if there is anything to go on with."""
        summary = self.summary
        if summary.is_cancelled or not (summary.left or self.unsure):
            return None
        if summary.is_paused:
            resume = command(["campaign", "resume", self.ledger])
            return f"{resume} && {self.again}"
        is_worth_it = summary.left or self.has_list or summary[RowState.INTENT]
        return self.again if is_worth_it else None

    def tell(self, chosen: Session) -> None:
        """Say it, as a program or a person reads it."""
        if chosen.json:
            output.document({"summary": self._document()})
            return
        if output.is_for_people(sys.stdout):
            output.line(f"{self.ledger}: {counts(self.summary)}.")
        else:
            for state, count in states_of(self.summary).items():
                output.row([state, count])
        for line in self._advice():
            output.note(line)

    def _document(self) -> dict[str, Any]:
        summary = self.summary
        return {
            **_counted(summary),
            "interrupted": self.is_interrupted,
            "stopped_by": self.stopped_by and output.clean(sentence(self.stopped_by)),
            "go_on": self.go_on,
            "exit_code": self.code,
        }

    def _advice(self) -> list[str]:
        summary, lines = self.summary, []
        if self.is_interrupted:
            lines.append("Interrupted.")
        if self.stopped_by is not None:
            lines.append(f"Stopped: {output.clean(sentence(self.stopped_by))}")
        if not output.is_for_people(sys.stdout):
            lines.append(f"{self.ledger}: {counts(summary)}.")
        if summary.is_paused:
            why = output.clean(summary.pause_reason or "")
            lines.append(f"It is paused: {why}." if why else "It is paused.")
        if summary.is_cancelled and summary.left:
            lines.append("It was cancelled: those pending are not sent any more.")
        if summary.suspected_duplicates:
            lines.append(
                f"Rows of which the service has more than one record: "
                f"{summary.suspected_duplicates:,}."
            )
        if self.unsure:
            lines.append(self._about_unknown())
        if summary[RowState.REFUSED] or summary[RowState.ABSENT]:
            lines.append(self._about_failed())
        if again := self.go_on:
            lines.append(f"To go on:\n    {again}")
        return lines

    def _about_unknown(self) -> str:
        show = command(["campaign", "export", self.ledger, "--state", "unknown"])
        if self.has_list:
            return (
                f"May have been sent: {self.unsure:,}. Going on looks them up; those "
                f"that cannot be found out are yours to `resolve`:\n    {show}"
            )
        return (
            f"May have been sent: {self.unsure:,}. There is no list to look them up "
            "in: see whom they are for, then `resolve` each, or go on with "
            f"--resend-unknown:\n    {show}"
        )

    def _about_failed(self) -> str:
        export = ["campaign", "export", self.ledger, "--state", "refused"]
        if self.summary[RowState.ABSENT]:
            export += ["--state", "absent"]
        retry = command(["campaign", "retry", self.ledger, "--failed-only"])
        return (
            "See what was refused, and why; or have it sent again:\n    "
            f"{command(export)}\n    {retry}"
        )


def counts(summary: CampaignSummary) -> str:
    """Count the rows in a line, the settled ones first."""
    told = []
    if done := [state for state in _SETTLED if summary[state]]:
        told += [f"{summary[state]:,} {state.value}" for state in done]
    others = [state for state in RowState if state not in _SETTLED and summary[state]]
    told += [f"{summary[state]:,} {state.value}" for state in others]
    if summary.statuses:
        far = ", ".join(
            f"{count:,} {output.clean(status)}"
            for status, count in sorted(summary.statuses.items())
        )
        told.append(f"of those {far}")
    return f"{summary.total:,} rows: {', '.join(told) or 'none'}"


def states_of(summary: CampaignSummary) -> dict[str, int]:
    """Count the rows by the names of their states."""
    return {state.value: count for state, count in summary.states.items()}


def _counted(summary: CampaignSummary) -> dict[str, Any]:
    return {
        "total": summary.total,
        "states": states_of(summary),
        "statuses": dict(summary.statuses),
        "suspected_duplicates": summary.suspected_duplicates,
        "paused": summary.is_paused,
        "pause_reason": summary.pause_reason,
        "cancelled": summary.is_cancelled,
    }
