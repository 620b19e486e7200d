"""A campaign that is interrupted at every stage says how to go on, and that works."""

import os
import shlex
import signal
import subprocess
import time
from collections import Counter

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Ended, Shell, finish, interrupt, until

LEDGER = "may.ledger"
RUN = ("campaign", "run", LEDGER, "--pack", "1", "--tier", "enterprise:1800")
COUNT = 60
QUICK = ("--settle", "1")


@pytest.fixture
def people(shell: Shell) -> list[str]:
    """Sixty numbers, in a ledger."""
    each = [f"+2547{n:08d}" for n in range(COUNT)]
    shell.write("people.csv", "phone\n" + "\n".join(each))
    done = shell("campaign", "new", LEDGER, "people.csv", "--text", "Hello")
    assert done.code == 0, done.err
    return each


def begun(shell: Shell, sandbox: Sandbox, *words: str) -> subprocess.Popen[str]:
    """A run at work, whose next requests take a while."""
    process = shell.start(*RUN, *words)
    until(lambda: sandbox.count() > 5)
    return process


def goes_on(shell: Shell, done: Ended) -> None:
    """Give the very command that was named, to the end."""
    command = shlex.split(done.err.partition("To go on:\n")[2].splitlines()[0])
    assert command[1:3] == ["-m", "stackverify"]
    assert shell(*command[3:]).code == 0


def reached(sandbox: Sandbox) -> Counter[str]:
    return Counter(message.to for message in sandbox.messages())


def once(people: list[str]) -> Counter[str]:
    return Counter(people)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_middle_it_ends_gently(
    shell: Shell, sandbox: Sandbox, people: list[str], number: int
) -> None:
    process = begun(shell, sandbox)
    process.send_signal(number)
    done = finish(process)
    assert done.code == 130
    assert done.rows[0] == ["accepted", str(sandbox.count())]
    assert "Stopping: " in done.err
    goes_on(shell, done)
    assert reached(sandbox) == once(people)


def test_before_the_first_send_it_says_how_to_go_on(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    stop = shell.folder / "stop.txt"
    os.mkfifo(stop)
    process = shell.start(*RUN, "--opt-outs", "stop.txt")
    with stop.open("w"):  # it looks at the rows now, and waits for who wants nothing
        interrupt(process)
        done = finish(process)
    assert (done.code, sandbox.count()) == (130, 0)
    stop.unlink()
    stop.touch()
    goes_on(shell, done)
    assert reached(sandbox) == once(people)


def test_while_it_waits_for_hours_it_says_how_to_go_on(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    closed = f"{(time.gmtime().tm_hour + 12) % 24:02d}:00"
    process = shell.start(*RUN, "--hours", f"{closed}-{closed}:01")
    assert process.stderr is not None
    while "Waiting for the hours" not in process.stderr.readline():
        assert process.poll() is None
    interrupt(process)
    done = finish(process)
    assert (done.code, sandbox.count()) == (130, 0)
    assert f"--hours {closed}-{closed}:01" in done.err.partition("To go on:")[2]
    assert shell(*RUN).code == 0
    assert reached(sandbox) == once(people)


def killed(shell: Shell, sandbox: Sandbox) -> None:
    """Have a run die while requests are on their way."""
    process = begun(shell, sandbox)
    sandbox.knobs.latency = 60.0
    before = sandbox.count()
    until(lambda: sandbox.count() > before + 1)
    process.kill()
    process.communicate()
    sandbox.knobs.latency = 0.0


def test_after_kill_9_the_same_command_goes_on(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    killed(shell, sandbox)
    done = shell(*RUN, *QUICK)
    assert (done.code, done.rows) == (0, [["accepted", str(COUNT)]])
    assert reached(sandbox) == once(people)


def test_while_it_settles_it_says_how_to_go_on(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    killed(shell, sandbox)
    process = shell.start(*RUN, "--settle", "6")
    assert process.stderr is not None
    while "can be looked up" not in process.stderr.readline():
        assert process.poll() is None
    interrupt(process)
    done = finish(process)
    assert (done.code, "May have been sent: " in done.err) == (3, True)
    goes_on(shell, done)
    assert reached(sandbox) == once(people)


def test_a_second_ctrl_c_leaves_at_once(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox, *QUICK)
    sandbox.knobs.latency = 60.0
    before = sandbox.count()
    until(lambda: sandbox.count() > before + 1)
    interrupt(process)
    assert process.stderr is not None
    while "Stopping" not in process.stderr.readline():
        assert process.poll() is None
    interrupt(process)
    done = finish(process)
    assert (done.code, "May have been sent: " in done.err) == (3, True)
    sandbox.knobs.latency = 0.0
    goes_on(shell, done)
    assert reached(sandbox) == once(people)


def test_another_process_can_watch_it(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox)
    seen = shell("campaign", "watch", LEDGER, "--json").documents
    assert finish(process).code == 0
    assert len(seen) > 1
    assert seen[-1]["summary"]["states"] == {"accepted": COUNT}


def test_two_runners_send_nothing_twice(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    first, second = begun(shell, sandbox), shell.start(*RUN)
    assert (finish(first).code, finish(second).code) == (0, 0)
    assert reached(sandbox) == once(people)


def test_an_email_that_may_have_been_sent_is_for_a_person_to_decide(
    shell: Shell, sandbox: Sandbox
) -> None:
    shell.write("people.csv", "email\njoan@example.org\n")
    words = ("--channel", "email", "--subject", "Hi", "--text", "Hello")
    shell("campaign", "new", LEDGER, "people.csv", *words)
    sandbox.knobs.latency = 60.0
    process = shell.start(*RUN)
    until(sandbox.count)
    process.kill()
    process.communicate()
    done = shell(*RUN)
    assert (done.code, "`resolve` each" in done.err) == (3, True)
    assert shell("campaign", "resolve", LEDGER, "0", "--sent").code == 0
    assert (shell(*RUN).code, sandbox.count()) == (0, 1)


def test_no_number_is_shown_on_standard_error(
    shell: Shell, sandbox: Sandbox, people: list[str]
) -> None:
    process = begun(shell, sandbox, "--verbose")
    interrupt(process)
    assert "+2547" not in finish(process).err
