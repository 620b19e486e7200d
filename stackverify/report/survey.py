"""Rows by country and by segments, counted in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from stackverify._core.codec import loads
from stackverify._core.segments import count_segments
from stackverify._core.template import Template
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Sms
from stackverify.report.facts import Country, Segments
from stackverify.report.statuses import kind_of

__all__ = ["Survey"]

_CHARACTERS_SHOWN = 12
# Such rows cost nothing.
_UNBILLED = frozenset({"refused", "skipped"})

_Row: TypeAlias = tuple[str, str, str | None, str | None]
"""Recipient, state, delivery status, and fields as JSON."""


@attrs.define(eq=False)
class Survey:
    """Counts rows as they pass by; memory does not grow with them.

    Attributes:
        region_of: Tells the country of a number; `None` if nobody can.
        template: Makes the texts; `None` if they are not counted.
    """

    region_of: Callable[[str], str | None] | None
    template: Template[Sms] | None
    _countries: dict[str | None, Country] = attrs.field(factory=dict)
    _counts: Counter[int] = attrs.field(factory=Counter)
    _costly: Counter[str] = attrs.field(factory=Counter)
    _ucs2: int = 0
    _unmade: int = 0

    def look(self, rows: Iterable[_Row]) -> None:
        """Count every row."""
        for recipient, state, status, fields in rows:
            if self.region_of is not None:
                self._place(self.region_of(recipient), state, status)
            if self.template is not None and fields and state not in _UNBILLED:
                self._weigh(self.template, loads(fields.encode()))

    def _place(self, region: str | None, state: str, status: str | None) -> None:
        country = self._countries.get(region)
        if country is None:
            country = self._countries[region] = Country(region)
        country.rows += 1
        country.refused += state == "refused"
        country.unknown += state == "unknown"
        if state != "accepted":
            return
        country.accepted += 1
        if status is not None:
            kind = kind_of(status)
            country.arrived += kind == "arrived"
            country.failed += kind == "failed"

    def _weigh(self, template: Template[Sms], fields: Mapping[str, Any]) -> None:
        try:
            text = template.fill(fields).text
        except InvalidInputError:
            self._unmade += 1
            return
        found = count_segments(text)
        self._counts[found.count] += 1
        if found.costly:
            self._ucs2 += 1
            self._costly.update(found.costly)

    @property
    def countries(self) -> Sequence[Country] | None:
        """The countries, the one with most rows first."""
        if self.region_of is None:
            return None
        return sorted(
            self._countries.values(), key=lambda each: (-each.rows, each.region or "~")
        )

    @property
    def segments(self) -> Segments | None:
        """What the messages cost."""
        if self.template is None:
            return None
        costly = sorted(self._costly.items(), key=lambda item: (-item[1], item[0]))
        return Segments(
            dict(sorted(self._counts.items())),
            self._ucs2,
            dict(costly[:_CHARACTERS_SHOWN]),
            self._unmade,
        )
