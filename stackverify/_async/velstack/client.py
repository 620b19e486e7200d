"""The client of Velstack: settings in, resources out."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from stackverify._async.limiter import AsyncLimiter
from stackverify._async.transport import AsyncTransport
from stackverify._async.velstack.contacts import AsyncContacts
from stackverify._async.velstack.groups import AsyncGroups
from stackverify._async.velstack.sender_ids import AsyncSenderIds
from stackverify._async.velstack.sms import AsyncVelstackSms
from stackverify._core.options import Options
from stackverify._core.plan import Plan
from stackverify._core.settings import resolve
from stackverify._services.velstack import plans
from stackverify._services.velstack.home import HOMES, api_of, mode_of, tier_of
from stackverify.errors import ConfigurationError
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.events import Hook
from stackverify.models.retry import Retry
from stackverify.models.velstack import Mode, QuickSms, VelstackApi

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncVelstack"]

# Where no rate is known, so many connections are a burden to nobody.
_CONNECTIONS = 20


class AsyncVelstack:
    """Sends SMS through the Velstack API, and keeps groups and contacts there.

    Use it in `async with`, or without: it works from any event loop and thread,
    and in forked children, and may be left unclosed.

    Args:
        api_key: The key; else from the environment, `VELSTACK_API_KEY`. It alone
            decides test or live mode.
        base_url: Where everything goes; else `VELSTACK_BASE_URL`, else the addresses
            of `api`.
        api: Which addresses a quick SMS goes to: those of the vendor's site, or the
            older ones. All else is known at the older ones only, and goes there.
        requests_per_minute: What the key allows, if you know it: no rate is
            documented, and without one only a 429 slows the client down.
        timeout: Seconds for one attempt.
        deadline: Seconds for a call with all its attempts and waits, those for
            the rate limit included. A bulk send has a deadline of its own.
        retry: When a failed call is tried again.
        hooks: Functions that are told of each event.
        http: An httpx client or transport of your own, for proxies or a private
            authority; at most 20 requests are in flight over it.
        limiter: A limiter of your own instead of the one all clients of this key
            share.
        max_connections: Connections at most, for each event loop and base URL; 20
            unless a rate says how many are needed.

    Attributes:
        sms: Sends texts, to one, to many or to a group.
        groups: Keeps groups of contacts.
        contacts: Keeps contacts.
        sender_ids: Registers names to send by.

    Raises:
        ConfigurationError: A setting is missing or cannot be used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        api: VelstackApi | str = VelstackApi.SITE,
        requests_per_minute: int | None = None,
        timeout: float = 30.0,
        deadline: float | None = None,
        retry: Retry | None = None,
        hooks: Iterable[Hook] = (),
        http: httpx.AsyncClient | httpx.AsyncBaseTransport | None = None,
        limiter: AsyncLimiter | None = None,
        max_connections: int | None = None,
    ) -> None:
        self._api = api_of(api)
        tier = tier_of(requests_per_minute)
        quick, older = (
            resolve(
                os.environ, HOMES[each], api_key=api_key, base_url=base_url, tier=tier
            )
            for each in (self._api, VelstackApi.OLDER)
        )
        options = Options(
            timeout=timeout, deadline=deadline, retry=retry or Retry(), hooks=hooks
        )
        if tier is None and limiter is None and max_connections is None:
            max_connections = _CONNECTIONS
        self._quick = self._older = AsyncTransport(
            quick, http=http, limiter=limiter, max_connections=max_connections
        )
        if older != quick:
            self._older = AsyncTransport(
                older,
                http=http,
                # One key has one pace, wherever it is used.
                limiter=self._quick.limiter,
                max_connections=max_connections,
            )
        self._bind(options)

    def _bind(self, options: Options) -> None:
        self._options = options
        self.sms: AsyncVelstackSms = AsyncVelstackSms(
            self._quick, self._older, options, self._api
        )
        self.groups: AsyncGroups = AsyncGroups(self._older, options, None)
        self.contacts: AsyncContacts = AsyncContacts(self._older, options, None)
        self.sender_ids: AsyncSenderIds = AsyncSenderIds(self._older, options, None)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: Retry | None = None,
        hooks: Iterable[Hook] | None = None,
    ) -> AsyncVelstack:
        """Give a copy with other options; it shares connections and limiter."""
        twin = copy.copy(self)
        twin._bind(
            self._options.changed(
                {
                    "timeout": timeout,
                    "deadline": deadline,
                    "retry": retry,
                    "hooks": hooks,
                }
            )
        )
        return twin

    @property
    def _transport(self) -> AsyncTransport:
        return self._quick

    def _campaign_plan(self, message: object, rules: CampaignRules) -> Plan[Any]:
        """Say how a campaign of such messages is sent: each one by itself."""
        if isinstance(message, QuickSms):
            return plans.sms_plan(1, self._api)
        raise ConfigurationError(
            f"A campaign of {type(message).__name__} is not for Velstack: give it "
            "QuickSms, or a client of the service that sends them."
        )

    @property
    def mode(self) -> Mode:
        """What the key says of itself: test or live, secret or public."""
        return mode_of(self._quick.settings.api_key)

    @property
    def test_mode(self) -> bool:
        """Whether the key says that nothing is delivered."""
        return self.mode.environment == "test"

    @property
    def base_url(self) -> str:
        """Where a quick SMS goes."""
        return self._quick.settings.base_url

    @property
    def older_base_url(self) -> str:
        """Where all else goes."""
        return self._older.settings.base_url

    @property
    def limiter(self) -> AsyncLimiter:
        """What paces this key's requests."""
        return self._quick.limiter

    async def warmup(self) -> None:
        """Load what the first call needs, beside the event loop."""
        await self._quick.prepare()

    async def aclose(self) -> None:
        """Close the connections of this event loop; a later call opens new ones."""
        await self._quick.aclose()
        await self._older.aclose()

    async def __aenter__(self) -> AsyncVelstack:
        await self.warmup()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        says = (self.base_url, self.mode.environment, self.mode.access)
        return f"<{type(self).__name__} {' '.join(word for word in says if word)}>"
