"""The rules of a campaign as options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stackverify.cli.options import OWN_FILE, with_options

if TYPE_CHECKING:
    from stackverify.campaigns import CampaignRules, SendHours

__all__ = ["opt_outs_of", "ruled", "rules_of"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--opt-outs",
        type=OWN_FILE,
        metavar="FILE",
        help="Who wants nothing, one a line.",
    ),
    click.option("--refuse-bad", is_flag=True, help="Leave out rows that are bad."),
    click.option(
        "--region", metavar="KE", help="Where local numbers are from, to tell one."
    ),
    click.option(
        "--price",
        type=click.FloatRange(min=0),
        metavar="PRICE",
        help="Of a segment, to tell the cost.",
    ),
    click.option(
        "--pack",
        type=click.IntRange(1, 1000),
        metavar="N",
        help="Recipients of the same SMS a request: 100.",
    ),
    click.option(
        "--per-minute",
        type=click.IntRange(min=1),
        metavar="N",
        help="Requests, if fewer than the tier allows.",
    ),
    click.option(
        "--hours",
        metavar="FROM-TO",
        help="When to send, by their clocks: 08:00-20:00.",
    ),
    click.option("--zone", metavar="ZONE", help="Of --hours: Africa/Nairobi."),
    click.option(
        "--settle",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Until what is not listed was not sent: 120.",
    ),
    click.option(
        "--hold-absent", is_flag=True, help="Do not send again what is not listed."
    ),
    click.option(
        "--resend-unknown",
        is_flag=True,
        help="Send again what is unknown and has no list: some get two.",
    ),
    click.option(
        "--max-error-rate",
        type=click.FloatRange(0.01, 1),
        metavar="SHARE",
        help="Of the latest 100 rows, at which it pauses: 0.5.",
    ),
    click.option("--allow-blank", is_flag=True, help="Let values be empty."),
    click.option(
        "--send-repeats", is_flag=True, help="Send a row that says the same again."
    ),
    click.option("--over-budget", is_flag=True, help="Let the month's limit be."),
)


def ruled(command: F) -> F:
    """Give a command the rules of a campaign."""
    return with_options(command, _OPTIONS)


def rules_of(given: Mapping[str, Any]) -> CampaignRules:
    """Make the rules of the options that were given.

    Raises:
        ConfigurationError: One of them cannot be.
    """
    from stackverify.campaigns import CampaignRules

    chosen = {
        name: value
        for name, value in given.items()
        if value is not None and name not in ("opt_outs", "hours", "zone")
    }
    return CampaignRules(**chosen, hours=_hours(given["hours"], given["zone"]))


def opt_outs_of(given: Mapping[str, Any]) -> Any:
    """Tell who wants nothing."""
    return given["opt_outs"] or ()


def _hours(text: str | None, zone: str | None) -> SendHours | None:
    from stackverify.campaigns import SendHours

    if text is None:
        if zone is not None:
            raise click.UsageError("--zone is of --hours: give both.")
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise click.UsageError("Write --hours as 08:00-20:00.")
    return SendHours(start.strip(), end.strip(), zone=zone or "UTC")
