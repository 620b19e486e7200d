"""Runs a campaign, and says how to go on whatever ends it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import attrs
import click

from stackverify.campaigns import Campaign, CampaignSummary, Preflight, RowState
from stackverify.cli import output
from stackverify.cli.campaign_board import Waits, shown
from stackverify.cli.campaign_check import pace, problem_line
from stackverify.cli.campaign_ledger import choose_service, opened
from stackverify.cli.campaign_rules import opt_outs_of, rules_of
from stackverify.cli.campaign_standing import Standing
from stackverify.cli.interrupts import Interrupts
from stackverify.cli.rest import command
from stackverify.cli.session import Session
from stackverify.errors import CampaignStoppedError, StackverifyError
from stackverify.models.messages import Sms

__all__ = ["run_campaign"]

_TICK = 0.1
_PROBLEMS_SHOWN = 5


def run_campaign(
    chosen: Session, ledger: str, given: Mapping[str, Any], interrupts: Interrupts
) -> None:
    """Send what is left, and end with the code for how it stands."""
    choose_service(chosen, ledger, given)
    with (
        chosen.sender() as client,
        opened(ledger, client, rules=rules_of(given), hooks=(Waits(),)) as campaign,
    ):
        run = _Run(campaign, ledger, opt_outs_of(given), chosen, interrupts)
        standing = run.drive()
        standing.tell(chosen)
        if run.is_left_at_once:
            _leave(standing.code)
    click.get_current_context().exit(standing.code)


@attrs.define(eq=False)
class _Run:
    """A run of a campaign that somebody may interrupt.

    Attributes:
        is_left_at_once: Whether nobody waits for what is under way.
    """

    campaign: Campaign
    ledger: str
    opt_outs: Any
    chosen: Session
    interrupts: Interrupts
    is_left_at_once: bool = False
    _stopped_by: StackverifyError | None = None

    def drive(self) -> Standing:
        """Look, then send; answer how it stands."""
        is_interrupted = False
        try:
            self.interrupts.release()
            self._look()
            with self.interrupts.held():
                self._send()
        except KeyboardInterrupt:
            is_interrupted = True
        self.interrupts.ignore()
        with Campaign(self.ledger) as fresh:
            return Standing(
                ledger=self.ledger,
                summary=fresh.summary(),
                again=command(sys.argv[1:]),
                has_list=isinstance(fresh.template(), Sms),
                is_interrupted=is_interrupted,
                stopped_by=self._stopped_by,
            )

    def _look(self) -> None:
        """Say what is to come, before the first row of a campaign is sent."""
        summary = self.campaign.summary()
        if _is_fresh(summary) and not self.chosen.json:
            _tell_plan(self.campaign.check(opt_outs=self.opt_outs), self.chosen)

    def _send(self) -> None:
        errand = _Errand(lambda: self.campaign.run(opt_outs=self.opt_outs))
        is_plain = self.chosen.json or self.chosen.verbose
        with shown(self.ledger, is_plain=is_plain):
            errand.begin()
            try:
                while not errand.wait(_TICK):
                    if self.interrupts.count:
                        self.campaign.stop()
            except KeyboardInterrupt:
                self.is_left_at_once = True
                raise
        try:
            errand.check()
        except CampaignStoppedError as stopped:
            cause = stopped.__cause__
            if isinstance(cause, StackverifyError) and not self.interrupts.count:
                self._stopped_by = cause


class _Errand:
    """Something done in a thread of its own, so that this one hears Ctrl-C."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._is_over = threading.Event()

    def begin(self) -> None:
        """Begin it; nobody waits for it at the end of the process."""
        threading.Thread(target=self._do, daemon=True).start()

    def _do(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            self._is_over.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; tell whether it is over."""
        return self._is_over.wait(seconds)

    def check(self) -> None:
        """Raise what it failed of, if it did."""
        if self._error is not None:
            raise self._error


def _is_fresh(summary: CampaignSummary) -> bool:
    is_open = not (summary.is_paused or summary.is_cancelled)
    return is_open and summary[RowState.PENDING] == summary.total


def _tell_plan(preflight: Preflight, chosen: Session) -> None:
    output.note(f"To send: {preflight.to_send:,}, {pace(preflight, chosen)}.")
    left_out = preflight.repeated + preflight.opted_out
    if left_out:
        output.note(f"Repeated or opted out, and left out: {left_out:,}.")
    if preflight.bad_rows:
        output.note(f"Cannot be sent: {preflight.bad_rows:,}.")
        for problem in preflight.problems[:_PROBLEMS_SHOWN]:
            output.note(f"  {problem_line(problem, is_masked=True)}")


def _leave(code: int) -> None:
    """End this process now: what threads still do, the ledger is prepared for."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
