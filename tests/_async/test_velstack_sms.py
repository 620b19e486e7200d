"""SMS through Velstack, against the sandbox: what each answer means."""

import json
from decimal import Decimal
from typing import Any

import pytest

from stackverify import (
    Accepted,
    AsyncSendMany,
    NotSent,
    Paused,
    Refused,
    RequestFinished,
    Retry,
    Unknown,
)
from stackverify.errors import (
    BadRequestError,
    BulkStoppedError,
    ForbiddenError,
    InsufficientBalanceError,
    InvalidInputError,
    MaybeSentError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    SendServerError,
    UnauthorizedError,
    UnprocessableError,
)
from stackverify.sandbox import Exchange, RefusalError, Reply, Sandbox
from stackverify.velstack import AsyncVelstack, QuickSms, SmsReceipt, VelstackApi

pytestmark = pytest.mark.anyio

AMA, KOFI = "0205550368", "0205550369"


def says(http: int, **content: Any) -> Any:
    """Make a step of the sandbox that answers everything so."""

    def step(exchange: Exchange) -> Reply:
        return Reply(http, {"message": "Some words.", **content})

    return step


async def gather(sending: AsyncSendMany[QuickSms], outcomes: list[Any]) -> None:
    async for outcome in sending:
        outcomes.append(outcome)


