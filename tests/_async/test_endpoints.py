"""Every endpoint and field of the reference, as it arrives at the service."""

import base64
import datetime as dt
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from stackverify import AsyncClient, Attachment, Sms
from stackverify.errors import InvalidInputError
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange

pytestmark = pytest.mark.anyio

NUMBER, OTHER = "+254712345678", "+33612345678"
NAIROBI = dt.timezone(dt.timedelta(hours=3))
MOMENT = dt.datetime(2030, 5, 1, 9, 30, tzinfo=NAIROBI)


def body_of(exchange: Exchange) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(exchange.body)
    return body


async def test_an_sms_has_every_field_of_the_reference(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    await client.sms.send(
        NUMBER,
        "Hi, Zoë 👋",
        sender_id="SHOP",
        callback_url="https://example.org/reports",
        scheduled_at=MOMENT,
    )
    assert (seen[0].method, seen[0].path) == ("POST", "/api/v1/sms/send")
    assert body_of(seen[0]) == {
        "to": NUMBER,
        "message": "Hi, Zoë 👋",
        "sender_id": "SHOP",
        "callback_url": "https://example.org/reports",
        "scheduled_at": "2030-05-01T09:30:00+03:00",
    }


async def test_what_is_not_given_is_not_sent(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    await client.sms.send(NUMBER, "Hi")
    assert body_of(seen[0]) == {"to": NUMBER, "message": "Hi"}


async def test_several_numbers_go_as_an_array(
    client: AsyncClient, sandbox: Sandbox, seen: list[Exchange]
) -> None:
    receipt = await client.sms.send([NUMBER, OTHER], "Hi")
    assert body_of(seen[0])["to"] == [NUMBER, OTHER]
    kept = [(message.to, message.message_id) for message in sandbox.messages()]
    assert [(each.to, each.message_id) for each in receipt.results] == kept


@pytest.mark.parametrize(
    ("to", "recipients"),
    [
        (NUMBER, [NUMBER]),
        ([NUMBER], [NUMBER]),
        ((NUMBER, OTHER), [NUMBER, OTHER]),
    ],
)
async def test_the_other_sms_body_is_one_switch_away(
    client: AsyncClient, seen: list[Exchange], to: Any, recipients: list[str]
) -> None:
    switched = client.with_options(sms_body="recipients")
    await switched.sms.send(to, "Hi", sender_id="SHOP", scheduled_at=MOMENT)
    assert body_of(seen[0]) == {
        "recipients": recipients,
        "body": "Hi",
        "sender_id": "SHOP",
        "scheduleAt": "2030-05-01T09:30:00+03:00",
    }


async def test_bulk_uses_the_other_sms_body_as_well(
    sandbox: Sandbox, seen: list[Exchange]
) -> None:
    async with AsyncClient(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        sms_body="recipients",
    ) as client:
        rows = [Sms(NUMBER, "Hi"), Sms(OTHER, "Hi")]
        assert len([outcome async for outcome in client.sms.send_many(rows)]) == 2
    assert body_of(seen[0]) == {"recipients": [NUMBER, OTHER], "body": "Hi"}


@pytest.mark.parametrize(
    "moment", ["2030-05-01T09:30:00Z", "2030-05-01T09:30:00.5+03:00", "2030-05-01"]
)
async def test_a_schedule_may_be_iso_text(
    client: AsyncClient, seen: list[Exchange], moment: str
) -> None:
    await client.sms.send(NUMBER, "Hi", scheduled_at=moment)
    await client.email.send("a@example.org", subject="s", text="t", scheduled_at=moment)
    assert [body_of(each)["scheduled_at"] for each in seen] == [moment, moment]


@pytest.mark.parametrize("moment", [dt.datetime(2030, 5, 1), "tomorrow", "", 1.5])
async def test_a_moment_that_is_none_is_refused_before_anything_is_sent(
    client: AsyncClient, sandbox: Sandbox, moment: Any
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await client.sms.send(NUMBER, "Hi", scheduled_at=moment)
    assert caught.value.field == "scheduled_at"
    assert sandbox.requests == 0


async def test_extra_fields_are_added_as_they_are(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    extra = {"tags": ["a", {"b": None}], "priority": 3}
    await client.sms.send(NUMBER, "Hi", extra=extra)
    await client.email.send("a@example.org", subject="s", text="t", extra=extra)
    await client.whatsapp.send_template(NUMBER, "welcome", "en", extra=extra)
    sent = [body_of(exchange) for exchange in seen]
    assert [{key: body.get(key) for key in extra} for body in sent] == [extra] * 3


async def test_an_extra_field_cannot_replace_one_of_the_reference(
    client: AsyncClient, sandbox: Sandbox
) -> None:
    with pytest.raises(InvalidInputError, match="extra"):
        await client.sms.send(NUMBER, "Hi", extra={"message": "Bye"})
    assert sandbox.requests == 0


async def test_an_email_has_every_field_of_the_reference(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    await client.email.send(
        "ann@example.org",
        subject="Héllo",
        html="<p>x</p>",
        text="x",
        from_name="Shop",
        from_email="shop@example.org",
        reply_to="help@example.org",
        attachments=[Attachment("a.txt", b"abc", "text/plain")],
        headers={"X-Campaign": "may"},
        scheduled_at=MOMENT,
    )
    assert (seen[0].method, seen[0].path) == ("POST", "/api/v1/email/send")
    assert body_of(seen[0]) == {
        "to": "ann@example.org",
        "subject": "Héllo",
        "html": "<p>x</p>",
        "text": "x",
        "from_name": "Shop",
        "from_email": "shop@example.org",
        "reply_to": "help@example.org",
        "headers": {"X-Campaign": "may"},
        "scheduled_at": "2030-05-01T09:30:00+03:00",
        "attachments": [
            {"filename": "a.txt", "content_type": "text/plain", "content": "YWJj"}
        ],
    }


async def test_an_email_to_several_goes_as_an_array(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    await client.email.send(["a@example.org", "b@example.org"], subject="s", text="t")
    assert body_of(seen[0])["to"] == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 57, 65_535, 65_537, 200_000])
async def test_files_arrive_byte_for_byte(
    client: AsyncClient, seen: list[Exchange], tmp_path: Path, size: int
) -> None:
    content = random.Random(size).randbytes(size)
    path = tmp_path / "drawing.png"
    path.write_bytes(content)
    files = [Attachment("a.bin", content), Attachment.from_path(path)]
    await client.email.send("a@example.org", subject="s", text="t", attachments=files)
    arrived = body_of(seen[0])["attachments"]
    assert [base64.b64decode(each["content"]) for each in arrived] == [content] * 2
    assert arrived[1]["filename"] == "drawing.png"
    assert arrived[1]["content_type"] == "image/png"


async def test_a_template_has_every_field_of_the_reference(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    await client.whatsapp.send_template(
        NUMBER,
        "order_update",
        "en",
        variables={"1": "Joan", "2": "ORD-9921"},
        header_media_url="https://example.org/logo.png",
    )
    assert (seen[0].method, seen[0].path) == ("POST", "/api/v1/whatsapp/send-template")
    assert body_of(seen[0]) == {
        "to": NUMBER,
        "template_name": "order_update",
        "language": "en",
        "variables": {"1": "Joan", "2": "ORD-9921"},
        "header_media_url": "https://example.org/logo.png",
    }


async def test_each_channel_has_its_own_status_endpoint(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    sms = await client.sms.send(NUMBER, "Hi")
    email = await client.email.send("a@example.org", subject="s", text="t")
    template = await client.whatsapp.send_template(NUMBER, "welcome", "en")
    seen.clear()
    for channel, receipt in [
        (client.sms, sms),
        (client.email, email),
        (client.whatsapp, template),
    ]:
        found = await channel.status(str(receipt.message_id))
        assert (found.message_id, found.status) == (receipt.message_id, "queued")
    assert [(each.method, each.path) for each in seen] == [
        ("GET", f"/api/v1/sms/status/{sms.message_id}"),
        ("GET", f"/api/v1/email/status/{email.message_id}"),
        ("GET", f"/api/v1/whatsapp/status/{template.message_id}"),
    ]


async def test_a_list_has_every_filter_of_the_reference(
    client: AsyncClient, seen: list[Exchange]
) -> None:
    walk = client.sms.list(
        status="failed", since=MOMENT, until="2030-06-01", page=3, page_size=50
    )
    assert [message async for message in walk] == []
    assert (seen[0].method, seen[0].path) == ("GET", "/api/v1/sms")
    assert dict(parse_qsl(seen[0].query)) == {
        "page": "3",
        "per_page": "50",
        "status": "failed",
        "from": "2030-05-01T09:30:00+03:00",
        "to": "2030-06-01",
    }


async def test_a_request_carries_the_key_in_its_header_and_nowhere_else(
    client: AsyncClient, sandbox: Sandbox, seen: list[Exchange]
) -> None:
    await client.sms.send(NUMBER, "Hi")
    headers = dict(seen[0].headers)
    assert headers.pop("authorization") == f"Bearer {sandbox.api_key}"
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/json"
    assert int(headers["content-length"]) == len(seen[0].body)
    rest = [seen[0].path, seen[0].query, *headers.values(), seen[0].body.decode()]
    assert not [part for part in rest if sandbox.api_key in part]


async def test_the_raw_reply_is_at_hand_on_every_result(client: AsyncClient) -> None:
    receipt = await client.sms.send(NUMBER, "Hi")
    status = await client.sms.status(str(receipt.message_id))
    page = await anext(client.sms.list().pages())
    for reply in (receipt.reply, status.reply, page.reply):
        assert reply is not None
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        assert reply.json() == json.loads(reply.body)
        assert str(reply.request_id).startswith("req_")
