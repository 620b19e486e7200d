"""What a user calls: the endpoints by channel, each method one call of the core."""

from __future__ import annotations

import time
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from functools import partial
from typing import Any, TypeVar

import attrs

from stackverify._async._concurrency import sleep
from stackverify._async.bulk import AsyncSendMany
from stackverify._async.transport import AsyncTransport
from stackverify._core.call import Call
from stackverify._core.delivery import is_settled, next_poll
from stackverify._core.options import Options
from stackverify._core.paging import Walk
from stackverify._core.settings import check_seconds
from stackverify._services.stackverify import calls, plans
from stackverify.errors import DeadlineError, WaitTimeoutError
from stackverify.models.messages import (
    Attachment,
    Email,
    Sms,
    WhatsAppTemplate,
    When,
)
from stackverify.models.results import (
    EmailStatus,
    MessageStatus,
    Page,
    Receipt,
    SmsMessage,
    SmsStatus,
    WhatsAppStatus,
)
from stackverify.models.tier import Lane

__all__ = [
    "AsyncEmailResource",
    "AsyncSmsList",
    "AsyncSmsPages",
    "AsyncSmsResource",
    "AsyncWhatsAppResource",
]

T = TypeVar("T")
S = TypeVar("S", bound=MessageStatus)


class _AsyncResource:
    def __init__(self, transport: AsyncTransport, options: Options) -> None:
        self._transport = transport
        self._options = options

    async def _run(
        self, call: Call[T], timeout: float | None = None, deadline: float | None = None
    ) -> T:
        options = self._options.changed({"timeout": timeout, "deadline": deadline})
        return await self._transport.run(call, options)

    def _send_many(
        self,
        plan: plans.Plan[T],
        rows: Iterable[T] | AsyncIterable[T],
        *,
        deadline: float | None,
        over_budget: bool,
        split_refused: bool = False,
    ) -> AsyncSendMany[T]:
        return AsyncSendMany(
            self._transport,
            attrs.evolve(self._options, deadline=None),
            plan,
            rows,
            deadline=check_seconds("deadline", deadline),
            over_budget=over_budget,
            split_refused=split_refused,
        )

    async def _wait(self, ask: Callable[[], Call[S]], until: str, timeout: float) -> S:
        ends_at = time.monotonic() + (check_seconds("timeout", timeout) or 0.0)
        is_settled("", until)  # a wrong word is told of before the first request
        status: S | None = None
        poll = 0
        while (left := ends_at - time.monotonic()) > 0:
            try:
                status = await self._run(ask(), deadline=left)
            except DeadlineError:  # the rate limit left no turn
                break
            if is_settled(status.status, until):
                return status
            await sleep(min(next_poll(poll), ends_at - time.monotonic()))
            poll += 1
        seen = f"it is {status.status!r}" if status else "it was never seen"
        raise WaitTimeoutError(
            f"The message was not {until!r} after {timeout:g} s: {seen}.", status
        )


class AsyncSmsResource(_AsyncResource):
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
            An iterator of `Accepted`, `Refused` and `Unknown`, as they finish.

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
        message_id: str,
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
        self, message_id: str, *, until: str = "delivered", timeout: float = 60.0
    ) -> SmsStatus:
        """Wait until an SMS is so far, or can get no further.

        It asks ever less often, in the bulk lane. A message that failed ends the
        wait as well: look at the `status` that is returned.

        Args:
            message_id: Of a receipt.
            until: `sent`, `delivered`, or another status.
            timeout: Seconds to wait.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        return await self._wait(
            lambda: calls.sms_status(message_id, lane=Lane.BULK), until, timeout
        )

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


class AsyncSmsPages:
    """The pages of a list, each fetched when it is asked for."""

    def __init__(
        self,
        run: Any,
        fetch: Callable[[int], Call[Page[SmsMessage]]],
        start: int,
        page_size: int,
    ) -> None:
        self._run = run
        self._fetch = fetch
        self._walk = Walk(start, page_size)

    def __aiter__(self) -> AsyncSmsPages:
        return self

    async def __anext__(self) -> Page[SmsMessage]:
        if self._walk.number is None:
            raise StopAsyncIteration
        page = self._walk.take(await self._run(self._fetch(self._walk.number)))
        if page is None:
            raise StopAsyncIteration
        return page


class AsyncSmsList:
    """Messages sent, newest first as the service gives them; iterate over it."""

    def __init__(
        self,
        run: Any,
        fetch: Callable[[int], Call[Page[SmsMessage]]],
        start: int,
        page_size: int,
    ) -> None:
        self._begin = partial(AsyncSmsPages, run, fetch, start, page_size)

    def pages(self) -> AsyncSmsPages:
        """Walk page by page; each knows its number, to go on from later."""
        return self._begin()

    def __aiter__(self) -> AsyncIterator[SmsMessage]:
        return _AsyncRows(self._begin())


class _AsyncRows:
    def __init__(self, pages: AsyncSmsPages) -> None:
        self._pages = pages
        self._rows: Iterable[SmsMessage] = iter(())

    def __aiter__(self) -> _AsyncRows:
        return self

    async def __anext__(self) -> SmsMessage:
        while True:
            for row in self._rows:
                return row
            self._rows = iter((await anext(self._pages)).rows)


class AsyncEmailResource(_AsyncResource):
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
            An iterator of `Accepted`, `Refused` and `Unknown`, as they finish.

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
        message_id: str,
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
        self, message_id: str, *, until: str = "delivered", timeout: float = 60.0
    ) -> EmailStatus:
        """Wait until an email is so far, or can get no further.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        return await self._wait(
            lambda: calls.email_status(message_id, lane=Lane.BULK), until, timeout
        )


class AsyncWhatsAppResource(_AsyncResource):
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
            An iterator of `Accepted`, `Refused` and `Unknown`, as they finish.

        Raises:
            BudgetError: More messages than the month has left.
        """
        plan = plans.whatsapp_plan()
        return self._send_many(
            plan, messages, deadline=deadline, over_budget=over_budget
        )

    async def status(
        self,
        message_id: str,
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
        self, message_id: str, *, until: str = "delivered", timeout: float = 60.0
    ) -> WhatsAppStatus:
        """Wait until a WhatsApp message is so far, or can get no further.

        Raises:
            WaitTimeoutError: It did not get there in time.
        """
        return await self._wait(
            lambda: calls.whatsapp_status(message_id, lane=Lane.BULK), until, timeout
        )
