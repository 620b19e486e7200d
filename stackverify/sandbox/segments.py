"""How a phone network cuts a text into segments, and which characters cost.

Source: 3GPP TS 23.038 and TS 23.040. Counted here a second time, by another way
than in the client: the sandbox shares no code with it.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import attrs

__all__ = ["Cost", "Cut", "cut"]

# The alphabet in the order of its table, 16 columns to a row; position 27 escapes.
_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_ONE = frozenset(_TABLE.replace("\x1b", ""))
_TWO = frozenset("\x0c^{}\\[~]|€")
_ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@attrs.frozen
class Cost:
    """A character that makes the text cost more, and how often it stands there.

    Attributes:
        character: The character.
        name: Its name in Unicode.
        times: How often it is in the text.
        forces_ucs2: Whether it is outside the GSM alphabet, so that the whole text
            takes two bytes a character; else it alone takes two places of seven bits.
    """

    character: str
    name: str
    times: int
    forces_ucs2: bool


@attrs.frozen
class Cut:
    """A text as the network takes it.

    Attributes:
        encoding: `GSM-7` or `UCS-2`.
        units: Places it takes: septets, or 16-bit units.
        segments: The text, in the parts that are sent.
        room: Places of one part.
        costs: The characters that cost more, in the order they come.
    """

    encoding: str
    units: int
    segments: Sequence[str] = attrs.field(repr=lambda parts: f"<{len(parts)}>")
    room: int
    costs: Sequence[Cost] = attrs.field(repr=lambda costs: f"<{len(costs)}>")


def cut(text: str) -> Cut:
    """Cut a text into the segments it is sent in."""
    outside = [each for each in text if each not in _ONE and each not in _TWO]
    encoding = "UCS-2" if outside else "GSM-7"
    alone, joined = _ROOM[encoding]
    units = sum(_places(each, encoding) for each in text)
    room = alone if units <= alone else joined
    costly = outside or [each for each in text if each in _TWO]
    return Cut(
        encoding, units, list(_parts(text, encoding, room)), room, _costs(costly)
    )


def _places(character: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if character in _TWO else 1
    return len(character.encode("utf-16-le", "surrogatepass")) // 2


def _parts(text: str, encoding: str, room: int) -> Iterator[str]:
    start, used = 0, 0
    for at, character in enumerate(text):
        places = _places(character, encoding)
        if used + places > room:
            yield text[start:at]
            start, used = at, 0
        used += places
    yield text[start:]


def _costs(characters: Sequence[str]) -> list[Cost]:
    times = {each: characters.count(each) for each in dict.fromkeys(characters)}
    return [
        Cost(each, _name(each), count, each not in _TWO)
        for each, count in times.items()
    ]


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}")
