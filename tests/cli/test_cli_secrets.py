"""No key, number, address or text where nobody asked for it."""

import json
import os
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Ended, Shell, finish, interrupt, until

PHONE, ADDRESS = "+254799887766", "canaryaddress@canary.example"
TEXT, SUBJECT = "canarytext one two", "canarysubject"
CANARIES = ("canary", "799887766", "canarykey")


def found_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


@pytest.fixture
def key(sandbox: Sandbox, shell: Shell) -> str:
    """A key that is known when it is seen."""
    key = sandbox.keys.add("sk_test_canarykey0000").value
    shell.environment["STACKVERIFY_API_KEY"] = key
    other = sandbox.velstack.keys.add("sk_test_canarykey1111").value
    shell.environment["VELSTACK_API_KEY"] = other
    return key


MESSAGES = [
    ("send", "sms", PHONE, "--text", TEXT, "--sender-id", "canaryname"),
    ("send", "sms", PHONE, "+254799887767", "--text", TEXT),
    (
        *("send", "sms", "--service", "velstack", PHONE, "--text", TEXT),
        *("--sender", "canaryname", "--title", "canarytitle"),
    ),
    ("send", "email", ADDRESS, "--subject", SUBJECT, "--text", TEXT),
    (
        "send",
        "email",
        ADDRESS,
        "b@canary.example",
        "--subject",
        SUBJECT,
        "--text",
        TEXT,
    ),
    (
        *("send", "whatsapp", PHONE, "--template", "order_update"),
        *("--language", "en", "--var", "1=canaryvalue"),
    ),
]
FAULTS = [None, "status", "html", "hang_up", "accepted_then_hang_up", "malformed"]


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("words", MESSAGES)
def test_logs_and_error_lines_are_masked(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...], fault: str | None
) -> None:
    for kind in filter(None, [fault]):
        sandbox.faults.add(kind)  # type: ignore[arg-type]
    done = shell("--verbose", *words)
    assert found_in(done.err) == []
    assert "RequestStarted" in done.err


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    "words",
    [
        ("send", "sms", "0799887766", "--text", TEXT),
        ("send", "sms", PHONE, "--text", TEXT, "canarymore"),
        ("send", "sms", PHONE, "--text", f"{TEXT} " * 100),
        ("send", "email", "canary at example", "--subject", SUBJECT, "--text", TEXT),
        ("send", "whatsapp", PHONE, "--template", "x", "--language", "canary lang"),
        (
            "send",
            "whatsapp",
            PHONE,
            "--template",
            "x",
            "--language",
            "en",
            "--var",
            TEXT,
        ),
        ("send", "sms", PHONE, "--text", TEXT, "--timeout", PHONE),
        ("status", "sms", "canary/../id"),
        ("status", "sms", "x", TEXT),
        ("list", PHONE, ADDRESS),
        ("list", "--api-key", "sk_live_canarykey"),
        ("--api-key=sk_live_canarykey", "list"),
        ("send", "sms", PHONE, "--text", TEXT, "--api-key", "sk_live_canarykey"),
        ("webhook", "sign", "--secret", "canarysecret"),
    ],
)
def test_what_is_wrong_with_an_argument_is_told_without_it(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    plain, verbose = shell(*words), shell(*words, "--verbose", "--json")
    assert (plain.code, verbose.code, sandbox.count()) == (2, 2, 0)
    said = plain.out + plain.err + verbose.out + verbose.err
    assert found_in(said) == []


def test_the_key_is_refused_as_an_argument_with_a_reason(shell: Shell) -> None:
    done = shell("--api-key", "sk_live_x", "doctor")
    assert done.code == 2
    assert "--api-key-file" in done.err


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.usefixtures("key")
def test_the_process_list_shows_no_more_than_was_typed(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 5.0
    shell.write("people", f"{PHONE}\n+254799887767\n")
    shell.write("text", TEXT)
    words = ("send", "sms", "--to-file", "people", "--text-file", "text")
    process = shell.start(*words)
    until(sandbox.count)
    folder = Path(f"/proc/{process.pid}")
    shown = (folder / "cmdline").read_text("utf-8")
    children = (folder / "task" / str(process.pid) / "children").read_text("utf-8")
    interrupt(process)
    finish(process)
    assert (found_in(shown), children) == ([], "")


@pytest.mark.usefixtures("key")
def test_how_to_go_on_shows_neither_recipients_nor_text(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 0.1
    everybody = [f"canary{n}@canary.example" for n in range(200)]
    words = ("--subject", SUBJECT, "--text", TEXT, "--tier", "enterprise:1800")
    process = shell.start("send", "email", *everybody, *words)
    until(lambda: sandbox.count() > 5)
    interrupt(process)
    done: Ended = finish(process)
    assert (done.code, found_in(done.err)) == (130, [])
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    assert json.loads(rest.read_text("utf-8"))["message"]["subject"] == SUBJECT
    assert rest.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_the_doctor_shows_no_key(shell: Shell, key: str) -> None:
    for words in (("doctor",), ("doctor", "--json", "--verbose")):
        done = shell(*words)
        assert (done.code, found_in(done.out + done.err)) == (0, [])
