"""Whatever comes in, the sandbox has an answer for it."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackverify.sandbox import Exchange, Reply, Sandbox, Service

FIELDS = [
    *("to", "message", "sender_id", "callback_url", "scheduled_at", "recipients"),
    *("body", "scheduleAt", "templateId", "subject", "html", "text", "from_name"),
    *("from_email", "reply_to", "attachments", "headers", "template_name"),
    *("language", "variables", "header_media_url"),
]
LIKELY = st.sampled_from(
    ["+254712345678", "a@example.org", "welcome", "en", "2030-01-01", "https://a.b/"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | LIKELY
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES | LIKELY, max_size=9)
SENDS = st.sampled_from(["/sms/send", "/email/send", "/whatsapp/send-template"])
# The first text drawn on a fresh machine builds tables for seconds.
calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SERVICE = Service(tier="enterprise:1000000", keep=50)


def answer(method: str, path: str, query: str = "", body: bytes = b"") -> Reply:
    headers = {"authorization": f"Bearer {SERVICE.api_key}"}
    now = SERVICE.clock.now()
    reply = SERVICE.answer(
        Exchange(method, f"/api/v1{path}", query, headers, body, "r", now)
    )
    json.loads(reply.encoded())
    return reply


@calmly
@given(path=SENDS, body=BODIES)
def test_no_body_of_known_fields_breaks_it(path: str, body: dict[str, Any]) -> None:
    reply = answer("POST", path, body=json.dumps(body).encode())
    assert reply.status in (200, 400, 422)
    assert reply.status != 422 or reply.body["errors"]


@calmly
@given(path=SENDS, body=st.binary() | VALUES.map(lambda v: json.dumps(v).encode()))
def test_no_body_at_all_breaks_it(path: str, body: bytes) -> None:
    assert answer("POST", path, body=body).status == 400


@calmly
@given(
    st.dictionaries(
        st.sampled_from(["page", "per_page", "status", "from", "to", "x"]),
        st.text() | st.integers().map(str) | st.datetimes().map(str),
    )
)
def test_no_query_breaks_it(query: dict[str, str]) -> None:
    written = str(httpx.QueryParams(query))
    assert answer("GET", "/sms", written).status in (200, 422)


@calmly
@given(st.text())
def test_no_query_string_breaks_it(query: str) -> None:
    assert answer("GET", "/sms", query).status in (200, 422)


@calmly
@given(st.text(max_size=30))
def test_no_message_id_breaks_it(message_id: str) -> None:
    reply = answer("GET", f"/sms/status/{message_id}")
    assert reply.status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/sms/status/%2e%2e",
        "/sms/status/%2F..%2Fsend",
        "/sms/status/%00",
        "/sms/status/%ff%fe",
        "/sms/status/a%0Ab",
        "/sms/status/" + "x" * 5000,
        "/%E2%82%AC",
    ],
)
def test_no_address_breaks_it(api: httpx.Client, sandbox: Sandbox, path: str) -> None:
    assert api.get(path).status_code == 404
    assert sandbox.replies == {404: 1}
