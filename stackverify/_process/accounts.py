"""One limiter and one budget for each key and base URL in a process."""

from __future__ import annotations

import hashlib
import threading
import weakref

import attrs

from stackverify._core.budget import Budget
from stackverify._core.settings import Settings
from stackverify._process.fork import reset_in_child
from stackverify._process.turns import Turns
from stackverify.errors import ConfigurationError
from stackverify.models.tier import Tier

__all__ = ["Account", "account_of"]


@attrs.define(eq=False)
class Account:
    """What all clients of one key share."""

    tier: Tier
    turns: Turns
    budget: Budget
    users: weakref.WeakSet[object] = attrs.field(factory=weakref.WeakSet)


class _SharedBudget(Budget):
    """A budget that many threads spend from."""

    def __init__(self, messages_per_month: int | None) -> None:
        super().__init__(messages_per_month)
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def spend(self, messages: int, month: str, *, at_most: bool = False) -> None:
        with self._lock:
            super().spend(messages, month, at_most=at_most)

    def refund(self, messages: int, month: str) -> None:
        with self._lock:
            super().refund(messages, month)


class _Accounts:
    def __init__(self) -> None:
        self._by_place: dict[tuple[bytes, str], Account] = {}
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def join(self, settings: Settings, user: object) -> Account:
        digest = hashlib.sha256(settings.api_key.encode()).digest()
        place = (digest, settings.base_url)
        with self._lock:
            account = self._by_place.get(place)
            if account is None or (account.tier != settings.tier and not account.users):
                account = self._by_place[place] = _open(settings.tier)
            if account.tier == settings.tier:
                account.users.add(user)
            return account


_accounts = _Accounts()


def account_of(settings: Settings, user: object) -> Account:
    """Find the account of a key, or open one.

    Raises:
        ConfigurationError: A client at work has the key under another tier.
    """
    account = _accounts.join(settings, user)
    if account.tier == settings.tier:
        return account
    raise ConfigurationError(
        f"This key is in use in this process with tier {account.tier.name} "
        f"({account.tier.requests_per_minute} requests a minute), and one key has "
        "one limit: give every client of it the same."
    )


def _open(tier: Tier) -> Account:
    return Account(tier, Turns(tier.rate), _SharedBudget(tier.messages_per_month))
