"""Groups, contacts and sender IDs of Velstack, against the sandbox."""

from typing import Any

import pytest

from stackverify import Page
from stackverify.errors import (
    MaybeSentError,
    NotFoundError,
    ReadFailedError,
    SendServerError,
)
from stackverify.sandbox import Exchange, Reply, Sandbox
from stackverify.velstack import AsyncVelstack, Contact, Group

pytestmark = pytest.mark.anyio

AMA = "0205550368"

one_styles = pytest.mark.parametrize("one", ["seen", "object", "array"])
list_styles = pytest.mark.parametrize("style", ["seen", "Summary", "results", "bare"])


def told(group: Group) -> tuple[str, str | None, int | None]:
    return group.id, group.name, group.members


async def groups_of(velstack: AsyncVelstack) -> list[Group]:
    return [group async for group in velstack.groups.list()]


async def contacts_of(velstack: AsyncVelstack, *group: str) -> list[Contact]:
    return [contact async for contact in velstack.contacts.list(*group)]


@one_styles
@list_styles
async def test_a_group_reads_the_same_in_every_variant(
    velstack: AsyncVelstack, sandbox: Sandbox, one: Any, style: Any
) -> None:
    sandbox.velstack.knobs.one_style = one
    sandbox.velstack.knobs.list_style = style
    created = await velstack.groups.create("Fans")
    assert told(created) == (created.id, "Fans", 0)
    assert told(await velstack.groups.get(created.id)) == told(created)
    assert [told(group) for group in await groups_of(velstack)] == [told(created)]


@one_styles
@list_styles
async def test_a_contact_reads_the_same_in_every_variant(
    velstack: AsyncVelstack, sandbox: Sandbox, one: Any, style: Any
) -> None:
    sandbox.velstack.knobs.one_style = one
    sandbox.velstack.knobs.list_style = style
    group = await velstack.groups.create("Fans")
    created = await velstack.contacts.create(
        group.id,
        phone_number=AMA,
        first_name="Ama",
        last_name="Mensah",
        email_address="ama@example.org",
    )
    assert (created.phone_number, created.group) == (AMA, "Fans")
    assert await contacts_of(velstack) == [created]
    assert await contacts_of(velstack, group.id) == [created]


@one_styles
async def test_a_sender_id_is_asked_for(
    velstack: AsyncVelstack, sandbox: Sandbox, one: Any
) -> None:
    sandbox.velstack.knobs.one_style = one
    asked = await velstack.sender_ids.register("Acme", purpose="News")
    assert (asked.status, asked.purpose) == ("pending", "News")
    assert [kept.sender_id for kept in sandbox.velstack.test.sender_ids] == ["Acme"]


async def test_a_group_is_renamed_and_deleted(velstack: AsyncVelstack) -> None:
    group = await velstack.groups.create("Fans")
    await velstack.groups.rename(group.id, "Friends")
    assert (await velstack.groups.get(int(group.id))).name == "Friends"
    await velstack.groups.delete(group.id)
    assert await groups_of(velstack) == []


async def test_a_contact_is_changed_and_deleted(velstack: AsyncVelstack) -> None:
    group = await velstack.groups.create("Fans")
    contact = await velstack.contacts.create(group.id, phone_number=AMA)
    await velstack.contacts.update(contact.id, first_name="Ama")
    assert [each.first_name for each in await contacts_of(velstack)] == ["Ama"]
    await velstack.contacts.delete(contact.id)
    assert await contacts_of(velstack) == []


async def test_test_mode_and_live_mode_keep_their_own(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    await velstack.groups.create("Fans")
    key = sandbox.velstack.keys.add("sk_live")
    async with AsyncVelstack(key.value, base_url=sandbox.velstack_url) as live:
        assert await groups_of(live) == []
    assert len(await groups_of(velstack)) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda velstack: velstack.groups.get(7),
        lambda velstack: velstack.groups.rename(7, "Fans"),
        lambda velstack: velstack.groups.delete(7),
        lambda velstack: velstack.contacts.update(7, first_name="Ama"),
        lambda velstack: velstack.contacts.delete(7),
        lambda velstack: velstack.contacts.create(7, phone_number=AMA),
        lambda velstack: velstack.sms.send_group("Acme", 7, "Hi"),
        lambda velstack: anext(velstack.contacts.list(7).pages()),
    ],
)
async def test_what_is_not_there_is_told_as_that(
    velstack: AsyncVelstack, ask: Any
) -> None:
    with pytest.raises(NotFoundError):
        await ask(velstack)


