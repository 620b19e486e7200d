"""A ledger that is moved, replaced or looked for elsewhere while it is in use."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stackverify import Client, Sms
from stackverify.campaigns import Campaign, CampaignRules
from stackverify.errors import LedgerError
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange

RULES = CampaignRules(settle=0.2, clock_slack=0.1, pack=1)
ROWS = [{"phone": f"+2547{n:08d}"} for n in range(60)]
HI = Sms("{phone}", "Hi")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "may.ledger"
    with Campaign(made) as campaign:
        campaign.load(HI, ROWS)
    return made


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        max_connections=4,
    ) as opened:
        yield opened


def move(path: Path) -> None:
    path.rename(path.with_name("moved"))


def replace(path: Path) -> None:
    move(path)
    shutil.copy(path.with_name("moved"), path)


def remove_its_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


@pytest.mark.parametrize("harm", [move, replace, remove_its_log])
def test_a_ledger_that_is_not_where_it_was_stops_it_before_the_next_send(
    path: Path, client: Client, sandbox: Sandbox, harm: Callable[[Path], None]
) -> None:
    seen: list[Exchange] = []

    def step(exchange: Exchange) -> None:
        seen.append(exchange)
        [harm(path) for _ in range(len(seen) == 10)]

    sandbox.steps.insert(0, step)
    stops = pytest.raises(LedgerError, match="moved, replaced or removed")
    with Campaign(path, client, rules=RULES) as campaign, stops:
        campaign.run()
    assert len(seen) < 10 + 2 * 4 + 1


def test_a_ledger_that_is_put_back_goes_on(
    path: Path, client: Client, sandbox: Sandbox
) -> None:
    with Campaign(path, client, rules=RULES) as campaign:
        assert campaign.summary()["pending"] == len(ROWS)
        move(path)
        with pytest.raises(LedgerError, match="moved"):
            campaign.run()
        path.with_name("moved").rename(path)
        assert campaign.run()["accepted"] == len(ROWS)
    assert set(Counter(m.to for m in sandbox.messages()).values()) == {1}


def test_a_name_means_the_same_file_wherever_the_process_works_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with Campaign(path.name) as campaign:
        elsewhere = path.parent / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        assert campaign.summary()["pending"] == len(ROWS)
