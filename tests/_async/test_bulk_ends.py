"""How a bulk send ends: whatever ends it, every row is accounted for."""

import gc
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import anyio  # async only
import pytest

from stackverify import (
    Accepted,
    AsyncClient,
    AsyncSendMany,
    BulkSummary,
    Email,
    NotSent,
    Rate,
    Sms,
    Unknown,
)
from stackverify._async._concurrency import sleep
from stackverify.errors import (
    BudgetError,
    BulkStoppedError,
    DeadlineError,
    ForbiddenError,
    UnauthorizedError,
)
from stackverify.limiters import AsyncLimiter
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange, RefusalError

pytestmark = pytest.mark.anyio

TIER = "enterprise:60000"


@pytest.fixture
async def narrow(sandbox: Sandbox) -> AsyncIterator[AsyncClient]:
    """A client with few requests under way, each of which takes a while."""
    sandbox.knobs.latency = 0.01
    async with AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, tier=TIER, max_connections=8
    ) as client:
        yield client


def rows(count: int, *, texts: int | None = None) -> list[Sms]:
    """Make rows, with so many texts between them; all different by default."""
    return [Sms(f"+2547{n:08d}", f"Hi {n % (texts or count)}") for n in range(count)]


def unsized(count: int) -> Iterator[Sms]:
    return iter(rows(count))


