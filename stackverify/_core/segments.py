"""How many segments a text costs, and which characters make it cost more.

Source: 3GPP TS 23.038 (the GSM 7-bit alphabet and its extension table) and
TS 23.040 (concatenated messages: 153 septets or 67 UCS-2 units a segment).
"""

from __future__ import annotations

import attrs

__all__ = ["count_segments", "Segments"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_CHEAP = _BASIC | _EXTENDED


@attrs.frozen
class Segments:
    """What a text costs.

    Attributes:
        encoding: `GSM-7` or `UCS-2`.
        count: Segments that are sent, and billed.
        units: Septets (GSM-7) or 16-bit units (UCS-2) of the text.
        costly: The characters that force UCS-2, each once, in order.
    """

    encoding: str
    count: int
    units: int
    costly: str = attrs.field(repr=lambda costly: f"<{len(costly)} characters>")


def count_segments(text: str) -> Segments:
    """Count the segments of a text, and name the characters that force UCS-2."""
    costly = "".join(dict.fromkeys(c for c in text if c not in _CHEAP))
    if costly:
        widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
        return Segments("UCS-2", _parts(widths, 70, 67), sum(widths), costly)
    widths = [2 if character in _EXTENDED else 1 for character in text]
    return Segments("GSM-7", _parts(widths, 160, 153), sum(widths), "")


def _parts(widths: list[int], alone: int, joined: int) -> int:
    """Fill segments one by one: a pair of units is never torn apart."""
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts
