"""`stackverify webhook`: verify one, sign one, or receive them on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from stackverify.cli.lazy import help_if_bare
from stackverify.cli.session import session, shared

__all__ = ["webhook"]

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
_OWN_FILE = click.Path(exists=True, dir_okay=False, readable=True)


@click.group(invoke_without_command=True)
def webhook() -> None:
    """Verify, sign and receive webhooks.

    The secret is read from STACKVERIFY_WEBHOOK_SECRET, or from the file that
    --secret-file names.
    """
    help_if_bare()


def _refuse(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None and not context.resilient_parsing:
        raise click.UsageError(
            "The secret is never an argument: everyone on this machine could see it "
            "in the list of processes. Set STACKVERIFY_WEBHOOK_SECRET, or name a file "
            "that has it with --secret-file."
        )


def _secret(command: F) -> F:
    hidden = click.option(
        "--secret", hidden=True, is_eager=True, expose_value=False, callback=_refuse
    )
    named = click.option(
        "--secret-file",
        type=_OWN_FILE,
        help="Where the secret is; else in the environment.",
    )
    return named(hidden(command))


@webhook.command()
@click.argument("body", type=_FILE, default="-")
@click.option("--signature", help="What X-StackVerify-Signature said.")
@click.option("--headers", type=_FILE, help="A file with the headers as they came.")
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
@click.argument("body", type=_FILE, default="-")
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
