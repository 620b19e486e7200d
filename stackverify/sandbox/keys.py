"""API keys: what each may do, how fast, and whose messages it sees."""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import attrs

__all__ = ["Key", "Keys", "PERMISSIONS", "Tier"]

PERMISSIONS: Sequence[str] = (
    "sms:send",
    "sms:read",
    "email:send",
    "email:read",
    "whatsapp:send",
    "whatsapp:read",
)
"""What a key can be allowed to do."""


@attrs.frozen
class Tier:
    """How many requests a minute and messages a month a subscription allows."""

    name: str
    per_minute: int = attrs.field(validator=attrs.validators.ge(1))
    per_month: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )

    @classmethod
    def parse(cls, text: str) -> "Tier":
        """Read `lite`, `pro`, `enterprise:3000` or `enterprise:3000/1000000`."""
        if text in _PUBLISHED:
            return _PUBLISHED[text]
        custom = re.fullmatch(r"enterprise:(\d{1,9})(?:/(\d{1,12}))?", text, re.ASCII)
        if custom is None:
            raise ValueError(
                f"not a tier: {text!r}; write lite, pro, enterprise:<requests a "
                "minute> or enterprise:<requests a minute>/<messages a month>"
            )
        minute, month = custom.groups()
        return cls("enterprise", int(minute), int(month) if month else None)

    def __str__(self) -> str:
        if self.name != "enterprise":
            return self.name
        month = f"/{self.per_month}" if self.per_month else ""
        return f"enterprise:{self.per_minute}{month}"


_PUBLISHED = {"lite": Tier("lite", 100, 10_000), "pro": Tier("pro", 500)}


def _are_known(instance: object, attribute: object, value: frozenset[str]) -> None:
    if unknown := sorted(value.difference(PERMISSIONS)):
        raise ValueError(f"no such permission: {', '.join(unknown)}")


@attrs.frozen
class Key:
    """One API key; its `repr` shows the last four characters and no more."""

    value: str = attrs.field(repr=lambda value: f"…{value[-4:]}")
    tier: Tier
    permissions: frozenset[str] = attrs.field(
        default=frozenset(PERMISSIONS), validator=_are_known
    )
    workspace: str = "default"

    @property
    def mode(self) -> Literal["live", "test"]:
        """Tell by the prefix whether the key is a test key."""
        return "test" if self.value.startswith("sk_test_") else "live"


class Keys:
    """The API keys the pretend service knows."""

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._known: dict[str, Key] = {}

    def add(
        self,
        value: str | None = None,
        *,
        permissions: Iterable[str] = PERMISSIONS,
        tier: Tier | str | None = None,
        mode: Literal["live", "test"] = "test",
        workspace: str = "default",
    ) -> Key:
        """Make one more key known; its text is in `value`.

        Args:
            value: The key itself; made up when left out.
            permissions: What it may do: all of `PERMISSIONS` unless told less.
            tier: Its own tier; that of the sandbox when left out.
            mode: The prefix of a key that is made up: `sk_test_` or `sk_live_`.
            workspace: Whose messages it sends and sees.
        """
        key = Key(
            value or f"sk_{mode}_{secrets.token_hex(12)}",
            Tier.parse(tier) if isinstance(tier, str) else tier or self._tier,
            frozenset(permissions),
            workspace,
        )
        self._known[key.value] = key
        return key

    def find(self, value: str) -> Key | None:
        """Look up the key with this text."""
        return self._known.get(value)

    def revoke(self, key: Key) -> None:
        """Forget a key: from now on it is answered with 401."""
        self._known.pop(key.value, None)

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)
