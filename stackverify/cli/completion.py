"""`stackverify completion`: what makes a shell complete commands."""

from __future__ import annotations

import click

from stackverify.cli import output
from stackverify.cli.session import shared

__all__ = ["completion"]

_ADVICE = """Put the line for your shell into its start file:

\b
  bash  eval "$(stackverify completion bash)"
  zsh   eval "$(stackverify completion zsh)"
  fish  stackverify completion fish | source
"""


@click.command(help=f"Print what makes a shell complete commands.\n\n{_ADVICE}")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@shared
def completion(shell: str) -> None:
    """Print what makes a shell complete commands."""
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root().command
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    output.line(kind(root, {}, "stackverify", "_STACKVERIFY_COMPLETE").source())
