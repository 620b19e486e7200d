"""What a report tells of a campaign, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from stackverify.models.campaigns import CampaignRow, CampaignSummary, RowState

__all__ = [
    "Country",
    "DeliveryTimes",
    "Facts",
    "Pace",
    "Reason",
    "Segments",
    "Status",
]


@attrs.frozen
class Reason:
    """Rows of a state that say the same.

    Attributes:
        state: Their state.
        text: Why they are in it; nothing for those of all other reasons.
        rows: How many they are.
    """

    state: RowState
    text: str | None = attrs.field(repr=False)
    rows: int


@attrs.frozen
class Pace:
    """How fast messages were sent.

    Attributes:
        first: When the first request was begun, in seconds since the epoch.
        last: When the last one was.
        requests: How many there were.
        messages: Messages in them; one that was sent again counts again.
        untimed: Sends of rows between their first and last, whose time is not kept.
        width: Seconds that each value below stands for.
        busiest_requests: The most requests in any 60 seconds, of each `width`.
        busiest_messages: The same for messages.
    """

    first: float
    last: float
    requests: int
    messages: int
    untimed: int
    width: float
    busiest_requests: Sequence[int]
    busiest_messages: Sequence[int]


@attrs.frozen
class Status:
    """Accepted rows of a delivery status.

    Attributes:
        name: The service's word; nothing for those of which nothing was heard.
        kind: `arrived`, `failed`, `under way` or `unheard`.
        rows: How many they are.
    """

    name: str | None
    kind: str
    rows: int


@attrs.frozen
class DeliveryTimes:
    """Seconds from a send until it was heard that the message was delivered.

    Attributes:
        rows: Rows it is known of.
        median: Half took no longer.
        most: 95 of 100 took no longer.
        longest: None took longer.
        width: Seconds that each count below stands for.
        counts: Rows by how long they took.
        beyond: Rows that took longer than is counted.
    """

    rows: int
    median: float
    most: float
    longest: float
    width: float
    counts: Sequence[int]
    beyond: int


@attrs.define
class Country:
    """Rows whose recipients have numbers of one country.

    Attributes:
        region: Its code, such as `KE`; nothing if a number belongs to none.
        rows: All rows.
        accepted: Rows the service took.
        refused: Rows it, or the check before it, refused.
        unknown: Rows that may have been sent.
        arrived: Accepted rows that were delivered.
        failed: Accepted rows that were not, for good.
    """

    region: str | None
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    arrived: int = 0
    failed: int = 0

    @property
    def others(self) -> int:
        """Rows that are neither accepted, refused nor unknown."""
        return self.rows - self.accepted - self.refused - self.unknown


@attrs.frozen
class Segments:
    """What messages cost, refused and skipped rows left out.

    Attributes:
        counts: Messages by their number of segments.
        ucs2: Messages in the expensive alphabet.
        costly: The characters that force it, with the messages they stand in.
        unmade: Rows that lack what the template asks for.
    """

    counts: Mapping[int, int]
    ucs2: int
    costly: Mapping[str, int] = attrs.field(repr=False)
    unmade: int

    @property
    def messages(self) -> int:
        """Messages that were counted."""
        return sum(self.counts.values())

    @property
    def total(self) -> int:
        """Segments of all messages."""
        return sum(count * messages for count, messages in self.counts.items())


@attrs.frozen
class Facts:
    """All that a report tells.

    Attributes:
        name: The name of the ledger's file.
        template: What was sent, as the ledger has it; empty if nothing was loaded.
        summary: Rows by state.
        reasons: Why rows are where they are.
        pace: How fast it went, if anything was sent.
        statuses: Accepted rows by delivery status.
        times: How long delivery took, if any was heard of.
        countries: Rows by country, most first; nothing if it cannot be told.
        segments: What the messages cost, if they are SMS.
        rows: The first unknown, absent and refused rows.
    """

    name: str
    template: Mapping[str, Any] = attrs.field(repr=False)
    summary: CampaignSummary
    reasons: Sequence[Reason] = ()
    pace: Pace | None = None
    statuses: Sequence[Status] = ()
    times: DeliveryTimes | None = None
    countries: Sequence[Country] | None = None
    segments: Segments | None = None
    rows: Sequence[CampaignRow] = ()

    @property
    def channel(self) -> str:
        """How the messages are sent: `sms`, `email` or `whatsapp`."""
        return str(self.template.get("channel", ""))
