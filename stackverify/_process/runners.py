"""The name of this process among all that ever ran on this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["has_ended", "identity"]

_PROC = Path("/proc")
# Always there: who cannot see it, cannot see what others are there either.
_FIRST = 1
# Tells processes of one number apart where nothing else does, as in two containers.
_TOKEN = os.urandom(8).hex()


def identity() -> str:
    """Name this process so that no other process ever has the name.

    Where the system does not tell enough for that (it does on Linux) the name is drawn
    by lot, and nobody takes a process of that name for ended.
    """
    with suppress(OSError, IndexError, ValueError):
        return f"{_place()}/{os.getpid()}/{_began(os.getpid())}"
    return f"unknown/{os.getpid()}/{_TOKEN}"


def has_ended(name: str) -> bool:
    """Tell whether a process has ended for sure."""
    place, _, rest = name.rpartition("/")
    place, _, pid = place.rpartition("/")
    with suppress(OSError, IndexError, ValueError):
        if place == _place() and pid.isdecimal() and _began(_FIRST):
            return _began(int(pid)) != rest
    return False


def _place() -> str:
    """Name the running system, and the processes in it that see each other."""
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.readlink('/proc/self/ns/pid')}"


def _began(pid: int) -> str:
    """Tell when a process began; nothing if there is none, or only its remains."""
    try:
        words = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    is_over = words[0] in "ZX"
    return "" if is_over else words[19]
