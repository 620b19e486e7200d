"""By its system calls: no byte of a message leaves before its intent is on the disk."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.behaviour.processes import REPOSITORY
from tests.behaviour.traces import Disk, calls_of, rows_on, why_not

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

ROWS = 24
SETTINGS = """
import asyncio, sys
from stackverify import AsyncClient, Client, Sms
from stackverify._stores import ledger_file
from stackverify.campaigns import AsyncCampaign, Campaign, CampaignRules

path, key, url, rows, pack, sync = sys.argv[1:]
if sync == "unsynced":
    set_up = ledger_file._set_up

    def careless(connection):
        set_up(connection)
        connection.execute("PRAGMA synchronous = OFF")

    ledger_file._set_up = careless
client = dict(base_url=url, tier="enterprise:60000", max_connections=5)
rules = CampaignRules(settle=0.2, clock_slack=0.1, pack=int(pack), max_error_rate=1.0)
people = [{"phone": f"+2547{n:08d}"} for n in range(int(rows))]
"""
THREADS = """
with Client(key, **client) as opened, Campaign(path, opened, rules=rules) as campaign:
    campaign.load(Sms("{phone}", "Hi"), people)
    campaign.run()
"""
TASKS = """
async def main():
    async with (
        AsyncClient(key, **client) as opened,
        AsyncCampaign(path, opened, rules=rules) as campaign,
    ):
        await campaign.load(Sms("{phone}", "Hi"), people)
        await campaign.run()

asyncio.run(main())
"""


def traced(
    program: str, sandbox: Sandbox, folder: Path, *, pack: int, sync: str = "synced"
) -> Disk:
    """Run a campaign to its end, and give what it did to the disk, and sent."""
    ledger = folder / "may.ledger"
    told = map(str, (ledger, sandbox.api_key, sandbox.base_url, ROWS, pack, sync))
    command = [sys.executable, "-c", SETTINGS + program, *told]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    disk = Disk(ledger)
    for call in calls_of(command, folder / "trace", environment):
        disk.take(call)
    assert disk.written == {"": ledger.read_bytes(), "-wal": b""}
    return disk


def sent_too_early(disk: Disk, folder: Path) -> list[str]:
    """Name whom something was sent to while a power cut would have forgotten it."""
    early, begun = [], Counter[str]()
    for post in disk.posts:
        rows = rows_on(post.disk, folder / "after-a-power-cut")
        for to in post.recipients:
            begun[to] += 1
            if rows.get(to) != ("intent", begun[to]):
                early.append(to)
    return early


@pytest.mark.parametrize("pack", [1, 4])
@pytest.mark.parametrize("program", [THREADS, TASKS], ids=["threads", "tasks"])
def test_an_intent_is_synced_before_the_first_byte_leaves(
    sandbox: Sandbox, tmp_path: Path, program: str, pack: int
) -> None:
    sandbox.faults.add("rate_limited", seconds=0, count=1)
    sandbox.faults.add("accepted_then_hang_up", channel="sms", count=1)
    sandbox.faults.add("hang_up", channel="sms", count=1)
    disk = traced(program, sandbox, tmp_path, pack=pack)
    assert sandbox.count() == ROWS
    assert len(disk.posts) == ROWS // pack + 2
    assert sent_too_early(disk, tmp_path) == []


def test_the_trace_shows_when_intents_are_not_synced(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    disk = traced(THREADS, sandbox, tmp_path, pack=1, sync="unsynced")
    assert len(sent_too_early(disk, tmp_path)) == ROWS
