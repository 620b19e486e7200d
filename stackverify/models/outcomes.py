"""What became of each message of a bulk send."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

import attrs

from stackverify.errors import StackverifyError
from stackverify.models.results import Receipt

__all__ = ["Accepted", "BulkSummary", "NotSent", "Outcome", "Refused", "Unknown"]

Message = TypeVar("Message")


def _shown(message: object) -> str:
    """Show a message, which masks itself; of anything else, its kind."""
    return repr(message) if attrs.has(type(message)) else type(message).__name__


@attrs.frozen
class Accepted(Generic[Message]):
    """The service took it.

    Attributes:
        index: Its place in what was given to `send_many`, from 0.
        message: What was given.
        receipt: The service's receipt, with this recipient's own id if told.
    """

    index: int
    message: Message = attrs.field(repr=_shown)
    receipt: Receipt


@attrs.frozen
class Refused(Generic[Message]):
    """It was not sent: the service said no, or the check before it did.

    Attributes:
        index: Its place in what was given to `send_many`, from 0.
        message: What was given.
        error: Why.
    """

    index: int
    message: Message = attrs.field(repr=_shown)
    error: StackverifyError


@attrs.frozen
class NotSent(Refused[Message]):
    """It never left, for want of a network, of time or of rate: safe to send again."""


@attrs.frozen
class Unknown(Generic[Message]):
    """It left and no clear answer came: look it up before sending it again.

    Attributes:
        index: Its place in what was given to `send_many`, from 0.
        message: What was given.
        error: What came instead of an answer.
    """

    index: int
    message: Message = attrs.field(repr=_shown)
    error: StackverifyError


Outcome: TypeAlias = Accepted[Message] | Refused[Message] | Unknown[Message]
"""What became of one message; `NotSent` is a `Refused`."""


@attrs.frozen
class BulkSummary:
    """A count of a bulk send, right at any moment.

    Attributes:
        accepted: Messages the service took.
        refused: Messages not sent for a reason of their own.
        not_sent: Messages that never left: safe to send again.
        unknown: Messages that may have been sent.
        requests: Requests that were begun, repeats included.
        rate_limited: Requests that were answered 429.
        next_index: The first row that was never taken from the source.
        unfinished: Rows taken from the source and not begun, by index.
        exhausted: Whether the source was read to its end.
    """

    accepted: int = 0
    refused: int = 0
    not_sent: int = 0
    unknown: int = 0
    requests: int = 0
    rate_limited: int = 0
    next_index: int = 0
    unfinished: tuple[int, ...] = ()
    exhausted: bool = False

    @property
    def finished(self) -> int:
        """Rows whose outcome is known, `Unknown` included."""
        return self.accepted + self.refused + self.not_sent + self.unknown

    def __str__(self) -> str:
        """Say in one line what was done, and what was not begun."""
        counts = (
            f"{self.accepted} accepted, {self.refused} refused, "
            f"{self.not_sent} not sent, {self.unknown} unknown"
        )
        if self.exhausted and not self.unfinished:
            return counts
        begun = f"; {len(self.unfinished)} rows read and not begun"
        return f"{counts}{begun}; rows from {self.next_index} on were never read"
