"""Ctrl-C at every stage, as a real signal: it says how to go on, and that works."""

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Shell, finish, interrupt, until

JOAN = "+254712345678"
EMAIL = ("send", "email", "--to-file", "people", "--subject", "Hi", "--text", "Hello")


@pytest.fixture
def people(shell: Shell) -> list[str]:
    """Two hundred addresses, in a file."""
    each = [f"person{n}@example.org" for n in range(200)]
    shell.write("people", "\n".join(each))
    return each


def test_while_it_reads_nothing_is_sent(shell: Shell, sandbox: Sandbox) -> None:
    process = shell.start("send", "sms", JOAN, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("more than a pipe holds, so that somebody reads" * 10_000)
    process.stdin.flush()
    interrupt(process)
    done = finish(process)
    assert (done.code, done.out, sandbox.count()) == (130, "", 0)
    assert done.err == "Interrupted: nothing was sent.\n"


def test_while_one_is_on_its_way_it_says_that_it_may_have_been_sent(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 60.0
    process = shell.start("send", "sms", JOAN, "--text", "Hello")
    until(sandbox.count)
    interrupt(process)
    done = finish(process)
    assert (done.code, done.out) == (3, "")
    assert "It may have been sent" in done.err


def test_while_one_waits_to_be_tried_again_nothing_was_sent(
    shell: Shell, sandbox: Sandbox
) -> None:
    slow = sandbox.keys.add(tier="enterprise:1")
    shell.environment["STACKVERIFY_API_KEY"] = slow.value
    assert shell("send", "sms", JOAN, "--text", "First").code == 0
    process = shell.start("send", "sms", JOAN, "--text", "Hello")
    until(lambda: 429 in sandbox.replies)
    time.sleep(1.0)  # the answer has to arrive, too
    interrupt(process)
    done = finish(process)
    assert (done.code, sandbox.count()) == (130, 1)
    assert "The service asks to wait for" in done.err
    assert "Interrupted: nothing was sent." in done.err


def begun(shell: Shell, sandbox: Sandbox, *words: str) -> subprocess.Popen[str]:
    """A send to two hundred, at work."""
    sandbox.knobs.latency = 0.1
    process = shell.start(*EMAIL, "--tier", "enterprise:3600", *words)
    until(lambda: sandbox.count() > 10)
    return process


def go_on(shell: Shell, said: str) -> None:
    """Give the command that was named."""
    command = shlex.split(said.partition("go on with those not sent:\n")[2])
    assert command[1:3] == ["-m", "stackverify"]
    done = shell(*command[3:])
    assert done.code == 0, done.err


def test_of_many_it_says_what_was_sent_and_keeps_the_rest(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    interrupt(process)
    done = finish(process)
    assert done.code == 130
    assert "Stopping: " in done.err
    accepted = [row[1] for row in done.rows if row[0] == "accepted"]
    assert sorted(accepted) == sorted(m.to for m in sandbox.messages())
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    left = json.loads(rest.read_text("utf-8"))["to"]
    assert (sorted(accepted + left), rest.stat().st_mode & 0o777) == (
        sorted(people),
        0o600,
    )


def test_going_on_as_told_reaches_everybody_once(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    interrupt(process)
    go_on(shell, finish(process).err)
    assert sorted(m.to for m in sandbox.messages()) == sorted(people)
    assert list(shell.folder.glob("stackverify-rest-*")) == []


def test_going_on_can_be_interrupted_as_well(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    first = begun(shell, sandbox)
    interrupt(first)
    finish(first)
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    before = sandbox.count()
    second = shell.start(
        "send", "email", "--rest", rest.name, "--tier", "enterprise:3600"
    )
    until(lambda: sandbox.count() > before)
    interrupt(second)
    go_on(shell, finish(second).err)
    assert sorted(m.to for m in sandbox.messages()) == sorted(people)


def test_a_rest_that_is_being_sent_cannot_be_sent_beside(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    interrupt(process)
    finish(process)
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    sandbox.knobs.latency = 5.0
    with shell.start("send", "email", "--rest", rest.name) as second:
        until(lambda: not rest.exists())
        third = shell("send", "email", "--rest", rest.name)
        second.kill()
    assert (third.code, "is being sent" in third.err) == (2, True)
    assert Path(f"{rest}.begun").exists()


def test_a_rest_that_cannot_begin_stays_as_it_is(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    interrupt(process)
    finish(process)
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    was = rest.read_bytes()
    done = shell("send", "email", "--rest", rest.name, STACKVERIFY_API_KEY="sk_test_x")
    assert (done.code, rest.read_bytes()) == (1, was)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"channel": "email", "to": 3, "message": {}}']
)
def test_a_rest_that_is_none_is_told_of(shell: Shell, content: str) -> None:
    rest = shell.write("rest.json", content)
    done = shell("send", "email", "--rest", rest)
    assert (done.code, done.err.count("\n")) == (2, 1)


def test_a_rest_whose_attachment_is_gone_stays_as_it_is(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    shell.write("bill.pdf", b"%PDF-1.7")
    process = begun(shell, sandbox, "--attach", "bill.pdf")
    interrupt(process)
    finish(process)
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    (shell.folder / "bill.pdf").rename(shell.folder / "moved.pdf")
    done = shell("send", "email", "--rest", rest.name)
    assert (done.code, rest.exists(), "bill.pdf" in done.err) == (2, True, True)
    (shell.folder / "moved.pdf").rename(shell.folder / "bill.pdf")
    assert shell("send", "email", "--rest", rest.name).code == 0
    assert {len(m.content.attachments) for m in sandbox.messages()} == {1}
    assert sandbox.count() == len(people)


def test_a_rest_that_is_not_there_is_told_of(shell: Shell) -> None:
    done = shell("send", "sms", "--rest", "nowhere.json")
    assert (done.code, "nowhere.json is not there" in done.err) == (2, True)


def test_a_rest_takes_no_other_message(shell: Shell) -> None:
    rest = shell.write("rest.json", "{}")
    assert shell("send", "sms", "--rest", rest, "--text", "Hello").code == 2
    assert shell("send", "sms", "--rest", rest, JOAN).code == 2


def test_a_second_ctrl_c_leaves_at_once_and_tells_who_is_unknown(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    sandbox.knobs.latency = 60.0
    before = sandbox.count()
    until(lambda: sandbox.count() > before + 3)
    interrupt(process)
    assert process.stderr is not None
    while "Stopping" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.5)  # two at once would be one
    interrupt(process)
    done = finish(process)
    told = {row[1]: row[0] for row in done.rows}
    assert done.code == 3
    assert {m.to for m in sandbox.messages()} <= told.keys()
    (rest,) = shell.folder.glob("stackverify-rest-*.json")
    left = set(json.loads(rest.read_text("utf-8"))["to"])
    assert (left & told.keys(), left | told.keys()) == (set(), set(people))
    assert "unknown" in told.values()


def test_a_termination_ends_it_as_gently(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert (done.code, len(done.rows)) == (130, sandbox.count())


def test_json_tells_a_program_how_to_go_on(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox, "--json")
    interrupt(process)
    summary = finish(process).documents[-1]["summary"]
    assert (summary["interrupted"], summary["exit_code"]) == (True, 130)
    assert summary["not_sent"] == len(people) - sandbox.count()
    assert summary["rest"] in summary["go_on"]


@pytest.mark.parametrize(
    "words", [("status", "sms", "ID", "--wait"), ("list",), ("doctor",)]
)
def test_a_read_that_is_interrupted_is_code_130_in_a_line(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    sandbox.knobs.latency = 60.0
    process = shell.start(*words)
    until(lambda: sandbox.requests)
    interrupt(process)
    done = finish(process)
    assert (done.code, done.err.strip()) == (130, "Interrupted.")
