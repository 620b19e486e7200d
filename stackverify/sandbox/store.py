"""What was accepted, newest last, and no more of it than is to be kept."""

from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Mapping
from operator import attrgetter

import attrs

from stackverify.sandbox.messages import Channel, Message

__all__ = ["Store"]

_accepted_at = attrgetter("accepted_at")


@attrs.define
class _Shelf:
    """The messages of one workspace and channel, oldest first."""

    rows: list[Message] = attrs.field(factory=list)
    start: int = 0

    def forget_oldest(self) -> None:
        self.rows[self.start] = self.rows[-1]  # let go of the message itself
        self.start += 1
        if self.start * 2 > len(self.rows):
            del self.rows[: self.start]
            self.start = 0


class Store:
    """Remembers messages by id, and in the order they were accepted.

    Args:
        forgotten: Is told of each message that is forgotten for a newer one.
    """

    def __init__(self, forgotten: Callable[[Message], None] = lambda _: None) -> None:
        self._forgotten = forgotten
        self.clear()

    def clear(self) -> None:
        """Forget everything, the counts as well."""
        self._all: deque[Message] = deque()
        self._by_id: dict[str, Message] = {}
        self._shelves: dict[tuple[str, Channel], _Shelf] = {}
        self._counts: Counter[Channel] = Counter()

    def add(self, message: Message, keep: int) -> None:
        """Remember a message, and forget the oldest beyond `keep`."""
        self._all.append(message)
        self._by_id[message.message_id] = message
        place = (message.workspace, message.channel)
        self._shelves.setdefault(place, _Shelf()).rows.append(message)
        self._counts[message.channel] += 1
        while len(self._all) > keep:
            self._forget(self._all.popleft())

    def _forget(self, message: Message) -> None:
        del self._by_id[message.message_id]
        self._shelves[message.workspace, message.channel].forget_oldest()
        self._forgotten(message)

    def count(self, channel: Channel | None = None) -> int:
        """Say how many were ever accepted, the forgotten ones included."""
        return self._counts[channel] if channel else self._counts.total()

    def everything(self) -> list[Message]:
        """List what is remembered, oldest first."""
        return list(self._all)

    def counts(self) -> dict[Channel, int]:
        """Say how many were ever accepted, by channel."""
        return dict(self._counts)

    def restore(self, counts: Mapping[Channel, int]) -> None:
        """Take up how many were ever accepted."""
        self._counts = Counter(counts)

    def get(self, message_id: str) -> Message | None:
        """Look up a message by its id."""
        return self._by_id.get(message_id)

    def find(self, message_id: str, workspace: str, channel: Channel) -> Message | None:
        """Look up a message by its id, where this workspace may see it."""
        message = self._by_id.get(message_id)
        if message is None:
            return None
        is_theirs = message.workspace == workspace and message.channel == channel
        return message if is_theirs else None

    def between(
        self,
        workspace: str,
        channel: Channel,
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[list[Message], range]:
        """Give a workspace's messages, and the places accepted in a span of time.

        The places are those of the newest first. The list is the store's own.
        """
        shelf = self._shelves.get((workspace, channel), _Shelf())
        rows, low, high = shelf.rows, shelf.start, len(shelf.rows)
        if since is not None:
            low = bisect_left(rows, since, lo=low, key=_accepted_at)
        if until is not None:
            high = bisect_right(rows, until, lo=low, key=_accepted_at)
        return rows, range(high - 1, low - 1, -1)
