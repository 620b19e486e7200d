"""Every public name, used as a user would; type checkers read it, nothing runs it."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_never, assert_type

import httpx
from aiohttp import web
from django.http import HttpRequest, HttpResponse
from django.urls import path
from fastapi import Depends
from flask import Flask
from redis.asyncio import Redis

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
from stackverify.campaigns import (
    AsyncCampaign,
    Campaign,
    CampaignEvent,
    CampaignHook,
    CampaignMessage,
    CampaignRow,
    CampaignRules,
    CampaignSummary,
    CampaignWaits,
    DuplicateSuspected,
    Preflight,
    Recipients,
    RowProblem,
    RowSettled,
    RowState,
    SendHours,
    Source,
    write_report,
)
from stackverify.cli import main as command_line
from stackverify.limiters import (
    AsyncLimiter,
    AsyncTurn,
    Limiter,
    Turn,
    Usage,
)
from stackverify.sandbox import Fault, Message, Webhook
from stackverify.sandbox.transport import SandboxTransport
from stackverify.testing import SandboxInTests
from stackverify.velstack import (
    AsyncVelstack,
    AsyncVelstackList,
    Contact,
    Group,
    Mode,
    QuickSms,
    SenderId,
    SmsReceipt,
    Velstack,
    VelstackApi,
    VelstackList,
)
from stackverify.webhooks import (
    SIGNATURE_HEADER,
    AsyncMemoryStore,
    AsyncReceiver,
    AsyncReception,
    AsyncRedisStore,
    AsyncSqliteStore,
    AsyncStore,
    DeliveryReport,
    InboundMessage,
    MemoryStore,
    Receiver,
    Reception,
    RedisStore,
    Secret,
    Secrets,
    SqliteStore,
    Store,
    UnknownEvent,
    Verdict,
    WebhookEvent,
    parse,
    sign,
    verify,
)
from stackverify.webhooks import aiohttp as for_aiohttp
from stackverify.webhooks import asgi as for_asgi
from stackverify.webhooks import django as for_django
from stackverify.webhooks import fastapi as for_fastapi
from stackverify.webhooks import flask as for_flask

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


async def asynchronous_velstack() -> None:
    velstack = AsyncVelstack(
        "sk_test_example",
        base_url="http://127.0.0.1:4010/velstack",
        api=VelstackApi.OLDER,
        requests_per_minute=90,
        timeout=5,
        deadline=60,
        retry=Retry(attempts=5),
        hooks=[hear],
        http=httpx.AsyncClient(),
        limiter=AsyncLimiter(Rate(90)),
        max_connections=4,
    )
    async with velstack.with_options(timeout=1.0, deadline=2.0, hooks=()) as twin:
        assert_type(twin, AsyncVelstack)
        await twin.warmup()
    assert_type(velstack.mode, Mode)
    assert_type(velstack.test_mode, bool)
    assert_type((velstack.base_url, velstack.older_base_url), tuple[str, str])
    receipt = await velstack.sms.send(
        "Acme", ["0205550368"], "Hi", title="News", extra={"a": 1}, deadline=5
    )
    assert_type(receipt, SmsReceipt)
    assert_type(receipt.message_id, str | None)
    assert_type(receipt.recipients, tuple[str, ...])
    assert_type(
        (receipt.credit_used, receipt.credit_left),
        tuple[Decimal | None, Decimal | None],
    )
    assert_type(await velstack.sms.send_group("Acme", 3, "Hi"), SmsReceipt)

    async def rows() -> AsyncIterator[QuickSms]:
        yield QuickSms("Acme", "0205550368", "Hi", title="News", extra={"a": 1})

    outcomes = velstack.sms.send_many(rows(), pack=10, deadline=60)
    assert_type(outcomes, AsyncSendMany[QuickSms])
    groups = velstack.groups.list()
    assert_type(groups, AsyncVelstackList[Group])
    async for group in groups:
        assert_type(group, Group)
    async for page in velstack.contacts.list("3").pages():
        assert_type(page, Page[Contact])
    assert_type(await velstack.groups.get("3"), Group)
    assert_type(await velstack.groups.create("Fans"), Group)
    await velstack.groups.rename(3, "Friends")
    await velstack.groups.delete(3)
    contact = await velstack.contacts.create(3, phone_number="0205550368")
    assert_type(contact, Contact)
    await velstack.contacts.update(contact.id, first_name="Ama")
    await velstack.contacts.delete(contact.id)
    asked = await velstack.sender_ids.register("Acme", purpose="News")
    assert_type(asked, SenderId)
    assert_type(asked.raw, Mapping[str, Any])


def synchronous_velstack() -> None:
    with Velstack(http=httpx.Client(), api="older") as velstack:
        try:
            assert_type(velstack.sms.send("Acme", "0205550368", "Hi"), SmsReceipt)
        except errors.InsufficientBalanceError as error:
            assert_type(error.reply, Reply)
        for outcome in velstack.sms.send_many([QuickSms("Acme", "0205550368", "Hi")]):
            assert_type(outcome, Outcome[QuickSms])
        assert_type(velstack.contacts.list(), VelstackList[Contact])
        for contact in velstack.contacts.list():
            assert_type(contact.phone_number, str | None)


def webhooks(body: bytes, header: str | None) -> None:
    secret: Secret = "whsec_example"
    secrets: Secrets = [secret, b"whsec_other"]
    assert_type(sign(body, secret), str)
    verify(body, header, secrets, max_body=1_000)
    verify(body, header, secret)
    assert_type(parse(body), WebhookEvent)
    assert_type(SIGNATURE_HEADER, str)
    stores: list[Store] = [MemoryStore(1_000), SqliteStore("seen.db")]
    stores.append(store := RedisStore("redis://127.0.0.1/0", prefix="mine:"))
    receiver = Receiver(
        secrets,
        store=store,
        max_body=1_000,
        tolerance=300,
        late_reports=True,
        remember=3600.0,
        lease=5,
        patience=1.0,
        clock=lambda: 0.0,
    )
    Client(receiver=receiver)
    AsyncClient(receiver=receiver)
    assert_type(receiver.max_body, int)
    assert_type(receiver.is_worth_reading("187"), bool)
    assert_type(receiver.open(body, header, content_length="187"), WebhookEvent)
    with receiver.receive(body, header) as reception:
        assert_type(reception, Reception)
        assert_type(reception.verdict, Verdict)
        assert_type(reception.is_due, bool)
        told(reception.event)
        reception.release()
        reception.finish()


def told(event: WebhookEvent) -> None:
    assert_type(event.raw, Mapping[str, Any])
    assert_type(event.time, dt.datetime | None)
    match event:
        case DeliveryReport():
            assert_type(event.message_id, str)
            assert_type(event.is_late, bool)
            assert_type(event.error_code, str | None)
        case InboundMessage():
            assert_type(event.sender, str | None)
            assert_type(event.text, str)
        case UnknownEvent():
            assert_type(event.name, str)
        case _:
            assert_never(event)


async def asynchronous_webhooks(body: bytes, redis_client: Redis) -> None:
    stores: list[AsyncStore] = [AsyncMemoryStore(), AsyncSqliteStore(Path("seen.db"))]
    stores.append(AsyncRedisStore(redis_client))
    receiver = AsyncReceiver(store=stores[0])
    Client(receiver=receiver)
    async with await receiver.receive(body, b"signature") as reception:
        assert_type(reception, AsyncReception)
    try:
        receiver.open(body, None)
    except errors.WebhookError as error:
        assert_type(error.answer, int)
        assert_type(error.answer_headers, Mapping[str, str])


def frameworks(receiver: Receiver, asynchronous: AsyncReceiver) -> None:
    depends = Depends(for_fastapi.webhook(asynchronous))
    assert depends is not None

    @for_asgi.webhook(asynchronous)
    async def for_any(event: WebhookEvent) -> None: ...

    assert_type(for_any, for_asgi.AsgiWebhook)

    @for_aiohttp.webhook(asynchronous)
    async def handler(request: web.Request, event: WebhookEvent) -> web.Response:
        return web.Response(status=202)

    web.Application().router.add_post("/", handler)

    @for_flask.webhook(receiver)
    def flask_view(event: WebhookEvent) -> str:
        return "thanks"

    Flask("example").post("/")(flask_view)

    @for_django.webhook(receiver)
    def django_view(request: HttpRequest, event: WebhookEvent) -> None: ...

    @for_django.webhook(asynchronous)
    async def async_view(request: HttpRequest, event: WebhookEvent) -> HttpResponse:
        return HttpResponse()

    assert [path("one", django_view), path("other", async_view)]


def pretended(stackverify_sandbox: SandboxInTests) -> None:
    sandbox = stackverify_sandbox
    assert_type(sandbox.client(timeout=5.0), Client)
    assert_type(sandbox.async_client(), AsyncClient)
    message = sandbox.assert_sent("+254712345678", channel="sms", text="Hi", times=2)
    assert_type(message, Message)
    assert_type(sandbox.assert_nothing_sent(channel="email"), None)
    assert_type(sandbox.deliver(message, "failed", error_message="No signal."), Webhook)
    assert_type(sandbox.reply("Yes", sender="+254712345678").headers, Mapping[str, str])
    assert_type(sandbox.faults.add("hang_up", count=1), Fault)
    assert_type(sandbox.search("status:failed"), tuple[list[Message], int])
    assert_type(sandbox.clock.advance(60.0), float)
    assert_type(sandbox.inbox_url, str)
    Client("sk_test_x", http=SandboxTransport(sandbox))


def program() -> None:
    assert_type(command_line(), int)


def campaign_report() -> None:
    write_report("a.ledger", Path("a.html"), tier=Tier.PRO, most_rows=10, now=0.0)
    write_report(Path("a.ledger"), "a.html", tier="lite", show_recipients=True)


def campaign_event(event: CampaignEvent) -> None:
    match event:
        case RowSettled():
            assert_type(event.state, RowState)
            assert_type(event.message_id, str | None)
        case CampaignWaits():
            assert_type(event.seconds, float)
        case DuplicateSuspected():
            assert_type(event.message_ids, tuple[str, ...])
        case _:
            assert_never(event)


def campaigns(client: Client, opt_outs: Recipients, source: Source) -> None:
    hook: CampaignHook = campaign_event
    hours = SendHours("08:00", dt.time(20), zone="Africa/Nairobi", column="zone")
    rules = CampaignRules(hours=hours, per_minute=60, region="KE", price=0.8)
    template: CampaignMessage = Sms("{phone}", "Hi {name}")
    with Campaign(Path("a.ledger"), client, rules=rules, hooks=[hook]) as campaign:
        campaign.load(template, source)
        preflight = campaign.check(opt_outs=opt_outs)
        assert_type(preflight, Preflight)
        assert_type(preflight.problems, tuple[RowProblem, ...])
        summary = campaign.run(opt_outs=["+254712345678"])
        assert_type(summary, CampaignSummary)
        assert_type(summary["accepted"] + summary[RowState.UNKNOWN], int)
        for row in campaign.rows("refused"):
            assert_type(row, CampaignRow)
        assert_type(campaign.export("out.csv", RowState.ACCEPTED), int)
        campaign.write_report(Path("a.html"), show_recipients=True, zone="UTC")
        assert_type(campaign.retry_failed(), int)
        assert_type(campaign.resolve(3, was_sent=True), bool)
        assert_type(campaign.report(DeliveryReport("sms_1", "sent")), bool)
        assert_type(campaign.template(), CampaignMessage)
        campaign.stop()


async def asynchronous_campaigns(client: AsyncClient) -> None:
    async with AsyncCampaign("a.ledger", client) as campaign:
        await campaign.load(Sms("{phone}", "Hi"), [{"phone": "+254712345678"}])
        try:
            assert_type(await campaign.run(), CampaignSummary)
        except errors.CampaignStoppedError as error:
            assert_type(error.summary, Any)
        except errors.PreflightError as error:
            assert_type(error.preflight, Any)
        except errors.LedgerChangedError as error:
            assert_type(error.differences, tuple[str, ...])
        await campaign.pause("lunch")
        await campaign.resume()
        await campaign.cancel()
        assert_type(await campaign.follow(timeout=60), CampaignSummary)
        async for row in campaign.rows():
            assert_type(row, CampaignRow)
