"""Every public name, used as a user would; type checkers read it, nothing runs it."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, assert_never, assert_type

import httpx

import stackverify
from stackverify import (
    Accepted,
    AsyncClient,
    AsyncSendMany,
    Attachment,
    BulkSummary,
    Client,
    Email,
    EmailStatus,
    Event,
    Hook,
    Lane,
    MessageStatus,
    NotSent,
    Outcome,
    Page,
    Paused,
    Rate,
    RateWait,
    Receipt,
    RecipientResult,
    Refused,
    RepeatSend,
    Reply,
    RequestFinished,
    RequestStarted,
    Retry,
    RetryScheduled,
    Segments,
    SendMany,
    Sms,
    SmsBody,
    SmsMessage,
    SmsStatus,
    StackverifyError,
    Tier,
    Unknown,
    WhatsAppStatus,
    WhatsAppTemplate,
    When,
    count_segments,
    errors,
)
from stackverify.limiters import (
    AsyncLimiter,
    AsyncTurn,
    Limiter,
    Turn,
    Usage,
)

assert_type(stackverify.__version__, str)


def hear(event: Event) -> None:
    match event:
        case RequestStarted():
            assert_type(event.lane, Lane)
        case RequestFinished():
            assert_type(event.status, int | None)
        case RetryScheduled():
            assert_type(event.wait, float)
        case Paused() | RateWait():
            assert_type(event.seconds, float)
        case _:
            assert_never(event)


async def asynchronous() -> None:
    hook: Hook = hear
    client = AsyncClient(
        "sk_test_example",
        base_url="http://127.0.0.1:4010/api/v1",
        tier=Tier.enterprise(3000, messages_per_month=1_000_000),
        timeout=5,
        deadline=60,
        retry=Retry(attempts=5, repeat_sends=frozenset({RepeatSend.SERVER_ERROR})),
        hooks=[hook],
        sms_body=SmsBody.RECIPIENTS,
        http=httpx.AsyncClient(),
        limiter=AsyncLimiter(Rate(100, per=60.0), reserve=0.02),
        max_connections=4,
    )
    async with client.with_options(timeout=1.0, retry=Retry(attempts=1)) as twin:
        assert_type(twin, AsyncClient)
        await twin.warmup()
        assert_type(twin.test_mode, bool)
        assert_type(twin.tier, Tier)
    when: When = dt.datetime.now(dt.UTC)
    receipt = await client.sms.send(
        ["+254712345678"], "Hi", scheduled_at=when, extra={"campaign": 1}
    )
    assert_type(receipt, Receipt)
    assert_type(receipt.results, tuple[RecipientResult, ...])
    assert_type(receipt.reply, Reply)
    status = await client.sms.status("sms_1")
    assert_type(status, SmsStatus)
    general: MessageStatus = status
    assert_type(general.raw, Mapping[str, Any])
    assert_type(await client.sms.wait("sms_1", until="sent", timeout=1), SmsStatus)
    assert_type(await client.email.status("email_1"), EmailStatus)
    assert_type(await client.whatsapp.status("whatsapp_1"), WhatsAppStatus)
    await client.email.send(
        "joan@example.org",
        subject="Hi",
        text="Hello",
        attachments=[Attachment.from_path(Path("a.pdf")), Attachment("b", b"...")],
    )
    await client.whatsapp.send_template("+254712345678", "welcome", "en")

    async def rows() -> AsyncIterator[Sms]:
        yield Sms("+254712345678", "Hi", sender_id="Acme")

    outcomes = client.sms.send_many(rows(), pack=10, deadline=60, over_budget=True)
    assert_type(outcomes, AsyncSendMany[Sms])
    async with outcomes:
        async for outcome in outcomes:
            assert_type(outcome, Outcome[Sms])
    assert_type(outcomes.summary, BulkSummary)
    async for message in client.sms.list(status="failed", since=when):
        assert_type(message, SmsMessage)
    async for page in client.sms.list(page=2, page_size=50).pages():
        assert_type(page, Page[SmsMessage])
    with await client.limiter.acquire(Lane.BULK, weight=2, timeout=1.0) as turn:
        assert_type(turn, AsyncTurn)
        turn.refused(retry_after=1.0)
    assert_type(client.limiter.usage(), Usage)
    await client.aclose()


def synchronous() -> None:
    with Client(http=httpx.Client(), limiter=Limiter(Rate(100))) as client:
        assert_type(client.sms.send("+254712345678", "Hi"), Receipt)
        emails = client.email.send_many(
            [Email("a@example.org", subject="Hi", text=".")]
        )
        assert_type(emails, SendMany[Email])
        for outcome in emails:
            tell(outcome)
        templates = client.whatsapp.send_many(
            [WhatsAppTemplate("+254712345678", "welcome", "en", variables={"1": "J"})]
        )
        for sent in templates:
            assert_type(sent.message, WhatsAppTemplate)
        for message in client.sms.list():
            assert_type(message.created_at, dt.datetime | None)
        with client.limiter.acquire() as turn:
            assert_type(turn, Turn)


def tell(outcome: Outcome[Email]) -> str:
    match outcome:
        case Accepted():
            return str(outcome.receipt.message_id)
        case NotSent() | Refused() | Unknown():
            assert_type(outcome.error, StackverifyError)
            return str(outcome.error)
        case _:
            assert_never(outcome)


def failures(client: Client) -> None:
    try:
        client.sms.send("+254712345678", "Hi")
    except errors.ForbiddenError as error:
        assert_type(error.permission, str | None)
    except errors.UnprocessableError as error:
        assert_type(error.errors, Mapping[str, tuple[str, ...]])
    except errors.RateLimitedError as error:
        assert_type(error.retry_after, float | None)
    except errors.ReplyError as error:
        assert_type(error.reply, Reply)
    except (errors.NeverLeftError, errors.MaybeSentError) as error:
        assert_type(error.message, str)


assert_type(count_segments("Hi"), Segments)
