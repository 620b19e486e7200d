"""Signs the body of a webhook, or makes sure of it."""

from __future__ import annotations

import os
import sys

import click

from stackverify._core.admission import MAX_BODY, raw_body
from stackverify._core.signature import keyring, sign
from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER, parse
from stackverify.cli import output
from stackverify.cli.events import event_document, event_words
from stackverify.cli.exits import USAGE, Trouble
from stackverify.cli.inputs import read_bytes, read_text
from stackverify.cli.session import Session, read_secret
from stackverify.errors import ConfigurationError

__all__ = ["secrets_from", "show_signature", "show_verdict"]


def secrets_from(path: str | None) -> list[str]:
    """Find the secrets: in a file, else in the environment, several while they change.

    Raises:
        ConfigurationError: There is none.
    """
    if path is not None:
        return [read_secret(path, "webhook secret")]
    if secrets := os.environ.get("STACKVERIFY_WEBHOOK_SECRET", "").split():
        return secrets
    raise ConfigurationError(
        "No webhook secret: set STACKVERIFY_WEBHOOK_SECRET, or name a file that has "
        "it with --secret-file. It is in Settings → Webhooks."
    )


def show_signature(chosen: Session, path: str, secret_file: str | None) -> None:
    """Print the signature of a body."""
    (secret, *_), body = secrets_from(secret_file), _body(path)
    signature = sign(body, secret)
    if chosen.json:
        output.document({"header": SIGNATURE_HEADER, "signature": signature})
    else:
        output.line(signature)
    if body.endswith(b"\n") and output.is_for_people(sys.stderr):
        output.note("The body ends with a line end, which is signed too.")


def show_verdict(
    chosen: Session,
    path: str,
    signature: str | None,
    headers: str | None,
    secret_file: str | None,
) -> None:
    """Make sure of a webhook, and show what it tells.

    Raises:
        WebhookError: It is not genuine, or no event.
    """
    if (signature is None) == (headers is None):
        raise click.UsageError("Give --signature, or --headers, a file that has it.")
    if headers is not None:
        if headers == path == "-":
            raise click.UsageError("Standard input cannot be body and headers at once.")
        signature = _signature_in(headers)
    body = raw_body(_body(path), MAX_BODY)
    keyring(secrets_from(secret_file)).check(body, (signature or "").strip())
    event = parse(body)
    if chosen.json:
        output.document({"genuine": True, "event": event_document(event)})
    elif output.is_for_people(sys.stdout):
        output.line(f"{output.painted('ok')}  genuine: {event_words(event, show=True)}")
    else:
        output.line(event_words(event, show=True))


def _body(path: str) -> bytes:
    body = read_bytes(path)
    if not body:
        raise Trouble("The body is empty.", USAGE)
    return body


def _signature_in(path: str) -> str:
    for line in read_text(path).split("\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == SIGNATURE_HEADER.lower():
            return value.strip()
    raise Trouble(f"The headers have no {SIGNATURE_HEADER}.")
