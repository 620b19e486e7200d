"""Shows how a campaign stands while another process runs it."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress

import click

from stackverify.campaigns import Campaign, CampaignSummary
from stackverify.cli import output
from stackverify.cli.campaign_board import Board, board, shown
from stackverify.cli.campaign_ledger import choose_service, opened
from stackverify.cli.campaign_standing import Standing, states_of
from stackverify.cli.rest import command
from stackverify.cli.session import Session
from stackverify.models.messages import Sms

__all__ = ["follow_delivery", "watch_ledger"]

_SECONDS_BETWEEN_LOOKS = 0.5


def watch_ledger(
    chosen: Session, ledger: str, *, once: bool, timeout: float | None
) -> None:
    """Show how the rows stand until nothing moves any more, or somebody has enough."""
    with opened(ledger) as campaign:
        if not once:
            _watch(campaign, chosen, ledger, timeout)
        _conclude(campaign, chosen, ledger)


def _watch(
    campaign: Campaign, chosen: Session, ledger: str, timeout: float | None
) -> None:
    ends_at = None if timeout is None else time.monotonic() + timeout
    if output.is_for_people(sys.stderr) and not chosen.json:
        output.note("Ctrl-C stops the watching only.")
    pause = threading.Event()
    with (
        suppress(KeyboardInterrupt),
        board(ledger, is_plain=chosen.json or chosen.verbose) as on_board,
    ):
        show = _changes() if chosen.json else on_board
        while not _is_over(summary := campaign.summary(), ends_at):
            show(summary)
            pause.wait(_SECONDS_BETWEEN_LOOKS)


def _changes() -> Board:
    """Give what tells a program how the rows stand, whenever that changed."""
    last: CampaignSummary | None = None

    def show(summary: CampaignSummary) -> None:
        nonlocal last
        if summary != last:
            output.document({"states": states_of(summary)})
        last = summary

    return show


def _is_over(summary: CampaignSummary, ends_at: float | None) -> bool:
    is_standing = summary.is_done or summary.is_paused or summary.is_cancelled
    return is_standing or (ends_at is not None and time.monotonic() >= ends_at)


def follow_delivery(chosen: Session, ledger: str, timeout: float) -> None:
    """Ask how far messages were delivered, and write it into the ledger."""
    choose_service(chosen, ledger, {})
    chosen.only_stackverify(
        "Velstack has no way to ask how far a message got: leave out --delivery."
    )
    is_plain = chosen.json or chosen.verbose
    with chosen.client() as client, opened(ledger, client) as campaign:
        if output.is_for_people(sys.stderr) and not chosen.json:
            output.note("Asking how far they were delivered. Ctrl-C stops it.")
        try:
            with shown(ledger, is_plain=is_plain):
                campaign.follow(timeout=timeout)
        except KeyboardInterrupt:
            output.note("Interrupted.")
        _conclude(campaign, chosen, ledger)


def _conclude(campaign: Campaign, chosen: Session, ledger: str) -> None:
    standing = Standing(
        ledger=ledger,
        summary=campaign.summary(),
        again=command(["campaign", "run", ledger]),
        has_list=isinstance(campaign.template(), Sms),
    )
    standing.tell(chosen)
    click.get_current_context().exit(standing.code)
