"""WhatsApp: send approved templates, follow them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

from stackverify._async.bulk import AsyncSendMany
from stackverify._async.resource import AsyncResource
from stackverify._services.stackverify import calls, plans
from stackverify.models.messages import WhatsAppTemplate
from stackverify.models.results import Receipt, WhatsAppStatus
from stackverify.models.tier import Lane

__all__ = ["AsyncWhatsAppResource"]


class AsyncWhatsAppResource(AsyncResource):
    """WhatsApp: send approved templates, follow them."""

    async def send_template(
        self,
        to: str,
        name: str,
        language: str,
        *,
        variables: Mapping[str, str] | None = None,
        header_media_url: str | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Receipt:
        """Send an approved template.

        Args:
            to: The number in E.164.
            name: The approved template's name.
            language: A BCP-47 code, such as `en`, `sw`, `pt-BR`.
            variables: Values by placeholder position: `{"1": "Joan"}`.
            header_media_url: The image or video of a media header.
            extra: Further fields for the body, as they are.
            timeout: Seconds for one attempt.
            deadline: Seconds for all attempts and waits.

        Raises:
            InvalidInputError: A value cannot be sent; nothing was.
            UnprocessableError: The template does not exist or is not approved.
            RefusedError: The service said no; nothing was sent.
            NeverLeftError: It did not reach the service; sending again is safe.
            MaybeSentError: It left, and no clear answer came.
        """
        message = WhatsAppTemplate(
            to,
            name,
            language,
            variables=variables,
            header_media_url=header_media_url,
            extra=extra,
        )
        return await self._run(calls.send_template(message), timeout, deadline)

    def send_many(
        self,
        messages: Iterable[WhatsAppTemplate] | AsyncIterable[WhatsAppTemplate],
        *,
        deadline: float | None = None,
        over_budget: bool = False,
    ) -> AsyncSendMany[WhatsAppTemplate]:
        """Send many templates, paced by the tier, several at a time.

        Args:
            messages: Any iterable, asynchronous or not; it is read as needed.
            deadline: Seconds for all of it; what is not begun by then is not.
            over_budget: Send even if the tier's monthly messages do not suffice.

        Returns:
            An iterator of `Accepted`, `Refused`, `NotSent` and `Unknown`, as they
            finish. Nothing is sent before it is iterated over.

        Raises:
            BudgetError: More messages than the month has left.
        """
        plan = plans.whatsapp_plan()
        return self._send_many(
            plan, messages, deadline=deadline, over_budget=over_budget
        )

    async def status(
        self,
        message_id: str | None,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> WhatsAppStatus:
        """Ask how far a WhatsApp message got.

        Raises:
            NotFoundError: The service knows no such message.
        """
        return await self._run(calls.whatsapp_status(message_id), timeout, deadline)

    async def wait(
        self, message_id: str | None, *, until: str = "delivered", timeout: float = 60.0
    ) -> WhatsAppStatus:
        """Wait until a WhatsApp message is so far, or can get no further.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        call = calls.whatsapp_status(message_id, lane=Lane.BULK)
        return await self._wait(WhatsAppStatus, call, message_id, until, timeout)
