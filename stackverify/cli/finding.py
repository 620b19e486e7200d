"""What one look of the doctor found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

__all__ = ["Finding", "State"]

State: TypeAlias = Literal["ok", "warning", "wrong", "skipped"]


@attrs.frozen
class Finding:
    """What one look found.

    Attributes:
        name: What was looked at.
        state: Whether it is well.
        text: What was seen, and what to do about it.
        facts: The same for programs.
    """

    name: str
    state: State
    text: str
    facts: Mapping[str, Any] = attrs.field(factory=dict)
