"""Shows what sending a campaign would mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs
import click

from stackverify.campaigns import Preflight, RowProblem
from stackverify.cli import output
from stackverify.cli.campaign_ledger import choose_service, opened
from stackverify.cli.campaign_rules import opt_outs_of, rules_of
from stackverify.cli.exits import FINE, NOTHING_LEFT, USAGE
from stackverify.cli.session import Session
from stackverify.masking import mask_recipient
from stackverify.models.messages import Sms
from stackverify.models.velstack import QuickSms

__all__ = ["check_only", "pace", "problem_line"]

_SHOWN = 10


def check_only(chosen: Session, ledger: str, given: Mapping[str, Any]) -> None:
    """Tell what `run` would do, and end with the code it would fail with."""
    rules = rules_of(given)
    choose_service(chosen, ledger, given)
    with chosen.idle_sender() as client, opened(ledger, client, rules=rules) as found:
        preflight = found.check(opt_outs=opt_outs_of(given))
        is_sms = isinstance(found.template(), (Sms, QuickSms))
    code = FINE
    if preflight.bad_rows and not rules.refuse_bad:
        code = USAGE
    elif preflight.is_over_budget and not rules.over_budget:
        code = NOTHING_LEFT
    if chosen.json:
        output.document({"preflight": _document(preflight), "exit_code": code})
    else:
        _show(preflight, chosen, given, is_sms=is_sms)
        _advise(preflight, given)
    click.get_current_context().exit(code)


def _document(preflight: Preflight) -> dict[str, Any]:
    told = attrs.asdict(preflight)
    return {**told, "is_over_budget": preflight.is_over_budget}


def _show(
    preflight: Preflight, chosen: Session, given: Mapping[str, Any], *, is_sms: bool
) -> None:
    output.line(f"Rows looked at: {preflight.rows:,}")
    output.line(f"To send: {preflight.to_send:,}, {pace(preflight, chosen)}")
    for name, count in (
        ("The same as an earlier row, left out", preflight.repeated),
        ("Recipients of an earlier row", preflight.shared_recipients),
    ):
        if count:
            output.line(f"{name}: {count:,}")
    if given["opt_outs"]:
        output.line(f"Opted out: {preflight.opted_out:,}")
    if is_sms:
        _show_segments(preflight)
    if preflight.cost is not None:
        output.line(f"Cost: {preflight.cost:,.2f}")
    if preflight.messages_left is not None:
        over = "; more than that are to be sent" if preflight.is_over_budget else ""
        output.line(f"Left of the month: {preflight.messages_left:,}{over}")
    _show_problems(preflight)


def _show_segments(preflight: Preflight) -> None:
    counts = ", ".join(
        f"{rows:,} of {count}" for count, rows in preflight.segment_counts.items()
    )
    output.line(
        f"Segments: {preflight.segments:,}" + (f" ({counts})" if counts else "")
    )
    if preflight.costly:
        shown = [*preflight.costly.items()][:_SHOWN]
        named = ", ".join(
            f"{output.clean(char)} (U+{ord(char):04X}) in {rows:,}"
            for char, rows in shown
        )
        more = len(preflight.costly) - len(shown)
        output.line(
            "These characters make it UCS-2, 70 to a segment instead of 160: "
            + named
            + (f" and {more} more" if more else "")
        )


def _show_problems(preflight: Preflight) -> None:
    if not preflight.bad_rows:
        return
    output.line(f"Cannot be sent: {preflight.bad_rows:,}")
    for problem in preflight.problems[:_SHOWN]:
        output.line(f"  {problem_line(problem)}")
    if preflight.bad_rows > _SHOWN:
        output.line(f"  and {preflight.bad_rows - _SHOWN:,} more")


def _advise(preflight: Preflight, given: Mapping[str, Any]) -> None:
    if preflight.bad_rows and not given["refuse_bad"]:
        output.note(
            "`run` sends nothing as it is: mend the source and make a new ledger, or "
            "leave those out with --refuse-bad."
        )
    if preflight.bad_rows and not given["region"]:
        output.note("With --region KE it tells what local numbers probably mean.")
    if given["region"] and not _knows_phones():
        output.note('To tell them it needs an extra: pip install "stackverify[phone]"')
    output.note("Nothing was sent: this was a look only.")


def _knows_phones() -> bool:
    from importlib.util import find_spec

    return find_spec("phonenumbers") is not None


def pace(preflight: Preflight, chosen: Session) -> str:
    """Say how long it takes, and when it would be done."""
    text = f"in {output.counted(preflight.requests, 'request')}"
    if not chosen.is_velstack:
        text += f" at tier {chosen.chosen_tier().name}"
    if preflight.seconds < 1:
        return text
    least = dt.timedelta(seconds=round(preflight.seconds))
    ends_at = dt.datetime.now(dt.UTC).astimezone() + least
    return f"{text}: {least} at least, until {ends_at:%a %d %b, %H:%M}"


def problem_line(problem: RowProblem, *, is_masked: bool = False) -> str:
    """Say why a row cannot be sent, and what was probably meant."""
    meant = problem.suggestion
    if meant is None:
        return output.clean(str(problem))
    shown = mask_recipient(meant) if is_masked else meant
    return output.clean(
        f"row {problem.index}: {problem.field} {problem.problem}; is it {shown}?"
    )
