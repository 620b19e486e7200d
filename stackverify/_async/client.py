"""The client: settings in, channels out."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from stackverify._async.email import AsyncEmailResource
from stackverify._async.limiter import AsyncLimiter
from stackverify._async.sms import AsyncSmsResource
from stackverify._async.transport import AsyncTransport
from stackverify._async.whatsapp import AsyncWhatsAppResource
from stackverify._core.options import Options, SmsBody
from stackverify._core.plan import Plan
from stackverify._core.settings import resolve
from stackverify._process.reports import Reporter
from stackverify._services.stackverify import plans
from stackverify._services.stackverify.home import HOME
from stackverify.errors import ConfigurationError
from stackverify.models.campaign_rules import CampaignRules
from stackverify.models.events import Hook
from stackverify.models.messages import Email, Sms, WhatsAppTemplate
from stackverify.models.retry import Retry
from stackverify.models.tier import Tier

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncClient"]


class AsyncClient:
    """Sends SMS, email and WhatsApp messages through the StackVerify API.

    Use it in `async with`, or without: it works from any event loop and thread,
    and in forked children, and may be left unclosed.

    Args:
        api_key: The key; else from the environment, `STACKVERIFY_API_KEY`.
        base_url: Else `STACKVERIFY_BASE_URL`, else the service's own.
        tier: What the key's subscription allows, as a `Tier` or as text; else
            `STACKVERIFY_TIER`, else `Tier.LITE`.
        timeout: Seconds for one attempt.
        deadline: Seconds for a call with all its attempts and waits, those for
            the rate limit included. A bulk send has a deadline of its own.
        retry: When a failed call is tried again.
        hooks: Functions that are told of each event.
        sms_body: Which fields an SMS is sent in (two are in public use).
        http: An httpx client or transport of your own, for proxies or a private
            authority; at most 20 requests are in flight over it.
        limiter: A limiter of your own instead of the one all clients of this key
            share.
        max_connections: Connections at most, for each event loop; by default as
            many as the rate needs.
        receiver: A receiver of webhooks in this process: `wait` then takes the
            status from its delivery reports instead of asking for it.

    Attributes:
        sms: Sends texts, to one or to many, follows and lists them.
        email: Sends emails, and follows them.
        whatsapp: Sends approved templates, and follows them.

    Raises:
        ConfigurationError: A setting is missing or cannot be used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        tier: Tier | str | None = None,
        timeout: float = 30.0,
        deadline: float | None = None,
        retry: Retry | None = None,
        hooks: Iterable[Hook] = (),
        sms_body: SmsBody | str = SmsBody.REFERENCE,
        http: httpx.AsyncClient | httpx.AsyncBaseTransport | None = None,
        limiter: AsyncLimiter | None = None,
        max_connections: int | None = None,
        receiver: Reporter | None = None,
    ) -> None:
        settings = resolve(
            os.environ, HOME, api_key=api_key, base_url=base_url, tier=tier
        )
        options = Options(
            timeout=timeout,
            deadline=deadline,
            retry=retry or Retry(),
            hooks=hooks,
            sms_body=sms_body,
        )
        self._transport = AsyncTransport(
            settings, http=http, limiter=limiter, max_connections=max_connections
        )
        self._reports = receiver.reports if receiver is not None else None
        self._bind(options)

    def _bind(self, options: Options) -> None:
        self._options = options
        shared = self._transport, options, self._reports
        self.sms: AsyncSmsResource = AsyncSmsResource(*shared)
        self.email: AsyncEmailResource = AsyncEmailResource(*shared)
        self.whatsapp: AsyncWhatsAppResource = AsyncWhatsAppResource(*shared)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: Retry | None = None,
        hooks: Iterable[Hook] | None = None,
        sms_body: SmsBody | str | None = None,
    ) -> AsyncClient:
        """Give a copy with other options; it shares connections and limiter."""
        twin = copy.copy(self)
        twin._bind(
            self._options.changed(
                {
                    "timeout": timeout,
                    "deadline": deadline,
                    "retry": retry,
                    "hooks": hooks,
                    "sms_body": sms_body,
                }
            )
        )
        return twin

    def _campaign_plan(self, message: object, rules: CampaignRules) -> Plan[Any]:
        """Say how a campaign of such messages is sent."""
        if isinstance(message, Sms):
            return plans.sms_plan(rules.pack, self._options.sms_body)
        if isinstance(message, Email):
            return plans.email_plan(rules.pack_emails)
        if isinstance(message, WhatsAppTemplate):
            return plans.whatsapp_plan()
        raise ConfigurationError(
            f"A campaign of {type(message).__name__} is not for this service: give it "
            "a client of the service that sends them."
        )

    @property
    def test_mode(self) -> bool:
        """Whether the key is a test key."""
        return self._transport.settings.test_mode

    @property
    def tier(self) -> Tier:
        """What the key's subscription allows."""
        return self._transport.settings.tier

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self._transport.settings.base_url

    @property
    def limiter(self) -> AsyncLimiter:
        """What paces this key's requests."""
        return self._transport.limiter

    async def warmup(self) -> None:
        """Load what the first call needs, beside the event loop."""
        await self._transport.prepare()

    async def aclose(self) -> None:
        """Close the connections of this event loop; a later call opens new ones."""
        await self._transport.aclose()

    async def __aenter__(self) -> AsyncClient:
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
        mode = "test" if self.test_mode else "live"
        return f"<{type(self).__name__} {self.base_url} {self.tier.name} {mode}>"
