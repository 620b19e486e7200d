"""`stackverify doctor`: it finds what is wrong, and never shows the key."""

import os
import socket
import ssl
from email.utils import formatdate

import pytest

from stackverify import Reply
from stackverify.cli import look_there
from stackverify.cli.finding import Finding
from stackverify.sandbox import Sandbox
from stackverify.velstack import Velstack
from tests.cli.shell import Ended, Shell
from tests.faulty_server import CERTIFICATE, FaultyServer, Talk

NOW = 1_800_000_000.0


def states(done: Ended) -> dict[str, str]:
    return {check["name"]: check["state"] for check in done.documents[0]["checks"]}


def text_of(done: Ended, name: str) -> str:
    (row,) = [row for row in done.rows if row[1:2] == [name]]
    return row[2]


def test_where_all_is_well_it_says_so(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("doctor")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("Nothing is wrong.\n")
    assert {row[0] for row in done.rows[:-1]} == {"ok", "skipped"}
    assert sandbox.count() == 0


def test_json_is_one_document(shell: Shell) -> None:
    (told,) = shell("doctor", "--json").documents
    by_name = {check["name"]: check["facts"] for check in told["checks"]}
    assert told["ok"]
    assert by_name["key"]["mode"] == "test"
    assert by_name["tier"]["requests_per_minute"] == 60_000
    assert by_name["versions"]["httpx"]


def test_without_a_key_it_is_code_1(shell: Shell) -> None:
    done = shell("doctor", STACKVERIFY_API_KEY="")
    assert done.code == 1
    assert "STACKVERIFY_API_KEY" in text_of(done, "key")


def test_a_key_with_a_quote_in_it_is_found_out(shell: Shell) -> None:
    done = shell("doctor", STACKVERIFY_API_KEY="'sk_test_abc'")
    assert (done.code, text_of(done, "key").count("sk_test_abc")) == (1, 0)


def test_a_key_the_service_does_not_know_is_found_out(shell: Shell) -> None:
    done = shell("doctor", STACKVERIFY_API_KEY="sk_test_unknown_to_all")
    assert done.code == 1
    assert "401" in text_of(done, "service")
    assert "unknown_to_all" not in done.out


def test_an_address_that_is_the_wrong_one_is_found_out(
    shell: Shell, sandbox: Sandbox
) -> None:
    url = sandbox.base_url.removesuffix("/api/v1")
    done = shell("doctor", "--base-url", url)
    assert done.code == 1
    assert "check the base URL" in text_of(done, "service")
    assert "permission" not in done.out


def test_a_permission_that_is_missing_is_told_of(
    shell: Shell, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add(permissions=["sms:send", "email:read"])
    done = shell("doctor", "--json", STACKVERIFY_API_KEY=key.value)
    assert (done.code, states(done)["service"]) == (0, "ok")
    assert states(done)["permission sms:read"] == "warning"
    assert states(done)["permission email:read"] == "ok"
    assert states(done)["permission whatsapp:read"] == "warning"


@pytest.mark.skipif(os.name != "posix", reason="others are told apart otherwise")
def test_a_key_file_that_others_can_read_is_told_of(
    shell: Shell, sandbox: Sandbox
) -> None:
    name = shell.write("key", sandbox.api_key)
    (shell.folder / name).chmod(0o644)
    assert "chmod 600" in text_of(shell("doctor", "--api-key-file", name), "key")
    (shell.folder / name).chmod(0o600)
    assert "chmod 600" not in text_of(shell("doctor", "--api-key-file", name), "key")


def test_a_proxy_is_told_of_and_not_used(shell: Shell) -> None:
    done = shell("doctor", https_proxy="http://user:secret@127.0.0.1:1")
    assert "https_proxy is set, and not read" in text_of(done, "proxy")
    assert (done.code, "secret@" in done.out) == (0, False)


def test_a_name_that_nobody_has_is_found_out(shell: Shell) -> None:
    url = "https://no-such-host.invalid/api"
    done = shell("doctor", "--base-url", url, "--timeout", "5")
    assert done.code == 1
    assert "no-such-host.invalid was not found" in text_of(done, "name")


def test_a_port_where_nobody_listens_is_found_out(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    done = shell("doctor", "--base-url", f"https://127.0.0.1:{port}", "--json")
    found = states(done)
    assert (done.code, found["TLS"], found["service"]) == (1, "wrong", "wrong")


def test_a_certificate_that_nobody_trusts_is_found_out(shell: Shell) -> None:
    with FaultyServer(Talk.secure) as server:
        done = shell("doctor", "--base-url", server.secure_url)
    assert done.code == 1
    assert "the certificate is not accepted" in text_of(done, "TLS")


def test_the_days_a_certificate_has_left_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trusting = ssl.create_default_context(cadata=CERTIFICATE)
    monkeypatch.setattr(look_there, "shared_context", lambda build: trusting)
    with FaultyServer(Talk.secure) as server:
        port = int(server.secure_url.split(":")[2].split("/")[0])
        found = look_there._tls("127.0.0.1", port, "https", 5.0)
    assert found.state == "ok"
    assert found.facts["days_left"] > 300_000
    assert look_there._accepted("TLSv1.3", 13 * 86_400).state == "warning"


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0.0, "ok"), (4.0, "ok"), (-60.0, "warning"), (900.0, "warning")],
)
def test_the_clock_is_compared_with_the_service_s(seconds: float, state: str) -> None:
    reply = Reply(200, {"date": formatdate(NOW, usegmt=True)}, b"")
    assert look_there._clock(reply, NOW + seconds).state == state


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_service_that_does_not_tell_the_time_is_no_fault(date: str) -> None:
    assert look_there._clock(Reply(200, {"date": date}, b""), NOW).state == "skipped"


