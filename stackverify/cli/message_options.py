"""The options that make a message, whoever it goes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from stackverify.cli.options import FILE, OWN_FILE, with_options

__all__ = ["email_options", "sms_options", "text_options", "whatsapp_options"]

F = TypeVar("F", bound=Callable[..., Any])

_TEXT = (
    click.option("--text", help="The text; else piped in."),
    click.option("--text-file", type=FILE, help="Where the text is."),
    click.option(
        "--schedule",
        "scheduled_at",
        metavar="TIME",
        help="When to send it, as 2026-12-03T14:30:00Z.",
    ),
)
_SMS = (
    click.option("--sender-id", help="The name or number to show."),
    click.option("--callback-url", help="Where delivery reports of it go."),
    click.option("--sender", help="Velstack: the sender ID to show."),
    click.option("--title", help="Velstack: what its dashboard calls it."),
)
_EMAIL = (
    click.option("--subject", help="The subject line."),
    click.option("--html", help="The HTML body."),
    click.option("--html-file", type=FILE, help="Where the HTML body is."),
    click.option("--from-name", help="The sender's name."),
    click.option("--from-email", help="The sender's address, of a verified domain."),
    click.option("--reply-to", help="Where answers go."),
    click.option(
        "--attach", type=OWN_FILE, multiple=True, help="A file that goes with it."
    ),
    click.option(
        "--header", metavar="NAME=VALUE", multiple=True, help="One more header."
    ),
)
_WHATSAPP = (
    click.option("--template", "name", help="The approved template's name."),
    click.option("--language", help="Such as en, sw, pt-BR."),
    click.option("--var", metavar="N=TEXT", multiple=True, help="As 1=Joan for {{1}}."),
    click.option(
        "--header-media", "header_media_url", metavar="URL", help="Image, video."
    ),
)


def text_options(command: F) -> F:
    """Give a command what an SMS and an email both have."""
    return with_options(command, _TEXT)


def sms_options(command: F) -> F:
    """Give a command what an SMS has beside its text, at either service."""
    return with_options(command, _SMS)


def email_options(command: F) -> F:
    """Give a command what an email has beside its text."""
    return with_options(command, _EMAIL)


def whatsapp_options(command: F) -> F:
    """Give a command what an approved template has."""
    return with_options(command, _WHATSAPP)
