"""The test API, as a program in another language would use it."""

from typing import Any

import httpx
import pytest

from stackverify.sandbox import Sandbox

NUMBER = "+254712345678"
SMS = {"to": NUMBER, "message": "Hi", "sender_id": "ACME"}
EMAIL = {"to": "a@example.org", "subject": "S", "html": "<p>H</p>", "from_name": "N"}
TEMPLATE = {"to": NUMBER, "template_name": "welcome", "language": "en"}


def test_what_was_accepted_is_listed_as_it_came(
    api: httpx.Client, control: httpx.Client
) -> None:
    api.post("/sms/send", json=SMS).raise_for_status()
    api.post("/email/send", json=EMAIL).raise_for_status()
    api.post("/whatsapp/send-template", json=TEMPLATE).raise_for_status()
    told = control.get("/messages").json()
    assert (told["matching"], told["accepted"]) == (3, 3)
    sms, email, template = told["messages"]
    assert (sms["text"], sms["sender_id"], sms["request"]) == ("Hi", "ACME", SMS)
    assert (email["subject"], email["html"], email["plain"]) == ("S", "<p>H</p>", None)
    assert (template["template_name"], template["variables"]) == ("welcome", {})


def test_messages_are_found_by_channel_recipient_and_status(
    sandbox: Sandbox, api: httpx.Client, control: httpx.Client
) -> None:
    api.post("/sms/send", json=SMS).raise_for_status()
    api.post("/email/send", json=EMAIL).raise_for_status()

    def found(**asked: str) -> int:
        return int(control.get("/messages", params=asked).json()["matching"])

    assert (found(channel="sms"), found(to="a@example.org")) == (1, 1)
    assert (found(status="queued"), found(status="delivered")) == (2, 0)
    assert (
        control.get("/messages", params={"limit": "1"}).json()["messages"][0]["channel"]
        == "email"
    )


def test_the_latest_message_is_at_hand(
    api: httpx.Client, control: httpx.Client
) -> None:
    assert control.get("/messages/latest").status_code == 404
    ids = [api.post("/sms/send", json=SMS).json()["message_id"] for _ in range(2)]
    latest = control.get("/messages/latest", params={"to": NUMBER}).json()
    assert latest["message_id"] == ids[1]
    assert control.get(f"/messages/{ids[0]}").json()["message_id"] == ids[0]
    assert control.get("/messages/sms_0").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/messages"), ("POST", "/reset")]
)
def test_a_test_can_begin_afresh(
    sandbox: Sandbox, api: httpx.Client, control: httpx.Client, method: str, path: str
) -> None:
    api.post("/sms/send", json=SMS).raise_for_status()
    assert control.request(method, path).status_code == 204
    assert sandbox.count() == 0


def test_faults_are_added_shown_and_taken_back(
    api: httpx.Client, control: httpx.Client
) -> None:
    fault = {"kind": "status", "status": 502, "channel": "sms", "count": 5}
    answer = control.post("/faults", json=fault)
    assert (answer.status_code, answer.json()["probability"]) == (201, 1.0)
    assert control.get("/faults").json() == [answer.json()]
    assert api.post("/sms/send", json=SMS).status_code == 502
    assert control.delete("/faults").status_code == 204
    assert api.post("/sms/send", json=SMS).status_code == 200


def test_the_clock_is_moved_and_statuses_with_it(
    api: httpx.Client, control: httpx.Client
) -> None:
    api.post("/sms/send", json=SMS).raise_for_status()
    before = control.get("/clock").json()["now"]
    after = control.post("/clock", json={"advance": 3600}).json()["now"]
    assert after > before
    assert control.get("/messages/latest").json()["status"] == "delivered"


def test_replies_are_made_up_and_webhooks_read_back(
    sandbox: Sandbox, control: httpx.Client
) -> None:
    sandbox.knobs.webhook_url = "http://127.0.0.1:1/hook"
    reply = {"text": "Yes", "sender": NUMBER, "channel": "whatsapp"}
    assert control.post("/replies", json=reply).json()["url"].endswith("/hook")
    sandbox.wait_for_webhooks()
    (attempt,) = control.get("/webhooks").json()
    assert attempt["fields"]["message"] == "Yes"
    assert (attempt["failure"], len(attempt["signature"])) == ("ConnectError", 64)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(
            ("POST", "/faults", body)
            for body in ({}, {"kind": "x"}, {"kind": "html", "x": 1})
        ),
        *(("POST", "/clock", body) for body in ({}, {"advance": -1}, {"advance": "1"})),
        *(("POST", "/clock", body) for body in ({"advance": True}, {"advance": 1e300})),
        *(
            ("POST", "/replies", body)
            for body in ({}, {"text": 1}, {"text": "x", "y": "z"})
        ),
        ("POST", "/replies", {"text": "x", "sender": NUMBER, "channel": "email"}),
        *(("GET", "/messages?channel=fax", None), ("GET", "/messages?limit=x", None)),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(
    control: httpx.Client, method: str, path: str, body: Any
) -> None:
    answer = control.request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_answered_with_the_reason(
    control: httpx.Client, content: bytes
) -> None:
    assert control.post("/faults", content=content).status_code == 422
    assert control.post("/faults", content=b" " * 2_000_000).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_the_web_cannot_command_it(
    sandbox: Sandbox, api: httpx.Client, control: httpx.Client, headers: dict[str, str]
) -> None:
    api.post("/sms/send", json=SMS).raise_for_status()
    assert control.get("/messages", headers=headers).status_code == 403
    assert control.post("/reset", headers=headers).status_code == 403
    assert sandbox.count() == 1


def test_its_own_page_may(control: httpx.Client) -> None:
    origin = str(control.base_url).removesuffix("/sandbox/")
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert control.get("/messages", headers=headers).status_code == 200


def test_it_counts_for_nothing_in_what_it_tells(
    sandbox: Sandbox, control: httpx.Client
) -> None:
    control.get("/messages")
    assert sandbox.requests == 0
