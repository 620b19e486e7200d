"""What sending a campaign would mean, counted row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import attrs

from stackverify._core.packing import Packer
from stackverify._core.segments import count_segments
from stackverify.errors import InvalidInputError
from stackverify.models.campaigns import Preflight, RowProblem
from stackverify.models.messages import Sms
from stackverify.models.velstack import QuickSms

__all__ = ["Survey"]

_PROBLEMS_SHOWN = 20
_CHARACTERS_SHOWN = 50


@attrs.define(eq=False)
class Survey:
    """Counts rows as they are looked at; memory does not grow with them.

    Attributes:
        packer: Puts rows into requests, as they will be.
        suggest: Tells what number was probably meant by a bad one, if it can.
    """

    packer: Packer[tuple[int, Any]]
    suggest: Callable[[str], str | None] = lambda recipient: None
    rows: int = 0
    to_send: int = 0
    requests: int = 0
    bad_rows: int = 0
    repeated: int = 0
    opted_out: int = 0
    _problems: list[RowProblem] = attrs.field(factory=list)
    _segments: Counter[int] = attrs.field(factory=Counter)
    _costly: Counter[str] = attrs.field(factory=Counter)

    def bad(self, index: int, recipient: str, error: InvalidInputError) -> None:
        """Count a row that cannot be sent."""
        self.bad_rows += 1
        if len(self._problems) < _PROBLEMS_SHOWN:
            suggestion = (
                self.suggest(recipient) if error.field in ("to", "recipient") else None
            )
            self._problems.append(
                RowProblem(index, error.field, error.message, error.remedy, suggestion)
            )

    def good(self, index: int, message: Any) -> None:
        """Count a row that will be sent."""
        self.to_send += 1
        if isinstance(message, (Sms, QuickSms)):
            segments = count_segments(message.text)
            self._segments[segments.count] += 1
            self._costly.update(segments.costly)
        self.packer.add((index, message))
        self._count_packs(wait=True)

    def _count_packs(self, *, wait: bool) -> None:
        while self.packer.pop(wait=wait) is not None:
            self.requests += 1

    def result(
        self,
        *,
        shared_recipients: int,
        per_minute: float,
        messages_left: int | None,
        price: float | None,
    ) -> Preflight:
        """Give what was counted, and what follows from it."""
        self._count_packs(wait=False)
        segments = sum(count * rows for count, rows in self._segments.items())
        return Preflight(
            rows=self.rows,
            to_send=self.to_send,
            problems=tuple(self._problems),
            bad_rows=self.bad_rows,
            repeated=self.repeated,
            shared_recipients=shared_recipients,
            opted_out=self.opted_out,
            requests=self.requests,
            segments=segments,
            segment_counts=dict(sorted(self._segments.items())),
            costly=dict(self._costly.most_common(_CHARACTERS_SHOWN)),
            seconds=self.requests * 60.0 / per_minute,
            messages_left=messages_left,
            cost=None if price is None else segments * price,
        )
