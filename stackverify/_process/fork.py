"""What a forked child must not share with its parent."""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["reset_in_child"]


class _Forkable(Protocol):
    def after_fork(self) -> None:
        """Let go of what belongs to the parent, in the child."""


_registered: weakref.WeakSet[_Forkable] = weakref.WeakSet()


def reset_in_child(holder: _Forkable) -> None:
    """Have `holder.after_fork()` called in every child forked from now on."""
    _registered.add(holder)


def _after_fork() -> None:
    for holder in list(_registered):
        holder.after_fork()


if hasattr(os, "register_at_fork"):  # no fork, no hook: Windows
    os.register_at_fork(after_in_child=_after_fork)
