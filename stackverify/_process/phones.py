"""What number was probably meant, as far as `phonenumbers` knows; it is optional."""

from __future__ import annotations

from contextlib import suppress

__all__ = ["probable_number"]


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
