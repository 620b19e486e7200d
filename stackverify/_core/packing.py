"""Which rows of a bulk send may share one request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

from stackverify._core.plan import Plan

__all__ = ["Feed", "Packer", "packer_for"]

Row = TypeVar("Row")

# Rows held back while packs fill, in packs.
_WINDOW = 10


class Packer(Generic[Row]):
    """Groups rows by what they have in common, a bounded number at a time.

    Args:
        size: Rows in one pack at most.
        key: What rows must have in common; `None` for a row that goes alone.
        member: What may stand in a pack only once: its recipient.
        window: Rows held back at most while a pack fills.
    """

    def __init__(
        self,
        size: int,
        *,
        key: Callable[[Row], Hashable | None],
        member: Callable[[Row], Hashable],
        window: int,
    ) -> None:
        self._size = size
        self._key = key
        self._member = member
        self._window = window
        self._open: OrderedDict[Hashable, dict[Hashable, Row]] = OrderedDict()
        self._ready: list[list[Row]] = []
        self._held = 0

    def add(self, row: Row) -> None:
        """Put a row to the others of its kind."""
        key = self._key(row) if self._size > 1 else None
        if key is None:
            self._ready.append([row])
            return
        member = self._member(row)
        if member in self._open.get(key, ()):
            self._close(key)
        pack = self._open.setdefault(key, {})
        pack[member] = row
        self._held += 1
        if len(pack) >= self._size:
            self._close(key)

    @property
    def is_filling(self) -> bool:
        """Whether rows wait for others of their kind."""
        return bool(self._open)

    @property
    def is_empty(self) -> bool:
        """Whether no rows are left to be taken."""
        return not self._ready and not self._open

    def pop(self, *, wait: bool = True) -> list[Row] | None:
        """Take a pack that is full, or the oldest one when waiting is no use."""
        if not self._ready and self._open and (not wait or self._held >= self._window):
            self._close(next(iter(self._open)))
        return self._ready.pop(0) if self._ready else None

    def _close(self, key: Hashable) -> None:
        pack = self._open.pop(key)
        self._held -= len(pack)
        self._ready.append(list(pack.values()))


def packer_for(plan: Plan[Any], message_of: Callable[[Row], Any]) -> Packer[Row]:
    """Make what puts rows together as a plan has it.

    Args:
        plan: Says which messages may share a request.
        message_of: Gives the message of a row.
    """
    return Packer(
        plan.pack,
        key=lambda row: plan.key(message_of(row)),
        member=lambda row: message_of(row).to,
        window=plan.pack * _WINDOW,
    )


class Feed(Generic[Row]):
    """Reads rows one by one, and gives them out in packs with their index.

    Rows that were read before the source failed are given out before it is told.

    Attributes:
        next_index: The index of the first row that was not read.
        has_ended: Whether the source has no further row to give.
        is_exhausted: Whether all of the source was read.
    """

    def __init__(self, rows: Iterator[Row], packer: Packer[tuple[int, Row]]) -> None:
        self._rows = rows
        self._packer = packer
        self.next_index = 0
        self.has_ended = False
        self.is_exhausted = False
        self._failure: Exception | None = None
        self._held: set[int] = set()

    def next_pack(self) -> list[tuple[int, Row]] | None:
        """Read on until a pack is full, or nothing is left."""
        while (pack := self._packer.pop(wait=not self.has_ended)) is None:
            if self.has_ended:
                return None
            try:
                row = next(self._rows)
            except StopIteration:
                self.end()
            except Exception as failure:
                self.end(failure)
            else:
                self.add(row)
        return pack

    def add(self, row: Row) -> None:
        """Take in a row that was read."""
        index = self.next_index
        # In this order no row is lost or told twice, wherever Ctrl-C strikes.
        self._held.add(index)
        self.next_index = index + 1
        self._packer.add((index, row))

    def begun(self, pack: list[tuple[int, Row]]) -> None:
        """Note that the work on a pack begins."""
        self._held.difference_update([index for index, _ in pack])

    def end(self, failure: Exception | None = None) -> None:
        """Note that no further row will come, and why if it is not the end."""
        self.has_ended = True
        self.is_exhausted = failure is None
        self._failure = failure

    def take_failure(self) -> Exception | None:
        """Tell, once, why the source ended before its end."""
        failure, self._failure = self._failure, None
        return failure

    def held(self) -> list[int]:
        """Tell the indexes of rows that were read and not begun."""
        return [index for index in tuple(self._held) if index < self.next_index]
