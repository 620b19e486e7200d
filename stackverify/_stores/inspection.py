"""A look at all rows of a ledger that are to be sent, before the first one is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import attrs

from stackverify._core.packing import Packer, packer_for
from stackverify._core.plan import Plan
from stackverify._core.preflight import Survey
from stackverify._core.template import Template
from stackverify._process.phones import probable_number
from stackverify._stores.ledger_rows import LedgerRows, UnsentRow
from stackverify._stores.sources import Recipients, read_recipients
from stackverify.errors import InvalidInputError
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.campaigns import Preflight, RowState

__all__ = ["Inspection"]


@attrs.define(eq=False)
class Inspection:
    """Counts what sending would mean.

    Args:
        rows: The ledger.
        template: Makes the messages.
        plan: Makes their requests.
        rules: How they are to be sent.
        leave_out: Skip repeated rows and opted-out recipients in the ledger, and
            refuse bad rows if the rules say so.
    """

    rows: LedgerRows
    template: Template[Any]
    plan: Plan[Any]
    rules: CampaignRules
    leave_out: bool
    _survey: Survey = attrs.field(init=False)
    _has_opted_out: Callable[[str], bool] = attrs.field(init=False)
    _is_first: Callable[[str, str], bool] = attrs.field(init=False)

    def look(
        self, opt_outs: Recipients, *, per_minute: float, messages_left: int | None
    ) -> Preflight:
        """Look at every row.

        Args:
            opt_outs: Who wants nothing.
            per_minute: Requests a minute.
            messages_left: What the month has left, if it is limited.
        """
        packer: Packer[tuple[int, Any]] = packer_for(self.plan, itemgetter(1))
        self._survey = Survey(packer, self._suggest)
        self._has_opted_out = self.rows.opt_outs(read_recipients(opt_outs))
        self._is_first = self.rows.first_sights()
        start = 0
        while some := self.rows.unsent(start):
            self._look_at(some)
            start = some[-1].index + 1
        return self._survey.result(
            shared_recipients=self.rows.count_shared(),
            per_minute=min(per_minute, self.rules.per_minute or per_minute),
            messages_left=messages_left,
            price=self.rules.price,
        )

    def _look_at(self, some: Sequence[UnsentRow]) -> None:
        skipped: list[tuple[int, str]] = []
        refused: list[tuple[int, str]] = []
        for row in some:
            self._survey.rows += 1
            try:
                if reason := self._reason_to_skip(row):
                    skipped.append((row.index, reason))
            except InvalidInputError as error:
                self._survey.bad(row.index, row.recipient, error)
                refused.append((row.index, str(error)))
        now = time.time()
        if self.leave_out and skipped:
            self.rows.move(skipped, RowState.SKIPPED, now)
        if self.leave_out and refused and self.rules.refuse_bad:
            self.rows.move(refused, RowState.REFUSED, now)

    def _reason_to_skip(self, row: UnsentRow) -> str | None:
        """Count a row; say why it is to be skipped, if it is."""
        if self._has_opted_out(row.recipient):
            self._survey.opted_out += 1
            return "The recipient opted out."
        message = self.template.fill(row.fields)
        self.plan.call([message])  # makes every check that sending makes
        if self._is_repeated(row, message):
            self._survey.repeated += 1
            return "An earlier row says the same."
        self._survey.good(row.index, message)
        return None

    def _is_repeated(self, row: UnsentRow, message: Any) -> bool:
        if not row.is_shared or self.rules.send_repeats:
            return False
        return not self._is_first(row.recipient, str(attrs.astuple(message)))

    def _suggest(self, recipient: str) -> str | None:
        return probable_number(recipient, self.rules.region)
