"""Lists: walked lazily, one page at a time."""

import datetime as dt
import gc
from typing import Any

import pytest

from stackverify import AsyncClient, Page, Sms, SmsMessage
from stackverify.errors import InvalidInputError
from stackverify.sandbox import Sandbox

pytestmark = pytest.mark.anyio

STYLES = ["data+meta", "laravel", "bare", "messages"]


async def fill(client: AsyncClient, count: int) -> None:
    rows = (Sms(f"+2547{n:08d}", "Hi") for n in range(count))
    async for _ in client.sms.send_many(rows):
        pass


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 130])
async def test_every_message_is_walked_once_in_every_envelope(
    client: AsyncClient, sandbox: Sandbox, style: Any, count: int
) -> None:
    sandbox.knobs.list_style = style
    await fill(client, count)
    found = [message async for message in client.sms.list(page_size=50)]
    wanted = [message.message_id for message in reversed(sandbox.messages())]
    assert [message.message_id for message in found] == wanted


async def test_a_row_has_its_fields_and_its_raw_form(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    moment = dt.datetime(2030, 5, 1, 9, 30, tzinfo=dt.UTC)
    await client.sms.send("+254712345678", "Hi", sender_id="S", scheduled_at=moment)
    found = await anext(aiter(client.sms.list()))
    assert (found.to, found.text, found.sender_id) == ("+254712345678", "Hi", "S")
    assert (found.status, found.scheduled_at) == ("queued", moment)
    assert found.created_at is not None
    assert found.created_at.tzinfo is not None
    assert found.raw["message_id"] == found.message_id


def messages_alive() -> int:
    gc.collect()
    return sum(type(each) is SmsMessage for each in gc.get_objects())


async def test_a_walk_of_ten_thousand_holds_one_page_at_a_time(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    await fill(client, 10_000)
    before, requests = messages_alive(), sandbox.requests
    alive, walked = [], 0
    async for _ in client.sms.list():
        walked += 1
        # Just behind the turn of a page, where two might be held.
        alive += [messages_alive() for _ in range(walked % 2000 in {0, 1})]
    assert (walked, sandbox.requests - requests) == (10_000, 100)
    assert max(alive) - before <= 101


async def test_stopping_after_the_first_message_fetches_one_page(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    await fill(client, 300)
    requests = sandbox.requests
    async for _ in client.sms.list():
        break
    assert sandbox.requests == requests + 1


async def test_taking_exactly_one_page_fetches_one_page(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    await fill(client, 300)
    requests = sandbox.requests
    walk = aiter(client.sms.list(page_size=50))
    for _ in range(50):
        await anext(walk)
    assert sandbox.requests == requests + 1
    await anext(walk)
    assert sandbox.requests == requests + 2


async def test_making_a_list_fetches_nothing(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    client.sms.list().pages()
    assert sandbox.requests == 0


@pytest.mark.parametrize("style", STYLES)
async def test_pages_know_their_number(
    client: AsyncClient, sandbox: Sandbox, style: Any
) -> None:
    sandbox.knobs.list_style = style
    await fill(client, 130)
    pages = [page async for page in client.sms.list(page_size=50).pages()]
    assert all(isinstance(page, Page) for page in pages)
    assert [(page.number, len(page.rows)) for page in pages] == [
        (1, 50),
        (2, 50),
        (3, 30),
    ]
    assert {page.total for page in pages} == {None if style == "bare" else 130}


async def test_a_walk_goes_on_from_a_page(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    await fill(client, 130)
    rest = [message async for message in client.sms.list(page=3, page_size=50)]
    wanted = [message.message_id for message in sandbox.messages()[:30]]
    assert [message.message_id for message in reversed(rest)] == wanted


async def test_a_list_can_be_walked_again(client: AsyncClient) -> None:
    await fill(client, 60)
    walk = client.sms.list(page_size=50)
    assert len([message async for message in walk]) == 60
    assert len([message async for message in walk]) == 60


async def test_a_status_filter_is_heeded(client: AsyncClient, sandbox: Sandbox) -> None:
    sandbox.knobs.timetable, sandbox.knobs.failing = 0.0, 0.0
    sandbox.will_fail("+254700000003")
    await fill(client, 10)
    found = [message async for message in client.sms.list(status="failed")]
    assert [(each.to, each.status) for each in found] == [("+254700000003", "failed")]


async def test_a_span_of_time_is_heeded(client: AsyncClient, sandbox: Sandbox) -> None:
    await fill(client, 3)
    sandbox.clock.advance(3600)
    middle = dt.datetime.fromtimestamp(sandbox.clock.now() - 1800, dt.UTC)
    await client.sms.send("+254711111111", "late")
    late = [message async for message in client.sms.list(since=middle)]
    early = [message async for message in client.sms.list(until=middle.isoformat())]
    assert ([message.text for message in late], len(early)) == (["late"], 3)


async def test_messages_that_arrive_meanwhile_are_not_walked_twice(
    client: AsyncClient,
) -> None:
    await fill(client, 200)
    found = []
    async for message in client.sms.list(page_size=20):
        found.append(message.message_id)
        arrivals = [f"+3361234567{n}" for n in range(len(found) % 20 == 1)]
        for number in arrivals:
            await client.sms.send(number, "meanwhile")
    assert len(set(found)) == len(found) == 200


@pytest.mark.parametrize("arrivals", [20, 30])
async def test_a_page_of_arrivals_between_two_pages_does_no_harm(
    client: AsyncClient, arrivals: int
) -> None:
    await fill(client, 100)
    found = []
    async for page in client.sms.list(page_size=20).pages():
        found += [message.message_id for message in page.rows]
        await fill(client, arrivals * (page.number == 1))
    assert len(set(found)) == len(found) >= 100


@pytest.mark.parametrize(
    ("field", "value"),
    [("page", 0), ("page_size", 0), ("page_size", 101), ("since", "soon")],
)
async def test_a_bad_filter_is_told_of_before_the_first_request(
    client: AsyncClient, sandbox: Sandbox, field: str, value: Any
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.sms.list(**{field: value})
    assert (caught.value.field, sandbox.requests) == (field, 0)
