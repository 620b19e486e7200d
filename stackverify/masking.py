"""What may be shown of a secret, a phone number, an address or a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = [
    "mask_email",
    "mask_key",
    "mask_recipient",
    "mask_text",
    "mask_values",
    "scrub",
]

# A name that the service gave, of a request or a message: too long for a number.
_ID = (
    r"\b(?:[A-Za-z]{2,5}_(?=\d*[A-Za-z])[0-9A-Za-z]{16,}"
    r"|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\b"
)
# Digits as people write them: spaces, dots, brackets and hyphens between them.
_PHONE = re.compile(rf"({_ID})|\+?\d(?:[\s().\-]?\d){{5,}}")
_WORD = r"[^\s@<>\"',;:()\[\]]"
# Looked for from the beginning of a word only: else a long word costs its square.
_EMAIL = re.compile(rf"(?<!{_WORD}){_WORD}+@{_WORD}+")
_KEY = re.compile(r"\b[sp][kv]_(?:live|test)_?[A-Za-z0-9_\-]+|(?i:bearer)\s+\S+")
_SHORTEST_SECRET = 3
_LONGEST_QUOTE = 500


def mask_key(key: str) -> str:
    """Show the kind of a key: its prefix, and nothing of the rest."""
    prefix = re.match(r"[sp][kv]_(live|test)", key)
    return f"{prefix.group()}_…" if prefix else "…"


def mask_email(address: str) -> str:
    """Show that there is an address, and its first letter."""
    return f"{address[:1]}…@…"


def mask_recipient(recipient: object) -> str:
    """Show enough of a number or address to tell two apart in a log."""
    if not isinstance(recipient, str):
        return f"<{_count_of(recipient)}>"
    if "@" in recipient:
        return mask_email(recipient)
    return f"{recipient[:3]}…{recipient[-2:]}" if len(recipient) > 7 else "…"


def mask_text(text: object) -> str:
    """Show how long a text is."""
    if text is None:
        return "None"
    if isinstance(text, (str, bytes)):
        unit = "characters" if isinstance(text, str) else "bytes"
        return f"<{len(text)} {unit}>"
    return f"<{_count_of(text)}>"


def mask_values(value: object) -> str:
    """Show the keys of a mapping, whose values are the user's."""
    return repr(sorted(value)) if isinstance(value, Mapping) else mask_text(value)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Blank out of a text what somebody else put into it.

    Services repeat what they were sent in their errors. Everything in
    `secrets` goes, and whatever looks like a key, a number or an address; an id
    stays whole, for support asks for it.
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    # After the secrets are out: half of one would not be found any more.
    text = text[:_LONGEST_QUOTE]
    text = _KEY.sub("…", text)
    text = _EMAIL.sub("…@…", text)
    return _PHONE.sub(lambda found: found[1] or "…", text)


def _count_of(value: object) -> str:
    name = type(value).__name__
    try:
        return f"{name} of {len(value)}"  # type: ignore[arg-type]
    except TypeError:
        return name
