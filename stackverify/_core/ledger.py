"""The states of a campaign's rows, and the moves between them that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from stackverify.masking import scrub
from stackverify.models.campaigns import RowState
from stackverify.models.outcomes import Accepted, NotSent, Outcome, Unknown

__all__ = ["may_move", "MOVES", "Verdict", "verdict_of"]

_S = RowState

MOVES: Mapping[RowState, frozenset[RowState]] = {
    _S.PENDING: frozenset({_S.CLAIMED, _S.SKIPPED, _S.REFUSED}),
    # Back to pending: its runner died, or was stopped, before it began to send.
    _S.CLAIMED: frozenset({_S.PENDING, _S.REFUSED, _S.INTENT}),
    # Never back to claimed: an intent may have been sent. To pending only by who
    # held the last byte back.
    _S.INTENT: frozenset({_S.INTENT, _S.PENDING, _S.ACCEPTED, _S.REFUSED, _S.UNKNOWN}),
    # An answer that comes after a row was given up for unknown still counts.
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.REFUSED, _S.ABSENT, _S.PENDING}),
    _S.ABSENT: frozenset({_S.PENDING, _S.ACCEPTED}),
    _S.REFUSED: frozenset({_S.PENDING}),
    _S.SKIPPED: frozenset({_S.PENDING}),
    # A message that was accepted is never sent again.
    _S.ACCEPTED: frozenset(),
}
"""Where a row may go from each state."""

_LONGEST_REASON = 300


def may_move(old: RowState, new: RowState) -> bool:
    """Say whether a row may go from one state to the other."""
    return new in MOVES[old]


@attrs.frozen
class Verdict:
    """What the end of a send means for a row.

    Attributes:
        state: Its new state.
        message_id: The service's id for it.
        reason: Why it was not accepted, masked.
        alone: Whether it is to be sent by itself if it is sent again.
    """

    state: RowState
    message_id: str | None = None
    reason: str | None = None
    alone: bool = False

    @property
    def told(self) -> tuple[str, str | None, str | None]:
        """What is written of it."""
        return self.state.value, self.message_id, self.reason


_TOGETHER = (
    "Refused together with others; whether a service that refuses a request sent "
    "none of it is looked up. "
)


def verdict_of(outcome: Outcome[Any], *, together: bool) -> Verdict:
    """Say what an outcome means for its row.

    Args:
        outcome: How the send of it ended.
        together: Whether a request that stood for several rows was refused as one:
            whether such a request can still have been sent to some of them is
            undocumented.
    """
    if isinstance(outcome, Accepted):
        return Verdict(_S.ACCEPTED, _written(outcome.receipt.message_id))
    reason = _written(scrub(str(outcome.error))[:_LONGEST_REASON]) or ""
    if isinstance(outcome, Unknown):
        return Verdict(_S.UNKNOWN, reason=reason)
    if isinstance(outcome, NotSent):
        return Verdict(_S.PENDING, reason=reason)
    if together:
        return Verdict(_S.UNKNOWN, reason=_TOGETHER + reason, alone=True)
    return Verdict(_S.REFUSED, reason=reason)


def _written(text: str | None) -> str | None:
    """Make a text fit to be written: a reply may have halves of characters in it."""
    return None if text is None else text.encode("utf-8", "replace").decode()
