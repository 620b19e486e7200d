"""`stackverify campaign`: messages to many, in a ledger that survives what stops it."""

from __future__ import annotations

from typing import Any

import click

from stackverify.cli.campaign_rules import ruled
from stackverify.cli.interrupts import Interrupts
from stackverify.cli.lazy import help_if_bare
from stackverify.cli.message_options import (
    email_options,
    sms_options,
    text_options,
    whatsapp_options,
)
from stackverify.cli.session import connected, served, session, shared, timed

__all__ = ["campaign"]

_NEW = click.argument("ledger", type=click.Path(dir_okay=False))
_LEDGER = click.argument("ledger", type=click.Path(exists=True, dir_okay=False))
_STATES = (
    "pending",
    "claimed",
    "intent",
    "accepted",
    "refused",
    "unknown",
    "absent",
    "skipped",
)
_EPILOG = (
    "Exit codes: 0 all accepted; 1 some refused or left; 2 wrong usage, or rows that "
    "cannot be sent; 3 some may have been sent; 4 none was sent, again is safe; 130 "
    "interrupted. The same command again goes on, whatever stopped it."
)


class _InOrder(click.Group):
    """A group whose help has the commands in the order of their use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(self.commands)


@click.group(cls=_InOrder, invoke_without_command=True)
def campaign() -> None:
    """Send to many, with a ledger that survives whatever stops it.

    `new` makes the ledger, `check` tells what sending it means, `run` sends it: as
    often as it takes, and nobody gets it twice.
    """
    help_if_bare()


@campaign.command()
@_NEW
@click.argument("source", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--channel",
    type=click.Choice(["sms", "email", "whatsapp"]),
    default="sms",
    show_default=True,
)
@click.option(
    "--to-column",
    metavar="COLUMN",
    help="Where the recipients are: phone, or email, if not said.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    help="What SOURCE is, if its name does not say.",
)
@click.option(
    "--zone-column", metavar="COLUMN", help="Where time zones of recipients are."
)
@text_options
@sms_options
@email_options
@whatsapp_options
@served
@shared
def new(**given: Any) -> None:
    """Make LEDGER of a message and the rows of SOURCE.

    SOURCE is a CSV file, a file of JSON lines, or - for standard input. The message
    has names of columns in braces: --text "Hi {name}". Nothing is sent.
    """
    from stackverify.cli.campaign_loading import load

    load(session(), given)


@campaign.command(
    epilog="Exit codes: 0 `run` would begin; else what it would fail with."
)
@_LEDGER
@ruled
@connected
def check(ledger: str, **given: Any) -> None:
    """Tell what running LEDGER would mean, and send nothing.

    It needs no key. Name the rules with which it is to be run.
    """
    from stackverify.cli.campaign_check import check_only

    check_only(session(), ledger, given)


@campaign.command(epilog=_EPILOG)
@_LEDGER
@click.option("--dry-run", is_flag=True, help="The same as `check`.")
@ruled
@timed
@connected
def run(ledger: str, *, dry_run: bool, **given: Any) -> None:
    """Send what LEDGER has left, and look up what is unknown.

    Ctrl-C ends it gently, Ctrl-C again at once; the same command goes on.
    """
    if dry_run:
        from stackverify.cli.campaign_check import check_only

        check_only(session(), ledger, given)
        return
    interrupts = Interrupts()
    with interrupts.heard():  # also while it is loaded, which takes a moment
        from stackverify.cli.campaign_running import run_campaign

        run_campaign(session(), ledger, given, interrupts)


@campaign.command(epilog="Exit codes: those of `run`.")
@_LEDGER
@click.option("--once", is_flag=True, help="Tell how it stands now, and end.")
@click.option("--delivery", is_flag=True, help="Ask how far messages were delivered.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long to ask with --delivery: 300; else for as long as it runs.",
)
@connected
def watch(ledger: str, *, once: bool, delivery: bool, timeout: float | None) -> None:
    """Show how LEDGER stands while another process runs it."""
    if once and delivery:
        raise click.UsageError("--delivery takes its time: leave out --once.")
    from stackverify.cli.campaign_watching import follow_delivery, watch_ledger

    if delivery:
        follow_delivery(session(), ledger, 300.0 if timeout is None else timeout)
    else:
        watch_ledger(session(), ledger, once=once, timeout=timeout)


@campaign.command()
@_LEDGER
@click.option(
    "-o",
    "--output",
    "to",
    type=click.Path(dir_okay=False),
    default="report.html",
    show_default=True,
)
@click.option("--show-recipients", is_flag=True, help="Write them in full.")
@click.option("--zone", default="UTC", help="Time zone to show: Africa/Nairobi.")
@connected
def report(ledger: str, *, to: str, show_recipients: bool, zone: str) -> None:
    """Write a page about LEDGER, for any browser (extra `report`)."""
    from stackverify.cli.campaign_export import write_page

    write_page(session(), ledger, to, show_recipients=show_recipients, zone=zone)


@campaign.command()
@_LEDGER
@click.option(
    "-o",
    "--output",
    "to",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="A file that ends in .csv or .jsonl; else standard output.",
)
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES),
    multiple=True,
    help="Only these rows; may be said again.",
)
@shared
def export(ledger: str, *, to: str, states: tuple[str, ...]) -> None:
    """Write the rows of LEDGER, each with what became of it."""
    from stackverify.cli.campaign_export import write_rows_to

    write_rows_to(session(), ledger, to, states)


@campaign.command()
@_LEDGER
@click.option(
    "--failed-only", is_flag=True, help="What was refused, or held as absent."
)
@shared
def retry(ledger: str, *, failed_only: bool) -> None:
    """Have rows of LEDGER that failed sent by the next `run`."""
    if not failed_only:
        raise click.UsageError(
            "Say --failed-only: what was accepted is never sent again."
        )
    from stackverify.cli.campaign_changes import retry_failed

    retry_failed(session(), ledger)


@campaign.command()
@_LEDGER
@click.argument("row", type=click.IntRange(min=0))
@click.option("--sent/--not-sent", "was_sent", required=True, help="What you found.")
@shared
def resolve(ledger: str, *, row: int, was_sent: bool) -> None:
    """Decide what became of a ROW of LEDGER that is unknown, or held as absent.

    ROW is its number as `export` writes it. What was not sent, the next `run` sends.
    """
    from stackverify.cli.campaign_changes import resolve_row

    resolve_row(session(), ledger, row, was_sent=was_sent)


@campaign.command()
@_LEDGER
@click.option("--reason", help="Is kept in the ledger, and told.")
@shared
def pause(ledger: str, reason: str | None) -> None:
    """Have all who run LEDGER begin nothing further, until `resume`."""
    from stackverify.cli.campaign_changes import pause as do

    do(session(), ledger, reason)


@campaign.command()
@_LEDGER
@shared
def resume(ledger: str) -> None:
    """Let a paused LEDGER be run again."""
    from stackverify.cli.campaign_changes import resume as do

    do(session(), ledger)


@campaign.command()
@_LEDGER
@shared
def cancel(ledger: str) -> None:
    """End LEDGER for good: what is not sent will never be."""
    from stackverify.cli.campaign_changes import cancel as do

    do(session(), ledger)
