"""A campaign that is killed at any moment, and run again: nothing twice, nothing lost.

The whole of it, 200 kills over campaigns of 2,000, is `nox -s kills`.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.behaviour.campaigns import Trial, rewrite

CAMPAIGNS, KILLS, ROWS = (
    (10, 20, 2_000) if os.environ.get("STACKVERIFY_KILLS") == "full" else (1, 5, 300)
)
BLIND = "UPDATE marks SET state = 'pending' WHERE state IN ('intent', 'unknown')"
SKIP = "UPDATE marks SET state = 'skipped' WHERE state IN ('intent', 'unknown')"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A service that takes its time, and sometimes takes a message and says nothing."""
    with Sandbox(
        tier="enterprise:60000", latency=(0.02, 0.1), late=0.3, list_lag=0.3
    ) as running:
        running.faults.add("accepted_then_hang_up", probability=0.03)
        yield running


@pytest.fixture
def trial(sandbox: Sandbox, tmp_path: Path) -> Trial:
    return Trial(sandbox, tmp_path / "campaign.ledger", ROWS)


@pytest.mark.parametrize("seed", range(CAMPAIGNS))
def test_a_killed_campaign_loses_nothing_and_sends_nothing_twice(
    trial: Trial, seed: int
) -> None:
    trial.dice = random.Random(seed)
    trial.go_through(KILLS)
    assert (trial.lost, trial.duplicates) == (0, 0)
    assert trial.ledger() == trial.truth()
    assert trial.integrity() == "ok"


def test_nor_does_one_whose_rows_share_requests(trial: Trial) -> None:
    trial.pack = 7
    trial.go_through(2)
    assert (trial.lost, trial.duplicates) == (0, 0)
    assert trial.ledger() == trial.truth()


def test_sending_open_rows_again_blindly_sends_twice(trial: Trial) -> None:
    trial.go_through(3, between=rewrite(BLIND))
    assert trial.duplicates > 0


def test_skipping_open_rows_loses_some(trial: Trial) -> None:
    trial.sandbox.faults.add("hang_up", count=20)
    trial.go_through(3, between=rewrite(SKIP))
    assert trial.lost > 0


def test_looking_up_without_settling_sends_twice(trial: Trial) -> None:
    trial.sandbox.knobs.list_lag = 4.0
    trial.settle = trial.slack = 0.0
    trial.go_through(1)
    assert trial.duplicates > 0


def test_two_runners_on_one_ledger_send_no_row_twice(trial: Trial) -> None:
    with trial.start() as one, trial.start() as other:
        said = [child.communicate(timeout=300)[1] for child in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), said
    assert (trial.lost, trial.duplicates) == (0, 0)
    assert trial.ledger() == trial.truth()


def test_a_runner_takes_over_what_another_left_behind(trial: Trial) -> None:
    with trial.start() as one, trial.start() as other:
        while trial.sandbox.requests < trial.rows // 4:
            time.sleep(0.01)
        one.send_signal(signal.SIGKILL)
        _, said = other.communicate(timeout=300)
    assert other.returncode == 0, said
    assert (trial.lost, trial.duplicates) == (0, 0)
    assert trial.ledger() == trial.truth()


def test_ctrl_c_leaves_no_row_in_doubt_that_was_not_under_way(trial: Trial) -> None:
    trial.sandbox.faults.clear()
    with trial.start() as child:
        while trial.sandbox.requests < trial.rows // 4:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert b"KeyboardInterrupt" in said
    states = {state for state, _ in trial.ledger().values()}
    assert states == {"accepted", "pending"}
    trial.finish()
    assert (trial.lost, trial.duplicates) == (0, 0)
