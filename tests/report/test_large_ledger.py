"""A report of 100,000 rows: its figures are exact, and its memory is flat."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackverify import Sms
from stackverify.campaigns import Campaign
from stackverify.report.reading import read_facts
from tests.behaviour.processes import run_program

ROWS = 100_000
MIB = 1 << 20

# As the engine leaves rows: a request of ten each tenth of a second, of which the
# ledger has the states in turn, and each message arrived a row's number of
# milliseconds later.
SEND_ALL = """
    UPDATE marks SET attempts = 1, since = idx / 10 * 0.1,
        released_by = idx / 10 * 0.1, settled_at = idx / 10 * 0.1,
        state = CASE WHEN idx % 100 = 0 THEN 'refused' ELSE 'accepted' END,
        reason = CASE WHEN idx % 100 = 0 THEN 'No, request req_' || idx || '. Go.' END,
        message_id = 'sms_' || idx
"""
DELIVER_ALL = """
    UPDATE marks SET status = 'delivered', status_at = released_by + idx / 1000.0
    WHERE state = 'accepted'
"""

GROWTH = """
    import sys, tracemalloc
    from stackverify.report.reading import read_facts

    def peak(path):
        tracemalloc.start()
        read_facts(path, most_rows=100)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(sys.argv[1])
    print(peak(sys.argv[1]), peak(sys.argv[2]))
"""


def people(count: int) -> Iterator[dict[str, Any]]:
    return ({"phone": f"+2547{n:08d}", "name": "Łukasz"} for n in range(count))


def made(path: Path, rows: int) -> Path:
    with Campaign(path) as campaign:
        campaign.load(Sms("{phone}", "Hi {name}"), people(rows))
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(SEND_ALL)
        connection.execute(DELIVER_ALL)
    connection.close()
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("large") / "large.ledger", ROWS)


def test_every_figure_of_a_large_ledger_is_exact(large: Path) -> None:
    facts = read_facts(large, most_rows=100)
    pace, times, segments = facts.pace, facts.times, facts.segments
    assert pace is not None
    assert times is not None
    assert segments is not None
    assert (facts.summary["accepted"], facts.summary["refused"]) == (99_000, 1_000)
    assert [(each.text, each.rows) for each in facts.reasons] == [("No. Go.", 1_000)]
    assert (pace.requests, pace.messages) == (10_000, 100_000)
    assert max(pace.busiest_requests) in (600, 601)
    assert times.median == pytest.approx(50.0, abs=0.01)
    assert times.most == pytest.approx(95.0, abs=0.01)
    assert segments.counts == {1: 99_000}
    assert segments.costly == {"Ł": 99_000}
    assert len(facts.rows) == 100


def test_memory_does_not_grow_with_rows(large: Path, tmp_path: Path) -> None:
    small = made(tmp_path / "small.ledger", ROWS // 20)
    ended = run_program(GROWTH, small, large, strict=False)
    assert ended.returncode == 0, ended.stderr
    few, many = map(int, ended.stdout.split())
    assert many < few + MIB
