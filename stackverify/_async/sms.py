"""SMS: send, follow, list."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any

from stackverify._async.bulk import AsyncSendMany
from stackverify._async.listing import AsyncSmsList
from stackverify._async.resource import AsyncResource
from stackverify._core.call import Call
from stackverify._services.stackverify import calls, plans
from stackverify.models.messages import Sms, When
from stackverify.models.results import Page, Receipt, SmsMessage, SmsStatus
from stackverify.models.tier import Lane

__all__ = ["AsyncSmsResource"]


class AsyncSmsResource(AsyncResource):
    """SMS: send, follow, list."""

    async def send(
        self,
        to: str | Sequence[str],
        text: str,
        *,
        sender_id: str | None = None,
        callback_url: str | None = None,
        scheduled_at: When | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Receipt:
        """Send a text to one number, or the same text to several in one request.

        Args:
            to: The number in E.164, or a sequence of numbers.
            text: Up to 1,600 characters.
            sender_id: The name or number to show; the workspace's own if `None`.
            callback_url: Where delivery reports for this message go.
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
        message = Sms(
            "",
            text,
            sender_id=sender_id,
            callback_url=callback_url,
            scheduled_at=scheduled_at,
            extra=extra,
        )
        call = calls.send_sms(to, message, body=self._options.sms_body)
        return await self._run(call, timeout, deadline)

    def send_many(
        self,
        messages: Iterable[Sms] | AsyncIterable[Sms],
        *,
        pack: int = 100,
        deadline: float | None = None,
        over_budget: bool = False,
        split_refused: bool = True,
    ) -> AsyncSendMany[Sms]:
        """Send many texts, paced by the tier, several at a time.

        Messages with the same text, sender, callback and schedule share requests.
        Memory does not grow with the number of messages.

        Args:
            messages: Any iterable, asynchronous or not; it is read as needed.
            pack: Recipients in one request at most; 1 sends each on its own.
            deadline: Seconds for all of it; what is not begun by then is not.
            over_budget: Send even if the tier's monthly messages do not suffice.
            split_refused: Halve a request with several recipients that is refused
                until the bad ones stand alone. Assumes that the service refuses
                such a request as a whole.

        Returns:
            An iterator of `Accepted`, `Refused`, `NotSent` and `Unknown`, as they
            finish. Nothing is sent before it is iterated over.

        Raises:
            BudgetError: More messages than the month has left.
        """
        plan = plans.sms_plan(pack, self._options.sms_body)
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
    ) -> SmsStatus:
        """Ask how far an SMS got.

        Raises:
            NotFoundError: The service knows no such message.
        """
        return await self._run(calls.sms_status(message_id), timeout, deadline)

    async def wait(
        self, message_id: str | None, *, until: str = "delivered", timeout: float = 60.0
    ) -> SmsStatus:
        """Wait until an SMS is so far, or can get no further.

        It asks ever less often, in the bulk lane; a client that was given a
        receiver waits for the delivery report instead, and asks only after 15 s
        without one. A message that failed ends the wait as well: look at the
        `status` that is returned.

        Args:
            message_id: Of a receipt.
            until: `sent`, `delivered`, or another status.
            timeout: Seconds to wait.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        call = calls.sms_status(message_id, lane=Lane.BULK)
        return await self._wait(SmsStatus, call, message_id, until, timeout)

    def list(
        self,
        *,
        status: str | None = None,
        since: When | None = None,
        until: When | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> AsyncSmsList:
        """Walk the messages sent, one page fetched at a time, as needed.

        Args:
            status: Only messages with this status.
            since: Only messages from then on.
            until: Only messages up to then.
            page: Where to start.
            page_size: Messages a page, 1 to 100.
        """

        def fetch(number: int) -> Call[Page[SmsMessage]]:
            return calls.list_sms(
                page=number,
                page_size=page_size,
                status=status,
                since=since,
                until=until,
                # The first page is one request that somebody waits for.
                lane=Lane.TRANSACTIONAL if number == page else Lane.BULK,
            )

        fetch(page)  # a bad filter is told of here, not at the first row
        return AsyncSmsList(self._run, fetch, page, page_size)
