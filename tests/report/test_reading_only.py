"""A report reads a ledger, and leaves it as it is."""

import os
import sqlite3
from pathlib import Path

import pytest

from stackverify import Sms
from stackverify._stores.ledger_rows import LedgerRows
from stackverify._stores.ledger_snapshot import LedgerSnapshot
from stackverify.campaigns import Campaign, write_report
from stackverify.errors import LedgerError
from tests.behaviour.processes import FORK_WARNING, fork
from tests.recipients import people

HI = Sms("{phone}", "Hi {name}")


@pytest.fixture
def loaded(ledger: Path) -> Path:
    with Campaign(ledger) as campaign:
        campaign.load(HI, people(3))
    return ledger


def test_the_file_stays_as_it_was(loaded: Path, tmp_path: Path) -> None:
    before = loaded.read_bytes()
    write_report(loaded, tmp_path / "may.html")
    assert loaded.read_bytes() == before


def test_what_is_read_is_of_one_moment(loaded: Path) -> None:
    snapshot = LedgerSnapshot(loaded)
    rows = LedgerRows(snapshot)
    assert rows.summary()["pending"] == 3
    with Campaign(loaded) as campaign:
        campaign.pause("while it is read")
    assert not rows.summary().is_paused
    snapshot.close()
    assert rows.summary().is_paused
    snapshot.close()


def test_a_report_is_written_while_another_writes(loaded: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(loaded, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE marks SET state = 'refused'")
    write_report(loaded, tmp_path / "may.html")
    writer.execute("COMMIT")
    writer.close()
    assert "3</b><span>not settled yet" in (tmp_path / "may.html").read_text("utf-8")


def test_nothing_can_be_written_through_it(loaded: Path) -> None:
    snapshot = LedgerSnapshot(loaded)
    with pytest.raises(LedgerError):
        LedgerRows(snapshot).set_status("paused", None)
    snapshot.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.filterwarnings(FORK_WARNING)
def test_who_may_not_write_can_read(loaded: Path, tmp_path: Path) -> None:
    open_to_all = [*tmp_path.parents][: len(tmp_path.parents) - 2]
    for folder in (tmp_path, *open_to_all):
        folder.chmod(folder.stat().st_mode | 0o055)

    def read_as_nobody() -> int:
        os.setuid(65_534)
        snapshot = LedgerSnapshot(loaded)
        return LedgerRows(snapshot).summary().total

    assert fork(read_as_nobody).result() == 3


def test_no_ledger_is_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="There is no ledger"):
        write_report(tmp_path / "none.ledger", tmp_path / "none.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no ledger at all" * 100])
def test_what_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "else").write_bytes(content)
    with pytest.raises(LedgerError, match="no ledger"):
        write_report(tmp_path / "else", tmp_path / "else.html")


def test_a_ledger_of_a_newer_version_is_refused(loaded: Path) -> None:
    with sqlite3.connect(loaded) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match="newer version"):
        write_report(loaded, loaded.with_suffix(".html"))
