"""Recipients, as many as a test wants."""

from typing import Any

__all__ = ["number", "people"]


def number(row: int) -> str:
    """Give the phone number of a row."""
    return f"+2547{row:08d}"


def people(count: int) -> list[dict[str, Any]]:
    """Make rows of a campaign, each with a number and a name."""
    return [{"phone": number(row), "name": f"N{row}"} for row in range(count)]
