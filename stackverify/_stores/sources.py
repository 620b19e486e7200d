"""Rows from files and other sources, and rows into files."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from stackverify._stores.tables import read_cells
from stackverify.errors import InvalidInputError
from stackverify.models.campaigns import CampaignRow

__all__ = [
    "JSON",
    "JSON_LINES",
    "read_lines",
    "read_recipients",
    "read_rows",
    "Recipients",
    "Source",
    "write_lines",
    "write_rows",
]

Source: TypeAlias = str | os.PathLike[str] | Iterable[Mapping[str, Any]]
"""A CSV file, a file of JSON lines, or anything to iterate over that has rows."""

Recipients: TypeAlias = str | os.PathLike[str] | Iterable[str]
"""A file with a recipient at the beginning of each line, or a list of them."""

JSON_LINES = frozenset({".jsonl", ".ndjson"})
"""How the names of files of JSON lines end."""

JSON = ".json"
"""How the name of a file of one JSON array ends."""

_RECIPIENT = re.compile(r"\+[\d\s().\-]{6,}|\d{9,15}|\S+@\S+\.\S+")
_NAMES_SOMEBODY = re.compile(r"@|(?:\d[\s().\-]*){5}")

# What pandas has beside NaN in place of a value that is missing.
_MISSING = frozenset({"NAType", "NaTType"})

_COLUMNS = (
    "state",
    "message_id",
    "attempts",
    "reason",
    "sent_at",
    "settled_at",
    "status",
    "status_at",
)


def read_rows(source: Source) -> Iterator[dict[str, Any]]:
    """Give the rows of a source one by one.

    Raises:
        InvalidInputError: It cannot be read, or has something else than rows.
    """
    if isinstance(source, (str, os.PathLike)):
        yield from _of_file(Path(source))
        return
    for index, row in enumerate(source):
        if not isinstance(row, Mapping):
            raise _bad(index, f"is of type {type(row).__name__}", "give mappings")
        if any(isinstance(value, (bytes, bytearray)) for value in row.values()):
            raise _bad(index, "has a value of type bytes", "decode it first")
        yield {str(name): _value(value) for name, value in row.items()}


def _of_file(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix.lower() == JSON:
        raise InvalidInputError(
            "is a file of one JSON value, which cannot be read row by row",
            "source",
            "write JSON lines (.jsonl), or CSV",
        )
    is_json = path.suffix.lower() in JSON_LINES
    try:
        # A BOM is what spreadsheets begin a CSV file with.
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from read_lines(file, is_json=is_json)
    except OSError as error:
        raise InvalidInputError(
            f"cannot be read ({type(error).__name__})", "source", "give a file"
        ) from error


def read_lines(lines: Iterable[str], *, is_json: bool) -> Iterator[dict[str, Any]]:
    """Give the rows of lines that are CSV, or JSON objects.

    Raises:
        InvalidInputError: They are neither text nor rows.
    """
    with _decoding("source"):
        yield from _json_lines(lines) if is_json else _csv(lines)


@contextmanager
def _decoding(field: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "is not UTF-8", field, "save it as UTF-8, from a spreadsheet as CSV UTF-8"
        ) from error


def _csv(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    rows = read_cells(lines, "source")
    names = _names(next(rows, []))
    for index, cells in enumerate(rows):
        if len(cells) > len(names):
            raise _bad(index, "has more cells than there are columns", "quote commas")
        row = itertools.zip_longest(names, cells)
        yield {name: value for name, value in row if name}


def _names(cells: list[str]) -> list[str]:
    """Read the names of the columns, each of which there is once."""
    names = [cell.strip() for cell in cells]
    if any(map(_RECIPIENT.fullmatch, names)):
        raise InvalidInputError(
            "begins with a recipient, where the names of its columns should be",
            "source",
            "write a line of names above it, as in phone,name",
        )
    for name in filter(None, names):
        if names.count(name) > 1:
            raise InvalidInputError(
                f"has the column {name!r} twice", "source", "name each column once"
            )
    return names


def _json_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for index, line in enumerate(line for line in lines if line.strip()):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise _bad(index, "is no JSON object", "write one object a line")
        yield {name: _value(value) for name, value in row.items()}


def _bad(index: int, problem: str, remedy: str) -> InvalidInputError:
    return InvalidInputError(problem, f"source: row {index}", remedy)


def _value(value: object) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    if value is None or isinstance(value, (int, float)):
        return value
    if type(value).__name__ in _MISSING:
        return None
    # Half of a character cannot be written anywhere.
    return str(value).encode("utf-8", "replace").decode()


def read_recipients(source: Recipients) -> Iterator[str]:
    """Give recipients one by one: of a list, or the first cell of a file's lines.

    Raises:
        InvalidInputError: It is no text, or a line after the first, which may name
            the column, begins with something else.
    """
    if not isinstance(source, (str, os.PathLike)):
        yield from source
        return
    with (
        Path(source).open(encoding="utf-8-sig", newline="") as file,
        _decoding("opt_outs"),
    ):
        for place, cells in enumerate(read_cells(file, "opt_outs")):
            first = cells[0].strip()
            if place and not _NAMES_SOMEBODY.search(first):
                raise InvalidInputError(
                    "begins with no number or address",
                    f"opt_outs: row {place}",
                    "put who wants nothing first in each line",
                )
            yield first


def write_rows(path: str | os.PathLike[str], rows: Iterable[CampaignRow]) -> int:
    """Write rows to a CSV file, or by its name to JSON or JSON lines; tell how many."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.new")
    suffix = path.suffix.lower()
    with draft.open("w", encoding="utf-8", newline="") as file:
        if suffix == JSON:
            count = _write_array(file, rows)
        else:
            count = write_lines(file, rows, is_json=suffix in JSON_LINES)
    draft.replace(path)
    return count


def write_lines(file: Any, rows: Iterable[CampaignRow], *, is_json: bool) -> int:
    """Write rows as CSV, or as JSON lines; tell how many."""
    return (_write_json if is_json else _write_csv)(file, rows)


def _told(row: CampaignRow) -> dict[str, Any]:
    about = {name: _shown(name, getattr(row, name)) for name in _COLUMNS}
    return {**row.fields, "row": row.index, **about, "state": row.state.value}


def _shown(name: str, value: Any) -> Any:
    if value is None or not name.endswith("_at"):
        return value
    return dt.datetime.fromtimestamp(value, dt.UTC).isoformat(timespec="milliseconds")


def _write_json(file: Any, rows: Iterable[CampaignRow]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - it is the answer
        file.write(json.dumps(_told(row), ensure_ascii=False) + "\n")
    return count


def _write_array(file: Any, rows: Iterable[CampaignRow]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        between = "[\n" if count == 1 else ",\n"
        file.write(between + json.dumps(_told(row), ensure_ascii=False))
    file.write("\n]\n" if count else "[]\n")
    return count


def _write_csv(file: Any, rows: Iterable[CampaignRow]) -> int:
    count, writer = 0, None
    for count, row in enumerate(rows, 1):  # noqa: B007 - it is the answer
        if writer is None:
            writer = csv.DictWriter(file, [*_told(row)], extrasaction="ignore")
            writer.writeheader()
        writer.writerow(_told(row))
    return count
