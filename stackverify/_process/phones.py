"""What `phonenumbers` knows of a number; it is optional."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

__all__ = ["probable_number", "region_finder"]

_LONGEST_CODE = 3
# So many characters tell countries apart that share a calling code: what is found
# out for a start is remembered.
_START = 9
_START_IN_AMERICA = 7


def probable_number(number: str, region: str | None) -> str | None:
    """Write a number in E.164 if it is one in some other way of writing.

    Args:
        number: As it was written.
        region: Where it is from if it names no country, such as `KE`.

    Returns:
        The number, or nothing: it is none, or `phonenumbers` is not installed.
    """
    with suppress(ImportError):
        import phonenumbers

        with suppress(phonenumbers.NumberParseException):
            parsed = phonenumbers.parse(number, region)
            if phonenumbers.is_valid_number(parsed):
                written = phonenumbers.PhoneNumberFormat.E164
                return str(phonenumbers.format_number(parsed, written))
    return None


def region_finder() -> Callable[[str], str | None] | None:
    """Give what tells the country of a number in E.164, as in `KE`.

    Returns:
        Nothing if `phonenumbers` is not installed.
    """
    try:
        import phonenumbers
    except ImportError:
        return None
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE

    @lru_cache(maxsize=20_000)
    def told_apart(start: str, length: int) -> str | None:
        number = start.ljust(length, "0")
        with suppress(phonenumbers.NumberParseException):
            found = phonenumbers.region_code_for_number(phonenumbers.parse(number))
            return None if found is None else str(found)
        return None

    def region_of(number: str) -> str | None:
        if not number.startswith("+"):
            return None
        for length in range(1, _LONGEST_CODE + 1):
            code = number[1 : length + 1]
            regions = codes.get(int(code)) if code.isdecimal() else None
            if regions is not None and len(regions) == 1:
                return regions[0] if regions[0] != "001" else None
            if regions is not None:
                start = _START_IN_AMERICA if code == "1" else _START
                return told_apart(number[:start], len(number))
        return None

    return region_of
