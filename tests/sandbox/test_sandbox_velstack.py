"""The pretend Velstack as any HTTP client sees it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from stackverify.sandbox import Sandbox, VelstackKey, VelstackKnobs

AMA, KOFI = "0205550368", "0205550369"
SMS = {"sender": "Acme", "recipient": AMA, "message": "Hi", "is_scheduled": False}


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    sandbox.velstack.knobs = VelstackKnobs()
    headers = {"authorization": f"Bearer {sandbox.velstack.api_key}"}
    with httpx.Client(
        base_url=sandbox.velstack_url, headers=headers, trust_env=False
    ) as opened:
        yield opened


def post(http: httpx.Client, path: str, **fields: Any) -> Any:
    return http.post(path, json=fields).json()


@pytest.mark.parametrize("path", ["/sms/quick", "/quick/sms"])
def test_a_quick_sms_is_accepted_at_both_addresses(
    http: httpx.Client, sandbox: Sandbox, path: str
) -> None:
    reply = http.post(path, json=SMS)
    (message,) = sandbox.messages()
    assert (reply.status_code, reply.json()["status"]) == (200, True)
    assert reply.json()["data"]["summary"] == {
        "message_id": message.message_id,
        "type": "Quick SMS",
        "message": "Hi",
        "sender": "Acme",
        "total_contacts": 1,
        "recipients": [AMA],
        "credit_used": 1,
        "credit_left": "1000.00",
    }


def test_a_message_stands_in_the_common_inbox(
    http: httpx.Client, sandbox: Sandbox
) -> None:
    post(http, "/sms/quick", **SMS)
    origin = sandbox.velstack_url.removesuffix("/velstack")
    shown = httpx.get(f"{origin}/sandbox/messages", trust_env=False).json()
    (message,) = shown["messages"]
    assert (message["channel"], message["to"], message["text"]) == ("sms", AMA, "Hi")
    assert (message["workspace"], message["status"]) == ("velstack test", "queued")
    assert message["request"] == SMS


def test_its_messages_are_not_in_the_list_of_the_other_service(
    http: httpx.Client, sandbox: Sandbox
) -> None:
    post(http, "/sms/quick", **SMS)
    others = {"authorization": f"Bearer {sandbox.api_key}"}
    reply = httpx.get(f"{sandbox.base_url}/sms", headers=others, trust_env=False)
    assert reply.json()["data"] == []


def test_no_webhook_of_the_other_service_is_posted(
    http: httpx.Client, sandbox: Sandbox
) -> None:
    sandbox.knobs.webhook_url = "http://127.0.0.1:9/none"
    post(http, "/sms/quick", **SMS)
    sandbox.clock.advance(86_400)
    assert sandbox.due_webhooks() == []


@pytest.mark.parametrize("recipient", [[AMA, KOFI], f"{AMA},{KOFI}", f"{AMA} , {KOFI}"])
def test_each_recipient_gets_a_message(
    http: httpx.Client, sandbox: Sandbox, recipient: Any
) -> None:
    post(http, "/sms/quick", **SMS | {"recipient": recipient})
    messages = sandbox.messages()
    assert [message.to for message in messages] == [AMA, KOFI]
    assert len({message.message_id for message in messages}) == 2


def test_the_knobs_choose_the_variant(http: httpx.Client, sandbox: Sandbox) -> None:
    knobs = sandbox.velstack.knobs
    knobs.one_style, knobs.recipients_style, knobs.credit_style = (
        "array",
        "joined",
        "number",
    )
    reply = post(http, "/sms/quick", **SMS | {"recipient": [AMA, KOFI]})
    summary = reply["data"][0]["summary"]
    assert summary["recipients"] == f"{AMA},{KOFI}"
    assert summary["credit_left"] == 1000


@pytest.mark.parametrize("knob", ["one_style", "list_style", "credit_style"])
def test_a_knob_that_is_set_wrongly_is_told_of(knob: str) -> None:
    with pytest.raises(ValueError, match=knob):
        VelstackKnobs(**{knob: "wrong"})


# A no.


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": ""},
        {"sender": None},
        {"message": 3},
        {"recipient": "Ama"},
        {"recipient": []},
        {"recipient": None},
        {"recipient": [None]},
        {"recipient": {}},
        {"is_scheduled": None},
        {"is_scheduled": "no"},
    ],
    ids=str,
)
@pytest.mark.parametrize("at_200", [True, False])
def test_a_send_that_is_wrong_is_refused(
    http: httpx.Client, sandbox: Sandbox, fields: Any, at_200: bool
) -> None:
    sandbox.velstack.knobs.sends_answer_200 = at_200
    reply = http.post("/sms/quick", json=SMS | fields)
    assert reply.status_code == (200 if at_200 else 422)
    assert (reply.json()["status"], reply.json()["code"]) == (False, 422)
    assert reply.json()["errors"].keys() == fields.keys()
    assert sandbox.count() == 0


def test_what_costs_more_than_there_is_is_refused(
    http: httpx.Client, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.credit = Decimal(1)
    reply = http.post("/sms/quick", json=SMS | {"message": "x" * 161})
    assert (reply.status_code, reply.json()["code"]) == (200, 403)
    assert post(http, "/sms/quick", **SMS | {"message": "x" * 160})["status"] is True


def test_a_live_key_spends_and_a_test_key_does_not(
    http: httpx.Client, sandbox: Sandbox
) -> None:
    post(http, "/sms/quick", **SMS)
    live = sandbox.velstack.keys.add("sk_live")
    http.headers["authorization"] = f"Bearer {live.value}"
    reply = post(http, "/sms/quick", **SMS | {"recipient": [AMA, KOFI]})
    assert reply["data"]["summary"]["credit_left"] == "998.00"
    assert sandbox.velstack.knobs.credit == 998


def test_a_service_that_is_down_says_so(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.velstack.knobs.is_down = True
    reply = http.post("/group/sms", json=SMS | {"group_id": 1})
    assert (reply.status_code, reply.json()["code"]) == (200, 404)
    reply = http.post("/sms/quick", json=SMS)
    assert (reply.status_code, reply.json()["code"]) == (200, 503)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer sk_test_nobody",
        "Basic sk_test_velstack",
        "Bearer sk_test_sandbox",
    ],
)
def test_an_unknown_key_is_refused(http: httpx.Client, authorization: str) -> None:
    headers = {"authorization": authorization}
    reply = http.post("/sms/quick", json=SMS, headers=headers)
    assert (reply.status_code, reply.json()["status"]) == (401, False)


def test_a_public_key_may_only_send(http: httpx.Client, sandbox: Sandbox) -> None:
    key = sandbox.velstack.keys.add("pk_test")
    http.headers["authorization"] = f"Bearer {key.value}"
    assert http.post("/sms/quick", json=SMS).json()["status"] is True
    assert http.get("/group").status_code == 401


@pytest.mark.parametrize("body", [b"{", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, body: bytes) -> None:
    reply = http.post("/group", content=body)
    assert (reply.status_code, reply.json()["code"]) == (400, 400)


@pytest.mark.parametrize("path", ["/", "/sms", "/group/x", "/group/1/2", "/sender"])
def test_there_is_nothing_at_other_addresses(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/group", "/contact", "/sender/id", "/group/1"])
def test_an_address_takes_its_methods_only(http: httpx.Client, path: str) -> None:
    assert http.patch(path).status_code == 405


def test_what_only_begins_alike_is_not_velstack(sandbox: Sandbox) -> None:
    reply = httpx.get(f"{sandbox.velstack_url}s/group", trust_env=False)
    assert reply.json()["status"] == "error"


@pytest.mark.parametrize("wrong", ["", "sk", "sv_live_1", "SK_TEST_1", "x" * 20])
def test_a_key_says_what_it_is_for(wrong: str) -> None:
    with pytest.raises(ValueError, match="a key starts with"):
        VelstackKey.parse(wrong)


def test_a_key_shows_how_it_begins_and_no_more() -> None:
    assert repr(VelstackKey.parse("sk_test_c4nary")).startswith(
        "VelstackKey(value=sk_test…, mode='test', is_public=False"
    )


# What is kept.


def test_a_group_is_kept_until_it_is_deleted(http: httpx.Client) -> None:
    group = post(http, "/group", group_name="Fans")["data"]
    assert group == {"id": 1, "name": "Fans", "members": 0}
    assert (
        http.put("/group/1", json={"group_new_name": "Friends"}).json()["data"] is None
    )
    assert http.get("/group/1").json()["data"] == [group | {"name": "Friends"}]
    assert http.get("/group").json()["data"] == {
        "Summary": [group | {"name": "Friends"}]
    }
    assert http.delete("/group/1").json()["data"] is None
    assert http.get("/group/1").status_code == 404


def test_a_contact_is_kept_until_its_group_is_deleted(http: httpx.Client) -> None:
    post(http, "/group", group_name="Fans")
    asked = {"group_id": "1", "phone_number": "020 555 0368", "first_name": "Ama"}
    contact = post(http, "/contact", **asked)["data"]
    assert (contact["phone_number"], contact["Group"]) == (AMA, "Fans")
    assert http.get("/contact").json()["data"] == [contact]
    assert http.get("/contact/1").json()["data"] == {"results": [contact]}
    assert http.get("/group/1").json()["data"][0]["members"] == 1
    http.delete("/group/1")
    assert http.get("/contact").json()["data"] == []


def test_a_contact_is_changed_and_deleted(http: httpx.Client) -> None:
    post(http, "/group", group_name="Fans")
    post(http, "/contact", group_id=1, phone_number=AMA)
    http.put("/contact/2", json={"last_name": "Mensah"})
    assert http.put("/contact/2", json={"phone_number": "Ama"}).status_code == 422
    (contact,) = http.get("/contact").json()["data"]
    assert (contact["last_name"], contact["phone_number"]) == ("Mensah", AMA)
    http.delete("/contact/2")
    assert http.get("/contact").json()["data"] == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/group", {}),
        ("/group", {"group_name": " "}),
        ("/contact", {"group_id": 1}),
        ("/contact", {"group_id": 1, "phone_number": "Ama"}),
        ("/sender/id", {"sender_id": "Acme"}),
        ("/sender/id", {"purpose": "News"}),
    ],
)
def test_a_record_that_lacks_something_is_refused(
    http: httpx.Client, path: str, fields: Any
) -> None:
    post(http, "/group", group_name="Fans")
    assert http.post(path, json=fields).status_code == 422


def test_a_sender_id_is_pending(http: httpx.Client, sandbox: Sandbox) -> None:
    (asked,) = post(http, "/sender/id", sender_id="Acme", purpose="News")["data"]
    assert (asked["status"], asked["purpose"]) == ("pending", "News")
    assert asked.keys() == {"id", "purpose", "status", "date"}


def test_pages_have_links_to_each_other(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.velstack.knobs.page_size = 2
    for number in range(3):
        post(http, "/group", group_name=f"Group {number}")
    first = http.get("/group").json()["meta"]
    assert first == {
        "currentPage": 1,
        "prevPage": None,
        "nextPage": f"{sandbox.velstack_url}/group?page=2",
        "lastPage": 2,
        "perPage": 2,
        "total": 3,
    }
    second = http.get(first["nextPage"]).json()
    assert (second["meta"]["nextPage"], second["meta"]["currentPage"]) == (None, 2)
    assert [row["name"] for row in second["data"]["Summary"]] == ["Group 2"]


def test_a_reset_forgets_what_was_kept(http: httpx.Client, sandbox: Sandbox) -> None:
    post(http, "/group", group_name="Fans")
    post(http, "/sms/quick", **SMS)
    sandbox.reset()
    assert (sandbox.velstack.test.groups, sandbox.count()) == ({}, 0)


def test_faults_strike_it_too(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.faults.add("status", status=502, count=1)
    assert http.post("/sms/quick", json=SMS).status_code == 502
    headers = {"x-sandbox-fault": "status=503"}
    assert http.get("/group", headers=headers).status_code == 503
    assert sandbox.count() == 0
