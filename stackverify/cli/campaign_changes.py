"""Changes how rows of a ledger, or all of it, stand."""

from __future__ import annotations

from typing import Any

from stackverify.campaigns import CampaignSummary
from stackverify.cli import output
from stackverify.cli.campaign_ledger import opened
from stackverify.cli.campaign_standing import counts, states_of
from stackverify.cli.exits import FAILED, Trouble
from stackverify.cli.rest import command
from stackverify.cli.session import Session

__all__ = ["cancel", "pause", "resolve_row", "resume", "retry_failed"]


def retry_failed(chosen: Session, ledger: str) -> None:
    """Have rows that failed sent by the next run."""
    with opened(ledger) as campaign:
        count, summary = campaign.retry_failed(), campaign.summary()
    _tell(
        chosen,
        ledger,
        summary,
        f"To be sent again: {count:,}.",
        {"retried": count},
        is_to_run=bool(count),
    )


def resolve_row(chosen: Session, ledger: str, row: int, *, was_sent: bool) -> None:
    """Decide what became of a row that is unknown, or held as absent.

    Raises:
        Trouble: The row is neither.
    """
    with opened(ledger) as campaign:
        was_open = campaign.resolve(row, was_sent=was_sent)
        summary = campaign.summary()
    if not was_open:
        raise Trouble(
            f"Row {row} is neither unknown nor held as absent: it stays as it is.",
            FAILED,
        )
    state = "accepted" if was_sent else "pending"
    said = f"Row {row} is {state} now."
    _tell(chosen, ledger, summary, said, {"row": row, "state": state}, is_to_run=False)


def pause(chosen: Session, ledger: str, reason: str | None) -> None:
    """Have all runs begin nothing further."""
    with opened(ledger) as campaign:
        campaign.pause(reason)
        summary = campaign.summary()
    _refuse_if_cancelled(summary)
    _tell(chosen, ledger, summary, "It is paused.", {"paused": True}, is_to_run=False)
    if not chosen.json:
        resume = command(["campaign", "resume", ledger])
        output.note(f"To let it go on:\n    {resume}")


def resume(chosen: Session, ledger: str) -> None:
    """Let a paused campaign be run again."""
    with opened(ledger) as campaign:
        campaign.resume()
        summary = campaign.summary()
    _refuse_if_cancelled(summary)
    said = "It may be run again."
    _tell(
        chosen,
        ledger,
        summary,
        said,
        {"paused": False},
        is_to_run=not summary.is_done,
    )


def cancel(chosen: Session, ledger: str) -> None:
    """End a campaign for good."""
    with opened(ledger) as campaign:
        campaign.cancel()
        summary = campaign.summary()
    said = "It is cancelled, for good."
    _tell(chosen, ledger, summary, said, {"cancelled": True}, is_to_run=False)


def _refuse_if_cancelled(summary: CampaignSummary) -> None:
    if summary.is_cancelled:
        raise Trouble(f"The campaign was cancelled, for good: {counts(summary)}.")


def _tell(
    chosen: Session,
    ledger: str,
    summary: CampaignSummary,
    said: str,
    document: dict[str, Any],
    *,
    is_to_run: bool,
) -> None:
    run = command(["campaign", "run", ledger]) if is_to_run else None
    if chosen.json:
        output.document(
            {"ledger": ledger, **document, "states": states_of(summary), "go_on": run}
        )
        return
    output.line(said)
    output.note(f"{ledger}: {counts(summary)}.")
    if run:
        output.note(f"To send it:\n    {run}")
