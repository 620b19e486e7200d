"""A clock that is set while a campaign runs: still nothing is sent twice."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackverify import Client, Sms
from stackverify._stores.ledger_file import LedgerFile
from stackverify._stores.ledger_runner import Intents, LedgerRunner
from stackverify._stores.ledger_unsure import LedgerUnsure
from stackverify._sync import campaign_lookup, campaign_run, campaign_sender
from stackverify.campaigns import (
    Campaign,
    CampaignEvent,
    CampaignRules,
    RowSettled,
    RowState,
)
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange
from tests.behaviour.ledgers import joined
from tests.clock import Clock

# Replies tell whole seconds.
RULES = CampaignRules(settle=0.2, clock_slack=1.2, pack=1)
ROWS = [{"phone": f"+2547{n:08d}"} for n in range(10)]
HI = Sms("{phone}", "Hi")
HOUR = 3600.0


class WallClock:
    """Stands for the module `time` where a campaign looks at the clock."""

    def __init__(self) -> None:
        self.wrong_by = 0.0
        self.monotonic = time.monotonic

    def time(self) -> float:
        return time.time() + self.wrong_by


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    made = WallClock()
    for module in (campaign_lookup, campaign_run, campaign_sender):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "may.ledger"


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """One that sends one message after the other."""
    with Client(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        max_connections=1,
    ) as opened:
        yield opened


def lose_answer(number: int, sandbox: Sandbox) -> None:
    """Have a service take the so-manieth message, and say nothing."""
    seen: list[Exchange] = []

    def step(exchange: Exchange) -> None:
        seen.append(exchange)
        if len(seen) == number - 1:
            sandbox.faults.add("accepted_then_hang_up", count=1)

    sandbox.steps.insert(0, step)


def test_a_clock_put_right_before_the_look_up_makes_nothing_absent(
    sandbox: Sandbox, client: Client, path: Path, wall: WallClock
) -> None:
    def put_right(event: CampaignEvent) -> None:
        if isinstance(event, RowSettled) and event.state is RowState.UNKNOWN:
            wall.wrong_by = 0.0

    lose_answer(5, sandbox)
    wall.wrong_by = -HOUR
    with Campaign(path, client, rules=RULES, hooks=[put_right]) as campaign:
        campaign.load(HI, ROWS)
        assert campaign.run()["accepted"] == len(ROWS)
    assert wall.wrong_by == 0.0
    assert sandbox.count() == len(ROWS)


def test_what_is_released_after_the_clock_was_set_back_is_noted_by_the_old_one(
    sandbox: Sandbox, client: Client, path: Path, wall: WallClock
) -> None:
    commit = LedgerRunner.commit

    def set_back(runner: LedgerRunner, requests: Any) -> None:
        commit(runner, requests)
        wall.wrong_by = -HOUR

    began = time.time()
    with (
        Campaign(path, client, rules=RULES) as campaign,
        pytest.MonkeyPatch.context() as patch,
    ):
        campaign.load(HI, ROWS[:1])
        patch.setattr(LedgerRunner, "commit", set_back)
        patch.setattr(campaign, "_hooks", (lambda event: campaign.stop(),))
        sandbox.faults.add("accepted_then_hang_up", count=1)
        campaign.run()
        (row,) = LedgerUnsure(campaign._file).rows()
    assert began <= row.since <= row.released_by


@pytest.fixture
def clock() -> Clock:
    return Clock(10_000.0)


@pytest.fixture
def file(path: Path) -> Iterator[LedgerFile]:
    with Campaign(path) as campaign:
        campaign.load(HI, ROWS)
    opened = LedgerFile(path)
    yield opened
    opened.close()


def test_a_row_begun_again_has_its_first_moment_by_the_clock_as_it_is_now(
    file: LedgerFile, clock: Clock
) -> None:
    steady = joined(file, clock)
    rows = steady.claim(1, None)
    steady.commit([Intents(rows, 1_000.0, 1_030.0, ahead=None)])
    steady.commit([Intents(rows, 1_100.0, 1_130.0, ahead=0.0)])
    steady.commit([Intents(rows, 500.0, 530.0, ahead=700.0)])
    steady.leave()
    (row,) = LedgerUnsure(file).rows()
    assert (row.since, row.released_by, row.ahead) == (300.0, 530.0, 700.0)


def test_the_lease_of_a_runner_that_is_gone_ends_though_the_clock_was_set_back(
    file: LedgerFile, clock: Clock
) -> None:
    joined(file, clock).claim(len(ROWS), None)
    clock.now -= HOUR
    other = joined(file, clock)
    assert other.claim(1, None) == []
    clock.now += 31.0
    other.join()
    other.rewind()
    assert len(other.claim(len(ROWS), None)) == len(ROWS)


def test_a_runner_keeps_its_rows_when_the_clock_is_set_back(
    file: LedgerFile, clock: Clock
) -> None:
    steady = joined(file, clock)
    rows = steady.claim(1, None)
    clock.now -= HOUR
    assert not steady.may_release()
    steady.tick()
    assert steady.may_release()
    for _ in range(5):
        joined(file, clock).leave()
        clock.now += 10.0
        steady.tick()
    steady.commit([Intents(rows, clock(), clock() + 30.0)])


def test_a_lease_that_could_not_be_written_is_not_counted_on(
    file: LedgerFile, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = joined(file, clock)
    clock.now += 6.0
    with file.reading() as connection:
        monkeypatch.setattr(file, "_connection", NoCommit(connection))
    steady.tick()
    clock.now += 15.0
    assert not steady.may_release()


class NoCommit:
    """A connection that may never commit."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = real

    def execute(self, statement: str, *values: Any) -> Any:
        if statement == "COMMIT":
            error = sqlite3.OperationalError("made up")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return self._real.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
