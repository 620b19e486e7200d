"""What the sandbox refuses, and in which words."""

from typing import Any

import httpx
import pytest

from stackverify.sandbox import PERMISSIONS, Sandbox

TO = "+254712345678"
SMS = {"to": TO, "message": "x"}
EMAIL = {"to": "a@example.org", "subject": "Hi", "text": "x"}
TEMPLATE = {"to": TO, "template_name": "welcome", "language": "en"}
REQUESTS = {
    "sms:send": ("POST", "/sms/send"),
    "sms:read": ("GET", "/sms"),
    "email:send": ("POST", "/email/send"),
    "email:read": ("GET", "/email/status/x"),
    "whatsapp:send": ("POST", "/whatsapp/send-template"),
    "whatsapp:read": ("GET", "/whatsapp/status/x"),
}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic abc", "Bearer sk_test_other"]
)
def test_without_a_known_key_the_answer_is_401(
    api: httpx.Client, sandbox: Sandbox, header: str | None
) -> None:
    headers = {} if header is None else {"authorization": header}
    reply = httpx.get(f"{sandbox.base_url}/sms", headers=headers, trust_env=False)
    assert reply.status_code == 401
    assert reply.json()["code"] == "unauthorized"


def test_a_revoked_key_is_not_known_any_more(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add()
    headers = {"authorization": f"Bearer {key.value}"}
    assert api.get("/sms", headers=headers).status_code == 200
    sandbox.keys.revoke(key)
    assert api.get("/sms", headers=headers).status_code == 401


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_without_its_permission_the_answer_is_403_and_names_it(
    api: httpx.Client, sandbox: Sandbox, permission: str
) -> None:
    key = sandbox.keys.add(permissions=set(PERMISSIONS) - {permission})
    method, path = REQUESTS[permission]
    headers = {"authorization": f"Bearer {key.value}"}
    reply = api.request(method, path, headers=headers)
    assert reply.status_code == 403
    assert permission in reply.json()["message"]


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_permission_alone_opens_its_endpoint(
    api: httpx.Client, sandbox: Sandbox, permission: str
) -> None:
    key = sandbox.keys.add(permissions=[permission])
    method, path = REQUESTS[permission]
    headers = {"authorization": f"Bearer {key.value}"}
    reply = api.request(method, path, headers=headers)
    assert reply.status_code in (200, 400, 404)


@pytest.mark.parametrize(
    "path", ["", "/", "/sms/", "/sms/status", "/sms/status/", "/sms/send/x", "/push"]
)
def test_an_unknown_address_is_404(api: httpx.Client, path: str) -> None:
    reply = api.get(path)
    assert reply.status_code == 404
    assert reply.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/sms/send", "POST"), ("POST", "/sms", "GET"), ("PUT", "/sms", "GET")],
)
def test_the_wrong_method_is_405_and_told_the_right_one(
    api: httpx.Client, method: str, path: str, allowed: str
) -> None:
    reply = api.request(method, path)
    assert reply.status_code == 405
    assert reply.headers["allow"] == allowed


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"to": NaN}', b"[" * 100_000],
)
def test_a_body_that_is_no_json_object_is_400(api: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    reply = api.post("/sms/send", content=body, headers=headers)
    assert reply.status_code == 400
    assert reply.json()["code"] == "bad_request"


def test_a_form_is_400(api: httpx.Client) -> None:
    assert api.post("/sms/send", data={"to": TO, "message": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/sms/send", {"message": "x"}, ["to"]),
        ("/sms/send", {}, ["to", "message"]),
        ("/sms/send", {"to": TO, "message": None}, ["message"]),
        ("/sms/send", {"recipients": [TO]}, ["body"]),
        ("/email/send", {"to": "a@example.org"}, ["html or text", "subject"]),
        ("/whatsapp/send-template", {}, ["to", "template_name", "language"]),
    ],
)
def test_missing_parameters_are_400_and_all_named(
    api: httpx.Client, path: str, body: dict[str, Any], named: list[str]
) -> None:
    reply = api.post(path, json=body)
    assert reply.status_code == 400
    assert reply.json()["message"] == f"Missing parameter: {', '.join(named)}."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "0712345678"}, "to"),
        ({"to": "+0712345678"}, "to"),
        ({"to": "+1234"}, "to"),
        ({"to": "+1234567890123456"}, "to"),
        ({"to": "+12025550100\n"}, "to"),
        ({"to": "+١٢٣٤٥٦٧"}, "to"),
        ({"to": 254712345678}, "to"),
        ({"to": {}}, "to"),
        ({"to": []}, "to"),
        ({"to": [TO, 7]}, "to.1"),
        ({"to": [TO, [TO]]}, "to.1"),
        ({"recipients": [TO]}, "recipients"),
        ({"message": ""}, "message"),
        ({"message": "x" * 1601}, "message"),
        ({"message": ["x"]}, "message"),
        ({"sender_id": "a\nb"}, "sender_id"),
        ({"callback_url": "example.org/hook"}, "callback_url"),
        ({"callback_url": "ftp://example.org"}, "callback_url"),
        ({"callback_url": "http://[::1"}, "callback_url"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at"),
        ({"scheduled_at": 1800000000}, "scheduled_at"),
    ],
)
def test_a_bad_sms_field_is_422_and_named(
    api: httpx.Client, sandbox: Sandbox, changes: dict[str, Any], field: str
) -> None:
    reply = api.post("/sms/send", json=SMS | changes)
    assert reply.status_code == 422
    assert list(reply.json()["errors"]) == [field]
    assert sandbox.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "joan"}, "to"),
        ({"to": "Joan <a@example.org>"}, "to"),
        ({"to": "a@example.org\r\nBcc: b@example.org"}, "to"),
        ({"to": ["a@example.org", "b@localhost"]}, "to.1"),
        ({"subject": "Hi\nBcc: x"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"html": 7}, "html"),
        ({"from_email": "shop"}, "from_email"),
        ({"reply_to": "a@b"}, "reply_to"),
        ({"from_name": "a\rb"}, "from_name"),
        ({"attachments": "aGVsbG8="}, "attachments"),
        ({"attachments": ["not base64!"]}, "attachments.0"),
        ({"attachments": [{"content": "aGVsbG8=", "name": 7}]}, "attachments.0"),
        ({"attachments": [{"name": "a.txt"}]}, "attachments.0"),
        (
            {"attachments": [{"content": "", "type": "a/b", "mime_type": "\x0f"}]},
            "attachments.0",
        ),
        ({"headers": ["X-A: b"]}, "headers"),
        ({"headers": {"X-A": 7}}, "headers.X-A"),
        ({"headers": {"X-A": "b\r\nBcc: c"}}, "headers.X-A"),
        ({"headers": {"X A": "b"}}, "headers.X A"),
        ({"scheduled_at": "2030-13-01"}, "scheduled_at"),
    ],
)
def test_a_bad_email_field_is_422_and_named(
    api: httpx.Client, sandbox: Sandbox, changes: dict[str, Any], field: str
) -> None:
    reply = api.post("/email/send", json=EMAIL | changes)
    assert reply.status_code == 422
    assert list(reply.json()["errors"]) == [field]
    assert sandbox.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": [TO]}, "to"),
        ({"template_name": "hello"}, "template_name"),
        ({"language": "de"}, "language"),
        ({"language": "not a language"}, "language"),
        ({"variables": ["Joan"]}, "variables"),
        ({"variables": {"name": "Joan"}}, "variables.name"),
        ({"variables": {"0": "Joan"}}, "variables.0"),
        ({"variables": {"1": 7}}, "variables.1"),
        ({"header_media_url": "a.png"}, "header_media_url"),
    ],
)
def test_a_bad_template_field_is_422_and_named(
    api: httpx.Client, sandbox: Sandbox, changes: dict[str, Any], field: str
) -> None:
    reply = api.post("/whatsapp/send-template", json=TEMPLATE | changes)
    assert reply.status_code == 422
    assert list(reply.json()["errors"]) == [field]
    assert sandbox.count() == 0


