"""What the sandbox says about itself is what it does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis

from stackverify.sandbox import PERMISSIONS, Sandbox
from stackverify.sandbox.openapi import describe

PHONE = "+254712345678"
EMAIL = "asha@example.org"
SENDS: dict[str, list[dict[str, Any]]] = {
    "/sms/send": [
        {"to": PHONE, "message": "x"},
        {"recipients": [PHONE], "body": "x"},
    ],
    "/email/send": [
        {"to": EMAIL, "subject": "x", "text": "x"},
        {"to": [EMAIL], "subject": "x", "text": "x"},
    ],
    "/whatsapp/send-template": [
        {"to": PHONE, "template_name": "welcome", "language": "en"},
    ],
}
VARIANTS = [
    {"reply_style": "id", "list_style": "laravel", "error_status": "number"},
    {"reply_style": "data", "list_style": "bare", "error_status": "boolean"},
    {"reply_style": "list", "list_style": "messages", "status_style": "data"},
    {"reply_style": "bare", "atomic_arrays": False},
]


def description(sandbox: Sandbox, host: str = "127.0.0.1") -> dict[str, Any]:
    address = httpx.URL(sandbox.base_url).copy_with(path="/openapi.json", host=host)
    reply = httpx.get(address, trust_env=False)
    assert reply.status_code == 200
    told: dict[str, Any] = reply.json()
    return told


def operations(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for item in told["paths"].values() for each in item.values()]


def set_knobs(sandbox: Sandbox, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(sandbox.knobs, name, value)


def agrees(sandbox: Sandbox, path: str, reply: httpx.Response) -> bool:
    """Tell whether a reply is one that the description of its path has."""
    told = schemathesis.openapi.from_dict(describe(sandbox.knobs, sandbox.base_url))
    method = reply.request.method
    return bool(told[path][method].is_valid_response(reply))


def test_it_says_what_each_permission_is_for(sandbox: Sandbox) -> None:
    said = " ".join(each["description"] for each in operations(description(sandbox)))
    assert all(f"`{permission}`" in said for permission in PERMISSIONS)


def test_it_needs_no_key_and_counts_for_nothing(sandbox: Sandbox) -> None:
    assert description(sandbox)["openapi"] == "3.1.0"
    assert (sandbox.requests, sandbox.replies) == (0, {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_its_server_is_the_one_that_was_asked(sandbox: Sandbox, host: str) -> None:
    at = httpx.URL(sandbox.base_url).copy_with(host=host)
    assert description(sandbox, host)["servers"] == [{"url": str(at)}]


def test_it_names_the_templates_of_the_catalogue(sandbox: Sandbox) -> None:
    sandbox.knobs.templates = {"receipt": ["sw"]}
    whatsapp = description(sandbox)["components"]["schemas"]["WhatsappSend"]
    assert whatsapp["properties"]["template_name"]["enum"] == ["receipt"]


@pytest.mark.parametrize("values", VARIANTS)
@pytest.mark.parametrize("path", SENDS)
def test_a_send_is_answered_as_described(
    sandbox: Sandbox, api: httpx.Client, path: str, values: dict[str, Any]
) -> None:
    set_knobs(sandbox, values)
    for body in SENDS[path]:
        reply = api.post(path, json=body)
        assert reply.status_code == 200
        assert agrees(sandbox, path, reply)


@pytest.mark.parametrize("values", VARIANTS)
def test_reads_and_refusals_are_answered_as_described(
    sandbox: Sandbox, api: httpx.Client, values: dict[str, Any]
) -> None:
    set_knobs(sandbox, values)
    api.post("/sms/send", json=SENDS["/sms/send"][0])
    place = f"/sms/status/{sandbox.messages()[0].message_id}"
    assert agrees(sandbox, "/sms/status/{messageId}", api.get(place))
    assert agrees(sandbox, "/sms", api.get("/sms"))
    assert agrees(sandbox, "/sms/send", api.post("/sms/send", json={"to": 1}))


def test_an_answer_of_another_variant_is_not_as_described(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    reply = api.get("/sms")
    sandbox.knobs.list_style = "bare"
    assert not agrees(sandbox, "/sms", reply)


def test_where_one_of_many_may_be_refused_alone_it_says_so(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.knobs.atomic_arrays = False
    reply = api.post("/sms/send", json={"to": [PHONE, "nobody"], "message": "x"})
    assert reply.status_code == 200
    assert agrees(sandbox, "/sms/send", reply)
    sandbox.knobs.atomic_arrays = True
    assert not agrees(sandbox, "/sms/send", reply)


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """All of its checks and phases, by its own command."""
    # Not QUERY, which the oldest HTTP parser that is admitted does not know.
    methods = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]
    settings = f"[phases.coverage]\nunexpected-methods = {json.dumps(methods)}\n"
    (tmp_path / "schemathesis.toml").write_text(settings, encoding="utf-8")
    with Sandbox(tier="enterprise:1000000", failing=0.0, keep=1000) as sandbox:
        address = httpx.URL(sandbox.base_url).copy_with(path="/openapi.json")
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(address)),
            *("--header", f"Authorization: Bearer {sandbox.api_key}"),
            *("--checks", "all", "--max-examples", "12", "--seed", "1"),
        ]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "7 selected / 7 total" in ended.stdout
    assert {200, 401, 405, 422} <= sandbox.replies.keys()