def test_a_bad_webhook_secret_is_found_out(shell: Shell) -> None:
    assert text_of(shell("doctor"), "webhook secret").endswith(
        "only receiving needs it."
    )
    done = shell("doctor", STACKVERIFY_WEBHOOK_SECRET="whsec_a whsec_bb")
    assert "2 in STACKVERIFY_WEBHOOK_SECRET" in text_of(done, "webhook secret")
    assert "whsec_a" not in done.out


@pytest.mark.parametrize(
    ("words", "name"),
    [(("--tier", "gold"), "tier"), (("--base-url", "http://example.org"), "base URL")],
)
def test_a_setting_that_cannot_be_is_found_out(
    shell: Shell, words: tuple[str, ...], name: str
) -> None:
    done = shell("doctor", *words, "--json")
    assert (done.code, states(done)[name]) == (1, "wrong")


VELSTACK = ("doctor", "--service", "velstack")


def test_velstack_is_looked_at_with_its_own_key_and_address(
    shell: Shell, sandbox: Sandbox
) -> None:
    done = shell(*VELSTACK, STACKVERIFY_API_KEY="", STACKVERIFY_TIER="?")
    assert (done.code, done.err) == (0, "")
    assert text_of(done, "key").endswith("from VELSTACK_API_KEY.")
    assert sandbox.velstack_url in text_of(done, "base URL")
    assert {row[1] for row in done.rows[:-1]}.isdisjoint({"tier", "webhook secret"})
    assert (sandbox.requests, sandbox.count()) == (1, 0)


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("sk_live_unknown_to_all", 1, "does not know this key (401)"),
        ("pk_test_unknown_to_all", 0, "a public key only a send would tell"),
    ],
)
def test_what_velstack_says_of_a_key_is_told(
    shell: Shell, key: str, code: int, said: str
) -> None:
    done = shell(*VELSTACK, VELSTACK_API_KEY=key)
    assert (done.code, said in text_of(done, "service")) == (code, True)
    assert "unknown_to_all" not in done.out


def test_a_key_that_is_none_of_velstack_s_is_told_of(shell: Shell) -> None:
    done = shell(*VELSTACK, VELSTACK_API_KEY="abcdefgh")
    assert "it starts with none of sk_live" in text_of(done, "key")


def test_both_addresses_of_velstack_are_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VELSTACK_BASE_URL", raising=False)
    missing = Finding("name", "wrong", "it was not found.")
    monkeypatch.setattr(look_there, "_name", lambda host, port, seconds: missing)
    with Velstack("sk_test_x") as client:
        found = [*look_there._velstack(client, 1.0)]
    assert [finding.name for finding in found] == ["name", "older name"]
