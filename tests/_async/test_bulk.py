"""Bulk sends: every row has its outcome, and equal rows share requests."""

import contextvars
import datetime as dt
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import pytest

from stackverify import (
    Accepted,
    AsyncClient,
    AsyncSendMany,
    Email,
    Refused,
    Sms,
    Unknown,
    WhatsAppTemplate,
)
from stackverify._async._concurrency import sleep
from stackverify.errors import (
    InvalidInputError,
    SendServerError,
    UnprocessableError,
)
from stackverify.models.outcomes import Outcome
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange, RefusalError
from tests.recipients import number

pytestmark = pytest.mark.anyio

UTC = dt.UTC
shop = contextvars.ContextVar("shop", default="none")


def personal(count: int) -> list[Sms]:
    """Make rows that cannot share a request."""
    return [Sms(number(index), f"Hi {index}") for index in range(count)]


def equal(count: int, text: str = "Hi") -> list[Sms]:
    """Make rows that can share requests."""
    return [Sms(number(index), text) for index in range(count)]


def numbers_in(exchange: Exchange) -> list[str]:
    to = json.loads(exchange.body)["to"]
    return list(to) if isinstance(to, list) else [to]


def refuse_numbers(bad: set[str]) -> Callable[[Exchange], None]:
    """Make a step of the sandbox that refuses what names one of these."""

    def step(exchange: Exchange) -> None:
        if found := bad.intersection(numbers_in(exchange)):
            errors = {f"to.{each}": ["is not reachable"] for each in found}
            raise RefusalError(422, "validation_error", "Validation failed.", errors)

    return step


async def take_all(sends: AsyncSendMany[Any], outcomes: list[Any]) -> None:
    async for outcome in sends:
        outcomes.append(outcome)


def by_index(outcomes: Iterable[Outcome[Any]]) -> list[Outcome[Any]]:
    return sorted(outcomes, key=lambda outcome: outcome.index)


