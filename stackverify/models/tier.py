"""What a subscription allows: requests a minute, messages a month."""

from __future__ import annotations

import enum
import re
from typing import Any, ClassVar

import attrs

from stackverify.errors import ConfigurationError

__all__ = ["Lane", "Rate", "Tier"]

_MOST = 10**12


class Lane(enum.Enum):
    """Which queue a request waits in when the rate is used up."""

    TRANSACTIONAL = "transactional"
    """Goes first, is not paced: a one-time password never waits for a campaign."""
    BULK = "bulk"
    """Evenly paced: campaigns, `send_many`, page walks."""


def _is_positive(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    kinds = {int} if attribute.name != "per" else {int, float}
    if type(value) not in kinds or not 0 < value <= _MOST:
        raise ConfigurationError(f"{attribute.name} must be a number above 0.")


@attrs.frozen
class Rate:
    """So many requests in any window of so many seconds."""

    requests: int = attrs.field(validator=_is_positive)
    per: float = attrs.field(default=60.0, validator=_is_positive)


@attrs.frozen
class Tier:
    """A subscription tier: the limits the service keeps for one API key."""

    LITE: ClassVar[Tier]
    PRO: ClassVar[Tier]

    name: str
    requests_per_minute: int = attrs.field(validator=_is_positive)
    messages_per_month: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_is_positive)
    )

    @classmethod
    def enterprise(
        cls, requests_per_minute: int, messages_per_month: int | None = None
    ) -> Tier:
        """Describe an Enterprise contract by its own limits."""
        return cls("enterprise", requests_per_minute, messages_per_month)

    @classmethod
    def parse(cls, text: str) -> Tier:
        """Read `lite`, `pro`, `enterprise:3000` or `enterprise:3000/1000000`.

        Raises:
            ConfigurationError: The text is none of these.
        """
        known = {"lite": cls.LITE, "pro": cls.PRO}
        if tier := known.get(text.strip().lower()):
            return tier
        custom = re.fullmatch(
            r"enterprise:([0-9]{1,12})(?:/([0-9]{1,12}))?", text.strip(), re.IGNORECASE
        )
        if custom is None:
            raise ConfigurationError(
                "The tier is not known: write lite, pro, enterprise:<requests a "
                "minute> or enterprise:<requests a minute>/<messages a month>."
            )
        monthly = custom.group(2)
        return cls.enterprise(int(custom.group(1)), int(monthly) if monthly else None)

    @property
    def rate(self) -> Rate:
        """The requests this tier allows in any minute."""
        return Rate(self.requests_per_minute)


Tier.LITE = Tier("lite", 100, 10_000)
Tier.PRO = Tier("pro", 500)
