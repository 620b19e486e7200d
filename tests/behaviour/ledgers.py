"""Runners of a ledger, for tests that are several of them at once."""

from stackverify._stores.ledger_file import LedgerFile
from stackverify._stores.ledger_runner import LedgerRunner
from tests.clock import Clock

__all__ = ["joined"]


def joined(file: LedgerFile, clock: Clock) -> LedgerRunner:
    """Give one that is at work, by a clock of the test's."""
    made = LedgerRunner(file, clock=clock)
    made.join()
    return made
