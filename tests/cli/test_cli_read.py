"""`stackverify status` and `stackverify list`, piped, against a real sandbox."""

import pytest

from stackverify import Client
from stackverify.sandbox import Sandbox
from tests.cli.shell import Shell, finish

JOAN = "+254712345678"


@pytest.fixture
def sent(shell: Shell) -> str:
    """The id of an SMS that was accepted."""
    return str(shell("send", "sms", JOAN, "--text", "Hello").rows[0][2])


@pytest.fixture
def twelve(sandbox: Sandbox) -> None:
    """Twelve SMS that were accepted."""
    numbers = [f"+2547000000{n:02d}" for n in range(12)]
    with Client(sandbox.api_key, base_url=sandbox.base_url) as client:
        client.sms.send(numbers, "Hello\tall")


def test_a_status_is_one_line(shell: Shell, sandbox: Sandbox, sent: str) -> None:
    sandbox.clock.advance(3600)
    done = shell("status", "sms", sent)
    assert (done.code, done.rows, done.err) == (0, [[sent, "delivered", ""]], "")


def test_a_missing_word_is_named_with_those_that_can_be(shell: Shell) -> None:
    done = shell("status")
    assert (done.code, "Choose from: sms, email, whatsapp" in done.err) == (2, True)


def test_a_status_as_json_has_all_that_the_service_said(
    shell: Shell, sandbox: Sandbox, sent: str
) -> None:
    (told,) = shell("status", "sms", sent, "--json").documents
    assert (told["message_id"], told["status"]) == (sent, told["raw"]["status"])


@pytest.mark.parametrize("words", [("ID", "--wait"), ("--wait", "ID")])
def test_waiting_ends_when_it_is_delivered(
    shell: Shell, sandbox: Sandbox, sent: str, words: tuple[str, ...]
) -> None:
    process = shell.start("status", "sms", *[sent if w == "ID" else w for w in words])
    sandbox.clock.advance(3600)
    done = finish(process)
    assert (done.code, done.out) == (0, f"{sent}\tdelivered\t\n")


def test_waiting_for_another_status_ends_there(shell: Shell, sent: str) -> None:
    assert shell("status", "sms", sent, "--wait", "queued").code == 0


def test_a_message_that_failed_ends_the_wait_with_code_1(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.knobs.failing = 1.0
    sent = shell("send", "sms", JOAN, "--text", "Hello").rows[0][2]
    sandbox.clock.advance(3600)
    done = shell("status", "sms", sent, "--wait")
    assert (done.code, done.rows[0][1] in {"failed", "undelivered"}) == (1, True)
    assert shell("status", "sms", sent).code == 0


def test_a_wait_that_was_in_vain_is_code_5(shell: Shell, sent: str) -> None:
    done = shell("status", "sms", sent, "--wait", "--timeout", "0.2")
    assert (done.code, done.out, done.err.count("\n")) == (5, "", 1)


@pytest.mark.parametrize("channel", ["sms", "email", "whatsapp"])
def test_a_message_nobody_knows_is_code_1(shell: Shell, channel: str) -> None:
    done = shell("status", channel, "nope")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "404" in done.err


@pytest.mark.parametrize(
    "words",
    [("sms",), ("sms", "--wait"), ("sms", "x", "--wait", "soon"), ("fax", "x")],
)
def test_a_question_that_is_none_is_code_2(
    shell: Shell, words: tuple[str, ...]
) -> None:
    done = shell("status", *words)
    assert (done.code, done.out) == (2, "")


def test_a_list_is_a_line_each_with_five_cells(
    shell: Shell, sandbox: Sandbox, twelve: None
) -> None:
    done = shell("list", "--limit", "5")
    assert [len(row) for row in done.rows] == [5] * 5
    assert done.rows[0][4] == "Hello\\tall"
    assert {row[3] for row in done.rows} <= {m.message_id for m in sandbox.messages()}


def test_a_list_as_json_is_a_document_each(shell: Shell, twelve: None) -> None:
    told = shell("list", "--limit", "0", "--json").documents
    assert len({row["message_id"] for row in told}) == 12
    assert {row["text"] for row in told} == {"Hello\tall"}


def test_a_list_is_filtered(shell: Shell, sandbox: Sandbox, twelve: None) -> None:
    sandbox.clock.advance(3600)
    assert len(shell("list", "--status", "delivered").rows) == 12
    assert shell("list", "--status", "failed").rows == []
    assert shell("list", "--since", "2999-01-01").rows == []


@pytest.mark.parametrize("words", [("--since", "lately"), ("--limit", "-1")])
def test_a_filter_that_is_none_is_code_2(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell("list", *words)
    assert (done.code, words[0] in done.err) == (2, True)


def test_a_list_fetches_no_page_that_nobody_reads(
    shell: Shell, sandbox: Sandbox
) -> None:
    for start in range(0, 3000, 1000):
        numbers = [f"+25470{n:07d}" for n in range(start, start + 1000)]
        with Client(sandbox.api_key, base_url=sandbox.base_url) as client:
            client.sms.send(numbers, "x" * 1000)
    before = sandbox.requests
    process = shell.start("list", "--limit", "0")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert (process.wait(), process.stderr.read()) == (0, "")
    process.stderr.close()
    assert sandbox.requests - before < 30
