"""One message at a time, against the sandbox: what each answer means."""

from collections.abc import Callable
from typing import Any

import pytest

from stackverify import AsyncClient, Paused, Receipt, Retry
from stackverify.errors import (
    BadRequestError,
    ForbiddenError,
    MaybeSentError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    ReplyError,
    SendServerError,
    ServerError,
    UnauthorizedError,
    UnprocessableError,
)
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply

pytestmark = pytest.mark.anyio

NUMBER, OTHER = "+254712345678", "+33612345678"
TIER = "enterprise:60000"


def refuse(status: int, **details: Any) -> Callable[[Exchange], Reply | None]:
    """Make a step of the sandbox that refuses everything."""

    def step(exchange: Exchange) -> Reply | None:
        raise RefusalError(status, "a_code", "Some words.", **details)

    return step


async def test_a_text_is_accepted_and_kept(sandbox: Sandbox) -> None:
    async with AsyncClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        receipt = await client.sms.send(NUMBER, "Your code is 4921")
    assert receipt.message_id == sandbox.messages()[0].message_id


async def send_one_each(client: AsyncClient) -> list[Receipt]:
    return [
        await client.sms.send(NUMBER, "Hi"),
        await client.email.send("a@example.org", subject="s", text="t"),
        await client.whatsapp.send_template(NUMBER, "welcome", "en"),
    ]


