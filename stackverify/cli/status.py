"""`stackverify status`: how far a message got, now or when it is far enough."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from stackverify.cli import output
from stackverify.cli.session import Session, connected, session

if TYPE_CHECKING:
    from stackverify import MessageStatus

__all__ = ["status"]

_WAIT = 60.0


@click.command(
    epilog="Exit codes: 0 it is so far; 1 it failed, or there is no such message; "
    "5 it was not so far in time."
)
@click.argument("channel", type=click.Choice(["sms", "email", "whatsapp"]))
@click.argument("message_id", metavar="ID", required=False)
@click.option(
    "--wait",
    "until",
    is_flag=False,
    flag_value="delivered",
    metavar="[STATUS]",
    help="Wait until it is so far: delivered if not said.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help=f"How long to wait: {_WAIT:g} with --wait, else 30.",
)
@connected
def status(
    channel: str, message_id: str | None, until: str | None, timeout: float | None
) -> None:
    """Ask how far a message got.

    CHANNEL is sms, email or whatsapp; ID is what the send answered.
    """
    from stackverify._core.delivery import FINAL, rank
    from stackverify.cli.exits import FAILED

    if message_id is None and until is not None and rank(until) is None:
        message_id, until = until, "delivered"  # `--wait ID`, as one writes it
    if message_id is None:
        raise click.UsageError("Missing argument 'ID': what the send answered.")
    session().only_stackverify(
        "Velstack has no way to ask how far a message got: see its dashboard."
    )
    found = _ask(session(), channel, message_id, until, timeout)
    _tell(found, session())
    has_failed = found.status.lower() in FINAL and found.status.lower() != until
    if until is not None and has_failed:
        click.get_current_context().exit(FAILED)


def _ask(
    chosen: Session,
    channel: str,
    message_id: str,
    until: str | None,
    timeout: float | None,
) -> MessageStatus:
    with chosen.client() as client:
        service = getattr(client, channel)
        if until is None:
            asked: MessageStatus = service.status(message_id, timeout=timeout)
            return asked
        if output.is_for_people(sys.stderr) and not chosen.json:
            output.note(f"Waiting until it is {until}. Ctrl-C stops the waiting only.")
        found: MessageStatus = service.wait(
            message_id, until=until, timeout=timeout or _WAIT
        )
    return found


def _tell(found: MessageStatus, chosen: Session) -> None:
    if chosen.json:
        output.document(
            {
                "message_id": found.message_id,
                "status": found.status,
                "error_message": found.error_message,
                "raw": dict(found.raw),
            }
        )
    elif output.is_for_people(sys.stdout):
        why = f"  {output.clean(found.error_message)}" if found.error_message else ""
        output.line(f"{output.painted(found.status)}  {found.message_id}{why}")
    else:
        output.row([found.message_id, found.status, found.error_message])