async def test_what_nobody_iterates_over_warns_that_nothing_was_sent(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    sends = [client.sms.send_many(rows(2)), client.sms.send_many(rows(2))]
    async with sends[0]:
        pass
    with pytest.warns(RuntimeWarning, match="nobody iterated") as warned:
        sends.clear()
    assert (len(warned), sandbox.requests) == (2, 0)


async def test_who_gives_up_on_purpose_is_not_warned(client: AsyncClient) -> None:
    await client.sms.send_many(rows(2)).aclose()
    with pytest.raises(LookupError):
        async with client.sms.send_many(rows(2)):
            raise LookupError


async def take_all(
    sends: AsyncSendMany[Any],
    outcomes: list[Any],
    after_50: Callable[[], None] = lambda: None,
) -> None:
    async for outcome in sends:
        outcomes.append(outcome)
        {50: after_50}.get(len(outcomes), lambda: None)()


def assert_accounted(summary: BulkSummary, sandbox: Sandbox, unknown: int = 0) -> None:
    """Check that each row that was read is either finished or unfinished."""
    assert 0 <= sandbox.count() - summary.accepted <= summary.unknown <= unknown
    assert summary.finished + len(summary.unfinished) == summary.next_index
    assert list(summary.unfinished) == sorted(set(summary.unfinished))
    assert all(index < summary.next_index for index in summary.unfinished)


@pytest.mark.parametrize(("pack", "texts"), [(1, None), (100, None), (100, 3)])
@pytest.mark.parametrize("taken", [1, 40])
async def test_leaving_early_and_closing_accounts_for_every_row(
    narrow: AsyncClient, sandbox: Sandbox, pack: int, texts: int | None, taken: int
) -> None:
    sends = narrow.sms.send_many(rows(2000, texts=texts), pack=pack)
    outcomes = [await anext(sends) for _ in range(taken)]
    await sends.aclose()
    assert_accounted(sends.summary, sandbox)
    assert not {o.index for o in outcomes}.intersection(sends.summary.unfinished)
    assert 0 < sends.summary.accepted < 2000
    requests = sandbox.requests
    await sleep(0.1)
    assert sandbox.requests == requests


async def test_leaving_the_block_waits_for_what_is_under_way(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    async with narrow.sms.send_many(rows(500), pack=1) as sends:
        async for _ in sends:
            break
    assert_accounted(sends.summary, sandbox)
    assert 1 <= sends.summary.accepted <= 3 * 8


async def test_an_exception_in_the_loop_accounts_for_every_row(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    sends = narrow.sms.send_many(rows(500), pack=1)

    async def stumble() -> None:
        async with sends:
            async for _ in sends:
                raise LookupError

    with pytest.raises(LookupError):
        await stumble()
    assert_accounted(sends.summary, sandbox)


# async only: begin
async def test_cancelling_the_loop_accounts_for_every_row(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    sends = narrow.sms.send_many(rows(5000), pack=1)
    with anyio.move_on_after(0.15):
        async for _ in sends:
            pass
    assert_accounted(sends.summary, sandbox)
    assert sends.summary.accepted < 5000


async def test_cancelling_while_the_loop_does_something_else_accounts_for_every_row(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    with anyio.move_on_after(0.15):
        async with narrow.sms.send_many(rows(5000), pack=1) as sends:
            async for _ in sends:
                await sleep(60)
    assert_accounted(sends.summary, sandbox)


async def test_cancelling_over_a_live_source_accounts_for_every_row(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    is_closed = False

    async def source() -> AsyncIterator[Sms]:
        nonlocal is_closed
        try:
            for row in itertools.cycle(rows(100)):
                yield row
        finally:
            is_closed = True

    sends = narrow.sms.send_many(source())
    with anyio.move_on_after(0.15):
        async for _ in sends:
            pass
    assert_accounted(sends.summary, sandbox)
    assert is_closed


# async only: end


async def test_a_loop_left_without_a_word_begins_nothing_further(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    sends = narrow.sms.send_many(rows(500), pack=1)
    await anext(sends)
    del sends
    gc.collect()
    await sleep(0.2)
    requests = sandbox.requests
    await sleep(0.2)
    assert sandbox.requests == requests < 500


async def test_what_is_left_can_be_sent_later_without_repeating_anybody(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    left = rows(300, texts=7)
    while left:
        sends = narrow.sms.send_many(iter(left), pack=20)
        async for _ in sends:
            break
        await sends.aclose()
        summary = sends.summary
        left = [left[n] for n in summary.unfinished] + left[summary.next_index :]
    assert sorted(message.to for message in sandbox.messages()) == [
        row.to for row in rows(300)
    ]


async def test_closing_before_the_start_sends_nothing(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    sends = narrow.sms.send_many(rows(10))
    await sends.aclose()
    await sends.aclose()
    assert [outcome async for outcome in sends] == []
    assert (sandbox.requests, sends.summary.next_index) == (0, 0)


async def test_a_consumer_that_takes_nothing_stops_the_work(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    read = itertools.count()
    source = (Sms(f"+2547{n:08d}", f"Hi {n}") for n in read)
    async with narrow.sms.send_many(source, pack=1) as sends:
        await anext(sends)
        await sleep(0.3)
        requests = sandbox.requests
        await sleep(0.2)
        assert sandbox.requests == requests <= 1 + 3 * 8
        for _ in range(100):
            await anext(sends)
        assert sandbox.requests > requests
    assert next(read) <= 101 + 4 * 8


def without_key(sandbox: Sandbox) -> None:
    for key in list(sandbox.keys):
        sandbox.keys.revoke(key)


def without_permission(sandbox: Sandbox) -> None:
    sandbox.keys.add(sandbox.api_key, permissions=["sms:read"])


@pytest.mark.parametrize("pack", [1, 10])
@pytest.mark.parametrize(
    ("take_away", "kind"),
    [(without_key, UnauthorizedError), (without_permission, ForbiddenError)],
)
async def test_a_key_that_stops_working_stops_the_bulk_after_the_outcomes(
    narrow: AsyncClient,
    sandbox: Sandbox,
    take_away: Callable[[Sandbox], None],
    kind: type[Exception],
    pack: int,
) -> None:
    sends = narrow.sms.send_many(rows(1000, texts=1), pack=pack)
    outcomes: list[Any] = []
    with pytest.raises(BulkStoppedError) as caught:
        await take_all(sends, outcomes, after_50=lambda: take_away(sandbox))
    summary = caught.value.summary
    assert summary == sends.summary
    assert_accounted(summary, sandbox)
    assert len(outcomes) == summary.finished
    assert {type(o) for o in outcomes} == {Accepted, NotSent}
    assert {type(o.error) for o in outcomes if isinstance(o, NotSent)} == {kind}
    assert isinstance(caught.value.__cause__, kind)
    assert [outcome async for outcome in sends] == []


async def test_a_deadline_covers_the_whole_bulk(sandbox: Sandbox) -> None:
    async with AsyncClient(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier=TIER,
        limiter=AsyncLimiter(Rate(20, per=1.0)),
    ) as client:
        sends = client.sms.send_many(rows(1000), pack=1, deadline=0.5)
        outcomes: list[Any] = []
        with pytest.raises(BulkStoppedError) as caught:
            await take_all(sends, outcomes)
    # What is under way just then is cut off, and may have arrived.
    assert_accounted(sends.summary, sandbox, unknown=5)
    assert isinstance(caught.value.__cause__, DeadlineError)
    assert len(outcomes) == sends.summary.finished
    assert 0 < sends.summary.accepted <= 11


async def test_a_deadline_that_is_kept_changes_nothing(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    sends = narrow.sms.send_many(rows(50), deadline=60)
    assert len([outcome async for outcome in sends]) == sandbox.count() == 50


async def test_answers_that_come_too_late_are_unknown(
    narrow: AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 5.0
    sends = narrow.sms.send_many(rows(8), pack=1, deadline=0.4)
    outcomes = [outcome async for outcome in sends]
    assert [type(outcome) for outcome in outcomes] == [Unknown] * 8
    assert sends.summary.unknown == sandbox.count() == 8


@pytest.fixture
async def limited(sandbox: Sandbox) -> AsyncIterator[AsyncClient]:
    """A client that has 50 messages for the month."""
    async with AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000/50"
    ) as client:
        yield client


async def test_more_rows_than_the_month_has_left_are_refused_at_once(
    limited: AsyncClient, sandbox: Sandbox
) -> None:
    with pytest.raises(BudgetError, match="51 messages to send, and 50"):
        limited.sms.send_many(rows(51))
    sends = limited.sms.send_many(rows(50))
    assert len([outcome async for outcome in sends]) == sandbox.count() == 50
    with pytest.raises(BudgetError):
        limited.email.send_many([Email("a@example.org", subject="s", text="t")])


async def test_the_month_may_be_overrun_on_request(
    limited: AsyncClient, sandbox: Sandbox
) -> None:
    sends = limited.sms.send_many(rows(60), over_budget=True)
    assert len([outcome async for outcome in sends]) == sandbox.count() == 60


async def test_rows_of_unknown_number_stop_at_the_months_end(
    limited: AsyncClient, sandbox: Sandbox
) -> None:
    sends = limited.sms.send_many(unsized(80), pack=1)
    outcomes: list[Any] = []
    with pytest.raises(BulkStoppedError) as caught:
        await take_all(sends, outcomes)
    assert isinstance(caught.value.__cause__, BudgetError)
    assert_accounted(sends.summary, sandbox)
    assert sandbox.count() == 50
    assert len(outcomes) == sends.summary.finished


async def test_what_was_refused_does_not_count_against_the_month(
    limited: AsyncClient, sandbox: Sandbox
) -> None:
    def refuse_half(exchange: Exchange) -> None:
        if sandbox.requests <= 20:
            raise RefusalError(422, "validation_error", "Validation failed.", {})

    sandbox.steps.insert(0, refuse_half)
    first = [o async for o in limited.sms.send_many(rows(20), pack=1)]
    assert (len(first), sandbox.count()) == (20, 0)
    sends = limited.sms.send_many(rows(50))
    assert len([outcome async for outcome in sends]) == sandbox.count() == 50


async def drained(sends: AsyncSendMany[Sms]) -> BulkSummary:
    async for _ in sends:
        pass
    return sends.summary


async def test_two_bulks_of_one_client_keep_their_own_accounts(
    narrow: AsyncClient,
    sandbox: Sandbox,
    together: Callable[..., Any],
) -> None:
    both: Iterable[Any] = [narrow.sms.send_many(rows(60), pack=1) for _ in range(2)]
    summaries = await together(drained, both)
    assert [summary.accepted for summary in summaries] == [60, 60]
    assert [summary.requests for summary in summaries] == [60, 60]
    assert sandbox.count() == 120
