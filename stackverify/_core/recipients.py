"""Who is meant by a number or an address, however it is written."""

from __future__ import annotations

__all__ = ["whose"]


def whose(recipient: str) -> str:
    """Give what the spellings of one number, or of one address, have in common."""
    if "@" in recipient:
        return recipient.strip().casefold()
    digits = "".join(filter(str.isdecimal, recipient))
    return digits.removeprefix("00") or recipient