@pytest.mark.parametrize("style", ["top", "id", "data", "list"])
async def test_the_id_is_found_wherever_it_stands(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.reply_style = style
    receipts = await send_one_each(client)
    kept = [message.message_id for message in sandbox.messages()]
    assert [receipt.message_id for receipt in receipts] == kept


async def test_a_success_without_an_id_is_accepted_all_the_same(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.reply_style = "bare"
    receipts = await send_one_each(client)
    assert [receipt.message_id for receipt in receipts] == [None, None, None]
    assert receipts[0].reply.json()["message"] == "SMS queued for delivery."
    assert sandbox.count() == 3


@pytest.mark.parametrize("style", ["top", "id", "data", "list"])
async def test_several_recipients_have_an_id_each(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.reply_style = style
    receipt = await client.sms.send([NUMBER, OTHER], "Hi")
    kept = [(message.to, message.message_id) for message in sandbox.messages()]
    assert [(each.to, each.message_id) for each in receipt.results] == kept


async def test_a_recipient_the_service_rejects_alone_has_its_reason(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.atomic_arrays = False
    receipt = await client.email.send(
        ["a@example.org", "b@localhost"], subject="s", text="t"
    )
    assert [each.status for each in receipt.results] == ["queued", "rejected"]
    assert receipt.results[1].error == "must be an email address"
    assert sandbox.count() == 1


@pytest.mark.parametrize("style", ["top", "data"])
@pytest.mark.parametrize("status", ["failed", "delivered"])
async def test_a_status_is_read_wherever_it_stands(
    client: AsyncClient, sandbox: Sandbox, style: Any, status: str
) -> None:
    sandbox.knobs.status_style = style
    sandbox.knobs.timetable = 0.0
    sandbox.knobs.failing = float(status == "failed")
    sandbox.will_fail(OTHER, "failed", "No such number.")
    receipt = await client.sms.send({"failed": OTHER, "delivered": NUMBER}[status], "x")
    found = await client.sms.status(str(receipt.message_id))
    assert (found.status, found.message_id) == (status, receipt.message_id)
    reason = {"failed": "No such number.", "delivered": None}[status]
    assert found.error_message == reason
    assert found.raw["channel"] == "sms"


@pytest.mark.parametrize("style", ["top", "data"])
async def test_statuses_of_all_channels_reach_their_own_words(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.status_style = style
    sandbox.knobs.timetable = 0.0
    sandbox.will_fail("a@example.org", "bounced")
    sms, email, template = await send_one_each(client)
    assert (await client.sms.status(str(sms.message_id))).status == "delivered"
    assert (await client.email.status(str(email.message_id))).status == "bounced"
    found = await client.whatsapp.status(str(template.message_id))
    assert found.status in {"read", "delivered"}


@pytest.mark.parametrize("style", ["text", "number", "boolean"])
async def test_a_refusal_is_read_whatever_type_its_status_has(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.error_status = style
    with pytest.raises(NotFoundError, match="No such message") as caught:
        await client.sms.status("sms_unknown")
    assert caught.value.status == 404
    assert caught.value.request_id == caught.value.reply.headers["x-request-id"]
    assert caught.value.reply.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (413, RefusedError),
        (422, UnprocessableError),
    ],
)
async def test_a_definite_no_has_its_own_class_and_is_not_repeated(
    client: AsyncClient, sandbox: Sandbox, status: int, kind: type[ReplyError]
) -> None:
    sandbox.steps.insert(0, refuse(status))
    with pytest.raises(kind, match="Some words; a_code") as caught:
        await client.sms.send(NUMBER, "Hi")
    assert (caught.value.status, sandbox.requests) == (status, 1)
    assert caught.value.reply.json()["message"] == "Some words."


@pytest.mark.parametrize("status", [500, 502, 503, 418])
async def test_a_send_that_nothing_settles_may_have_been_sent(
    client: AsyncClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.steps.insert(0, refuse(status))
    with pytest.raises(SendServerError) as caught:
        await client.sms.send(NUMBER, "Hi")
    assert isinstance(caught.value, (MaybeSentError, ServerError))
    assert (caught.value.reply.status, sandbox.requests) == (status, 1)


async def test_a_read_is_repeated_when_the_service_stumbles(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    receipt = await client.sms.send(NUMBER, "Hi")
    stumbles = iter([refuse(500), refuse(503)])
    sandbox.steps.insert(0, lambda exchange: next(stumbles, lambda _: None)(exchange))
    patient = client.with_options(retry=Retry(first_wait=0.01))
    found = await patient.sms.status(str(receipt.message_id))
    assert found.message_id == receipt.message_id
    assert sandbox.replies == {200: 2, 500: 1, 503: 1}


async def test_an_unknown_key_is_refused(sandbox: Sandbox) -> None:
    async with AsyncClient("sk_test_stranger", base_url=sandbox.base_url) as client:
        with pytest.raises(UnauthorizedError, match="check the API key"):
            await client.sms.send(NUMBER, "Hi")
    assert sandbox.count() == 0


CALLS: dict[str, Callable[[AsyncClient], Any]] = {
    "sms:send": lambda client: client.sms.send(NUMBER, "Hi"),
    "sms:read": lambda client: client.sms.status("sms_1"),
    "email:send": lambda client: client.email.send("a@x.org", subject="s", text="t"),
    "email:read": lambda client: client.email.status("email_1"),
    "whatsapp:send": lambda client: client.whatsapp.send_template(NUMBER, "w", "en"),
    "whatsapp:read": lambda client: client.whatsapp.status("whatsapp_1"),
}


@pytest.mark.parametrize("permission", CALLS)
async def test_a_key_without_a_permission_is_told_which(
    sandbox: Sandbox, permission: str
) -> None:
    key = sandbox.keys.add(permissions=set(CALLS) - {permission})
    async with AsyncClient(key.value, base_url=sandbox.base_url, tier=TIER) as client:
        with pytest.raises(ForbiddenError, match=permission) as caught:
            await CALLS[permission](client)
    assert caught.value.permission == permission


async def test_a_list_needs_the_permission_to_read(sandbox: Sandbox) -> None:
    key = sandbox.keys.add(permissions=["sms:send"])
    async with AsyncClient(key.value, base_url=sandbox.base_url, tier=TIER) as client:
        with pytest.raises(ForbiddenError) as caught:
            await anext(client.sms.list().pages())
    assert caught.value.permission == "sms:read"


async def test_field_errors_are_told_by_field(client: AsyncClient) -> None:
    with pytest.raises(UnprocessableError, match="see to") as caught:
        await client.email.send("ann@localhost", subject="s", text="t")
    assert caught.value.errors == {"to": ("must be an email address",)}
    assert "localhost" not in str(caught.value)


async def test_a_template_that_is_not_approved_is_refused(client: AsyncClient) -> None:
    with pytest.raises(UnprocessableError) as caught:
        await client.whatsapp.send_template(NUMBER, "no_such_thing", "en")
    assert caught.value.errors == {"template_name": ("must name an approved template",)}


async def test_a_429_carries_how_long_to_wait(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.steps.insert(0, refuse(429, retry_after=7))
    hasty = client.with_options(retry=Retry(rate_limited=0))
    with pytest.raises(RateLimitedError) as caught:
        await hasty.sms.send(NUMBER, "Hi")
    assert (caught.value.retry_after, sandbox.requests) == (7.0, 1)


async def test_a_429_is_waited_out_and_the_message_sent_once(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    refusals = iter([refuse(429, retry_after=1)])
    sandbox.steps.insert(0, lambda exchange: next(refusals, lambda _: None)(exchange))
    told: list[Any] = []
    await client.with_options(hooks=[told.append]).sms.send(NUMBER, "Hi")
    assert [event.seconds >= 1 for event in told if isinstance(event, Paused)] == [True]
    assert (sandbox.count(), sandbox.replies) == (1, {429: 1, 200: 1})
