"""Spans of time in round numbers, as people say them."""

from __future__ import annotations

__all__ = ["round_width", "say_span"]

_ROUND = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0, 7200.0, 14400.0, 21600.0, 43200.0),
)
_DAY = 86_400.0
_UNITS = ((_DAY, "d"), (3600.0, "h"), (60.0, "min"))


def round_width(seconds: float) -> float:
    """Give the next round span that is not shorter."""
    for width in _ROUND:
        if width >= seconds:
            return width
    return -(-seconds // _DAY) * _DAY


def say_span(seconds: float) -> str:
    """Say how long something took: two units at most."""
    if 0 < seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    for size, unit in _UNITS:
        if whole >= size:
            return _in_two(whole, int(size), unit)
    raise AssertionError  # a minute is the least


def _in_two(whole: int, size: int, unit: str) -> str:
    count, rest = divmod(whole, size)
    smaller, name = {"d": (3600, "h"), "h": (60, "min"), "min": (1, "s")}[unit]
    part = rest // smaller
    return f"{count:,} {unit}" + (f" {part} {name}" if part else "")
