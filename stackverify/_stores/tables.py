"""The cells of CSV, as spreadsheets of any country write it."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator

from stackverify.errors import InvalidInputError

__all__ = ["read_cells"]


def read_cells(lines: Iterable[str], field: str) -> Iterator[list[str]]:
    """Give the cells of each row that has any.

    Args:
        lines: The lines, each with its end.
        field: What an error calls them.

    Raises:
        InvalidInputError: They are no text, or no CSV.
    """
    texts = _texts(lines, field)
    head = _head(texts)
    if head and head[-1].lstrip().startswith(("{", "[")):
        raise InvalidInputError(
            "is JSON, where CSV should be",
            field,
            "write CSV; or JSON, an object a line, into a file named .jsonl",
        )
    # Without `strict` a quote that is never closed takes all rows after it along.
    reader = csv.reader(
        itertools.chain(head, texts), delimiter=_mark(head), strict=True
    )
    read = 0
    try:
        for cells in reader:
            read = reader.line_num
            if any(map(str.strip, cells)):
                yield cells
    except csv.Error as error:
        raise InvalidInputError(
            f"cannot be read as CSV ({error})",
            f"{field}: line {read + 1}",
            "close each quote, and write one within a cell twice",
        ) from error


def _texts(lines: Iterable[str], field: str) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise InvalidInputError(
                "is no text: it has zero bytes", field, "save it as CSV in UTF-8"
            )
        yield line


def _head(lines: Iterator[str]) -> list[str]:
    """Take the lines up to the first that is not blank."""
    head: list[str] = []
    for line in lines:
        head.append(line)
        if line.strip():
            break
    return head


def _mark(head: list[str]) -> str:
    """Tell what stands between cells, by the line with their names.

    Spreadsheets write semicolons in countries where numbers have commas.
    """
    names = head[-1] if head else ""
    return next((mark for mark in ";\t" if mark in names and "," not in names), ",")
