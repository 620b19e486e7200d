"""What comes in from files and standard input: texts, and lists of recipients."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import attrs
import click

from stackverify.cli import output
from stackverify.cli.exits import USAGE, Trouble
from stackverify.errors import InvalidInputError

__all__ = [
    "named_values",
    "read_bytes",
    "read_text",
    "Recipients",
    "recipients",
    "standard_input",
    "text",
]

_SHOWN = 5
_CELLS = re.compile(r"[,;\t]")


@attrs.frozen
class Recipients:
    """Whom a message goes to, each once.

    Attributes:
        each: Their numbers or addresses, in order.
        repeated: How many were left out because they were there before.
        left_out: How many were left out because they can be none.
    """

    each: tuple[str, ...] = attrs.field(repr=lambda each: f"<{len(each)}>")
    repeated: int = 0
    left_out: int = 0


def read_bytes(path: str) -> bytes:
    """Read a file, or standard input for `-`.

    Raises:
        Trouble: It cannot be read.
    """
    if path != "-":
        return Path(path).read_bytes()
    try:
        return standard_input().read()
    except OSError as error:
        raise Trouble(f"Standard input cannot be read: {error.strerror}.") from error


def standard_input(what: str = "") -> BinaryIO:
    """Give standard input, and tell whoever sits there what it is read for.

    Raises:
        Trouble: It is closed.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise Trouble("Standard input is closed: name a file instead.", USAGE)
    if sys.stdin.isatty():
        output.note(f"Reading {what}from the terminal, until Ctrl-D.")
    return sys.stdin.buffer


def read_text(path: str) -> str:
    """Read a text: UTF-8, with or without a mark for it, with any line ends.

    Raises:
        Trouble: It is no UTF-8, or cannot be read.
    """
    body, name = read_bytes(path), "Standard input" if path == "-" else path
    try:
        decoded = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = body.count(b"\n", 0, error.start) + 1
        raise Trouble(
            f"{name} is not UTF-8 (line {row}, byte {error.start + 1} of the whole): "
            "save it as UTF-8, or pass it through `iconv -t UTF-8 -f ...`.",
            USAGE,
        ) from None
    if "\0" in decoded:
        raise Trouble(f"{name} is no text: it has zero bytes, as UTF-16 has.", USAGE)
    # A carriage return would be sent, and counted, as a character of its own.
    return decoded.replace("\r\n", "\n").replace("\r", "\n")


def text(
    given: str | None, path: str | None, *, taken: bool, needed: bool = True
) -> str | None:
    """Find the text of a message: the option, its file, or standard input.

    Args:
        given: The text itself.
        path: The file it is in.
        taken: Whether standard input is something else.
        needed: Whether there must be one.
    """
    if given is not None and path is not None:
        raise click.UsageError("Give --text or --text-file, not both.")
    if given is not None:
        return given
    if path == "-" and taken:
        raise click.UsageError("Standard input cannot be recipients and text at once.")
    if path is None:
        if not needed:
            return None
        if taken or _has_nobody_piping():
            raise click.UsageError("No text: give --text, --text-file, or pipe it in.")
        path = "-"
    found = read_text(path).removesuffix("\n")
    if not found.strip():
        name = "Standard input" if path == "-" else path
        raise Trouble(
            f"{name} is empty, and was to be the text. Nothing was sent.", USAGE
        )
    return found


def _has_nobody_piping() -> bool:
    return sys.stdin is None or sys.stdin.closed or sys.stdin.isatty()


def recipients(
    words: Sequence[str],
    path: str | None,
    check: Callable[[str, object], str],
    *,
    skip_bad: bool,
) -> Recipients:
    """Gather the recipients, and check all of them before the first is sent to.

    Raises:
        Trouble: There are none, or some can be none.
    """
    if path is not None and words:
        raise click.UsageError("Name recipients as arguments or in a file, not both.")
    if list(words) == ["-"]:
        path = "-"
    if path is not None:
        named = _lines(path)
    else:
        named = [(f"argument {n}", word) for n, word in enumerate(words, 1)]
    good, bad = [], []
    for place, word in named:
        try:
            good.append(check("to", word))
        except InvalidInputError as error:
            bad.append((place, error))
    if bad and not skip_bad:
        raise Trouble(_complaint(bad, named, is_file=path is not None), USAGE)
    if not good:
        raise Trouble(
            "There are no recipients: name them after the command, in a file "
            "(--to-file), or on standard input (-). Nothing was sent.",
            USAGE,
        )
    once = tuple(dict.fromkeys(good))
    return Recipients(once, len(good) - len(once), len(bad))


def _lines(path: str) -> list[tuple[str, str]]:
    lines = read_text(path).split("\n")
    return [
        (f"line {number}", line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


def _complaint(
    bad: Sequence[tuple[str, InvalidInputError]],
    named: Sequence[tuple[str, str]],
    *,
    is_file: bool,
) -> str:
    places = ", ".join(place for place, _ in bad[:_SHOWN])
    more = f" and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    hint = (
        "Mend them, or leave them out with --skip-bad."
        if is_file
        else "A text with spaces needs quotes."
    )
    if is_file and all(_CELLS.search(word) for _, word in named):
        hint = "A file with columns is for `stackverify campaign new`."
    return (
        f"{len(bad):,} of {len(named):,} recipients cannot be one ({places}{more}). "
        f"The first {bad[0][1].message}; {bad[0][1].remedy}. {hint} Nothing was sent."
    )


def named_values(option: str, pairs: Sequence[str]) -> dict[str, str] | None:
    """Read `NAME=VALUE` pairs, as of `--var` and `--header`."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise click.UsageError(f"Write {option} as NAME=VALUE.")
        if name.strip() in values:
            raise click.UsageError(f"{option} {name.strip()} is there twice.")
        values[name.strip()] = value
    return values or None
