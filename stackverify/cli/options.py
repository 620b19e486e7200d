"""How commands come by their options, and the kinds that several have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

__all__ = ["FILE", "never_an_argument", "OWN_FILE", "with_options"]

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
"""A file that is there, or `-` for standard input."""

OWN_FILE = click.Path(exists=True, dir_okay=False, readable=True)
"""A file that is there."""


def with_options(command: F, options: Iterable[Callable[[F], F]]) -> F:
    """Give a command options, in the order in which its help has them."""
    for option in reversed(tuple(options)):
        command = option(command)
    return command


def never_an_argument(
    option: str, *, what: str, variable: str, file_option: str
) -> Callable[[F], F]:
    """Make an option for what nobody else may see, which tells where it goes."""

    def refuse(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value is not None and not context.resilient_parsing:
            raise click.UsageError(
                f"The {what} is never an argument: everyone on this machine could see "
                f"it in the list of processes. Set {variable}, or name a file that has "
                f"it with {file_option}. A {what} that was typed here is in your "
                "shell's history now: think of replacing it."
            )

    return click.option(
        option, hidden=True, is_eager=True, expose_value=False, callback=refuse
    )
