"""A ledger that is there, opened for a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from stackverify.campaigns import Campaign, CampaignRules
from stackverify.cli.exits import USAGE, Trouble
from stackverify.cli.kinds import refuse_rules
from stackverify.cli.session import Session
from stackverify.errors import CampaignError
from stackverify.models.velstack import QuickSms

if TYPE_CHECKING:
    from stackverify import Client
    from stackverify.velstack import Velstack

__all__ = ["choose_service", "opened"]


def opened(
    ledger: str,
    client: Client | Velstack | None = None,
    *,
    rules: CampaignRules | None = None,
    hooks: tuple[Callable[[Any], None], ...] = (),
) -> Campaign:
    """Open a ledger, and make sure that there is something in it.

    Raises:
        Trouble: There is nothing in it.
        LedgerError: It is none, or cannot be read.
    """
    campaign = Campaign(ledger, client, rules=rules, hooks=hooks)
    try:
        campaign.template()
    except CampaignError as error:
        campaign.close()
        if type(error) is not CampaignError:
            raise
        raise Trouble(
            f"{ledger} is empty: fill it with `stackverify campaign new`.", USAGE
        ) from None
    return campaign


def choose_service(chosen: Session, ledger: str, rules: Mapping[str, Any]) -> None:
    """Choose the service that the message of a ledger is for.

    Raises:
        UsageError: Another was said, or rules that it has nothing for.
    """
    with opened(ledger) as campaign:
        is_velstack = isinstance(campaign.template(), QuickSms)
    service = "velstack" if is_velstack else "stackverify"
    if chosen.service not in (None, service):
        raise click.UsageError(
            f"--service {chosen.service}: this ledger is for {service}, and says so "
            "itself: leave the option out."
        )
    chosen.service = service
    refuse_rules(chosen, rules)
