"""Clients of other languages, written by others, work against the sandbox unchanged."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stackverify.sandbox import Sandbox, Sms

CLIENTS = Path(__file__).parent / "clients"
NODE, NPM, CURL = (shutil.which(name) for name in ("node", "npm", "curl"))

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
needs_npm = pytest.mark.skipif(not (NODE and NPM), reason="npm is not installed")
needs_curl = pytest.mark.skipif(CURL is None, reason="curl is not installed")


def install(package: str, folder: Path) -> None:
    """Install a package without its scripts; skip where it is not to be had."""
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0")
    command = [str(NPM), "install", *options, "--prefix", str(folder), package]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        told = ended.stderr.strip().splitlines() or ["npm failed"]
        pytest.skip(f"npm does not give {package}: {told[0]}")


def run(script: str, folder: Path, sandbox: Sandbox) -> Any:
    """Run a script beside the packages it imports; give what it printed."""
    copy = shutil.copy(CLIENTS / script, folder)
    settings = {
        "STACKVERIFY_BASE_URL": sandbox.base_url,
        "STACKVERIFY_API_KEY": sandbox.api_key,
    }
    ended = subprocess.run(
        [str(NODE), copy],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@needs_npm
@pytest.mark.parametrize("package", ["stackverify@2", "stackverify-sms@1"])
def test_the_vendors_node_clients_send(
    sandbox: Sandbox, tmp_path: Path, package: str
) -> None:
    install(package, tmp_path)
    told = run(f"{package.partition('@')[0]}.mjs", tmp_path, sandbox)
    (message,) = sandbox.messages()
    assert told == {"id": message.message_id, "status": "queued"}
    assert (message.to, message.text) == ("+254712345678", "Habari ☕")
    assert json.loads(message.raw)["recipients"] == ["+254712345678"]
    assert sandbox.replies[200] == sandbox.requests


@needs_npm
def test_a_client_made_from_the_description_does_everything(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    install("openapi-client-axios@7", tmp_path)
    told = run("described.mjs", tmp_path, sandbox)
    messages = sandbox.messages()
    assert told == {"ids": [each.message_id for each in messages], "listed": 2}
    said = [each.text for each in messages]
    assert said == ["one", "two", "<p>three</p>", "four"]
    assert sandbox.replies == {200: 9}


@needs_node
def test_plain_fetch_sends_in_the_form_of_the_reference(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    told = run("fetch.mjs", tmp_path, sandbox)
    (message,) = sandbox.messages()
    assert told == {"id": message.message_id, "status": "queued"}
    assert message.text == "Habari ☕"


@needs_curl
def test_curl_sends_in_the_form_of_the_node_clients(sandbox: Sandbox) -> None:
    said = {"recipients": ["+254712345678"], "body": "Habari", "sender_id": "EXAMPLE"}
    command = [
        *(str(CURL), "--silent", "--fail", "--noproxy", "*"),
        *("--header", f"Authorization: Bearer {sandbox.api_key}"),
        *("--header", "Content-Type: application/json", "--data", json.dumps(said)),
        f"{sandbox.base_url}/sms/send",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    (message,) = sandbox.messages()
    assert json.loads(ended.stdout)["message_id"] == message.message_id
    assert message.content == Sms("Habari", sender_id="EXAMPLE")
