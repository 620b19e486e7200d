"""What the tests of the report share: campaigns of the real engine, and their pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stackverify import Client
from stackverify.campaigns import Campaign, CampaignMessage, CampaignRules, write_report
from stackverify.sandbox import Sandbox

TIER = "enterprise:60000"
NOW = 1_795_525_000.0
ALONE = CampaignRules(pack=1, refuse_bad=True, max_error_rate=1.0)

Ran = Callable[..., Campaign]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "may.ledger"


@pytest.fixture
def ran(sandbox: Sandbox, ledger: Path) -> Iterator[Ran]:
    """Load a campaign and run it; give it as it stands then."""
    with Client(sandbox.api_key, base_url=sandbox.base_url, tier=TIER) as client:
        opened: list[Campaign] = []

        def run(
            template: CampaignMessage,
            rows: list[dict[str, Any]],
            *,
            rules: CampaignRules = ALONE,
        ) -> Campaign:
            campaign = Campaign(ledger, client, rules=rules)
            opened.append(campaign)
            campaign.load(template, rows)
            campaign.run()
            return campaign

        yield run
        for campaign in opened:
            campaign.close()


@pytest.fixture
def page(ledger: Path) -> Callable[..., str]:
    """Write the report of the ledger, and give it as text."""

    def write(**options: Any) -> str:
        to = ledger.with_suffix(".html")
        write_report(ledger, to, **{"now": NOW, **options})
        return to.read_text("utf-8")

    return write


def mails(count: int) -> list[dict[str, Any]]:
    return [{"email": f"n{n}@example.org", "name": f"N{n}"} for n in range(count)]
