"""Campaigns: messages to many, in a ledger that survives whatever stops it.

```python
from stackverify import Client, Sms
from stackverify.campaigns import Campaign

with Client() as client, Campaign("may.ledger", client) as campaign:
    campaign.load(Sms("{phone}", "Hi {name}"), "people.csv")
    print(campaign.run())
```

Run it again after whatever stopped it: nothing is sent twice, nothing is lost.
"""

from stackverify._async.campaign import AsyncCampaign
from stackverify._core.template import CampaignMessage
from stackverify._stores.sources import Recipients, Source
from stackverify._sync.campaign import Campaign
from stackverify.models.campaign_rules import CampaignRules, SendHours
from stackverify.models.campaigns import (
    CampaignEvent,
    CampaignHook,
    CampaignRow,
    CampaignSummary,
    CampaignWaits,
    DuplicateSuspected,
    Preflight,
    RowProblem,
    RowSettled,
    RowState,
)
from stackverify.report.writing import write_report

__all__ = [
    "AsyncCampaign",
    "Campaign",
    "CampaignEvent",
    "CampaignHook",
    "CampaignMessage",
    "CampaignRow",
    "CampaignRules",
    "CampaignSummary",
    "CampaignWaits",
    "DuplicateSuspected",
    "Preflight",
    "Recipients",
    "RowProblem",
    "RowSettled",
    "RowState",
    "SendHours",
    "Source",
    "write_report",
]
