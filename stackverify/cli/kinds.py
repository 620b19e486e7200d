"""The kinds of messages of each service, and the options that make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from stackverify.cli.session import Session

__all__ = ["kind_of", "own_options", "refuse_rules"]

_TEXT = ("text", "text_file", "scheduled_at")
_OWN = {
    "sms": (*_TEXT, "sender_id", "callback_url"),
    "email": (
        *_TEXT,
        "subject",
        "html",
        "html_file",
        "from_name",
        "from_email",
        "reply_to",
        "attach",
        "header",
    ),
    "whatsapp": ("name", "language", "var", "header_media_url"),
    "velstack": ("text", "text_file", "sender", "title"),
}
_TITLES = {
    "sms": "an SMS through StackVerify",
    "email": "an email",
    "whatsapp": "WhatsApp",
    "velstack": "an SMS through Velstack",
}
# It has neither tiers nor a list, and each row of a campaign goes by itself.
_NOT_OF_VELSTACK = ("tier", "over_budget", "pack", "settle", "hold_absent")


def kind_of(channel: str, chosen: Session) -> str:
    """Tell the kind of message a channel has at the service that was chosen."""
    if channel != "sms":
        chosen.only_stackverify(f"Velstack has no {channel}: it sends SMS alone.")
    return "velstack" if chosen.is_velstack else channel


def own_options(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of a kind of message, and refuse those of others."""
    others = {name for names in _OWN.values() for name in names} - {*_OWN[kind]}
    _refuse([name for name in others if given.get(name)], _TITLES[kind])
    return {name: given[name] for name in _OWN[kind]}


def refuse_rules(chosen: Session, given: Mapping[str, Any]) -> None:
    """Refuse rules that Velstack has nothing for, if that is the service."""
    if not chosen.is_velstack:
        return
    every = {**given, "tier": chosen.tier}
    said = [name for name in _NOT_OF_VELSTACK if every.get(name)]
    _refuse(said, _TITLES["velstack"])


def _refuse(names: Iterable[str], what: str) -> None:
    params = click.get_current_context().command.params
    options = {param.name: param.opts[0] for param in params}
    if named := ", ".join(options[name] for name in sorted(names)):
        raise click.UsageError(f"{named}: of no use to {what}.")