def test_all_that_is_wrong_is_told_at_once(api: httpx.Client) -> None:
    body = {"to": ["+1", TO, "x"], "message": "", "callback_url": "x"}
    reply = api.post("/sms/send", json=body)
    assert set(reply.json()["errors"]) == {"to.0", "to.2", "message", "callback_url"}


def test_sixteen_hundred_characters_are_not_too_many(api: httpx.Client) -> None:
    body = {"to": TO, "message": "é" * 1600}
    assert api.post("/sms/send", json=body).status_code == 200


def test_where_arrays_are_not_atomic_bad_recipients_cost_only_themselves(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    sandbox.knobs.atomic_arrays = False
    body = {"to": [TO, "+1", "+12025550100"], "message": "x"}
    rows = api.post("/sms/send", json=body).json()["data"]
    assert [row["status"] for row in rows] == ["queued", "rejected", "queued"]
    assert [message.to for message in sandbox.messages()] == [TO, "+12025550100"]
    all_bad = {"to": ["+1", "+2"], "message": "x"}
    assert api.post("/sms/send", json=all_bad).status_code == 422


@pytest.mark.parametrize(
    ("style", "status"), [("text", "error"), ("number", 404), ("boolean", False)]
)
def test_an_error_has_a_status_of_the_chosen_type(
    api: httpx.Client, sandbox: Sandbox, style: Any, status: object
) -> None:
    sandbox.knobs.error_status = style
    body = api.get("/sms/status/none").json()
    assert body == {
        "status": status,
        "code": "not_found",
        "message": "No such message.",
    }


@pytest.mark.parametrize("path", ["/sms", "/sms/status/none", "/nowhere"])
def test_every_reply_has_a_request_id_of_its_own(api: httpx.Client, path: str) -> None:
    ids = {api.get(path).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_replies_are_dated_by_the_sandbox_clock(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    before = api.get("/sms").headers["date"]
    sandbox.clock.advance(86_400)
    assert api.get("/sms").headers["date"] != before


def test_a_body_beyond_all_measure_is_413(api: httpx.Client, sandbox: Sandbox) -> None:
    parts = (b" " * 1_000_000 for _ in range(40))
    reply = api.post("/sms/send", content=parts)
    assert reply.status_code == 413
    assert sandbox.count() == 0
