"""`stackverify list`: the SMS that were sent, as many as somebody reads."""

from __future__ import annotations

import shutil
import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from stackverify.cli import output
from stackverify.cli.session import Session, connected, session, timed

if TYPE_CHECKING:
    from stackverify import SmsMessage

__all__ = ["listing"]

_PAGE = 100


@click.command("list")
@click.option("--status", help="Only those with this status.")
@click.option("--since", metavar="TIME", help="Only those from then on: 2026-11-01.")
@click.option("--until", metavar="TIME", help="Only those up to then.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_PAGE,
    show_default=True,
    help="So many at most; 0 for all.",
)
@timed
@connected
def listing(
    status: str | None, since: str | None, until: str | None, limit: int
) -> None:
    """List the SMS that were sent, newest first.

    Only SMS have a list. Pages are fetched as they are read.
    """
    chosen = session()
    chosen.only_stackverify("Velstack has no list of what was sent: see its dashboard.")
    size = min(limit, _PAGE) or _PAGE
    with chosen.client() as client:
        found = client.sms.list(status=status, since=since, until=until, page_size=size)
        count = 0
        for message in islice(found, limit or None):
            _tell(message, chosen)
            count += 1
    if count == limit and output.is_for_people(sys.stdout):
        output.note(f"There may be more than these {limit:,}: --limit 0 lists all.")
    if not count and not chosen.json:
        output.note("There are none.")


def _tell(message: SmsMessage, chosen: Session) -> None:
    if chosen.json:
        output.document(_document(message))
    elif output.is_for_people(sys.stdout):
        _tell_people(message)
    else:
        at = message.created_at
        created = at and at.isoformat(timespec="seconds")
        output.row(
            [created, message.status, message.to, message.message_id, message.text]
        )


def _tell_people(message: SmsMessage) -> None:
    at = message.created_at
    created = f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at is not None else ""
    status = message.status or ""
    # Whole on any terminal: without its id nobody can ask for a message.
    known = output.clean(f"{message.to or '':<16}  {message.message_id or ''}")
    text = output.clean((message.text or "").replace("\n", " "))
    shown = _cut(text, shutil.get_terminal_size().columns - 36 - len(known))
    line = f"{created:<19}  {output.painted(status, width=11)}  {known}  {shown}"
    output.line(line.rstrip())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…" * (width > 1)


def _document(message: SmsMessage) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "to": message.to,
        "text": message.text,
        "sender_id": message.sender_id,
        "status": message.status,
        "error_message": message.error_message,
        "created_at": message.created_at and message.created_at.isoformat(),
        "scheduled_at": message.scheduled_at and message.scheduled_at.isoformat(),
    }
