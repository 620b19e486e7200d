"""Sends a message to one recipient or to many, and tells of each what came of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from stackverify.cli import output
from stackverify.cli.aftermath import conclude
from stackverify.cli.exits import FINE, INTERRUPTED, NOTHING_SENT, Trouble
from stackverify.cli.interrupts import Interrupts
from stackverify.cli.letter import Letter
from stackverify.cli.progress import progress
from stackverify.cli.rest import RestFile, command
from stackverify.cli.session import Session
from stackverify.cli.tally import Tally, told
from stackverify.errors import NoReplyError
from stackverify.models.events import Event, Paused, RequestFinished
from stackverify.models.results import Receipt

if TYPE_CHECKING:
    from stackverify import Client
    from stackverify.velstack import Velstack

__all__ = ["send_letter"]

# Shorter pauses are over before one has read of them.
_WORTH_TELLING = 2.0


def send_letter(
    letter: Letter, chosen: Session, *, rest: RestFile | None, over_budget: bool
) -> None:
    """Send a message, tell what came of it, and end with the code for that."""
    witness = _Witness()
    with chosen.sender(hooks=[witness]) as client:
        if len(letter.to) == 1 and rest is None:
            code = _send_one(letter, client, chosen, witness)
        else:
            code = _send_many(letter, client, chosen, rest, over_budget=over_budget)
    click.get_current_context().exit(code)


class _Witness:
    """Sees whether the last request left, and says what is waited for."""

    def __init__(self) -> None:
        self.may_have_been_sent = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, RequestFinished):
            refused = event.status is not None and 400 <= event.status < 500
            self.may_have_been_sent = event.left and not refused
        elif isinstance(event, Paused) and event.seconds >= _WORTH_TELLING:
            output.note(f"The service asks to wait for {event.seconds:.0f} s.")


def _send_one(
    letter: Letter, client: Client | Velstack, chosen: Session, witness: _Witness
) -> int:
    try:
        receipt = letter.send(client)
    except KeyboardInterrupt:
        if not witness.may_have_been_sent:
            raise Trouble(NOTHING_SENT, INTERRUPTED) from None
        raise NoReplyError("Interrupted before the answer came.") from None
    try:
        _tell(letter, receipt, chosen)
    except BrokenPipeError:
        raise
    except OSError as error:
        output.silence()
        raise Trouble(
            f"It was accepted, as {receipt.message_id}; only this could not be written "
            f"({error.strerror}). Do not send it again."
        ) from error
    return FINE


def _tell(letter: Letter, receipt: Receipt, chosen: Session) -> None:
    cells = told("accepted", letter.to[0], receipt.message_id, receipt.status)
    if chosen.json:
        output.document(cells)
    elif output.is_for_people(sys.stdout):
        _tell_people(letter, receipt)
    else:
        output.row(cells.values())


def _tell_people(letter: Letter, receipt: Receipt) -> None:
    message_id = output.clean(receipt.message_id or "(the service gave no id)")
    status = f" ({output.clean(receipt.status)})" if receipt.status else ""
    output.line(f"{output.painted('accepted')}  {message_id}{status}")
    if receipt.message_id and letter.channel != "velstack":
        words = ["status", letter.channel, receipt.message_id, "--wait"]
        output.note(f"Follow it with: {command(words)}")


def _send_many(
    letter: Letter,
    client: Client | Velstack,
    chosen: Session,
    rest: RestFile | None,
    *,
    over_budget: bool,
) -> int:
    # Iterated over from here on: who is interrupted before the first is told so.
    sends = iter(letter.send_to_all(client, over_budget=over_budget))
    tally, interrupts = Tally(letter, chosen), Interrupts()
    is_plain = chosen.json or chosen.verbose
    with interrupts.heard():
        begun = rest.begin() if rest else None
        with progress(letter.title, len(letter.to), is_plain=is_plain) as advance:
            tally.take(sends, advance, interrupts)
            interrupts.ignore()
        return conclude(letter, chosen, tally.close(sends.summary), begun)
