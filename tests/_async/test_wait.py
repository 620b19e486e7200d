"""Waiting for a status."""

from collections.abc import Callable

import pytest

from stackverify import AsyncClient, Event, Rate, RequestFinished, Retry
from stackverify.errors import (
    InvalidInputError,
    NotFoundError,
    ServerError,
    WaitTimeoutError,
)
from stackverify.limiters import AsyncLimiter
from stackverify.sandbox import Reply, Sandbox
from stackverify.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

NUMBER = "+254712345678"


def hurry(sandbox: Sandbox) -> Callable[[Event], None]:
    """Make a hook that lets an hour pass at the sandbox after each request."""

    def after(event: Event) -> None:
        sandbox.clock.advance(3600 * isinstance(event, RequestFinished))

    return after


async def test_a_wait_ends_when_the_status_comes(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.clock = Clock(lambda: 1_800_000_000.0)
    sandbox.knobs.failing = 0.0
    receipt = await client.sms.send(NUMBER, "Hi")
    hasty = client.with_options(hooks=[hurry(sandbox)])
    found = await hasty.sms.wait(str(receipt.message_id), timeout=60)
    assert (found.status, sandbox.requests) == ("delivered", 3)


async def test_a_status_further_on_is_good_enough(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.timetable = sandbox.knobs.failing = 0.0
    receipt = await client.whatsapp.send_template(NUMBER, "welcome", "en")
    found = await client.whatsapp.wait(str(receipt.message_id), until="sent")
    assert found.status in {"delivered", "read"}


async def test_a_message_that_failed_ends_the_wait(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.timetable = 0.0
    sandbox.will_fail("a@example.org", "bounced", "No such mailbox.")
    receipt = await client.email.send("a@example.org", subject="s", text="t")
    found = await client.email.wait(str(receipt.message_id))
    assert (found.status, found.error_message) == ("bounced", "No such mailbox.")


async def test_a_wait_that_takes_too_long_tells_the_last_status(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.clock = Clock(lambda: 1_800_000_000.0)
    receipt = await client.sms.send(NUMBER, "Hi")
    with pytest.raises(WaitTimeoutError, match="'queued'") as caught:
        await client.sms.wait(str(receipt.message_id), timeout=0.2)
    assert caught.value.last.status == "queued"
    assert isinstance(caught.value, TimeoutError)


async def test_a_wait_held_up_by_the_rate_limit_is_a_wait_that_took_too_long(
    sandbox: Sandbox,
) -> None:
    async with AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, limiter=AsyncLimiter(Rate(2))
    ) as client:
        receipt = await client.sms.send(NUMBER, "Hi")
        with pytest.raises(WaitTimeoutError):
            await client.sms.wait(str(receipt.message_id), timeout=0.2)


async def test_a_service_that_does_not_answer_is_a_wait_that_took_too_long(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 5.0
    with pytest.raises(WaitTimeoutError, match="it was never seen"):
        await client.sms.wait("sms_1", timeout=0.2)


async def test_a_service_that_fails_ends_the_wait(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    failing = Reply(503, {"message": "Down."})
    sandbox.steps.insert(0, lambda exchange: failing)
    once = client.with_options(retry=Retry(attempts=1))
    with pytest.raises(ServerError):
        await once.sms.wait("sms_1", timeout=30)


@pytest.mark.parametrize("word", ["deliverd", "", "DELIVERED"])
async def test_a_word_that_is_no_status_is_refused_before_the_first_request(
    client: AsyncClient, sandbox: Sandbox, word: str
) -> None:
    with pytest.raises(InvalidInputError, match="until"):
        await client.sms.wait("sms_1", until=word)
    assert sandbox.requests == 0


async def test_a_message_nobody_knows_ends_the_wait(client: AsyncClient) -> None:
    with pytest.raises(NotFoundError):
        await client.sms.wait("sms_unknown")
