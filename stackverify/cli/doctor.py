"""`stackverify doctor`: what keeps it from working, found without sending."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from stackverify.cli import output
from stackverify.cli.session import Session, connected, session, timed

if TYPE_CHECKING:
    from stackverify.cli.finding import Finding

__all__ = ["doctor"]


@click.command(epilog="Exit codes: 0 nothing is wrong; 1 something is.")
@timed
@connected
def doctor() -> None:
    """Find out what keeps it from working, without sending anything.

    It looks at key, settings, proxy, name, certificate, clock, limits and
    permissions, with reads that change nothing; of Velstack, which has neither
    tiers nor permissions, at the rest. The key is never shown.
    """
    from stackverify.cli.exits import FAILED

    chosen = session()
    if chosen.is_velstack and chosen.tier:
        raise click.UsageError("Velstack has no tiers: leave out --tier.")
    findings = []
    for finding in _look(chosen):
        findings.append(finding)
        if not chosen.json:
            _tell(finding)
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if chosen.json:
        output.document(_document(findings, is_well=not wrong))
    else:
        output.line(_verdict(findings))
    click.get_current_context().exit(FAILED if wrong else 0)


def _look(chosen: Session) -> Iterator[Finding]:
    from stackverify.cli.look_here import look_here
    from stackverify.cli.look_there import look_there

    yield from look_here(chosen)
    yield from look_there(chosen)


def _tell(finding: Finding) -> None:
    if not output.is_for_people(sys.stdout):
        output.row([finding.state, finding.name, finding.text])
        return
    margin = " " * 35
    width = max(shutil.get_terminal_size().columns, 60)
    body = textwrap.wrap(
        output.clean(finding.text),
        width,
        initial_indent=margin,
        subsequent_indent=margin,
    )
    text = "\n".join(body).lstrip()
    output.line(f"{output.painted(finding.state, width=8)} {finding.name:<25} {text}")


def _verdict(findings: list[Finding]) -> str:
    wrong = sum(finding.state == "wrong" for finding in findings)
    warnings = sum(finding.state == "warning" for finding in findings)
    if not wrong and not warnings:
        return "Nothing is wrong."
    return f"{wrong} wrong, {warnings} to look at."


def _document(findings: list[Finding], *, is_well: bool) -> dict[str, object]:
    return {
        "ok": is_well,
        "checks": [
            {
                "name": finding.name,
                "state": finding.state,
                "text": finding.text,
                "facts": dict(finding.facts),
            }
            for finding in findings
        ],
    }
