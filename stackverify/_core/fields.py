"""The fields of a request's body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stackverify._core.checks import extra_fields

__all__ = ["present", "texts"]


def present(
    fields: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Leave out what was not given; add what the caller adds."""
    given = {name: value for name, value in fields.items() if value is not None}
    if extra:
        given |= extra_fields(extra, fields)
    return given


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """List all texts in some values, however deep; the names of fields are none."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Mapping):
            found += texts(value.values())
        elif isinstance(value, (list, tuple)):
            found += texts(value)
    return tuple(found)
