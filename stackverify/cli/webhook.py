"""`stackverify webhook`: verify one, sign one, or receive them on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from stackverify.cli.lazy import help_if_bare
from stackverify.cli.options import FILE, OWN_FILE, never_an_argument, with_options
from stackverify.cli.session import session, shared

__all__ = ["webhook"]

F = TypeVar("F", bound=Callable[..., Any])

_SECRET = (
    click.option(
        "--secret-file",
        type=OWN_FILE,
        help="Where the secret is; else in the environment.",
    ),
    never_an_argument(
        "--secret",
        what="secret",
        variable="STACKVERIFY_WEBHOOK_SECRET",
        file_option="--secret-file",
    ),
)


@click.group(invoke_without_command=True)
def webhook() -> None:
    """Verify, sign and receive webhooks.

    The secret is read from STACKVERIFY_WEBHOOK_SECRET, or from the file that
    --secret-file names.
    """
    help_if_bare()


def _secret(command: F) -> F:
    """Give a command the option to say where the secret is."""
    return with_options(command, _SECRET)


@webhook.command()
@click.argument("body", type=FILE, default="-")
@click.option("--signature", help="What X-StackVerify-Signature said.")
@click.option("--headers", type=FILE, help="A file with the headers as they came.")
@_secret
@shared
def verify(
    body: str, signature: str | None, headers: str | None, secret_file: str | None
) -> None:
    """Make sure that a webhook is genuine, and show what it tells.

    BODY is the file with the bytes as they were received; else they are piped in.
    """
    from stackverify.cli.signatures import show_verdict

    show_verdict(session(), body, signature, headers, secret_file)


@webhook.command()
@click.argument("body", type=FILE, default="-")
@_secret
@shared
def sign(body: str, secret_file: str | None) -> None:
    """Print the signature that the service would send with a body.

    BODY is a file; else it is piped in. Its bytes are signed as they are, a line end
    at the end included.
    """
    from stackverify.cli.signatures import show_signature

    show_signature(session(), body, secret_file)


@webhook.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--show", is_flag=True, help="Show numbers and texts too.")
@_secret
@shared
def listen(*, port: int, show: bool, secret_file: str | None) -> None:
    """Receive webhooks on this machine, and show each until Ctrl-C.

    It answers at any path. What is not signed with the secret is refused, and
    repeats are shown once.
    """
    try:
        import uvicorn
    except ImportError:
        raise click.UsageError(
            'Listening needs an extra: pip install "stackverify[sandbox]".'
        ) from None
    del uvicorn
    from stackverify.cli.listen import serve

    serve(session(), port, show=show, secret_file=secret_file)
