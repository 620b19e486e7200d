"""Makes a message of what was given on the command line, and sees to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import click

from stackverify.cli import output
from stackverify.cli.exits import INTERRUPTED, NOTHING_SENT, Trouble
from stackverify.cli.inputs import (
    Recipients,
    named_values,
    read_text,
    recipients,
    text,
)
from stackverify.cli.kinds import kind_of, own_options, refuse_rules
from stackverify.cli.letter import CHECKS, Letter
from stackverify.cli.rest import RestFile
from stackverify.cli.session import session
from stackverify.models.messages import Attachment

__all__ = ["deliver", "fields_of"]


@attrs.frozen
class _Orders:
    """What is to be done with a message, whatever it says."""

    recipients: tuple[str, ...]
    to_file: str | None
    rest: str | None
    skip_bad: bool
    dry_run: bool
    over_budget: bool

    @property
    def takes_stdin(self) -> bool:
        """Whether standard input is the recipients."""
        return self.to_file == "-" or self.recipients == ("-",)


def deliver(channel: str, given: Mapping[str, Any]) -> None:
    """Send what was given, or show it."""
    names = [field.name for field in attrs.fields(_Orders)]
    orders = _Orders(**{name: given[name] for name in names})
    fields = {name: value for name, value in given.items() if name not in names}
    chosen = session()
    kind = kind_of(channel, chosen)
    refuse_rules(chosen, given)
    try:
        letter, to = _letter(kind, orders, fields)
    except KeyboardInterrupt:
        raise Trouble(NOTHING_SENT, INTERRUPTED) from None
    if orders.dry_run:
        from stackverify.cli.dry_run import show

        show(letter, to, chosen)
        return
    from stackverify.cli.sending import send_letter

    _tell_left_out(to)
    rest = RestFile(Path(orders.rest)) if orders.rest else None
    send_letter(letter, chosen, rest=rest, over_budget=orders.over_budget)


def _letter(
    channel: str, orders: _Orders, given: Mapping[str, Any]
) -> tuple[Letter, Recipients]:
    if orders.rest is not None:
        if orders.recipients or orders.to_file or any(given.values()):
            raise click.UsageError(
                "The file of --rest has the message and the recipients in it: give "
                "neither beside it."
            )
        letter = RestFile(Path(orders.rest)).read(channel)
        return letter, Recipients(letter.to)
    own = own_options(channel, given)
    to = recipients(
        orders.recipients, orders.to_file, CHECKS[channel], skip_bad=orders.skip_bad
    )
    fields = fields_of(channel, own, taken=orders.takes_stdin)
    return Letter.write(channel, to.each, fields), to


def fields_of(channel: str, given: Mapping[str, Any], *, taken: bool) -> dict[str, Any]:
    """Read the fields of a message that were filled in.

    Args:
        channel: What kind of message it is.
        given: The options of that kind, by name.
        taken: Whether standard input is something else.
    """
    fields = _FIELDS[channel](given, taken=taken)
    return {name: value for name, value in fields.items() if value}


def _sms(given: Mapping[str, Any], *, taken: bool) -> dict[str, Any]:
    fields = dict(given)
    fields["text"] = text(given["text"], fields.pop("text_file"), taken=taken)
    if not fields["text"]:
        raise click.UsageError("The text is empty.")
    return fields


def _email(given: Mapping[str, Any], *, taken: bool) -> dict[str, Any]:
    fields = dict(given)
    _require(fields, subject="--subject")
    html, html_file = fields.pop("html"), fields.pop("html_file")
    if html is not None and html_file is not None:
        raise click.UsageError("Give --html or --html-file, not both.")
    fields["html"] = read_text(html_file) if html_file else html
    fields["text"] = text(
        given["text"],
        fields.pop("text_file"),
        taken=taken or html_file == "-",
        needed=not fields["html"],
    )
    fields["headers"] = named_values("--header", fields.pop("header"))
    fields["attachments"] = [
        Attachment.from_path(path) for path in fields.pop("attach")
    ]
    return fields


def _whatsapp(given: Mapping[str, Any], *, taken: bool) -> dict[str, Any]:
    fields = dict(given)
    _require(fields, name="--template", language="--language")
    fields["variables"] = named_values("--var", fields.pop("var"))
    return fields


def _velstack(given: Mapping[str, Any], *, taken: bool) -> dict[str, Any]:
    _require(given, sender="--sender")
    fields = _sms(given, taken=taken)
    fields["message"] = fields.pop("text")
    return fields


_FIELDS = {"sms": _sms, "email": _email, "whatsapp": _whatsapp, "velstack": _velstack}


def _require(fields: Mapping[str, Any], **options: str) -> None:
    for name, option in options.items():
        if not fields[name]:
            raise click.UsageError(f"Missing option '{option}'.")


def _tell_left_out(to: Recipients) -> None:
    if to.repeated:
        output.note(f"Repeated and left out: {to.repeated:,}. Each gets one message.")
    if to.left_out:
        output.note(f"No recipients, and left out: {to.left_out:,}.")
