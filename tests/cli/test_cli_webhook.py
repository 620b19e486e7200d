"""`stackverify webhook`: sign, verify, and listen to a real sandbox."""

import json
import subprocess

import httpx
import pytest

from stackverify import Client
from stackverify.sandbox import Sandbox
from stackverify.webhooks import sign
from tests.cli.shell import PATIENCE, Shell, finish, interrupt

SECRET = "whsec_of_this_test"
REPORT = {
    "event": "delivery_report",
    "message_id": "sms_1",
    "status": "delivered",
    "to": "+254712345678",
}
BODY = json.dumps(REPORT).encode()
SIGNATURE = sign(BODY, SECRET)


@pytest.fixture
def shell(shell: Shell) -> Shell:
    shell.environment["STACKVERIFY_WEBHOOK_SECRET"] = SECRET
    return shell


def test_a_body_is_signed_byte_by_byte(shell: Shell) -> None:
    body = b'{"a": "\xff"}\r\n'
    named = shell("webhook", "sign", shell.write("body", body))
    assert (named.code, named.out) == (0, f"{sign(body, SECRET)}\n")
    assert shell("webhook", "sign", stdin=body).out == named.out


def test_what_was_signed_is_genuine(shell: Shell) -> None:
    done = shell("webhook", "verify", "--signature", SIGNATURE, stdin=BODY)
    assert (done.code, done.err) == (0, "")
    assert done.out == "delivery_report  sms_1  delivered  +254712345678\n"


def test_json_of_a_genuine_one_has_all_its_fields(shell: Shell) -> None:
    words = ("verify", "--signature", SIGNATURE, "--json")
    (told,) = shell("webhook", *words, stdin=BODY).documents
    assert told == {"genuine": True, "event": REPORT}


def test_the_signature_is_found_among_headers(shell: Shell) -> None:
    headers = f"Host: example.org\r\nx-stackverify-signature: {SIGNATURE}\r\n"
    named = shell.write("headers", headers)
    assert shell("webhook", "verify", "--headers", named, stdin=BODY).code == 0


@pytest.mark.parametrize(
    ("body", "signature", "complaint"),
    [
        (BODY + b"\n", SIGNATURE, "another secret, or of another body"),
        (BODY, sign(BODY, "another"), "another secret, or of another body"),
        (b"{}", sign(b"{}", SECRET), "event is missing"),
    ],
)
def test_what_is_not_genuine_is_code_1_in_a_line(
    shell: Shell, body: bytes, signature: str, complaint: str
) -> None:
    done = shell("webhook", "verify", "--signature", signature, stdin=body)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert complaint in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("verify", "--signature", "x", "--headers", "-"),
        ("verify", "--headers", "-"),
        ("sign", "nowhere"),
        ("sign", "--secret", SECRET),
    ],
)
def test_what_cannot_be_asked_is_code_2(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell("webhook", *words, stdin=BODY)
    assert (done.code, done.out) == (2, "")
    assert SECRET not in done.err


def test_an_empty_body_is_told_of(shell: Shell) -> None:
    done = shell("webhook", "sign")
    assert (done.code, done.err) == (2, "Error: The body is empty.\n")


def test_without_a_secret_it_says_where_to_put_one(shell: Shell) -> None:
    done = shell("webhook", "sign", stdin=BODY, STACKVERIFY_WEBHOOK_SECRET="")
    assert (done.code, "--secret-file" in done.err) == (2, True)


def test_the_secret_comes_from_a_file(shell: Shell) -> None:
    words = ("sign", "--secret-file", shell.write("secret", f"{SECRET}\n"))
    done = shell("webhook", *words, stdin=BODY, STACKVERIFY_WEBHOOK_SECRET="")
    assert done.out == f"{SIGNATURE}\n"


def listening(shell: Shell, *words: str) -> tuple[subprocess.Popen[str], str]:
    """A receiver, and where it listens."""
    process = shell.start("webhook", "listen", "--port", "0", *words)
    assert process.stderr is not None
    return process, process.stderr.readline().split()[2]


def test_it_shows_what_a_sandbox_posts_until_ctrl_c(
    shell: Shell, sandbox: Sandbox
) -> None:
    process, url = listening(shell)
    sandbox.knobs.webhook_url = url
    sandbox.knobs.webhook_secret = SECRET
    with Client(sandbox.api_key, base_url=sandbox.base_url) as client:
        receipt = client.sms.send("+254712345678", "Are you coming?")
    sandbox.clock.advance(60)
    sandbox.reply("Yes, at eight", sender="+254712345678")
    sandbox.wait_for_webhooks()
    interrupt(process)
    done = finish(process)
    assert (done.code, done.err) == (0, "3 events.\n")
    assert done.out.count(str(receipt.message_id)) == 2
    assert "<13 characters>" in done.out
    assert "254712345678" not in done.out


def test_numbers_and_texts_are_shown_if_asked_for(shell: Shell) -> None:
    process, url = listening(shell, "--show", "--json")
    httpx.post(url, content=BODY, headers={"X-StackVerify-Signature": SIGNATURE})
    interrupt(process)
    assert finish(process).documents == [REPORT]


def test_what_nobody_signed_is_refused_and_told_of(shell: Shell) -> None:
    process, url = listening(shell)
    answer = httpx.post(url, content=BODY, headers={"X-StackVerify-Signature": "x"})
    interrupt(process)
    done = finish(process)
    assert (answer.status_code, done.out) == (401, "")
    assert "Webhook refused" in done.err


def test_a_reader_that_leaves_ends_the_listening(shell: Shell) -> None:
    process, url = listening(shell)
    assert process.stdout is not None
    process.stdout.close()
    httpx.post(url, content=BODY, headers={"X-StackVerify-Signature": SIGNATURE})
    assert process.wait(PATIENCE) == 0
    assert process.stderr is not None
    process.stderr.close()


def test_a_taken_port_is_told_of(shell: Shell) -> None:
    process, url = listening(shell)
    port = url.rstrip("/").rpartition(":")[2]
    done = shell("webhook", "listen", "--port", port)
    interrupt(process)
    finish(process)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"Port {port} is taken" in done.err


def test_without_the_extra_it_says_what_to_install(shell: Shell) -> None:
    shell.write("uvicorn.py", "raise ImportError('none here')")
    done = shell("webhook", "listen")
    assert (done.code, "stackverify[sandbox]" in done.err) == (2, True)
