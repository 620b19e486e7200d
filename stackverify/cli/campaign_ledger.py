"""A ledger that is there, opened for a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stackverify.campaigns import Campaign, CampaignRules
from stackverify.cli.exits import USAGE, Trouble
from stackverify.errors import CampaignError

if TYPE_CHECKING:
    from stackverify import Client

__all__ = ["opened"]


def opened(
    ledger: str,
    client: Client | None = None,
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
