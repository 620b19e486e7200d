"""`stackverify send`: an SMS, an email or a WhatsApp template, to one or to many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from stackverify.cli.lazy import help_if_bare
from stackverify.cli.message_options import (
    email_options,
    sms_options,
    text_options,
    whatsapp_options,
)
from stackverify.cli.options import FILE, with_options
from stackverify.cli.session import connected, timed

__all__ = ["send"]

F = TypeVar("F", bound=Callable[..., Any])

_COMMON = (
    click.argument("recipients", nargs=-1, metavar="[TO]..."),
    click.option("--to-file", type=FILE, help="Recipients, one a line; - is stdin."),
    click.option("--rest", metavar="FILE", help="Go on with what was left over."),
    click.option("--skip-bad", is_flag=True, help="Leave out those who can be none."),
    click.option("--dry-run", is_flag=True, help="Show what would be sent."),
    click.option("--over-budget", is_flag=True, help="Let the month's limit be."),
)
_EPILOG = (
    "Exit codes: 0 all accepted; 1 some refused or not sent; 2 wrong usage; 3 some may "
    "have been sent; 4 none was sent, again is safe; 130 interrupted."
)


@click.group(invoke_without_command=True)
def send() -> None:
    """Send an SMS, an email or a WhatsApp template.

    To several recipients, each gets a message of their own, paced by the tier.
    """
    help_if_bare()


def _common(command: F) -> F:
    """Give a command of this group what all of them have."""
    return with_options(timed(connected(command)), _COMMON)


@send.command(epilog=_EPILOG)
@text_options
@sms_options
@_common
def sms(**given: Any) -> None:
    """Send a text message to phone numbers such as +254712345678."""
    _send("sms", given)


@send.command(epilog=_EPILOG)
@text_options
@email_options
@_common
def email(**given: Any) -> None:
    """Send an email; each recipient gets their own."""
    _send("email", given)


@send.command(epilog=_EPILOG)
@whatsapp_options
@_common
def whatsapp(**given: Any) -> None:
    """Send an approved WhatsApp template."""
    _send("whatsapp", given)


def _send(channel: str, given: dict[str, Any]) -> None:
    from stackverify.cli.compose import deliver

    deliver(channel, given)
