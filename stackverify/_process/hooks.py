"""Tells a user's functions of what happens; what they raise harms nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["tell"]

E = TypeVar("E")

_log = logging.getLogger("stackverify")


def tell(hooks: Iterable[Callable[[E], object]], event: E) -> None:
    """Tell each hook of an event; log the kind of what it raises, and no more."""
    for hook in hooks:
        try:
            hook(event)
        except Exception as error:
            _log.error("A hook raised %s", type(error).__name__)
