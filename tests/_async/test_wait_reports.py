"""Waiting for a status where delivery reports are heard of."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from stackverify import AsyncClient
from stackverify._async import watch
from stackverify._async._concurrency import sleep
from stackverify.errors import InvalidInputError, WaitTimeoutError
from stackverify.sandbox import Sandbox
from stackverify.webhooks import AsyncReceiver, sign

pytestmark = pytest.mark.anyio

SECRET = "whsec_canary"
TIER = "enterprise:60000"
NUMBER = "+254712345678"
Together = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
def receiver() -> AsyncReceiver:
    return AsyncReceiver(SECRET)


@pytest.fixture
async def client(
    sandbox: Sandbox, receiver: AsyncReceiver
) -> AsyncIterator[AsyncClient]:
    """A client that hears of delivery reports, at a service where nothing moves."""
    sandbox.knobs.timetable = 1e6
    async with AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, tier=TIER, receiver=receiver
    ) as opened:
        yield opened


async def report(receiver: AsyncReceiver, message_id: str, status: str) -> None:
    fields = {"event": "delivery_report", "message_id": message_id, "status": status}
    body = json.dumps({**fields, "error_code": "30003"}).encode()
    async with await receiver.receive(body, sign(body, SECRET)):
        pass


async def test_a_wait_is_ended_by_the_report_and_nothing_is_asked(
    client: AsyncClient,
    sandbox: Sandbox,
    receiver: AsyncReceiver,
    together: Together,
) -> None:
    receipt = await client.sms.send(NUMBER, "Hi")
    message_id = str(receipt.message_id)

    async def wait() -> Any:
        return await client.sms.wait(message_id, timeout=30)

    async def deliver() -> None:
        await sleep(0.05)
        await report(receiver, message_id, "sent")
        await sleep(0.05)
        await report(receiver, message_id, "delivered")

    ends = await together(lambda work: work(), [wait, deliver])
    (status,) = [end for end in ends if end is not None]
    assert (status.status, status.message_id) == ("delivered", message_id)
    assert (status.error_message, status.reply) == ("30003", None)
    assert sandbox.requests == 1


async def test_a_report_that_came_before_the_wait_counts(
    client: AsyncClient, sandbox: Sandbox, receiver: AsyncReceiver
) -> None:
    await report(receiver, "email_1", "opened")
    assert (await client.email.wait("email_1")).status == "opened"
    await report(receiver, "whatsapp_1", "failed")
    assert (await client.whatsapp.wait("whatsapp_1")).status == "failed"
    assert sandbox.requests == 0


async def test_copies_of_the_client_hear_the_reports_as_well(
    client: AsyncClient, sandbox: Sandbox, receiver: AsyncReceiver
) -> None:
    await report(receiver, "sms_1", "delivered")
    twin = client.with_options(timeout=1.0)
    assert (await twin.sms.wait("sms_1")).status == "delivered"
    assert sandbox.requests == 0


async def test_after_a_long_silence_it_asks(
    client: AsyncClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SLOWEST_POLL", 0.05)
    receipt = await client.sms.send(NUMBER, "Hi")
    sandbox.knobs.timetable = 0.0
    status = await client.sms.wait(receipt.message_id, timeout=30)
    assert (status.status, sandbox.requests) == ("delivered", 2)


async def test_a_wait_that_hears_nothing_takes_too_long(
    client: AsyncClient, sandbox: Sandbox, receiver: AsyncReceiver
) -> None:
    with pytest.raises(WaitTimeoutError, match="it was never seen"):
        await client.sms.wait("sms_1", timeout=0.05)
    await report(receiver, "sms_1", "sent")
    with pytest.raises(WaitTimeoutError, match="'sent'") as caught:
        await client.sms.wait("sms_1", timeout=0.05)
    assert caught.value.last.status == "sent"
    assert sandbox.requests == 0


async def test_an_old_report_does_not_undo_what_was_seen(
    client: AsyncClient,
    sandbox: Sandbox,
    receiver: AsyncReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "SLOWEST_POLL", 0.05)
    receipt = await client.email.send("a@example.org", subject="s", text="t")
    await report(receiver, str(receipt.message_id), "queued")
    sandbox.will_fail("a@example.org", "bounced")
    sandbox.knobs.timetable = 0.0
    with pytest.raises(WaitTimeoutError) as caught:
        await client.email.wait(receipt.message_id, until="spam", timeout=0.4)
    assert caught.value.last.status != "queued"


@pytest.mark.parametrize("message_id", [None, "", "../sms"])
async def test_what_is_no_id_is_refused_before_anybody_waits(
    client: AsyncClient, message_id: Any
) -> None:
    with pytest.raises(InvalidInputError, match="message_id"):
        await client.sms.wait(message_id, timeout=30)


async def test_nobody_is_left_waiting(
    client: AsyncClient, receiver: AsyncReceiver
) -> None:
    await report(receiver, "sms_1", "delivered")
    await client.sms.wait("sms_1")
    with pytest.raises(WaitTimeoutError):
        await client.sms.wait("sms_2", timeout=0.05)
    assert receiver.reports._waiting == {}
