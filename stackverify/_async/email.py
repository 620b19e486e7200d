"""Email: send, follow."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any

from stackverify._async.bulk import AsyncSendMany
from stackverify._async.resource import AsyncResource
from stackverify._services.stackverify import calls, plans
from stackverify.models.messages import Attachment, Email, When
from stackverify.models.results import EmailStatus, Receipt
from stackverify.models.tier import Lane

__all__ = ["AsyncEmailResource"]


class AsyncEmailResource(AsyncResource):
    """Email: send, follow."""

    async def send(
        self,
        to: str | Sequence[str],
        *,
        subject: str,
        html: str | None = None,
        text: str | None = None,
        from_name: str | None = None,
        from_email: str | None = None,
        reply_to: str | None = None,
        attachments: Sequence[Attachment] = (),
        headers: Mapping[str, str] | None = None,
        scheduled_at: When | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Receipt:
        """Send an email.

        Args:
            to: The address, or several; these may see each other.
            subject: The subject line.
            html: The HTML body; it or `text` is needed.
            text: The plain-text body.
            from_name: The sender's name; the workspace's own if `None`.
            from_email: The sender's address, of a verified domain.
            reply_to: Where answers go.
            attachments: Files that go with it; read and encoded while they are sent.
            headers: Custom header fields.
            scheduled_at: When to send it: an aware `datetime`, or ISO-8601 text.
            extra: Further fields for the body, as they are.
            timeout: Seconds for one attempt.
            deadline: Seconds for all attempts and waits.

        Raises:
            InvalidInputError: A value cannot be sent; nothing was.
            RefusedError: The service said no; nothing was sent.
            NeverLeftError: It did not reach the service; sending again is safe.
            MaybeSentError: It left, and no clear answer came.
        """
        message = Email(
            to,
            subject=subject,
            html=html,
            text=text,
            from_name=from_name,
            from_email=from_email,
            reply_to=reply_to,
            attachments=attachments,
            headers=headers,
            scheduled_at=scheduled_at,
            extra=extra,
        )
        return await self._run(calls.send_email(message), timeout, deadline)

    def send_many(
        self,
        messages: Iterable[Email] | AsyncIterable[Email],
        *,
        pack: int = 1,
        deadline: float | None = None,
        over_budget: bool = False,
        split_refused: bool = True,
    ) -> AsyncSendMany[Email]:
        """Send many emails, paced by the tier, several at a time.

        Args:
            messages: Any iterable, asynchronous or not; it is read as needed.
            pack: Recipients in one request at most. Above 1, equal emails share
                requests, and their recipients might see each other.
            deadline: Seconds for all of it; what is not begun by then is not.
            over_budget: Send even if the tier's monthly messages do not suffice.
            split_refused: Halve a request with several recipients that is refused
                until the bad ones stand alone.

        Returns:
            An iterator of `Accepted`, `Refused`, `NotSent` and `Unknown`, as they
            finish. Nothing is sent before it is iterated over.

        Raises:
            BudgetError: More messages than the month has left.
        """
        plan = plans.email_plan(pack)
        return self._send_many(
            plan,
            messages,
            deadline=deadline,
            over_budget=over_budget,
            split_refused=split_refused,
        )

    async def status(
        self,
        message_id: str | None,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> EmailStatus:
        """Ask how far an email got.

        Raises:
            NotFoundError: The service knows no such message.
        """
        return await self._run(calls.email_status(message_id), timeout, deadline)

    async def wait(
        self, message_id: str | None, *, until: str = "delivered", timeout: float = 60.0
    ) -> EmailStatus:
        """Wait until an email is so far, or can get no further.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        call = calls.email_status(message_id, lane=Lane.BULK)
        return await self._wait(EmailStatus, call, message_id, until, timeout)
