"""A disk that fails, is full, or loses power: nothing is sent beyond the ledger."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stackverify import Client, Sms
from stackverify._core.ledger import Verdict, may_move
from stackverify._stores import ledger_file
from stackverify._stores.ledger_file import LedgerFile
from stackverify._stores.ledger_rows import LedgerRows
from stackverify._stores.ledger_runner import Intents
from stackverify.campaigns import Campaign, CampaignRules, RowState
from stackverify.errors import LedgerBusyError, LedgerError, LedgerLostError
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange
from tests.behaviour.ledgers import joined
from tests.clock import Clock

TIER = "enterprise:60000"
ROWS = [{"phone": f"+2547{n:08d}"} for n in range(40)]
HI = Sms("{phone}", "Hi")
RULES = CampaignRules(settle=0.1, clock_slack=0.1, pack=1)
WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT", "BEGIN")


class Failing:
    """A connection whose writes fail from the so-manieth on."""

    def __init__(self, real: sqlite3.Connection, code: int, after: int) -> None:
        self._real, self._code, self._left = real, code, after

    def _count(self, statement: str) -> None:
        if statement.strip().startswith(WRITES):
            self._left -= 1
            if self._left < 0:
                error = sqlite3.OperationalError("made up")
                error.sqlite_errorcode = self._code
                raise error

    def execute(self, statement: str, *values: Any) -> Any:
        self._count(statement)
        return self._real.execute(statement, *values)

    def executemany(self, statement: str, values: Any) -> Any:
        self._count(statement)
        return self._real.executemany(statement, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(
        sandbox.api_key, base_url=sandbox.base_url, tier=TIER, max_connections=5
    ) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "may.ledger"


@pytest.fixture
def loaded(path: Path, client: Client) -> Path:
    with Campaign(path, client, rules=RULES) as campaign:
        campaign.load(HI, ROWS)
    return path


def states(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT recipient, state FROM rows JOIN marks USING (idx)"
    ).fetchall()
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return dict(found)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR])
@pytest.mark.parametrize("after", range(0, 39, 3))
def test_a_write_that_fails_stops_it_before_the_next_send(
    loaded: Path,
    client: Client,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    after: int,
) -> None:
    connected = ledger_file._connected
    with monkeypatch.context() as patch:
        patch.setattr(
            ledger_file, "_connected", lambda p: Failing(connected(p), code, after)
        )
        campaign = Campaign(loaded, client, rules=RULES)
        with pytest.raises(LedgerError, match="disk"):
            campaign.run()
        campaign.close()
    sent = {message.to for message in sandbox.messages()}
    known = {to for to, state in states(loaded).items() if state in _BEGUN}
    assert sent <= known
    with Campaign(loaded, client, rules=RULES) as again:
        assert again.run()["accepted"] == len(ROWS)
    assert set(Counter(m.to for m in sandbox.messages()).values()) == {1}


_BEGUN = {"intent", "accepted", "unknown"}


def test_a_file_that_may_not_grow_says_that_the_disk_is_full(
    path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = ledger_file._connected

    def small(path: Path) -> sqlite3.Connection:
        connection = connected(path)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr(ledger_file, "_connected", small)
    with Campaign(path, client) as campaign:
        with pytest.raises(LedgerError, match="the disk is full"):
            campaign.load(HI, ({"phone": f"+2547{n:08d}"} for n in range(10_000)))
        assert campaign.summary().total == 0


def test_when_the_disk_has_room_again_the_same_campaign_goes_on(
    loaded: Path, client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = ledger_file._connected
    with Campaign(loaded, client, rules=RULES) as campaign:
        with monkeypatch.context() as patch:
            patch.setattr(
                ledger_file,
                "_connected",
                lambda path: Failing(connected(path), sqlite3.SQLITE_FULL, 12),
            )
            with pytest.raises(LedgerError):
                campaign.run()
        assert campaign.run()["accepted"] == len(ROWS)
    assert sandbox.count() == len(ROWS)


def test_a_file_that_another_process_writes_to_is_a_clear_error(
    loaded: Path, client: Client
) -> None:
    other = sqlite3.connect(loaded, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Campaign(loaded, client) as campaign, pytest.raises(LedgerBusyError):
        campaign.pause()
    other.close()


WATCH = """
    CREATE TABLE moves (old TEXT, new TEXT, UNIQUE (old, new) ON CONFLICT IGNORE);
    CREATE TRIGGER watch AFTER UPDATE OF state ON marks WHEN old.state <> new.state
    BEGIN INSERT INTO moves VALUES (old.state, new.state); END;
