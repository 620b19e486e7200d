"""The month's messages, counted; told the month, it knows no calendar."""

from __future__ import annotations

import datetime as dt

from stackverify.errors import BudgetError

__all__ = ["Budget", "month_of"]


def month_of(wall: float) -> str:
    """Name the month of a moment, in UTC (assumed: the reference does not say)."""
    return dt.datetime.fromtimestamp(wall, dt.UTC).strftime("%Y-%m")


class Budget:
    """Counts the messages this process had accepted, month by month.

    Messages sent by other processes, or before this one began, are not known
    here: the service has the last word.
    """

    def __init__(self, messages_per_month: int | None) -> None:
        self.messages_per_month = messages_per_month
        self._month = ""
        self._spent = 0

    def spend(self, messages: int, month: str, *, at_most: bool = False) -> None:
        """Count messages that are about to be sent.

        Raises:
            BudgetError: They were to be counted only if left, and are not.
        """
        if at_most:
            self.require(messages, month)
        if month != self._month:
            self._month, self._spent = month, 0
        self._spent += messages

    def refund(self, messages: int, month: str) -> None:
        """Count messages back that were not sent after all."""
        if month == self._month:
            self._spent -= messages

    def left(self, month: str) -> int | None:
        """Tell how many messages are left, or `None` for no limit."""
        if self.messages_per_month is None:
            return None
        spent = self._spent if month == self._month else 0
        return max(0, self.messages_per_month - spent)

    def require(self, messages: int, month: str) -> None:
        """Check that so many messages are left.

        Raises:
            BudgetError: They are not.
        """
        left = self.left(month)
        if left is not None and messages > left:
            raise BudgetError(
                f"{messages:,} messages to send, and {left:,} of this month's "
                f"{self.messages_per_month:,} left."
            )
