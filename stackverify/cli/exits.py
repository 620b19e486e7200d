"""The exit codes, and an end that needs no more than a line."""

from __future__ import annotations

__all__ = [
    "FAILED",
    "FINE",
    "INTERRUPTED",
    "LATE",
    "NOTHING_LEFT",
    "NOTHING_SENT",
    "Trouble",
    "UNKNOWN",
    "USAGE",
]

FINE, FAILED, USAGE, UNKNOWN, NOTHING_LEFT, LATE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

NOTHING_SENT = "Interrupted: nothing was sent."


class Trouble(Exception):  # noqa: N818 - it is told to people, by this name to none
    """Something a command found out, told in a line."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code
