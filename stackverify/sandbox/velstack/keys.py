"""Keys of the pretend Velstack service: the key alone decides what it may do."""

import secrets
from typing import Literal

import attrs

__all__ = ["VelstackKey", "VelstackKeys"]


@attrs.frozen
class VelstackKey:
    """One key; its `repr` shows how it begins and no more."""

    value: str = attrs.field(repr=lambda value: f"{value[:7]}…")
    mode: Literal["live", "test"] = "test"
    is_public: bool = False

    @classmethod
    def parse(cls, value: str) -> "VelstackKey":
        """Tell from its first letters what a key is for."""
        prefix = value[:7]
        if prefix not in ("sk_live", "sk_test", "pk_live", "pk_test"):
            raise ValueError("a key starts with sk_live, sk_test, pk_live or pk_test")
        mode: Literal["live", "test"] = "test" if prefix.endswith("test") else "live"
        return cls(value, mode, prefix.startswith("pk"))


class VelstackKeys:
    """The keys that are known."""

    def __init__(self) -> None:
        self._known: dict[str, VelstackKey] = {}

    def add(self, value: str = "sk_test") -> VelstackKey:
        """Make one more key known.

        Args:
            value: The key; if it is no more than a prefix, the rest is made up.
        """
        if len(value) <= len("sk_test"):
            value = f"{value}_{secrets.token_hex(12)}"
        key = VelstackKey.parse(value)
        self._known[value] = key
        return key

    def find(self, value: str) -> VelstackKey | None:
        """Look up the key with this text."""
        return self._known.get(value)
