"""What each failure of a Velstack send means; the sandbox knows what was accepted."""

from typing import Any

import pytest

from stackverify import Retry
from stackverify.errors import (
    ConnectFailedError,
    DeadlineError,
    MaybeSentError,
    NeverLeftError,
    NoReplyError,
    RedirectedError,
    ReplyError,
    SendServerError,
    UnreadableReplyError,
)
from stackverify.sandbox import Reply, Sandbox
from stackverify.velstack import AsyncVelstack
from tests.faulty_server import FaultyServer, Script, Talk, script

pytestmark = pytest.mark.anyio

AMA = "0205550368"

fresh_or_reused = pytest.mark.parametrize("before", [0, 1], ids=["fresh", "reused"])


async def failure_of(velstack: AsyncVelstack) -> Exception:
    """Send a text that is not accepted."""
    with pytest.raises(Exception, match=r".") as caught:
        await velstack.sms.send("Acme", AMA, "Your code is 4921")
    return caught.value


@fresh_or_reused
@pytest.mark.parametrize(
    ("kind", "meaning", "accepted"),
    [
        ("status", SendServerError, 0),
        ("html", SendServerError, 0),
        ("hang_up", NoReplyError, 0),
        ("accepted_then_hang_up", NoReplyError, 1),
        ("truncated", UnreadableReplyError, 1),
        ("malformed", UnreadableReplyError, 1),
        ("empty", UnreadableReplyError, 1),
    ],
)
async def test_a_send_that_may_have_been_accepted_is_never_repeated(
    velstack: AsyncVelstack,
    sandbox: Sandbox,
    kind: Any,
    meaning: type[Exception],
    accepted: int,
    before: int,
) -> None:
    for _ in range(before):
        await velstack.sms.send("Acme", AMA, "accepted before")
    sandbox.faults.add(kind)
    error = await failure_of(velstack)
    assert isinstance(error, MaybeSentError)
    assert type(error) is meaning
    assert (sandbox.count(), sandbox.requests) == (before + accepted, before + 1)


async def test_a_group_send_whose_answer_was_lost_is_not_repeated(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    group = await velstack.groups.create("Fans")
    await velstack.contacts.create(group.id, phone_number=AMA)
    sandbox.faults.add("accepted_then_hang_up")
    with pytest.raises(NoReplyError):
        await velstack.sms.send_group("Acme", group.id, "Hi")
    assert sandbox.count() == 1


async def test_an_answer_of_another_type_is_read_all_the_same(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("wrong_type")
    receipt = await velstack.sms.send("Acme", AMA, "Hi")
    assert receipt.message_id == sandbox.messages()[0].message_id


async def test_a_slow_answer_is_not_waited_for_and_not_asked_for_again(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("slow", seconds=30)
    error = await failure_of(velstack.with_options(timeout=0.3))
    assert (type(error), sandbox.count(), sandbox.requests) == (NoReplyError, 1, 1)


@fresh_or_reused
@pytest.mark.parametrize("fault", [Talk.reset, Talk.hang_up])
async def test_a_connection_that_is_lost_after_the_last_byte_is_in_doubt(
    fault: Script, before: int
) -> None:
    with FaultyServer(script(fault, before=before)) as server:
        async with AsyncVelstack("sk_test_x", base_url=server.base_url) as velstack:
            for _ in range(before):
                await velstack.sms.send("Acme", AMA, "accepted before")
            error = await failure_of(velstack)
        assert (type(error), server.requests()) == (NoReplyError, before + 1)


async def test_what_never_left_is_tried_again_and_told_as_that() -> None:
    told: list[Any] = []
    with Sandbox() as sandbox:
        url = sandbox.velstack_url
    soon = Retry(first_wait=0.01)
    velstack = AsyncVelstack("sk_test_x", base_url=url, retry=soon, hooks=[told.append])
    error = await failure_of(velstack)
    assert isinstance(error, (ConnectFailedError, NeverLeftError))
    assert [type(event).__name__ for event in told].count("RetryScheduled") == 2


async def test_a_deadline_that_passes_before_anything_left_is_told_as_that(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", seconds=2)
    error = await failure_of(velstack.with_options(deadline=1.0))
    assert not isinstance(error, MaybeSentError)
    with pytest.raises(DeadlineError):
        await velstack.sms.send("Acme", AMA, "Hi", deadline=0.1)
    assert sandbox.count() == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "ask",
    [
        lambda velstack: velstack.sms.send("Acme", AMA, "Hi"),
        lambda velstack: velstack.groups.get(1),
        lambda velstack: velstack.groups.create("Fans"),
    ],
)
async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere(
    velstack: AsyncVelstack, sandbox: Sandbox, status: int, ask: Any
) -> None:
    with Sandbox() as stranger:
        target = (("location", f"{stranger.velstack_url}/group"),)
        sandbox.steps.insert(0, lambda _: Reply(status, {"message": "Moved."}, target))
        with pytest.raises(ReplyError) as caught:
            await ask(velstack)
        assert (sandbox.requests, stranger.requests) == (1, 0)
    assert isinstance(caught.value, (RedirectedError, MaybeSentError))