# What changes something is not repeated.


async def test_a_group_whose_answer_was_lost_is_made_once(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.faults.add("accepted_then_hang_up")
    with pytest.raises(MaybeSentError):
        await velstack.groups.create("Fans")
    assert (len(sandbox.velstack.test.groups), sandbox.requests) == (1, 1)


async def test_a_change_that_the_service_stumbles_over_is_not_repeated(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    group = await velstack.groups.create("Fans")
    sandbox.faults.add("status", status=502)
    with pytest.raises(SendServerError):
        await velstack.groups.delete(group.id)
    assert sandbox.requests == 2


async def test_a_read_is_repeated(velstack: AsyncVelstack, sandbox: Sandbox) -> None:
    group = await velstack.groups.create("Fans")
    sandbox.faults.add("accepted_then_hang_up", count=1)
    sandbox.faults.add("status", status=503, count=1)
    assert (await velstack.groups.get(group.id)).name == "Fans"
    assert sandbox.requests == 4


async def test_a_read_is_repeated_after_trouble_inside_a_200(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    group = await velstack.groups.create("Fans")
    busy = [Reply(200, {"status": False, "message": "Busy.", "code": 503})]
    sandbox.steps.insert(0, lambda exchange: busy.pop() if busy else None)
    assert (await velstack.groups.get(group.id)).name == "Fans"
    assert sandbox.requests == 3


# Pages.


async def fill(velstack: AsyncVelstack, count: int) -> None:
    for number in range(count):
        await velstack.groups.create(f"Group {number}")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
@list_styles
async def test_every_row_is_walked_once(
    velstack: AsyncVelstack, sandbox: Sandbox, style: Any, count: int
) -> None:
    sandbox.velstack.knobs.list_style = style
    sandbox.velstack.knobs.page_size = 2
    await fill(velstack, count)
    names = [group.name for group in await groups_of(velstack)]
    assert names == [f"Group {number}" for number in range(count)]


async def test_a_page_is_fetched_when_it_is_needed(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.page_size = 2
    await fill(velstack, 6)
    walk = aiter(velstack.groups.list())
    await anext(walk)
    await anext(walk)
    assert sandbox.requests == 6 + 1
    await anext(walk)
    assert sandbox.requests == 6 + 2


async def test_pages_tell_where_they_stand(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.page_size = 2
    await fill(velstack, 3)
    pages: list[Page[Group]] = [page async for page in velstack.groups.list().pages()]
    assert [(page.number, len(page.rows)) for page in pages] == [(1, 2), (2, 1)]
    assert [(page.is_last, page.total) for page in pages] == [(False, 3), (True, 3)]


async def test_making_a_list_fetches_nothing(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    velstack.groups.list().pages()
    velstack.contacts.list(3)
    assert sandbox.requests == 0


async def test_a_list_may_be_walked_twice(velstack: AsyncVelstack) -> None:
    await fill(velstack, 2)
    groups = velstack.groups.list()
    assert [g async for g in groups] == [g async for g in groups]


async def test_the_rows_before_a_link_elsewhere_are_given_and_no_key_goes_there(
    velstack: AsyncVelstack, sandbox: Sandbox
) -> None:
    with Sandbox() as stranger:

        def lure(exchange: Exchange) -> Reply:
            link = f"{stranger.velstack_url}/group?page=2"
            data = [{"id": 1, "name": "Fans"}]
            meta = {"nextPage": link}
            return Reply(200, {"message": "OK", "data": data, "meta": meta})

        sandbox.steps.insert(0, lure)
        walk = aiter(velstack.groups.list())
        before = await anext(walk)
        with pytest.raises(ReadFailedError, match="another origin"):
            await anext(walk)
        assert (before.id, sandbox.requests, stranger.requests) == ("1", 1, 0)