async def test_a_text_is_accepted_and_kept(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    receipt = await velstack.sms.send("Acme", AMA, "Your code is 4921", title="Codes")
    (message,) = sandbox.messages()
    assert receipt.message_id == message.message_id
    assert (message.to, message.text) == (AMA, "Your code is 4921")
    assert json.loads(message.raw)["title"] == "Codes"


async def test_a_receipt_tells_what_it_cost(velstack: AsyncVelstack) -> None:
    receipt = await velstack.sms.send("Acme", [AMA, KOFI], "x" * 161)
    assert isinstance(receipt, SmsReceipt)
    assert (receipt.kind, receipt.sender) == ("Quick SMS", "Acme")
    assert (receipt.total_contacts, receipt.recipients) == (2, (AMA, KOFI))
    assert (receipt.credit_used, receipt.credit_left) == (Decimal(4), Decimal(1000))


@pytest.mark.parametrize("one", ["seen", "object", "array"])
@pytest.mark.parametrize("recipients", ["array", "joined"])
@pytest.mark.parametrize("credit", ["text", "number"])
async def test_a_receipt_reads_the_same_in_every_variant(
    velstack: AsyncVelstack, sandbox: Sandbox, one: Any, recipients: Any, credit: Any
) -> None:
    knobs = sandbox.velstack.knobs
    knobs.one_style, knobs.recipients_style, knobs.credit_style = (
        one,
        recipients,
        credit,
    )
    receipt = await velstack.sms.send("Acme", [AMA, KOFI], "Hi")
    assert receipt.message_id == sandbox.messages()[0].message_id
    assert (receipt.recipients, receipt.credit_left) == ((AMA, KOFI), Decimal(1000))


@pytest.mark.parametrize(
    "recipients", [[AMA, KOFI], (AMA, KOFI), f"{AMA},{KOFI}", f"{AMA}, {KOFI}"]
)
async def test_several_recipients_are_given_in_any_way(
    velstack: AsyncVelstack, sandbox: Sandbox, recipients: Any
) -> None:
    await velstack.sms.send("Acme", recipients, "Hi")
    assert [message.to for message in sandbox.messages()] == [AMA, KOFI]


@pytest.mark.parametrize("api", [*VelstackApi, "older"])
async def test_both_schemes_of_addresses_are_served(
    sandbox: Sandbox, seen: list[Exchange], api: Any
) -> None:
    place = {"base_url": sandbox.velstack_url, "api": api}
    async with AsyncVelstack(sandbox.velstack.api_key, **place) as velstack:
        await velstack.sms.send("Acme", AMA, "Hi")
    path = "/sms/quick" if VelstackApi(api) is VelstackApi.SITE else "/quick/sms"
    assert [exchange.path for exchange in seen] == [f"/velstack{path}"]
    assert sandbox.count() == 1


async def test_a_group_is_sent_to(velstack: AsyncVelstack, sandbox: Sandbox) -> None:
    group = await velstack.groups.create("Fans")
    for number in (AMA, KOFI):
        await velstack.contacts.create(group.id, phone_number=number)
    receipt = await velstack.sms.send_group("Acme", group.id, "Hi", title="News")
    assert (receipt.kind, receipt.total_contacts) == ("Group SMS", 2)
    assert [message.to for message in sandbox.messages()] == [AMA, KOFI]


async def test_a_test_key_delivers_nothing(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    await velstack.sms.send("Acme", AMA, "Hi")
    sandbox.clock.advance(86_400)
    assert [message.status for message in sandbox.messages()] == ["queued"]
    assert sandbox.velstack.knobs.credit == 1000


async def test_a_live_key_delivers_and_pays(sandbox: Sandbox) -> None:
    key = sandbox.velstack.keys.add("sk_live")
    async with AsyncVelstack(key.value, base_url=sandbox.velstack_url) as velstack:
        receipt = await velstack.sms.send("Acme", AMA, "Hi")
    sandbox.clock.advance(86_400)
    assert [message.status for message in sandbox.messages()] == ["delivered"]
    assert receipt.credit_left == Decimal(999)


# A no.


async def test_insufficient_balance_has_a_class_of_its_own(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.credit = Decimal(1)
    with pytest.raises(InsufficientBalanceError, match="Insufficient balance") as no:
        await velstack.sms.send("Acme", [AMA, KOFI], "Hi")
    assert isinstance(no.value, (ForbiddenError, RefusedError))
    assert (no.value.status, sandbox.count(), sandbox.requests) == (200, 0, 1)


async def test_a_service_that_is_down_may_have_sent_it(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.is_down = True
    with pytest.raises(SendServerError, match="503") as caught:
        await velstack.sms.send("Acme", AMA, "Hi")
    assert isinstance(caught.value, MaybeSentError)
    assert (caught.value.status, sandbox.requests) == (200, 1)


@pytest.mark.parametrize("at_200", [True, False])
async def test_a_field_that_is_wrong_is_told_wherever_the_no_stands(
    velstack: AsyncVelstack, sandbox: Sandbox, at_200: bool
) -> None:
    sandbox.velstack.knobs.sends_answer_200 = at_200
    with pytest.raises(UnprocessableError, match="see is_scheduled") as caught:
        await velstack.sms.send("Acme", AMA, "Hi", extra={"is_scheduled": "soon"})
    assert caught.value.errors.keys() == {"is_scheduled"}
    assert (caught.value.status == 200, sandbox.count()) == (at_200, 0)


@pytest.mark.parametrize("http", [200, None])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (422, UnprocessableError),
    ],
)
async def test_a_no_has_the_same_class_in_the_status_and_inside(
    velstack: AsyncVelstack, sandbox: Sandbox, http: int | None, code: int, kind: Any
) -> None:
    sandbox.steps.insert(0, says(http or code, status=False, code=code))
    with pytest.raises(kind, match="Some words") as caught:
        await velstack.sms.send("Acme", AMA, "Hi")
    assert (caught.value.status, sandbox.requests) == (http or code, 1)


@pytest.mark.parametrize("code", [None, 1001])
async def test_a_no_without_a_known_code_is_a_no(
    velstack: AsyncVelstack, sandbox: Sandbox, code: int | None
) -> None:
    sandbox.steps.insert(0, says(200, status=False, code=code))
    with pytest.raises(RefusedError, match="Some words") as caught:
        await velstack.sms.send("Acme", AMA, "Hi")
    assert (type(caught.value), sandbox.requests) == (RefusedError, 1)


@pytest.mark.parametrize("status", [500, 502, 418])
async def test_a_status_that_settles_nothing_may_have_sent_it(
    velstack: AsyncVelstack, sandbox: Sandbox, status: int
) -> None:
    sandbox.steps.insert(0, says(status))
    with pytest.raises(SendServerError):
        await velstack.sms.send("Acme", AMA, "Hi")
    assert sandbox.requests == 1


async def test_a_yes_without_an_id_is_accepted_all_the_same(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.steps.insert(0, says(200))
    receipt = await velstack.sms.send("Acme", AMA, "Hi")
    assert (receipt.message_id, receipt.reply.json()["message"]) == (
        None,
        "Some words.",
    )


async def test_a_public_key_may_send_and_do_nothing_else(sandbox: Sandbox) -> None:
    key = sandbox.velstack.keys.add("pk_live")
    async with AsyncVelstack(key.value, base_url=sandbox.velstack_url) as velstack:
        await velstack.sms.send("Acme", AMA, "Hi")
        with pytest.raises(UnauthorizedError, match="secret key"):
            await velstack.groups.create("Fans")


# Pace: off unless set, and a 429 is heeded.


async def test_a_429_pauses_and_the_message_is_sent_once(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", seconds=1, count=1)
    told: list[Any] = []
    await velstack.with_options(hooks=[told.append]).sms.send("Acme", AMA, "Hi")
    assert [event.seconds >= 1 for event in told if isinstance(event, Paused)] == [True]
    assert (sandbox.count(), sandbox.replies[200]) == (1, 1)


async def test_a_429_carries_how_long_to_wait(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", seconds=7)
    hasty = velstack.with_options(retry=Retry(rate_limited=0))
    with pytest.raises(RateLimitedError) as caught:
        await hasty.sms.send("Acme", AMA, "Hi")
    assert caught.value.retry_after == 7.0


async def test_too_fast_inside_a_200_is_tried_again(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    hasty = [says(200, status=False, code=429)] * 2
    sandbox.steps.insert(0, lambda exchange: hasty.pop()(exchange) if hasty else None)
    soon = velstack.with_options(retry=Retry(first_wait=0.01))
    await soon.sms.send("Acme", AMA, "Hi")
    assert (sandbox.count(), sandbox.requests) == (1, 3)


async def test_a_bulk_send_that_meets_429s_sends_everything_once(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", seconds=1, count=5)
    rows = [QuickSms("Acme", f"02055{n:05d}", "Hi") for n in range(60)]
    outcomes = [outcome async for outcome in velstack.sms.send_many(rows)]
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert sorted(m.to for m in sandbox.messages()) == [row.recipient for row in rows]
    assert sandbox.refusals == 0  # those of faults are not the service's own


async def test_a_bulk_send_is_not_paced_unless_a_rate_is_set(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 0.02
    rows = (QuickSms("Acme", f"02055{n:05d}", "Hi") for n in range(300))
    outcomes = [
        outcome async for outcome in velstack.sms.send_many(rows, deadline=20.0)
    ]
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert (len(outcomes), sandbox.requests) == (300, 300)
    assert 2 <= sandbox.peak_in_flight <= 20


async def test_a_rate_that_is_set_is_kept(sandbox: Sandbox) -> None:
    key = sandbox.velstack.api_key
    async with AsyncVelstack(
        key, base_url=sandbox.velstack_url, requests_per_minute=60
    ) as velstack:
        rows = [QuickSms("Acme", AMA, f"text {n}") for n in range(90)]
        with pytest.raises(BulkStoppedError) as caught:
            await gather(velstack.sms.send_many(rows, deadline=0.5), [])
    assert velstack.limiter.rate.requests == 60
    assert sandbox.requests < 5
    assert caught.value.summary.accepted == sandbox.count()


# Bulk.


async def test_each_row_has_its_outcome(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    rows = [QuickSms("Acme", AMA, "Hi"), QuickSms("Acme", "Kofi", "Hi")]
    sending = velstack.sms.send_many(rows)
    outcomes = sorted([outcome async for outcome in sending], key=lambda o: o.index)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused]
    assert isinstance(outcomes[1].error, InvalidInputError)  # type: ignore[union-attr]
    assert str(sending.summary) == "1 accepted, 1 refused, 0 not sent, 0 unknown"


async def test_rows_share_requests_if_asked_to(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    rows = [QuickSms("Acme", f"02055{n:05d}", "Hi") for n in range(25)]
    outcomes = [o async for o in velstack.sms.send_many(rows, pack=10)]
    assert ([type(o) for o in outcomes], sandbox.requests) == ([Accepted] * 25, 3)
    assert sorted(m.to for m in sandbox.messages()) == [row.recipient for row in rows]


async def test_a_request_that_is_refused_is_taken_apart(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    def refuse(exchange: Exchange) -> None:
        if b"0000" in exchange.body:
            raise RefusalError(422, "", "No such number.")

    sandbox.steps.insert(0, refuse)
    rows = [QuickSms("Acme", f"0205551{n:03d}", "Hi") for n in range(7)]
    bad = QuickSms("Acme", "0200000000", "Hi")
    outcomes = [o async for o in velstack.sms.send_many([*rows, bad], pack=8)]
    assert [o.index for o in outcomes if isinstance(o, Refused)] == [7]
    assert sandbox.count() == 7


async def test_a_bulk_send_stops_where_the_credit_ends(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.credit = Decimal(0)
    outcomes: list[Any] = []
    sending = velstack.sms.send_many([QuickSms("Acme", AMA, "Hi")] * 99)
    with pytest.raises(BulkStoppedError) as caught:
        await gather(sending, outcomes)
    assert isinstance(caught.value.__cause__, InsufficientBalanceError)
    assert {type(outcome) for outcome in outcomes} == {NotSent}
    assert (sandbox.count(), sandbox.requests <= 20) == (0, True)


async def test_a_row_whose_answer_was_lost_is_unknown(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    rows = [QuickSms("Acme", f"02055{n:05d}", "Hi") for n in range(20)]
    outcomes = [outcome async for outcome in velstack.sms.send_many(rows)]
    unknown = [outcome for outcome in outcomes if isinstance(outcome, Unknown)]
    assert (len(outcomes), len(unknown), sandbox.count()) == (20, 1, 20)


async def test_hooks_hear_of_requests_without_what_was_sent(
    velstack: AsyncVelstack,
) -> None:
    told: list[Any] = []
    heard = velstack.with_options(hooks=[told.append])
    await heard.sms.send("Acme", AMA, "Hi")
    paths = [event.path for event in told if isinstance(event, RequestFinished)]
    assert paths == ["/sms/quick"]
    assert AMA not in repr(told)
