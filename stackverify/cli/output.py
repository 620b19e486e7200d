"""What is written: for people on a terminal, plain lines or JSON elsewhere."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import IO

import click

__all__ = [
    "clean",
    "counted",
    "document",
    "is_for_people",
    "line",
    "note",
    "painted",
    "row",
    "silence",
]

_COLOURS = {
    **dict.fromkeys(
        ("accepted", "delivered", "read", "opened", "clicked", "ok"), "green"
    ),
    **dict.fromkeys(("queued", "sent", "unknown", "warning"), "yellow"),
    **dict.fromkeys(
        (
            "refused",
            "absent",
            "not sent",
            "failed",
            "undelivered",
            "bounced",
            "spam",
            "wrong",
        ),
        "red",
    ),
}


def is_for_people(stream: IO[str] | None) -> bool:
    """Say whether somebody reads this on a terminal."""
    # While a bar is shown rich puts something of its own there, which knows of no
    # terminal in its older versions.
    stream = getattr(stream, "rich_proxied_file", stream)
    return stream is not None and not stream.closed and stream.isatty()


def line(text: str) -> None:
    """Write one line of the answer."""
    _write(text, sys.stdout)


def note(text: str) -> None:
    """Write one line about the answer, where it does not get between its lines."""
    with suppress(OSError):  # who hears no complaints gets none
        _write(text, sys.stderr)


def document(value: object) -> None:
    """Write one JSON document on a line of its own."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = json.dumps(value, default=str)
    _write(text, sys.stdout)


def row(cells: Iterable[object]) -> None:
    """Write cells with tabs between them, for `cut` and `awk`."""
    line("\t".join(clean(str("" if cell is None else cell)) for cell in cells))


def painted(word: str, *, width: int = 0) -> str:
    """Colour a word by what it means, where colours are seen and wanted."""
    padded = clean(word).ljust(width)
    if not _has_colours(sys.stdout):
        return padded
    return click.style(padded, fg=_COLOURS.get(word.lower()))


def clean(text: str) -> str:
    """Keep what somebody else wrote from moving the cursor, or ending the line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def counted(count: int, noun: str) -> str:
    """Say how many there are of something."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def silence() -> None:
    """Have what is still to be written go nowhere: its reader has gone."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _write(text: str, stream: IO[str] | None) -> None:
    if stream is not None:
        click.echo(text, file=stream, color=_has_colours(stream))


def _has_colours(stream: IO[str] | None) -> bool:
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return is_for_people(stream) and not is_plain


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
