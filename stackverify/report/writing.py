"""Write a report of a ledger into a file."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

from stackverify.errors import ConfigurationError
from stackverify.models.tier import Tier
from stackverify.report.reading import read_facts

__all__ = ["write_report"]


def write_report(
    ledger: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    tier: Tier | str | None = None,
    show_recipients: bool = False,
    most_rows: int = 500,
    zone: str = "UTC",
    now: float | None = None,
) -> None:
    """Write a page about a campaign that opens in any browser, without a network.

    It only reads the ledger, also while the campaign runs, and blocks: it takes some
    seconds for each 100,000 rows.

    Args:
        ledger: The campaign's ledger.
        to: The HTML file; it is replaced.
        tier: Whose limit the pace is shown against, as a `Tier` or as its name.
        show_recipients: Write recipients in full; otherwise they are masked.
        most_rows: Unknown, held and refused rows that are listed at most.
        zone: The time zone of what is shown, such as `Africa/Nairobi`.
        now: When it is written, in seconds since the epoch; the same ledger and time
            give the same page, byte for byte.

    Raises:
        LedgerError: The ledger cannot be read.
        ConfigurationError: The tier or the time zone is not known.
        ImportError: The extra `report` is not installed.
    """
    made_at = dt.datetime.fromtimestamp(
        time.time() if now is None else now, _zone(zone)
    )
    tier = Tier.parse(tier) if isinstance(tier, str) else tier
    try:
        from stackverify.report.page import page
    except ImportError as missing:
        raise ImportError(
            'a report needs an extra: pip install "stackverify[report]"'
        ) from missing
    facts = read_facts(ledger, most_rows=most_rows)
    text = page(facts, tier=tier, show_recipients=show_recipients, made_at=made_at)
    to = Path(to)
    draft = to.with_name(f".{to.name}.new")
    # A row may have half of a pair of code units, which UTF-8 cannot say.
    draft.write_bytes(text.encode("utf-8", "replace"))
    draft.replace(to)


def _zone(name: str) -> dt.tzinfo:
    if name == "UTC":
        return dt.UTC
    from zoneinfo import ZoneInfo  # loads more than it looks like

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(
            "The time zone is not known: give one such as Africa/Nairobi."
        ) from None
