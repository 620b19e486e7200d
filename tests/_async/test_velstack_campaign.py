"""Campaigns through Velstack: each row once, and what is unknown stays so."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stackverify import AsyncClient, Sms
from stackverify.campaigns import AsyncCampaign, CampaignRules, RowState
from stackverify.errors import CampaignStoppedError, ConfigurationError
from stackverify.sandbox import Sandbox
from stackverify.velstack import AsyncVelstack, QuickSms

pytestmark = pytest.mark.anyio

HI = QuickSms("Acme", "{phone}", "Hi {name}")


def people(count: int) -> list[dict[str, Any]]:
    return [{"phone": f"02055{n:05d}", "name": f"N{n}"} for n in range(count)]


@pytest.fixture
async def campaign(
    velstack: AsyncVelstack, tmp_path: Path
) -> AsyncIterator[AsyncCampaign]:
    async with AsyncCampaign(tmp_path / "may.ledger", velstack) as opened:
        yield opened


async def test_local_numbers_are_sent_once_each(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    await campaign.load(HI, people(50))
    summary = await campaign.run()
    assert str(summary) == "50 accepted"
    await campaign.run()
    sent = sorted((message.to, message.text) for message in sandbox.messages())
    assert sent == [(row["phone"], f"Hi {row['name']}") for row in people(50)]


async def test_a_preflight_counts_segments_and_one_request_a_row(
    campaign: AsyncCampaign,
) -> None:
    same = QuickSms("Acme", "{phone}", "Hi \u2713" * 20)
    await campaign.load(same, people(3))
    found = await campaign.check()
    assert (found.to_send, found.requests, found.segments) == (3, 3, 6)


async def test_what_may_have_been_sent_stays_unknown_until_somebody_decides(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    await campaign.load(HI, people(3))
    sandbox.faults.add("accepted_then_hang_up", count=1)
    assert str(await campaign.run()) == "2 accepted, 1 unknown"
    assert str(await campaign.run()) == "2 accepted, 1 unknown"
    assert sandbox.count() == 3
    (unknown,) = [row async for row in campaign.rows(RowState.UNKNOWN)]
    await campaign.resolve(unknown.index, was_sent=True)
    assert (await campaign.run()).is_done
    assert sandbox.count() == 3


async def test_an_unknown_row_is_sent_again_if_the_rules_say_so(
    velstack: AsyncVelstack, sandbox: Sandbox, tmp_path: Path
) -> None:
    rules = CampaignRules(resend_unknown=True)
    async with AsyncCampaign(tmp_path / "a", velstack, rules=rules) as campaign:
        await campaign.load(HI, people(1))
        sandbox.faults.add("accepted_then_hang_up", count=1)
        assert str(await campaign.run()) == "1 unknown"
        assert str(await campaign.run()) == "1 accepted"
    assert sandbox.count() == 2


async def test_a_balance_that_does_not_suffice_stops_it_and_it_goes_on_later(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    await campaign.load(HI, people(5))
    sandbox.velstack.knobs.credit = Decimal(0)
    with pytest.raises(CampaignStoppedError, match="balance"):
        await campaign.run()
    assert sandbox.count() == 0
    sandbox.velstack.knobs.credit = Decimal(100)
    assert str(await campaign.run()) == "5 accepted"


async def test_a_template_and_a_client_of_two_services_do_not_go_together(
    client: AsyncClient, velstack: AsyncVelstack, sandbox: Sandbox, tmp_path: Path
) -> None:
    mixed = [("a", client, HI), ("b", velstack, Sms("{phone}", "Hi {name}"))]
    for name, sender, template in mixed:
        async with AsyncCampaign(tmp_path / name, sender) as campaign:
            await campaign.load(template, people(1))
            with pytest.raises(ConfigurationError, match="give it"):
                await campaign.run()
    assert sandbox.count() == 0


async def test_there_is_nothing_to_follow(campaign: AsyncCampaign) -> None:
    await campaign.load(HI, people(1))
    with pytest.raises(ConfigurationError, match="no way to ask"):
        await campaign.follow()
