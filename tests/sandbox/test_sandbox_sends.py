"""What the sandbox takes in, in each of the shapes it may come."""

import base64
import csv
from pathlib import Path

import httpx
import pytest

from stackverify.sandbox import Attachment, Email, Sandbox, Sms, Template

TO = "+254712345678"
EXAMPLES = Path(__file__).parents[2] / "examples" / "recipients.csv"


def test_a_sent_sms_is_kept_with_all_it_came_with(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    body = {
        "to": TO,
        "message": "Habari",
        "sender_id": "SHOP",
        "callback_url": "https://example.org/hook",
        "scheduled_at": "2030-01-01T08:00:00Z",
    }
    reply = api.post("/sms/send", json=body)
    [message] = sandbox.messages(channel="sms", to=TO)
    assert reply.status_code == 200
    assert reply.json()["message_id"] == message.message_id
    assert message.content == Sms("Habari", "SHOP", "https://example.org/hook")
    assert message.scheduled_at == "2030-01-01T08:00:00Z"
    assert message.raw == reply.request.content


def test_the_node_clients_form_is_taken_as_well(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    body = {
        "recipients": [TO, "+989601"],
        "body": "Habari",
        "scheduleAt": "2030-01-01",
        "templateId": "t-1",
    }
    reply = api.post("/sms/send", json=body)
    sent = sandbox.messages()
    assert [message.to for message in sent] == [TO, "+989601"]
    assert {message.content for message in sent} == {Sms("Habari", template_id="t-1")}
    assert [row["to"] for row in reply.json()["data"]] == [TO, "+989601"]


def test_one_recipient_of_the_node_clients_has_its_id_where_they_look(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    reply = api.post("/sms/send", json={"recipients": [TO], "body": "Habari"})
    assert reply.json()["message_id"] == sandbox.messages()[0].message_id


def test_an_array_gives_each_recipient_a_message_and_an_id(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    reply = api.post("/sms/send", json={"to": [TO, TO, "+1202555"], "message": "x"})
    told = [row["message_id"] for row in reply.json()["data"]]
    assert told == [message.message_id for message in sandbox.messages()]
    assert len(set(told)) == 3
    assert sandbox.requests == 1
    assert sandbox.count("sms") == sandbox.count() == 3


def test_every_real_example_number_and_address_is_accepted(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    phones, addresses = [r["phone"] for r in rows], [r["email"] for r in rows]
    api.post("/sms/send", json={"to": phones, "message": "x"}).raise_for_status()
    email = {"to": addresses, "subject": "Hi", "text": "x"}
    api.post("/email/send", json=email).raise_for_status()
    assert sandbox.count("sms") == sandbox.count("email") == len(rows) == 866


def test_a_sent_email_is_kept_with_all_it_came_with(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    file = {"filename": "a.pdf", "content": "aGVsbG8=", "content_type": "text/plain"}
    body = {
        "to": "joan@example.org",
        "subject": "Hi",
        "html": "<p>…</p>",
        "text": "…",
        "from_name": "Shop",
        "from_email": "shop@example.org",
        "reply_to": "help@example.org",
        "attachments": [file, base64.b64encode(b"bare").decode()],
        "headers": {"X-Campaign": "7"},
    }
    reply = api.post("/email/send", json=body)
    [message] = sandbox.messages(channel="email")
    content = message.content
    assert reply.json()["message_id"] == message.message_id
    assert isinstance(content, Email)
    assert (content.subject, content.html, content.text) == ("Hi", "<p>…</p>", "…")
    assert content.headers == {"X-Campaign": "7"}
    assert content.attachments == (
        Attachment("a.pdf", "text/plain", 5),
        Attachment(None, None, 4),
    )


@pytest.mark.parametrize("part", ["html", "text"])
def test_an_email_needs_only_one_of_its_bodies(api: httpx.Client, part: str) -> None:
    body = {"to": "a@example.org", "subject": "Hi", part: "x"}
    assert api.post("/email/send", json=body).status_code == 200


def test_a_template_is_kept_with_its_variables(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    body = {
        "to": TO,
        "template_name": "order_update",
        "language": "sw",
        "variables": {"2": "ORD-9921", "1": "Joan"},
        "header_media_url": "https://example.org/a.png",
    }
    reply = api.post("/whatsapp/send-template", json=body)
    [message] = sandbox.messages(channel="whatsapp")
    assert reply.json()["message_id"] == message.message_id
    assert isinstance(message.content, Template)
    assert message.content.name == "order_update"
    assert message.text == "Joan ORD-9921"


def test_templates_can_be_approved_while_it_runs(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    sandbox.knobs.templates = {"bye": ["de"]}
    body = {"to": TO, "template_name": "bye", "language": "de"}
    assert api.post("/whatsapp/send-template", json=body).status_code == 200
    body["template_name"] = "welcome"
    assert api.post("/whatsapp/send-template", json=body).status_code == 422


@pytest.mark.parametrize(
    ("style", "where"),
    [
        ("top", lambda body: body["message_id"]),
        ("id", lambda body: body["id"]),
        ("data", lambda body: body["data"]["message_id"]),
        ("list", lambda body: body["data"][0]["message_id"]),
    ],
)
def test_the_id_stands_where_the_reply_style_says(
    api: httpx.Client, sandbox: Sandbox, style: str, where: object
) -> None:
    sandbox.knobs.reply_style = style  # type: ignore[assignment]
    body = api.post("/sms/send", json={"to": TO, "message": "x"}).json()
    assert callable(where)
    assert where(body) == sandbox.messages()[0].message_id


def test_the_bare_reply_style_tells_no_id(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.knobs.reply_style = "bare"
    reply = api.post("/sms/send", json={"to": [TO], "message": "x"})
    assert reply.json() == {
        "status": "success",
        "message": "SMS queued for delivery.",
    }


def test_texts_beyond_ascii_come_back_as_they_went(api: httpx.Client) -> None:
    api.post("/sms/send", json={"to": TO, "message": "ጤና ይስጥልኝ 🐘"})
    assert api.get("/sms").json()["data"][0]["message"] == "ጤና ይስጥልኝ 🐘"


def test_half_a_surrogate_pair_breaks_nothing(api: httpx.Client) -> None:
    lone = b'{"to":"+254712345678","message":"a\\ud83d"}'
    json_type = {"content-type": "application/json"}
    api.post("/sms/send", content=lone, headers=json_type).raise_for_status()
    assert api.get("/sms").json()["data"][0]["message"] == "a\ud83d"


def test_the_oldest_messages_are_forgotten_beyond_keep(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    sandbox.knobs.keep = 3
    for number in range(8):
        api.post("/sms/send", json={"to": TO, "message": str(number)})
    assert [message.text for message in sandbox.messages()] == ["5", "6", "7"]
    assert sandbox.count() == 8
    assert [row["message"] for row in api.get("/sms").json()["data"]] == list("765")


def test_no_number_or_text_stands_in_the_repr_of_a_message(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    api.post("/sms/send", json={"to": TO, "message": "secret words"})
    shown = repr(sandbox.messages()[0])
    assert "secret" not in shown
    assert TO not in shown