async def test_texts_have_their_outcomes_with_index_and_row(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows = personal(30)
    outcomes = by_index([outcome async for outcome in client.sms.send_many(rows)])
    assert [outcome.index for outcome in outcomes] == list(range(30))
    assert [outcome.message for outcome in outcomes] == rows
    ids = {message.to: message.message_id for message in sandbox.messages()}
    for outcome in outcomes:
        assert isinstance(outcome, Accepted)
        assert outcome.receipt.message_id == ids[outcome.message.to]


async def test_emails_have_their_outcomes(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows = [Email(f"a{n}@example.org", subject="s", text="t") for n in range(20)]
    rows[7] = Email("a7@localhost", subject="s", text="t")
    rows[9] = Email("a9@example.org", subject="s")
    outcomes = by_index([outcome async for outcome in client.email.send_many(rows)])
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds == {Accepted: 18, Refused: 2}
    assert isinstance(outcomes[7].error, UnprocessableError)
    assert isinstance(outcomes[9].error, InvalidInputError)
    assert sandbox.count("email") == 18


async def test_templates_have_their_outcomes(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows = [
        WhatsAppTemplate(number(n), "welcome", "en", variables={"1": f"n{n}"})
        for n in range(20)
    ]
    rows[3] = WhatsAppTemplate(number(3), "unapproved", "en")
    outcomes = by_index([o async for o in client.whatsapp.send_many(rows)])
    assert [type(o) for o in outcomes].count(Accepted) == 19
    assert isinstance(outcomes[3], Refused)
    assert sandbox.count("whatsapp") == 19


async def test_an_unclear_answer_makes_exactly_its_rows_unknown(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    def stumble(exchange: Exchange) -> None:
        if number(5) in numbers_in(exchange):
            raise RefusalError(502, "bad_gateway", "Oops.")

    sandbox.steps.insert(0, stumble)
    sends = client.sms.send_many(personal(10))
    outcomes = by_index([outcome async for outcome in sends])
    assert [type(outcome) for outcome in outcomes].count(Accepted) == 9
    assert isinstance(outcomes[5], Unknown)
    assert isinstance(outcomes[5].error, SendServerError)
    assert (sends.summary.unknown, sends.summary.accepted) == (1, 9)


async def test_rows_may_come_from_a_generator(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sends = client.sms.send_many(row for row in personal(40))
    assert len([outcome async for outcome in sends]) == 40
    assert (sends.summary.exhausted, sends.summary.next_index) == (True, 40)
    assert sandbox.count() == 40


# async only: begin
async def test_rows_may_come_from_an_async_generator(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    async def rows() -> AsyncIterator[Sms]:
        for row in equal(250):
            yield row
        await sleep(0.2)
        yield Sms(number(1), "later")

    sends = client.sms.send_many(rows())
    outcomes = by_index([outcome async for outcome in sends])
    assert [outcome.index for outcome in outcomes] == list(range(251))
    assert sandbox.count() == 251
    assert sends.summary.requests <= 6


async def test_a_live_row_does_not_wait_for_company(client: AsyncClient) -> None:
    async def rows() -> AsyncIterator[Sms]:
        yield Sms(number(1), "Hi")
        await sleep(60)
        yield Sms(number(2), "Hi")

    async with client.sms.send_many(rows()) as sends:
        first = await anext(sends)
    assert isinstance(first, Accepted)
    assert first.index == 0


async def test_an_async_source_that_never_ends_is_read_as_needed(
    client: AsyncClient,
) -> None:
    read = itertools.count()

    async def rows() -> AsyncIterator[Sms]:
        for index in read:
            yield Sms(number(index), f"Hi {index}")

    async with client.sms.send_many(rows(), pack=1) as sends:
        for _ in range(100):
            await anext(sends)
    assert next(read) <= 100 + 3 * 200 + 40


async def test_an_async_source_that_fails_does_so_after_the_earlier_outcomes(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    async def rows() -> AsyncIterator[Sms]:
        for row in equal(150):
            yield row
        raise LookupError("the file ends here")

    outcomes: list[Any] = []
    with pytest.raises(LookupError, match="ends here"):
        await take_all(client.sms.send_many(rows()), outcomes)
    assert len(outcomes) == sandbox.count() == 150


# async only: end


@pytest.mark.parametrize("pack", [1, 100])
async def test_a_source_that_never_ends_is_read_as_needed(
    client: AsyncClient, pack: int
) -> None:
    read = itertools.count()
    rows = (Sms(number(index), f"Hi {index % 3}") for index in read)
    async with client.sms.send_many(rows, pack=pack) as sends:
        for _ in range(500):
            await anext(sends)
    # What is under way, what waits to be taken, and what is held to be packed.
    assert next(read) <= 500 + 2 * 200 * pack + 10 * pack


@pytest.mark.parametrize("pack", [1, 100])
async def test_a_source_that_fails_does_so_after_the_outcomes_of_earlier_rows(
    client: AsyncClient, sandbox: Sandbox, pack: int
) -> None:
    def rows() -> Iterator[Sms]:
        yield from equal(150)
        raise LookupError("the file ends here")

    outcomes: list[Any] = []
    sends = client.sms.send_many(rows(), pack=pack)
    with pytest.raises(LookupError, match="ends here"):
        await take_all(sends, outcomes)
    assert len(outcomes) == sandbox.count() == sends.summary.accepted == 150
    assert (sends.summary.next_index, sends.summary.unfinished) == (150, ())


async def test_no_rows_make_no_outcomes_and_no_requests(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    empty: list[Sms] = []
    sends = client.sms.send_many(empty)
    assert [outcome async for outcome in sends] == []
    assert sends.summary.exhausted
    assert (sends.summary.finished, sandbox.requests) == (0, 0)


async def test_the_work_sees_the_context_of_the_loop(client: AsyncClient) -> None:
    seen = set()
    shop.set("corner shop")
    hooked = client.with_options(hooks=[lambda event: seen.add(shop.get())])
    assert len([outcome async for outcome in hooked.sms.send_many(personal(5))]) == 5
    assert seen == {"corner shop"}


async def test_a_bad_row_costs_only_itself(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows: list[Any] = equal(60)
    bad: dict[int, Any] = {
        3: None,
        10: "+254712345678",
        11: ("+254712345678", "Hi"),
        20: Sms("0712345678", "Hi"),
        21: Sms(number(21), "x" * 1601),
        22: Sms(number(22), ""),
        23: Sms(None, "Hi"),  # type: ignore[arg-type]
        24: Sms([number(24)], "Hi"),  # type: ignore[arg-type]
        25: Sms(number(25), None),  # type: ignore[arg-type]
        26: Sms(number(26), "Hi", scheduled_at=dt.datetime(2030, 1, 1)),
        27: Sms(number(27), "Hi", extra={"to": "x"}),
        28: Sms(number(28), "Hi", callback_url="not a url"),
        29: Sms(number(29), "Hi", sender_id=["A"]),  # type: ignore[arg-type]
        30: Email("a@example.org", subject="s", text="t"),
    }
    for index, row in bad.items():
        rows[index] = row
    outcomes = by_index([outcome async for outcome in client.sms.send_many(rows)])
    refused = {o.index: o for o in outcomes if isinstance(o, Refused)}
    assert refused.keys() == bad.keys()
    assert all(refused[index].message is row for index, row in bad.items())
    assert {type(o.error) for o in refused.values()} == {InvalidInputError}
    assert sandbox.count() == 60 - len(bad)


@pytest.mark.parametrize(("pack", "requests"), [(100, 3), (1, 250), (50, 5), (7, 36)])
async def test_equal_texts_share_requests(
    client: AsyncClient, sandbox: Sandbox, pack: int, requests: int
) -> None:
    sends = client.sms.send_many(equal(250), pack=pack)
    outcomes = by_index([outcome async for outcome in sends])
    assert sandbox.requests == sends.summary.requests == requests
    ids = {message.to: message.message_id for message in sandbox.messages()}
    assert len(ids) == 250
    for outcome in outcomes:
        assert isinstance(outcome, Accepted)
        assert outcome.receipt.message_id == ids[outcome.message.to]


async def test_only_what_is_equal_shares_a_request(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    moment = dt.datetime(2030, 1, 1, tzinfo=UTC)
    kinds: list[dict[str, Any]] = [
        {"text": "A"},
        {"text": "B"},
        {"text": "A", "sender_id": "SHOP"},
        {"text": "A", "scheduled_at": moment},
        {"text": "A", "callback_url": "https://example.org/r"},
    ]
    rows = [Sms(number(n), **kinds[n % 5]) for n in range(50)]
    assert len([o async for o in client.sms.send_many(rows)]) == 50
    assert sorted(len(numbers_in(exchange)) for exchange in seen) == [10] * 5
    for exchange in seen:
        places = {int(each[5:]) % 5 for each in numbers_in(exchange)}
        assert len(places) == 1
        body = json.loads(exchange.body)
        assert body["message"] == kinds[places.pop()]["text"]


async def test_rows_with_extra_fields_go_alone(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows = [Sms(number(n), "Hi", extra={"tag": "x"}) for n in range(5)]
    assert len([o async for o in client.sms.send_many(rows)]) == 5
    assert sandbox.requests == 5


async def test_interleaved_texts_are_packed_all_the_same(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows = [Sms(number(n), f"Hi {n % 5}") for n in range(500)]
    assert len([o async for o in client.sms.send_many(rows)]) == 500
    assert (sandbox.requests, sandbox.count()) == (5, 500)


async def test_nobody_stands_twice_in_one_request(
    client: AsyncClient, sandbox: Sandbox, seen: list[Exchange]
) -> None:
    rows = [Sms(number(n % 4), "Hi") for n in range(20)]
    outcomes = [o async for o in client.sms.send_many(rows)]
    assert sorted(o.index for o in outcomes) == list(range(20))
    assert all(len(set(to)) == len(to) for to in map(numbers_in, seen))
    assert Counter(message.to for message in sandbox.messages()) == {
        number(n): 5 for n in range(4)
    }


@pytest.mark.parametrize("style", ["top", "id", "data", "list", "bare"])
async def test_packed_rows_have_their_own_ids_in_every_reply_style(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.reply_style = style
    outcomes = by_index([o async for o in client.sms.send_many(equal(20), pack=10)])
    ids = {message.to: message.message_id for message in sandbox.messages()}
    wanted = [{"bare": None}.get(style, ids[row.to]) for row in equal(20)]
    assert [o.receipt.message_id for o in outcomes] == wanted  # type: ignore[union-attr]


@pytest.mark.parametrize("bad", [set(), {0}, {99}, {3, 4}, {0, 17, 50, 99}])
async def test_a_refused_pack_is_halved_until_the_bad_stand_alone(
    client: AsyncClient, sandbox: Sandbox, bad: set[int]
) -> None:
    sandbox.steps.insert(0, refuse_numbers({number(n) for n in bad}))
    sends = client.sms.send_many(equal(100))
    outcomes = by_index([outcome async for outcome in sends])
    assert [o.index for o in outcomes] == list(range(100))
    assert {o.index for o in outcomes if isinstance(o, Refused)} == bad
    assert sends.summary.accepted == sandbox.count() == 100 - len(bad)
    assert sorted(int(m.to[5:]) for m in sandbox.messages()) == [
        n for n in range(100) if n not in bad
    ]
    assert sends.summary.requests == sandbox.requests <= 1 + 2 * 7 * len(bad)


async def test_a_refused_pack_stays_whole_if_so_wished(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.steps.insert(0, refuse_numbers({number(7)}))
    sends = client.sms.send_many(equal(200), split_refused=False)
    outcomes = by_index([outcome async for outcome in sends])
    assert [type(o) for o in outcomes] == [Refused] * 100 + [Accepted] * 100
    assert (sandbox.requests, sandbox.count()) == (2, 100)


@pytest.mark.parametrize("style", ["top", "id", "data", "list", "bare"])
async def test_an_email_to_several_is_one_row_in_every_reply_style(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.reply_style = style
    to = ["a@example.org", "b@example.org"]
    rows = [Email(to, subject="s", text="t")] * 3
    sends = client.email.send_many(rows, pack=10)
    assert len([o async for o in sends]) == sends.summary.accepted == 3
    assert (sandbox.requests, sandbox.count()) == (3, 6)


async def test_a_service_that_rejects_single_recipients_is_believed(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.atomic_arrays = False
    rows = [Email(f"a{n}@example.org", subject="s", text="t") for n in range(10)]
    rows[4] = Email("a4@localhost", subject="s", text="t")
    outcomes = by_index([o async for o in client.email.send_many(rows, pack=10)])
    assert {o.index for o in outcomes if isinstance(o, Refused)} == {4}
    assert (sandbox.requests, sandbox.count()) == (1, 9)


async def test_emails_are_packed_only_on_request(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    rows = [Email(f"a{n}@example.org", subject="s", text="t") for n in range(30)]
    assert len([o async for o in client.email.send_many(rows)]) == 30
    assert sandbox.requests == 30
    assert len([o async for o in client.email.send_many(rows, pack=10)]) == 30
    assert sandbox.requests == 33


@pytest.mark.parametrize("pack", [0, -1, 1001, 2.5, True, "10", None])
async def test_a_pack_that_makes_no_sense_is_refused_at_once(
    client: AsyncClient, pack: Any
) -> None:
    with pytest.raises(InvalidInputError, match="pack"):
        client.sms.send_many([], pack=pack)
