"""Campaigns: what is loaded, refused, sent, looked up, paused and told."""

import csv
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio  # async only
import pytest

from stackverify import AsyncClient, Email, Sms, WhatsAppTemplate
from stackverify._async._concurrency import sleep  # async only
from stackverify.campaigns import (
    AsyncCampaign,
    CampaignEvent,
    CampaignRules,
    CampaignWaits,
    DuplicateSuspected,
    RowSettled,
    RowState,
    SendHours,
)
from stackverify.errors import (
    BudgetError,
    CampaignError,
    CampaignStoppedError,
    ConfigurationError,
    InvalidInputError,
    LedgerChangedError,
    PreflightError,
    UnauthorizedError,
)
from stackverify.models.webhooks import DeliveryReport
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange, RefusalError
from tests._async.conftest import TIER
from tests.recipients import people

pytestmark = pytest.mark.anyio

HI = Sms("{phone}", "Hi {name}")
QUICK = CampaignRules(settle=0.3, clock_slack=0.1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "may.ledger"


@pytest.fixture
def events() -> list[CampaignEvent]:
    return []


@pytest.fixture
async def campaign(
    client: AsyncClient, path: Path, events: list[CampaignEvent]
) -> AsyncIterator[AsyncCampaign]:
    async with AsyncCampaign(
        path, client, rules=QUICK, hooks=[events.append]
    ) as opened:
        yield opened


async def all_rows(campaign: AsyncCampaign, state: Any = None) -> list[Any]:
    return [row async for row in campaign.rows(state)]


async def test_every_row_is_sent_once_and_the_ledger_has_its_id(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    await campaign.load(HI, people(50))
    summary = await campaign.run()
    assert (summary["accepted"], summary.total, summary.is_done) == (50, 50, True)
    ids = {message.to: message.message_id for message in sandbox.messages()}
    rows = await all_rows(campaign)
    assert {row.recipient: row.message_id for row in rows} == ids
    assert {row.attempts for row in rows} == {1}
    assert rows[7].fields == {"phone": "+254700000007", "name": "N7"}


async def test_running_again_sends_nothing_more(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    await campaign.load(HI, people(20))
    await campaign.run()
    await campaign.load(HI, people(20))
    await campaign.run()
    assert sandbox.count() == 20


async def test_the_intent_is_in_the_file_before_the_request_arrives(
    campaign: AsyncCampaign, sandbox: Sandbox, path: Path
) -> None:
    seen: list[tuple[str, str]] = []

    def look(exchange: Exchange) -> None:
        to = json.loads(exchange.body)["to"]
        connection = sqlite3.connect(path)
        rows = "SELECT state FROM rows JOIN marks USING (idx) WHERE recipient = ?"
        seen.append((to, connection.execute(rows, (to,)).fetchone()[0]))
        connection.close()

    sandbox.steps.insert(0, look)
    await campaign.load(HI, people(20))
    await campaign.run()
    assert [state for _, state in seen] == ["intent"] * 20


async def test_equal_texts_share_requests(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    await campaign.load(Sms("{phone}", "Hi all"), people(250))
    assert (await campaign.run())["accepted"] == 250
    assert (sandbox.requests, sandbox.count()) == (3, 250)


async def test_what_was_taken_without_an_answer_is_found_in_the_list(
    campaign: AsyncCampaign, sandbox: Sandbox, events: list[CampaignEvent]
) -> None:
    sandbox.faults.add("accepted_then_hang_up", channel="sms", count=3)
    await campaign.load(HI, people(30))
    assert (await campaign.run())["accepted"] == 30
    assert sandbox.count() == 30
    assert {e.reason for e in events if isinstance(e, CampaignWaits)} == {"settling"}
    settled = [e.state for e in events if isinstance(e, RowSettled)]
    assert (settled.count(RowState.UNKNOWN), settled.count(RowState.ACCEPTED)) == (
        3,
        30,
    )


async def test_what_was_never_taken_is_sent_again_when_the_list_lacks_it(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    sandbox.faults.add("hang_up", channel="sms", count=3)
    await campaign.load(HI, people(30))
    assert (await campaign.run())["accepted"] == 30
    assert sandbox.count() == 30
    attempts = sorted(row.attempts for row in await all_rows(campaign))
    assert attempts == [1] * 27 + [2] * 3


async def test_what_is_absent_can_be_held_instead(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    sandbox.faults.add("hang_up", channel="sms", count=2)
    rules = CampaignRules(settle=0.1, clock_slack=0.1, hold_absent=True)
    async with AsyncCampaign(path, client, rules=rules) as campaign:
        await campaign.load(HI, people(10))
        summary = await campaign.run()
        assert (summary["accepted"], summary["absent"], sandbox.count()) == (8, 2, 8)
        assert await campaign.retry_failed() == 2
        assert (await campaign.run())["accepted"] == 10


async def test_a_second_record_is_reported_and_the_first_accepted(
    campaign: AsyncCampaign,
    client: AsyncClient,
    sandbox: Sandbox,
    events: list[CampaignEvent],
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    await campaign.load(HI, people(1))
    await client.with_options(hooks=[]).warmup()
    sandbox.knobs.list_lag = 0.0
    sandbox.steps.insert(0, _twice(sandbox))
    summary = await campaign.run()
    assert (summary["accepted"], summary.suspected_duplicates) == (1, 1)
    (told,) = [event for event in events if isinstance(event, DuplicateSuspected)]
    assert len(told.message_ids) == 2


def _twice(sandbox: Sandbox) -> Any:
    """Make a service that takes the first request twice."""
    left = [1]

    def step(exchange: Exchange) -> None:
        if exchange.method == "POST" and left and left.pop():
            sandbox.answer(exchange)

    return step


async def test_a_key_that_may_not_read_leaves_unknown_rows_unknown(
    sandbox: Sandbox, path: Path
) -> None:
    key = sandbox.keys.add(permissions=["sms:send"]).value
    sandbox.faults.add("accepted_then_hang_up", count=1)
    async with (
        AsyncClient(key, base_url=sandbox.base_url, tier=TIER) as client,
        AsyncCampaign(path, client, rules=QUICK) as campaign,
    ):
        await campaign.load(HI, people(5))
        summary = await campaign.run()
    assert (summary["accepted"], summary["unknown"]) == (4, 1)


async def test_a_list_that_cannot_be_read_stops_nothing_but_the_looking_up(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    def break_list(exchange: Exchange) -> None:
        if exchange.method == "GET":
            raise RefusalError(404, "not_found", "There is no list.")

    sandbox.steps.insert(0, break_list)
    sandbox.faults.add("accepted_then_hang_up", count=1)
    await campaign.load(HI, people(30))
    for _ in range(2):
        with pytest.raises(CampaignStoppedError, match="There is no list") as caught:
            await campaign.run()
        summary = caught.value.summary
        assert (summary["accepted"], summary["unknown"]) == (29, 1)
    sandbox.steps.remove(break_list)
    assert (await campaign.run()).is_done


async def test_an_unknown_email_waits_for_a_decision(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=2)
    async with AsyncCampaign(path, client, rules=QUICK) as campaign:
        await campaign.load(
            Email("{to}", subject="Hi", text="Hi"),
            [{"to": f"a{n}@example.org"} for n in range(5)],
        )
        assert (await campaign.run())["unknown"] == 2
        first, second = await all_rows(campaign, "unknown")
        assert await campaign.resolve(first.index, was_sent=True)
        message = next(m for m in sandbox.messages() if m.to == second.recipient)
        assert await campaign.report(
            DeliveryReport(message.message_id, "sent", second.recipient)
        )
        assert (await campaign.run()).is_done
    assert sandbox.count() == 5


async def test_unknown_emails_are_sent_again_only_if_asked(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=2)
    rows = [{"to": f"a{n}@example.org"} for n in range(5)]
    for rules in (QUICK, CampaignRules(resend_unknown=True)):
        async with AsyncCampaign(path, client, rules=rules) as campaign:
            await campaign.load(Email("{to}", subject="Hi", text="Hi"), rows)
            summary = await campaign.run()
    assert (summary["accepted"], sandbox.count()) == (5, 7)


async def test_templates_are_filled_in(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    template = WhatsAppTemplate("{to}", "welcome", "{lang}", variables={"1": "{n}"})
    async with AsyncCampaign(path, client) as campaign:
        await campaign.load(template, [{"to": "+254700000001", "lang": "sw", "n": 7}])
        await campaign.run()
    (message,) = sandbox.messages()
    assert (message.content.language, message.text) == ("sw", "7")


async def test_a_missing_value_stops_it_before_the_first_send(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    rows = people(10)
    rows[4]["name"] = " "
    rows[6]["phone"] = "0712345678"
    await campaign.load(HI, rows)
    with pytest.raises(PreflightError) as caught:
        await campaign.run()
    problems = caught.value.preflight.problems
    assert [(each.index, each.field) for each in problems] == [(4, "text"), (6, "to")]
    assert "0712345678" not in str(caught.value)
    assert sandbox.requests == 0


async def test_bad_rows_can_be_refused_instead(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    rows = people(10)
    rows[6]["phone"] = "0712345678"
    async with AsyncCampaign(
        path, client, rules=CampaignRules(refuse_bad=True)
    ) as campaign:
        await campaign.load(HI, rows)
        summary = await campaign.run()
        (refused,) = await all_rows(campaign, RowState.REFUSED)
    assert (summary["accepted"], refused.index, sandbox.count()) == (9, 6, 9)


async def test_a_check_counts_and_sends_nothing(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    rows = [*people(4), *people(1), {"phone": "0712345678", "name": "Ж"}]
    rules = CampaignRules(region="KE", price=0.5)
    async with AsyncCampaign(path, client, rules=rules) as campaign:
        await campaign.load(HI, rows)
        found = await campaign.check(opt_outs=["+254700000003"])
    assert (found.rows, found.to_send, found.requests, found.cost) == (6, 3, 3, 1.5)
    assert (found.repeated, found.opted_out, found.bad_rows) == (1, 1, 1)
    assert found.problems[0].suggestion == "+254712345678"
    assert sandbox.requests == 0


async def test_the_characters_that_cost_are_named(
    campaign: AsyncCampaign,
) -> None:
    await campaign.load(Sms("{phone}", "Привет"), people(2))
    found = await campaign.check()
    assert set(found.costly) == set("Привет")
    assert found.segment_counts == {1: 2}


async def test_repeated_rows_and_opted_out_recipients_are_skipped(
    campaign: AsyncCampaign, sandbox: Sandbox, tmp_path: Path
) -> None:
    stop = tmp_path / "stop.csv"
    stop.write_text("phone;since\n+254 700-000 003;2026\n", "utf-8")
    await campaign.load(HI, [*people(5), *people(2)])
    summary = await campaign.run(opt_outs=stop)
    assert (summary["accepted"], summary["skipped"], sandbox.count()) == (4, 3, 4)


async def test_two_messages_to_one_number_go_one_after_the_other(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    rows = [{"phone": "+254700000001", "name": f"N{n}"} for n in range(3)]
    await campaign.load(HI, rows)
    assert (await campaign.run())["accepted"] == 3
    assert [m.text for m in sandbox.messages()] == ["Hi N0", "Hi N1", "Hi N2"]


@pytest.mark.parametrize(
    ("template", "rows", "difference"),
    [
        (Sms("{phone}", "Ho {name}"), people(5), "text"),
        (HI, people(4), "rows from 4 on are gone"),
        (HI, people(6), "row 5 and later ones are new"),
        (HI, [*people(4), {"phone": "+1", "name": "N4"}], "row 4 differs in phone"),
    ],
)
async def test_another_template_or_source_is_refused_with_what_differs(
    campaign: AsyncCampaign, template: Any, rows: Any, difference: str
) -> None:
    await campaign.load(HI, people(5))
    with pytest.raises(LedgerChangedError) as caught:
        await campaign.load(template, rows)
    assert caught.value.differences == (difference,)


def refuse_one(exchange: Exchange) -> None:
    if b"+254700000003" in exchange.body:
        raise RefusalError(422, "validation_error", "Not reachable.")


async def test_a_refused_row_keeps_its_reason_and_can_be_tried_again(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    sandbox.steps.insert(0, refuse_one)
    await campaign.load(HI, people(5))
    assert (await campaign.run())["refused"] == 1
    (row,) = await all_rows(campaign, "refused")
    assert "Not reachable" in row.reason
    sandbox.steps.remove(refuse_one)
    assert await campaign.retry_failed() == 1
    assert (await campaign.run())["accepted"] == 5


async def test_a_request_refused_for_several_is_looked_up_and_sent_one_by_one(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    sandbox.steps.insert(0, refuse_one)
    await campaign.load(Sms("{phone}", "Hi all"), people(5))
    summary = await campaign.run()
    assert (summary["accepted"], summary["refused"], sandbox.count()) == (4, 1, 4)


async def test_a_key_that_is_refused_stops_it_and_costs_no_row(
    sandbox: Sandbox, path: Path
) -> None:
    async with (
        AsyncClient("sk_test_wrong", base_url=sandbox.base_url, tier=TIER) as client,
        AsyncCampaign(path, client, rules=QUICK) as campaign,
    ):
        await campaign.load(HI, people(300))
        with pytest.raises(CampaignStoppedError) as caught:
            await campaign.run()
    assert isinstance(caught.value.__cause__, UnauthorizedError)
    assert caught.value.summary["pending"] == 300


async def test_too_many_errors_pause_it_until_it_is_resumed(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    rules = CampaignRules(error_window=20, settle=0.1, clock_slack=0.1)
    sandbox.faults.add("status", status=422, channel="sms")
    async with AsyncCampaign(path, client, rules=rules) as campaign:
        await campaign.load(HI, people(2000))
        with pytest.raises(CampaignStoppedError, match="paused itself"):
            await campaign.run()
        assert sandbox.requests < 1000
        with pytest.raises(CampaignStoppedError, match="is paused"):
            await campaign.run()
        sandbox.faults.clear()
        await campaign.resume()
        summary = await campaign.run()
    assert summary["accepted"] + summary["refused"] == 2000


async def test_another_process_can_pause_and_cancel_it(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    async with AsyncCampaign(path, client) as campaign, AsyncCampaign(path) as other:
        await campaign.load(HI, people(500))
        sandbox.steps.insert(0, _after(50, path))
        summary = await campaign.run()
        assert summary.is_paused
        assert 50 <= summary["accepted"] < 500
        assert summary["accepted"] + summary["pending"] == 500
        await other.cancel()
        with pytest.raises(CampaignStoppedError, match="cancelled"):
            await campaign.run()


def _after(count: int, path: Path) -> Any:
    """Make a step that pauses a campaign, as another process would."""
    seen = []

    def step(exchange: Exchange) -> None:
        seen.append(exchange)
        if len(seen) == count:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("UPDATE campaign SET status = 'paused'")
            connection.close()

    return step


async def test_more_messages_than_the_month_has_left_are_refused_before_the_first(
    sandbox: Sandbox, path: Path
) -> None:
    async with (
        AsyncClient(
            sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000/10"
        ) as client,
        AsyncCampaign(path, client) as campaign,
    ):
        await campaign.load(HI, people(11))
        with pytest.raises(BudgetError):
            await campaign.run()
    assert sandbox.requests == 0


async def test_a_campaign_keeps_to_its_own_rate(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    rules = CampaignRules(per_minute=600)
    async with AsyncCampaign(path, client, rules=rules) as campaign:
        await campaign.load(HI, people(6))
        began = time.monotonic()
        await campaign.run()
    assert time.monotonic() - began >= 0.4


async def test_rows_outside_their_hours_wait(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    zones = {_zone_where_it_is(12): "noon", _zone_where_it_is(0): "night"}
    rows = [
        {"phone": f"+2547{n:08d}", "name": name, "zone": zone}
        for n, (zone, name) in enumerate(zones.items())
    ]
    rules = CampaignRules(hours=SendHours("08:00", "20:00", column="zone"))
    stopper = _Stopper()
    async with AsyncCampaign(path, client, rules=rules, hooks=[stopper]) as campaign:
        stopper.campaign = campaign
        await campaign.load(HI, rows)
        summary = await campaign.run()
    assert (summary["accepted"], summary["pending"]) == (1, 1)
    assert [message.text for message in sandbox.messages()] == ["Hi noon"]


async def test_a_row_that_must_not_be_sent_yet_does_not_keep_a_run_waiting(
    sandbox: Sandbox, path: Path
) -> None:
    key = sandbox.keys.add(permissions=["sms:send"]).value
    sandbox.faults.add("accepted_then_hang_up", count=1)
    rules = CampaignRules(hours=SendHours("00:00", "23:59:59.999999"))
    async with (
        AsyncClient(key, base_url=sandbox.base_url, tier=TIER) as client,
        AsyncCampaign(path, client, rules=rules) as campaign,
    ):
        rows = [{"phone": "+254700000001", "name": f"N{n}"} for n in range(2)]
        await campaign.load(HI, rows)
        summary = await campaign.run()
    assert (summary["unknown"], summary["pending"]) == (1, 1)


def _zone_where_it_is(hour: int) -> str:
    away = (hour - time.gmtime().tm_hour + 12) % 24 - 12
    return f"Etc/GMT{-away:+d}" if away else "UTC"


class _Stopper:
    """Stops a campaign when it has to wait."""

    campaign: AsyncCampaign

    def __call__(self, event: CampaignEvent) -> None:
        if isinstance(event, CampaignWaits):
            self.campaign.stop()


# async only: begin
async def test_cancelling_a_run_leaves_no_row_half_way(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    sandbox.knobs.latency = 0.02
    async with AsyncCampaign(path, client, rules=CampaignRules(pack=1)) as campaign:
        await campaign.load(HI, people(2000))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(campaign.run)
            while not sandbox.count():
                await sleep(0.01)
            tasks.cancel_scope.cancel()
        summary = await campaign.summary()
        assert 0 < summary["accepted"] == sandbox.count() < 2000
        assert summary["accepted"] + summary["pending"] == 2000


# async only: end


async def test_a_hook_that_fails_harms_no_row(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    def fail(event: CampaignEvent) -> None:
        raise LookupError

    async with AsyncCampaign(path, client, rules=QUICK, hooks=[fail]) as campaign:
        await campaign.load(HI, people(5))
        assert (await campaign.run())["accepted"] == 5


async def test_delivery_is_followed_to_its_end(
    campaign: AsyncCampaign, sandbox: Sandbox
) -> None:
    sandbox.knobs.timetable = 0.0
    await campaign.load(HI, people(150))
    await campaign.run()
    summary = await campaign.follow(timeout=10)
    assert summary.statuses == {"delivered": 150}


async def test_delivery_of_emails_is_asked_for_one_by_one(
    client: AsyncClient, sandbox: Sandbox, path: Path
) -> None:
    sandbox.knobs.timetable = 0.0
    async with AsyncCampaign(path, client) as campaign:
        rows = [{"to": f"a{n}@example.org"} for n in range(5)]
        await campaign.load(Email("{to}", subject="Hi", text="Hi"), rows)
        await campaign.run()
        assert sum((await campaign.follow(timeout=10)).statuses.values()) == 5


async def test_webhooks_are_written_and_never_go_back(campaign: AsyncCampaign) -> None:
    await campaign.load(HI, people(1))
    await campaign.run()
    (row,) = await all_rows(campaign)
    assert await campaign.report(DeliveryReport(row.message_id, "delivered"))
    assert not await campaign.report(DeliveryReport(row.message_id, "sent"))
    assert not await campaign.report(DeliveryReport("sms_of_somebody_else", "sent"))
    assert (await all_rows(campaign))[0].status == "delivered"


async def test_rows_of_a_state_can_be_exported(
    campaign: AsyncCampaign, tmp_path: Path
) -> None:
    await campaign.load(HI, [*people(700), *people(1)])
    await campaign.run()
    assert await campaign.export(tmp_path / "out.csv", "accepted") == 700
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), rows[5]["name"], rows[5]["state"]) == (700, "N5", "accepted")
    assert await campaign.export(tmp_path / "out.jsonl", "skipped") == 1
    line = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))
    assert (line["phone"], line["state"]) == ("+254700000000", "skipped")


async def test_rows_are_exported_as_one_json_value(
    campaign: AsyncCampaign, tmp_path: Path
) -> None:
    await campaign.load(HI, people(3))
    for state, count in (("pending", 3), ("refused", 0)):
        assert await campaign.export(tmp_path / "out.json", state) == count
        rows = json.loads((tmp_path / "out.json").read_text("utf-8"))
        assert [row["row"] for row in rows] == list(range(count))
    with pytest.raises(InvalidInputError, match="JSON lines"):
        await campaign.load(HI, tmp_path / "out.json")


async def test_rows_come_from_files(
    client: AsyncClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    table, lines = tmp_path / "people.csv", tmp_path / "people.jsonl"
    table.write_text("\ufeffphone, name\n+254700000001,Jörg\n", "utf-8")
    lines.write_text('{"phone": "+254700000002", "name": 7}\n\n', "utf-8")
    for source in (table, str(lines)):
        ledger = tmp_path / f"{Path(source).suffix}.ledger"
        async with AsyncCampaign(ledger, client) as campaign:
            await campaign.load(HI, source)
            await campaign.run()
    assert [message.text for message in sandbox.messages()] == ["Hi Jörg", "Hi 7"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "phone,name\n+1,2,3\n"),
        ("a.jsonl", "[1]\n"),
        ("a.jsonl", "{\n"),
        ("a.csv", None),
    ],
)
async def test_a_bad_file_leaves_the_ledger_empty(
    campaign: AsyncCampaign, tmp_path: Path, name: str, content: str | None
) -> None:
    [(tmp_path / name).write_text(text, "utf-8") for text in [content] if text]
    with pytest.raises(InvalidInputError):
        await campaign.load(HI, tmp_path / name)
    with pytest.raises(CampaignError, match="is empty"):
        await campaign.run()


async def test_without_a_client_a_ledger_can_be_read_and_not_run(
    campaign: AsyncCampaign, path: Path
) -> None:
    await campaign.load(HI, people(2))
    async with AsyncCampaign(path) as reader:
        assert (await reader.summary())["pending"] == 2
        assert await reader.template() == HI
        with pytest.raises(ConfigurationError):
            await reader.run()


async def test_a_row_shows_no_number_and_no_text(campaign: AsyncCampaign) -> None:
    await campaign.load(HI, people(1))
    await campaign.run()
    (row,) = await all_rows(campaign)
    assert "+254700000000" not in repr(row)
    assert "N0" not in repr(row)
    assert repr(campaign).endswith("Campaign may.ledger>")
