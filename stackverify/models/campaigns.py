"""What a campaign tells of its rows."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from stackverify.masking import mask_recipient, mask_text

__all__ = [
    "CampaignEvent",
    "CampaignHook",
    "CampaignRow",
    "CampaignSummary",
    "CampaignWaits",
    "DuplicateSuspected",
    "Preflight",
    "RowProblem",
    "RowSettled",
    "RowState",
]


class RowState(enum.Enum):
    """How a row of a campaign stands."""

    PENDING = "pending"
    """Not sent; it will be."""
    CLAIMED = "claimed"
    """Not sent; a runner is about to."""
    INTENT = "intent"
    """It is being sent: written down and synced before its first byte left."""
    ACCEPTED = "accepted"
    """The service took it."""
    REFUSED = "refused"
    """The service, or the check before it, said no."""
    UNKNOWN = "unknown"
    """It may have been sent; it is looked up, or waits for a decision."""
    ABSENT = "absent"
    """It was looked up and is not there; held instead of sent again."""
    SKIPPED = "skipped"
    """Left out on purpose: a repeated row, or a recipient who opted out."""


@attrs.frozen
class CampaignRow:
    """One row of a campaign.

    Attributes:
        index: Its place in the source, from 0.
        state: How it stands.
        recipient: Whom it is for.
        fields: The row as it was loaded.
        message_id: The service's id for it, if it gave one.
        attempts: How often it was begun to be sent.
        reason: Why it is where it is, masked.
        sent_at: When it was first begun, in seconds since the epoch.
        settled_at: When its state was last changed.
        status: How far it was delivered, as far as was heard.
        status_at: When that was heard.
        copies: Records the service has of it beyond the one that was accepted.
    """

    index: int
    state: RowState
    recipient: str = attrs.field(repr=mask_recipient)
    fields: Mapping[str, Any] = attrs.field(repr=False)
    message_id: str | None = None
    attempts: int = 0
    reason: str | None = attrs.field(default=None, repr=mask_text)
    sent_at: float | None = None
    settled_at: float | None = None
    status: str | None = None
    status_at: float | None = None
    copies: int = 0


@attrs.frozen
class CampaignSummary:
    """A count of a campaign's rows, by state.

    Attributes:
        states: Rows by state.
        statuses: Accepted rows by delivery status, as far as was heard.
        without_id: Accepted rows that the service gave no id for.
        suspected_duplicates: Rows that the service has more than one record of.
        is_paused: Whether it was paused; `resume()` lets it go on.
        is_cancelled: Whether it was cancelled.
        pause_reason: Why it was paused.
    """

    states: Mapping[RowState, int]
    statuses: Mapping[str, int] = attrs.field(factory=dict)
    without_id: int = 0
    suspected_duplicates: int = 0
    is_paused: bool = False
    is_cancelled: bool = False
    pause_reason: str | None = None

    def __getitem__(self, state: RowState | str) -> int:
        return self.states.get(RowState(state), 0)

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.states.values())

    @property
    def left(self) -> int:
        """Rows that are to be sent yet, or are being sent."""
        open_states = (RowState.PENDING, RowState.CLAIMED, RowState.INTENT)
        return sum(self[state] for state in open_states)

    @property
    def is_done(self) -> bool:
        """Whether every row is settled: none is left, none is unknown."""
        return not self.left and not self[RowState.UNKNOWN]

    def __str__(self) -> str:
        """Say in one line how the rows stand."""
        return ", ".join(
            f"{self[state]:,} {state.value}" for state in RowState if self[state]
        )


@attrs.frozen
class RowProblem:
    """Why a row cannot be sent.

    Attributes:
        index: Its place in the source, from 0.
        field: What of the message is wrong.
        problem: What is wrong with it; the value is not shown.
        remedy: How to write it instead.
        suggestion: The number that was probably meant, if one can be told.
    """

    index: int
    field: str
    problem: str
    remedy: str
    suggestion: str | None = attrs.field(default=None, repr=mask_recipient)

    def __str__(self) -> str:
        return f"row {self.index}: {self.field} {self.problem}; {self.remedy}"


@attrs.frozen
class Preflight:
    """What sending a campaign would mean.

    Attributes:
        rows: Rows in the ledger.
        to_send: Rows that would be sent.
        problems: The first rows that cannot be sent, and why.
        bad_rows: All rows that cannot be sent.
        repeated: Rows whose recipient and message stood in an earlier row.
        shared_recipients: Rows whose recipient stands in an earlier row.
        opted_out: Rows whose recipient opted out.
        requests: Requests needed.
        segments: SMS segments of all rows to send.
        segment_counts: Rows by their number of segments.
        costly: Characters that force the expensive alphabet, with their rows.
        seconds: The least time it takes at this rate.
        messages_left: What this month's budget has left, if it is limited.
        cost: What the segments cost, if a price was given.
    """

    rows: int
    to_send: int
    problems: tuple[RowProblem, ...]
    bad_rows: int
    repeated: int
    shared_recipients: int
    opted_out: int
    requests: int
    segments: int
    segment_counts: Mapping[int, int]
    costly: Mapping[str, int] = attrs.field(repr=False)
    seconds: float
    messages_left: int | None
    cost: float | None

    @property
    def is_over_budget(self) -> bool:
        """Whether the month's messages do not suffice."""
        return self.messages_left is not None and self.to_send > self.messages_left


@attrs.frozen
class RowSettled:
    """The state of a row changed.

    Attributes:
        index: The row's place in the source.
        state: Its new state.
        message_id: The service's id for it, if it has one.
        reason: Why, if it was not accepted; masked.
    """

    index: int
    state: RowState
    message_id: str | None = None
    reason: str | None = attrs.field(default=None, repr=mask_text)


@attrs.frozen
class CampaignWaits:
    """The campaign has to wait.

    Attributes:
        reason: `settling` before unknown rows can be looked up, `hours` until a
            recipient may be written to, or `others` while another runner works.
        seconds: For how long.
    """

    reason: str
    seconds: float


@attrs.frozen
class DuplicateSuspected:
    """The service has more records of a row than were sent.

    Attributes:
        index: The row's place in the source.
        message_ids: The ids of the records.
    """

    index: int
    message_ids: tuple[str, ...]


CampaignEvent: TypeAlias = RowSettled | CampaignWaits | DuplicateSuspected
"""What a campaign's hook is told of."""

CampaignHook: TypeAlias = Callable[[CampaignEvent], None]
"""Is told of each event: a plain function in both flavours, which must not block."""
