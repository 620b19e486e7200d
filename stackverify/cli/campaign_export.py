"""Writes what is in a ledger for others to read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from stackverify import campaigns
from stackverify._stores.sources import JSON, JSON_LINES, write_lines, write_rows
from stackverify.campaigns import Campaign, CampaignRow
from stackverify.cli import output
from stackverify.cli.campaign_ledger import choose_service, opened
from stackverify.cli.exits import USAGE, Trouble
from stackverify.cli.session import Session

__all__ = ["write_page", "write_rows_to"]


def write_rows_to(chosen: Session, ledger: str, to: str, states: Sequence[str]) -> None:
    """Write rows to a file, or to standard output: CSV, or JSON lines."""
    suffix = Path(to).suffix.lower()
    if to != "-" and suffix not in (".csv", JSON, *JSON_LINES):
        raise click.UsageError("Name a file that ends in .csv, .json or .jsonl.")
    with opened(ledger) as campaign:
        rows = _rows(campaign, states)
        if to == "-":
            write_lines(sys.stdout, rows, is_json=chosen.json)
            return
        count = write_rows(to, rows)
    if chosen.json:
        output.document({"file": to, "rows": count})
    else:
        output.line(f"{to}: {output.counted(count, 'row')}.")


def _rows(campaign: Campaign, states: Sequence[str]) -> Iterator[CampaignRow]:
    if len(states) == 1:
        return campaign.rows(states[0])
    return (row for row in campaign.rows() if not states or row.state.value in states)


def write_page(
    chosen: Session, ledger: str, to: str, *, show_recipients: bool, zone: str
) -> None:
    """Write a page about a campaign.

    Raises:
        Trouble: What makes it is not installed.
    """
    choose_service(chosen, ledger, {})
    try:
        campaigns.write_report(
            ledger,
            to,
            tier=None if chosen.is_velstack else chosen.chosen_tier(),
            show_recipients=show_recipients,
            zone=zone,
        )
    except ImportError as missing:
        if "pip install" not in str(missing):
            raise
        raise Trouble(f"{missing}.", USAGE) from missing
    if chosen.json:
        output.document({"file": to})
    else:
        output.line(f"{to} is written: open it in a browser.")
