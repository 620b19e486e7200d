"""Fills a ledger with a message and the rows of a source."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from stackverify._core.template import Template
from stackverify._stores.sources import JSON_LINES, read_lines
from stackverify.campaigns import Campaign, CampaignRules, SendHours
from stackverify.cli import output
from stackverify.cli.compose import fields_of
from stackverify.cli.exits import INTERRUPTED, USAGE, Trouble
from stackverify.cli.inputs import standard_input
from stackverify.cli.kinds import kind_of, own_options
from stackverify.cli.letter import Message, addressed
from stackverify.cli.rest import command
from stackverify.cli.session import Session

__all__ = ["load"]

Row: TypeAlias = dict[str, Any]

_CUT_SHORT = "Interrupted: nothing was loaded. Give the same command again."
_COLUMNS = {
    "sms": "phone",
    "email": "email",
    "whatsapp": "phone",
    "velstack": "phone",
}


def load(chosen: Session, given: Mapping[str, Any]) -> None:
    """Fill a ledger, or make sure that it was made of just this.

    Raises:
        Trouble: The rows do not have what the message needs.
        LedgerChangedError: The ledger was made of something else.
    """
    template = Template(_message(kind_of(given["channel"], chosen), given))
    rows = _checked(_rows(given["source"], given["kind"]), template.columns, given)
    is_new = _make(given["ledger"])
    with Campaign(given["ledger"], rules=_rules(given["zone_column"])) as campaign:
        had = campaign.summary().total
        try:
            campaign.load(template.message, rows)
        except KeyboardInterrupt:
            raise Trouble(_CUT_SHORT, INTERRUPTED) from None
        total = campaign.summary().total
    _tell(chosen, given, total, is_new=is_new or not had)


def _message(kind: str, given: Mapping[str, Any]) -> Message:
    """Make the message of the options of its kind, and refuse those of others."""
    own = own_options(kind, given)
    fields = fields_of(kind, own, taken=given["source"] == "-")
    return addressed(kind, f"{{{given['to_column'] or _COLUMNS[kind]}}}", fields)


def _rows(source: str, kind: str | None) -> Iterator[Row]:
    """Read a source of which the first lines tell what it is, if its name does not."""
    if source == "-":
        given = standard_input("rows ")
        lines = io.TextIOWrapper(given, encoding="utf-8-sig", newline="")
        yield from _of_lines(lines, kind)
        return
    if kind is None:
        kind = "jsonl" if Path(source).suffix.lower() in JSON_LINES else "csv"
    with open(source, encoding="utf-8-sig", newline="") as file:
        yield from read_lines(file, is_json=kind == "jsonl")


def _of_lines(lines: Iterator[str], kind: str | None) -> Iterator[Row]:
    if kind is not None:
        return read_lines(lines, is_json=kind == "jsonl")
    try:
        first = next(lines, "")
    except UnicodeDecodeError:
        raise Trouble("SOURCE is not UTF-8: save it as UTF-8.", USAGE) from None
    is_json = first.lstrip().startswith("{")
    return read_lines(itertools.chain([first], lines), is_json=is_json)


def _checked(
    rows: Iterator[Row], columns: tuple[str, ...], given: Mapping[str, Any]
) -> Iterator[Row]:
    """Make sure of the columns before a ledger is made that nobody can use."""
    first = next(rows, None)
    if first is None:
        raise Trouble("SOURCE has no rows.", USAGE)
    zone = given["zone_column"]
    missing = [name for name in (*columns, *filter(None, [zone])) if name not in first]
    if missing:
        hint = "Name it with --to-column. " if columns[0] in missing else ""
        raise Trouble(
            f"There is no column {_named(missing)}; there are {_named(first)}. "
            f"{hint}A brace that is none of a column is written twice.",
            USAGE,
        )
    return itertools.chain([first], rows)


def _named(columns: Iterable[str]) -> str:
    return ", ".join(map(repr, columns))


def _make(ledger: str) -> bool:
    """Make the file for this user alone to read: it will have numbers and texts."""
    with suppress(FileExistsError):
        os.close(os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return True
    return False


def _rules(zone_column: str | None) -> CampaignRules:
    if zone_column is None:
        return CampaignRules()
    # The hours themselves are said when it is run.
    return CampaignRules(hours=SendHours("00:00", "23:59", column=zone_column))


def _tell(
    chosen: Session, given: Mapping[str, Any], total: int, *, is_new: bool
) -> None:
    check = command(["campaign", "check", given["ledger"]])
    run = command(["campaign", "run", given["ledger"]])
    if chosen.json:
        output.document(
            {
                "ledger": given["ledger"],
                "rows": total,
                "new": is_new,
                "check": check,
                "run": run,
            }
        )
        return
    rows = output.counted(total, "row")
    if is_new:
        output.line(f"{given['ledger']}: {rows} loaded. Nothing was sent.")
    else:
        output.line(f"{given['ledger']} was made of just this: {rows}.")
    output.note(f"Look at it, then send it:\n    {check}\n    {run}")
