"""Statuses that move, and lists that can be walked."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from stackverify.sandbox import Clock, Exchange, Sandbox, Service
from stackverify.sandbox.timetable import STATUSES

TO = "+254712345678"
EVERY_SEND: dict[Any, tuple[str, dict[str, str]]] = {
    "sms": ("/sms/send", {"to": TO, "message": "x"}),
    "email": ("/email/send", {"to": "a@example.org", "subject": "Hi", "text": "x"}),
    "whatsapp": (
        "/whatsapp/send-template",
        {"to": TO, "template_name": "welcome", "language": "en"},
    ),
}


def send(api: httpx.Client, channel: str = "sms", **changes: Any) -> str:
    path, body = EVERY_SEND[channel]
    reply = api.post(path, json=body | changes)
    return str(reply.raise_for_status().json()["message_id"])


def status(api: httpx.Client, message_id: str) -> Any:
    channel = message_id.partition("_")[0]
    return api.get(f"/{channel}/status/{message_id}").raise_for_status().json()


@pytest.mark.parametrize("channel", EVERY_SEND)
def test_a_message_is_queued_then_sent_then_delivered(
    api: httpx.Client, sandbox: Sandbox, channel: str
) -> None:
    message_id, seen = send(api, channel), []
    for _ in range(70):
        seen.append(status(api, message_id)["status"])
        sandbox.clock.advance(0.1)
    assert list(dict.fromkeys(seen))[:3] == ["queued", "sent", "delivered"]


@pytest.mark.parametrize("channel", EVERY_SEND)
def test_a_status_read_tells_the_message_and_its_recipient(
    api: httpx.Client, sandbox: Sandbox, channel: Any
) -> None:
    message_id = send(api, channel)
    told = status(api, message_id)
    [message] = sandbox.messages(channel=channel)
    assert (told["message_id"], told["to"]) == (message.message_id, message.to)
    assert told["error_message"] is None


def test_a_status_can_stand_inside_data(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.knobs.status_style = "data"
    assert status(api, send(api))["data"]["status"] == "queued"


def test_another_channel_does_not_know_the_id(api: httpx.Client) -> None:
    assert api.get(f"/email/status/{send(api)}").status_code == 404


def test_another_workspace_sees_nothing(api: httpx.Client, sandbox: Sandbox) -> None:
    message_id = send(api)
    key = sandbox.keys.add(workspace="elsewhere")
    headers = {"authorization": f"Bearer {key.value}"}
    read = api.get(f"/sms/status/{message_id}", headers=headers)
    assert read.status_code == 404
    assert api.get("/sms", headers=headers).json()["data"] == []


def test_a_scheduled_message_stays_queued_until_its_time(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    due = datetime.fromtimestamp(sandbox.clock.now() + 3600, UTC)
    message_id = send(api, scheduled_at=due.isoformat())
    sandbox.clock.advance(3600)
    assert status(api, message_id)["status"] == "queued"
    sandbox.clock.advance(60)
    assert status(api, message_id)["status"] == "delivered"


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        ("failed", ["failed", "failed", "failed"]),
        ("undelivered", ["undelivered", "failed", "failed"]),
        ("bounced", ["failed", "bounced", "failed"]),
    ],
)
def test_failures_can_be_forced(
    api: httpx.Client, sandbox: Sandbox, wanted: str, ends: list[str]
) -> None:
    sandbox.will_fail(TO, wanted, "because")
    sandbox.will_fail("a@example.org", wanted, "because")
    sent = [send(api, channel) for channel in EVERY_SEND]
    sandbox.clock.advance(3600)
    told = [status(api, message_id) for message_id in sent]
    assert [one["status"] for one in told] == ends
    assert {one["error_message"] for one in told} == {"because"}


def test_the_timetable_can_be_slower_or_over_at_once(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    message_id = send(api)
    sandbox.knobs.timetable = 0.0
    assert status(api, message_id)["status"] == "delivered"
    sandbox.knobs.timetable = 1000.0
    assert status(api, message_id)["status"] == "queued"
    assert sandbox.messages(status="queued")


def test_about_as_many_fail_as_told_and_each_says_why() -> None:
    clock = Clock(lambda: 0.0)
    service = Service(clock=clock, seed=1, failing=0.1, tier="enterprise:99999")
    for _ in range(1000):
        service.answer(sms_request(service, b'{"to":"+1202555","message":"x"}'))
    clock.advance(1000)
    ended = service.messages()
    bad = [message for message in ended if message.status != "delivered"]
    assert 70 <= len(bad) <= 130
    assert {message.status for message in bad} == {"failed", "undelivered"}
    assert all(message.error_message for message in bad)


def sms_request(service: Service, body: bytes) -> Exchange:
    headers = {"authorization": f"Bearer {service.api_key}"}
    now = service.clock.now()
    return Exchange("POST", "/api/v1/sms/send", "", headers, body, "r", now)


def test_every_status_of_the_reference_can_be_reached() -> None:
    assert {
        "sms": {"queued", "sent", "delivered", "failed", "undelivered"},
        "email": {
            *("queued", "sent", "delivered", "opened"),
            *("clicked", "bounced", "failed", "spam"),
        },
        "whatsapp": {"queued", "sent", "delivered", "read", "failed"},
    } == {channel: set(statuses) for channel, statuses in STATUSES.items()}


def test_a_list_shows_the_newest_first_with_all_its_fields(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    first, second = send(api), send(api, message="y", sender_id="SHOP")
    rows = api.get("/sms").json()["data"]
    assert [row["message_id"] for row in rows] == [second, first]
    at = datetime.fromisoformat(rows[0].pop("created_at")).timestamp()
    assert at == sandbox.messages()[1].accepted_at
    assert rows[0] == {
        "message_id": second,
        "to": TO,
        "message": "y",
        "sender_id": "SHOP",
        "status": "queued",
        "error_message": None,
        "scheduled_at": None,
    }


def test_pages_together_hold_every_message_once(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    api.post("/sms/send", json={"to": [TO] * 45, "message": "x"})
    pages = [api.get("/sms", params={"page": n}).json() for n in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [20, 20, 5, 0]
    assert pages[0]["meta"] == {
        "current_page": 1,
        "last_page": 3,
        "per_page": 20,
        "total": 45,
    }
    walked = [row["message_id"] for page in pages for row in page["data"]]
    assert walked == [message.message_id for message in reversed(sandbox.messages())]


def test_a_list_has_the_envelope_of_the_chosen_style(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    api.post("/sms/send", json={"to": [TO] * 3, "message": "x"})
    asked = {"per_page": "2", "status": "queued"}
    sandbox.knobs.list_style = "bare"
    assert len(api.get("/sms", params=asked).json()) == 2
    sandbox.knobs.list_style = "messages"
    assert len(api.get("/sms", params=asked).json()["messages"]) == 2
    sandbox.knobs.list_style = "laravel"
    page = api.get("/sms", params=asked).json()
    assert (page["total"], page["last_page"]) == (3, 2)
    following = api.get(str(api.base_url.join(page["next_page_url"]))).json()
    assert len(following["data"]) == 1
    assert following["next_page_url"] is None


def test_a_list_can_be_narrowed_by_status(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.will_fail("+12025550100")
    sent = [send(api), send(api, to="+12025550100"), send(api)]
    sandbox.clock.advance(60)
    failed = api.get("/sms", params={"status": "failed"}).json()
    delivered = api.get("/sms", params={"status": "delivered", "per_page": 1}).json()
    assert [row["message_id"] for row in failed["data"]] == [sent[1]]
    assert failed["data"][0]["error_message"]
    assert [row["message_id"] for row in delivered["data"]] == [sent[2]]
    assert delivered["meta"]["total"] == 2


def test_a_list_can_be_narrowed_by_time(api: httpx.Client, sandbox: Sandbox) -> None:
    sent = []
    for _ in range(3):
        sent.append(send(api))
        sandbox.clock.advance(10)
    rows = api.get("/sms").json()["data"]
    middle = rows[1]["created_at"]
    since = api.get("/sms", params={"from": middle}).json()["data"]
    until = api.get("/sms", params={"to": middle}).json()["data"]
    assert [row["message_id"] for row in since] == [sent[2], sent[1]]
    assert [row["message_id"] for row in until] == [sent[1], sent[0]]


def test_a_day_as_the_end_of_a_range_is_meant_whole(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    send(api)
    today = datetime.fromtimestamp(sandbox.clock.now(), UTC).date().isoformat()
    asked = {"from": today, "to": today}
    assert len(api.get("/sms", params=asked).json()["data"]) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "two"),
        ("page", "9" * 30),
        ("page", "²"),
        ("per_page", "101"),
        ("per_page", "1.5"),
        ("status", "lost"),
        ("from", "yesterday"),
        ("to", "2027-01-15T12:00:00 00:00"),
    ],
)
def test_a_bad_list_parameter_is_422_and_named(
    api: httpx.Client, name: str, value: str
) -> None:
    reply = api.get("/sms", params={name: value})
    assert reply.status_code == 422
    assert list(reply.json()["errors"]) == [name]
