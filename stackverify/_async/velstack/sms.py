"""SMS through Velstack: to a number, to many, to a group."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any

from stackverify._async.bulk import AsyncSendMany
from stackverify._async.resource import AsyncResource
from stackverify._async.transport import AsyncTransport
from stackverify._core.options import Options
from stackverify._services.velstack import calls, plans
from stackverify.models.velstack import QuickSms, SmsReceipt, VelstackApi

__all__ = ["AsyncVelstackSms"]


class AsyncVelstackSms(AsyncResource):
    """SMS: to a number, to many, to a group."""

    def __init__(
        self,
        quick: AsyncTransport,
        older: AsyncTransport,
        options: Options,
        api: VelstackApi,
    ) -> None:
        super().__init__(quick, options, None)
        self._older = AsyncResource(older, options, None)
        self._api = api

    async def send(
        self,
        sender: str,
        recipients: str | Sequence[str],
        message: str,
        *,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> SmsReceipt:
        """Send a text to one number, or the same text to several in one request.

        Args:
            sender: The sender ID to show.
            recipients: The number, local or international, or a sequence of
                numbers; a text with commas between numbers is sent as it is.
            message: The text.
            title: What the dashboard calls it.
            extra: Further fields for the body, as they are.
            timeout: Seconds for one attempt.
            deadline: Seconds for all attempts and waits.

        Raises:
            InvalidInputError: A value cannot be sent; nothing was.
            InsufficientBalanceError: The credit does not suffice; nothing was sent.
            RefusedError: The service said no; nothing was sent.
            NeverLeftError: It did not reach the service; sending again is safe.
            MaybeSentError: It left, and no clear answer came.
        """
        sms = QuickSms(sender, recipients, message, title=title, extra=extra)
        return await self._run(calls.send_sms(sms, api=self._api), timeout, deadline)

    async def send_group(
        self,
        sender: str,
        group_id: int | str,
        message: str,
        *,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> SmsReceipt:
        """Send a text to everybody in a group; its address is assumed.

        Args:
            sender: The sender ID to show.
            group_id: The group.
            message: The text.
            title: What the dashboard calls it.
            extra: Further fields for the body, as they are.
            timeout: Seconds for one attempt.
            deadline: Seconds for all attempts and waits.

        Raises:
            InvalidInputError: A value cannot be sent; nothing was.
            InsufficientBalanceError: The credit does not suffice; nothing was sent.
            RefusedError: The service said no; nothing was sent.
            NeverLeftError: It did not reach the service; sending again is safe.
            MaybeSentError: It left, and no clear answer came.
        """
        call = calls.send_group(sender, group_id, message, title=title, extra=extra)
        return await self._older._run(call, timeout, deadline)

    def send_many(
        self,
        messages: Iterable[QuickSms] | AsyncIterable[QuickSms],
        *,
        pack: int = 1,
        deadline: float | None = None,
        split_refused: bool = True,
    ) -> AsyncSendMany[QuickSms]:
        """Send many texts, several at a time.

        Memory does not grow with the number of messages.

        Args:
            messages: Any iterable, asynchronous or not; it is read as needed.
            pack: Recipients in one request at most. Above 1, messages with the same
                text, sender and title share requests, and if no clear answer comes
                to one, all of its recipients are `Unknown`.
            deadline: Seconds for all of it; what is not begun by then is not.
            split_refused: Halve a request with several recipients that is refused
                until the bad ones stand alone. Assumes that the service refuses
                such a request as a whole.

        Returns:
            An iterator of `Accepted`, `Refused`, `NotSent` and `Unknown`, as they
            finish. Nothing is sent before it is iterated over.
        """
        return self._send_many(
            plans.sms_plan(pack, self._api),
            messages,
            deadline=deadline,
            over_budget=True,
            split_refused=split_refused,
        )
