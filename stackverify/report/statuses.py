"""What a delivery status means for the recipient."""

from __future__ import annotations

from functools import lru_cache

from stackverify._core.delivery import ARRIVED, FINAL

__all__ = ["kind_of", "KINDS"]

KINDS = ("arrived", "under way", "unheard", "failed")
"""What can be said of an accepted message, the best first."""


# The service has a handful of words; a hostile one may have any number.
@lru_cache(maxsize=64)
def kind_of(status: str | None) -> str:
    """Say which of `KINDS` a status is; words that are not known are under way."""
    if status is None:
        return "unheard"
    status = status.lower()
    if status in ARRIVED:
        return "arrived"
    return "failed" if status in FINAL else "under way"