"""


def test_rows_move_as_the_table_of_moves_allows(
    loaded: Path, client: Client, sandbox: Sandbox
) -> None:
    connection = sqlite3.connect(loaded)
    connection.executescript(WATCH)
    for fault in ("accepted_then_hang_up", "hang_up", "status", "rate_limited"):
        # The first sends meet them all, and no look-up does.
        sandbox.faults.add(fault, status=422, seconds=0, count=3)
    with Campaign(loaded, client, rules=RULES) as campaign:
        campaign.run(opt_outs=[ROWS[0]["phone"]])
        campaign.retry_failed()
        assert campaign.run()["accepted"] == len(ROWS) - 1
    moves = connection.execute("SELECT old, new FROM moves").fetchall()
    connection.close()
    made = [(RowState(old), RowState(new)) for old, new in moves]
    assert len(made) >= 6
    assert [move for move in made if not may_move(*move)] == []


@pytest.mark.parametrize("content", [b"no database, but a text of some length" * 50])
def test_what_is_no_ledger_is_a_clear_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with Campaign(path) as campaign, pytest.raises(LedgerError, match="no ledger"):
        campaign.summary()


@pytest.mark.parametrize("version", [0, 1, 99])
def test_a_database_of_something_else_is_refused_and_left_as_it_was(
    path: Path, version: int
) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE users (name TEXT)")
        file.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with Campaign(path) as campaign, pytest.raises(LedgerError, match="no ledger"):
        campaign.summary()
    assert path.read_bytes() == before


def test_a_ledger_of_a_newer_version_is_left_alone(loaded: Path) -> None:
    connection = sqlite3.connect(loaded)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with Campaign(loaded) as campaign, pytest.raises(LedgerError, match="newer"):
        campaign.summary()


def test_when_power_is_lost_every_message_on_its_way_is_known(
    loaded: Path, client: Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    lost: list[tuple[str, Path]] = []
    sandbox.steps.insert(0, _snapshots(loaded, tmp_path, lost))
    with Campaign(loaded, client, rules=RULES) as campaign:
        campaign.run()
    assert len(lost) == len(ROWS)
    for to, copy in lost:
        assert states(copy)[to] in _BEGUN


def _snapshots(
    ledger: Path, folder: Path, lost: list[tuple[str, Path]]
) -> Callable[[Exchange], None]:
    """Copy what is on the disk whenever a message arrives; its memory is lost."""

    def step(exchange: Exchange) -> None:
        to = exchange.body.decode().partition("+")[2][:12]
        copy = folder / f"{to}.ledger"
        for end in ("", "-wal"):
            shutil.copy(f"{ledger}{end}", f"{copy}{end}")
        lost.append((f"+{to}", copy))

    return step


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 33, 1_000, 4_119, 4_120, 20_000])
def test_a_torn_end_of_the_log_costs_only_what_was_not_synced(
    loaded: Path, client: Client, tmp_path: Path, cut: int
) -> None:
    with Campaign(loaded, client, rules=RULES) as campaign:
        campaign.run()
        torn = tmp_path / "torn.ledger"
        shutil.copy(loaded, torn)
        log = Path(f"{loaded}-wal").read_bytes()
    Path(f"{torn}-wal").write_bytes(log[: max(0, len(log) - cut)])
    assert states(torn).keys() == {row["phone"] for row in ROWS}


def test_who_loads_second_finds_what_the_first_loaded(file: LedgerFile) -> None:
    ledger = LedgerRows(file)
    assert ledger.load({"channel": "sms"}, [("+1", {}, None)]) == ledger.header()
    assert ledger.summary().total == len(ROWS)


def test_every_commit_is_synced(file: LedgerFile) -> None:
    with file.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        # EXTRA: as FULL with a write-ahead log, and enough without one as well.
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(loaded: Path) -> Iterator[LedgerFile]:
    opened = LedgerFile(loaded)
    yield opened
    opened.close()


def test_two_runners_never_claim_one_row(file: LedgerFile, clock: Clock) -> None:
    one, other = joined(file, clock), joined(file, clock)
    rows = [row.index for _ in range(5) for row in one.claim(4, None)]
    rows += [row.index for row in other.claim(100, None)]
    assert sorted(rows) == list(range(len(ROWS)))


def test_of_one_recipient_the_earliest_row_goes_first_also_when_it_is_tried_again(
    path: Path, clock: Clock
) -> None:
    with Campaign(path) as campaign:
        campaign.load(HI, [ROWS[0]] * 3)
        one = joined(campaign._file, clock)
        one.refuse([(row.index, "No.") for row in one.claim(3, None)])
        sent = one.claim(3, None)
        one.commit([Intents(sent, clock(), clock() + 30.0)])
        one.note([(sent[0], Verdict(RowState.ACCEPTED), clock(), clock())])
        one.commit([])
        campaign.retry_failed()
        one.rewind()
        assert [row.index for row in one.claim(3, None)] == [0]


def test_a_runner_that_stood_still_too_long_may_not_write_or_send(
    file: LedgerFile, clock: Clock
) -> None:
    slow = joined(file, clock)
    rows = slow.claim(2, None)
    slow.commit([Intents(rows[:1], clock(), clock() + 30.0)])
    clock.now += 31.0
    assert not slow.may_release()
    joined(file, clock)
    with pytest.raises(LedgerLostError):
        slow.commit([Intents(rows[1:], clock(), clock() + 30.0)])
    summary = LedgerRows(file).summary()
    assert (summary["unknown"], summary["pending"]) == (1, len(ROWS) - 1)


def test_an_answer_that_comes_after_a_takeover_still_counts(
    file: LedgerFile, clock: Clock
) -> None:
    slow = joined(file, clock)
    rows = slow.claim(1, None)
    slow.commit([Intents(rows, clock(), clock() + 30.0)])
    clock.now += 31.0
    joined(file, clock)
    slow.note([(rows[0], Verdict(RowState.ACCEPTED, "sms_1"), clock(), clock())])
    slow.leave()
    assert LedgerRows(file).summary()["accepted"] == 1


def test_a_runner_that_renews_its_lease_keeps_its_rows(
    file: LedgerFile, clock: Clock
) -> None:
    steady = joined(file, clock)
    rows = steady.claim(1, None)
    for _ in range(10):
        clock.now += 10.0
        steady.tick()
        joined(file, clock).leave()
    steady.commit([Intents(rows, clock(), clock() + 30.0)])
    assert steady.may_release()
