"""A group of commands, each loaded only when it is the one to run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

__all__ = ["help_if_bare", "LazyGroup"]


def help_if_bare() -> None:
    """Show what there is to whoever names a group and no command of it."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


class LazyGroup(click.Group):
    """A group that knows its commands by name, and one sentence of each.

    Args:
        homes: Where each command lives, as `module:name`, and what it does.
        **settings: As for `click.Group`.
    """

    def __init__(self, homes: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(invoke_without_command=True, callback=help_if_bare, **settings)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands, in the order in which they were given."""
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self._homes:
            return None
        module, _, name = self._homes[cmd_name][0].partition(":")
        try:
            command = getattr(import_module(module), name)
        except ImportError as missing:
            if "pip install" not in str(missing):
                raise
            raise click.UsageError(f"{missing}.") from missing
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{name} is no command")
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the commands into the help."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, does) for name, (_, does) in self._homes.items()]
            )

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the name of a command, without loading any."""
        names = [
            CompletionItem(name, help=does)
            for name, (_, does) in self._homes.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)
