"""Settings that are one of a few words."""

from collections.abc import Callable
from typing import Any, get_args

import attrs

__all__ = ["one_of"]


def one_of(words: Any) -> Callable[[Any, "attrs.Attribute[Any]", object], None]:
    """Make a validator for a field that is typed as this `Literal`."""
    known = get_args(words)

    def check(instance: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if value not in known:
            raise ValueError(f"{field.name} must be one of {', '.join(known)}")

    return check
