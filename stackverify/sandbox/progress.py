"""How far each message has got: by the timetable, until somebody moves it by hand."""

import math
from collections.abc import Sequence

import attrs

from stackverify.sandbox import timetable
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Message

__all__ = ["Move", "Progress"]

_KEPT = 99


@attrs.frozen
class Move:
    """A status, and when a message has it.

    Attributes:
        status: The status.
        at: When, in seconds since 1970.
        by_hand: Whether somebody asked for it.
        error_message: Why, where it is a bad one.
    """

    status: str
    at: float
    by_hand: bool = False
    error_message: str | None = None


class Progress:
    """Tells how messages stand.

    Args:
        knobs: How the service behaves; `timetable` says how slowly statuses move.
    """

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._by_hand: dict[str, tuple[Move, ...]] = {}

    def clear(self) -> None:
        """Forget what was moved by hand."""
        self._by_hand.clear()

    def forget(self, message: Message) -> None:
        """Forget what was moved by hand of one message."""
        self._by_hand.pop(message.message_id, None)

    def moves(self, message: Message) -> Sequence[Move]:
        """List the statuses a message had, has, and will have if left alone."""
        by_hand = self._by_hand.get(message.message_id)
        if by_hand is not None:
            return by_hand
        last = message.ending
        reasons = {last.status: last.error_message}
        return [
            Move(status, at, error_message=reasons.get(status))
            for status, at in timetable.moves(message, self._knobs.timetable).items()
            if math.isfinite(at)
        ]

    def move(
        self, message: Message, status: str, now: float, reason: str | None = None
    ) -> Move:
        """Give a message a status now; from here on it moves by hand only.

        Raises:
            ValueError: Messages of its channel have no such status.
        """
        if status not in timetable.STATUSES[message.channel]:
            known = ", ".join(timetable.STATUSES[message.channel])
            raise ValueError(f"status must be one of {known} for {message.channel}")
        past = [move for move in self.moves(message) if move.at <= now]
        reason = timetable.forced_reason(status, reason)
        move = Move(status, now, by_hand=True, error_message=reason)
        self._by_hand[message.message_id] = (*past[-_KEPT:], move)
        return move

    def is_moved_by_hand(self, message: Message) -> bool:
        """Tell whether somebody moved a message."""
        return message.message_id in self._by_hand

    def restore(self, message_id: str, moves: Sequence[Move]) -> None:
        """Take up what was moved by hand before."""
        self._by_hand[message_id] = tuple(moves)

    def status_of(self, message: Message, now: float) -> str:
        """Tell the status of a message at `now`."""
        if message.message_id in self._by_hand:
            return self._by_hand[message.message_id][-1].status
        return timetable.status_of(message, now, self._knobs.timetable)

    def standing(self, message: Message, now: float) -> Message:
        """Tell how a message stands at `now`."""
        if message.message_id in self._by_hand:
            last = self._by_hand[message.message_id][-1]
            return attrs.evolve(
                message, status=last.status, error_message=last.error_message
            )
        return timetable.standing(message, now, self._knobs.timetable)
