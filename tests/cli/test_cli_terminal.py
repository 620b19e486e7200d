"""What people see on a terminal, and what is left of it in a pipe."""

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Shell

JOAN = "+254712345678"
MANY = ("send", "sms", JOAN, "+4915123456789", "--text", "Hello")
ESCAPE = "\x1b["


def test_a_terminal_shows_a_bar_with_rate_and_time(shell: Shell) -> None:
    seen = shell.on_terminal(*MANY).out
    assert "2/2" in seen
    assert "/min" in seen
    assert f"{ESCAPE}32maccepted" in seen


def test_a_pipe_gets_no_bar_and_no_colours(shell: Shell) -> None:
    done = shell(*MANY)
    assert ESCAPE not in done.out + done.err
    assert "/min" not in done.out + done.err


def test_no_color_is_respected(shell: Shell) -> None:
    seen = shell.on_terminal("doctor", NO_COLOR="1").out
    assert "ok" in seen
    assert ESCAPE not in seen


def test_a_dumb_terminal_gets_plain_lines(shell: Shell) -> None:
    assert ESCAPE not in shell.on_terminal(*MANY, TERM="dumb").out


def test_without_rich_a_terminal_gets_plain_lines(shell: Shell) -> None:
    shell.write("rich.py", "raise ImportError('none here')")
    done = shell.on_terminal(*MANY)
    assert (done.code, "2 accepted" in done.out) == (0, True)
    assert "/min" not in done.out


def test_a_terminal_is_told_how_to_follow_a_message(
    shell: Shell, sandbox: Sandbox
) -> None:
    seen = shell.on_terminal("send", "sms", JOAN, "--text", "Hello").out
    message_id = sandbox.messages()[0].message_id
    assert f"stackverify status sms {message_id} --wait" in seen


def test_of_very_many_only_what_went_wrong_is_shown(
    shell: Shell, sandbox: Sandbox
) -> None:
    shell.write("people", "".join(f"+2547{n:08d}\n" for n in range(300)))
    words = ("send", "sms", "--to-file", "people", "--text", "Hello")
    done = shell.on_terminal(*words)
    assert sandbox.count() == 300
    assert "300 accepted" in done.out
    assert "accepted  +" not in done.out


def test_a_list_keeps_within_the_width_and_cuts_no_id(shell: Shell) -> None:
    sent = shell("send", "sms", JOAN, "--text", "word " * 100).rows[0][2]
    lines = shell.on_terminal("list", NO_COLOR="1").out.splitlines()
    assert (max(map(len, lines)), lines[0].endswith(sent)) == (80, True)
    assert sent in shell.on_terminal("list", NO_COLOR="1", COLUMNS="40").out
    wide = shell.on_terminal("list", NO_COLOR="1", COLUMNS="200").out.splitlines()
    assert max(map(len, wide)) == 200


def test_what_others_wrote_cannot_move_the_cursor(shell: Shell) -> None:
    shell("send", "sms", JOAN, "--text", "\x1b[2J\x1b]0;owned\x07\u202eabc")
    seen = shell.on_terminal("list", NO_COLOR="1", COLUMNS="200").out
    assert "\\x1b[2J" in seen
    assert not {"\x1b", "\x07", "\u202e"} & set(seen + shell("list").out)


def test_no_text_on_a_terminal_is_no_reason_to_wait_for_one(shell: Shell) -> None:
    done = shell.on_terminal("send", "sms", JOAN)
    assert done.code == 2
    assert "No text: give --text" in done.out


def test_help_is_shown_to_who_names_no_command(shell: Shell) -> None:
    for words in ((), ("send",), ("webhook",), ("--help",), ("send", "sms", "-h")):
        done = shell(*words)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Usage: stackverify")


def test_dry_run_shows_what_would_be_sent_and_what_it_costs(
    shell: Shell, sandbox: Sandbox
) -> None:
    words = ("send", "sms", JOAN, "--text", "“Hi”", "--sender-id", "ACME", "--dry-run")
    done = shell(*words, STACKVERIFY_API_KEY="")
    assert (done.code, sandbox.requests) == (0, 0)
    assert "sender_id: ACME" in done.out
    assert "1 a recipient, 1 in all; 4 characters in UCS-2" in done.out
    assert "“ (U+201C) ” (U+201D)" in done.out


def test_dry_run_as_json_counts_requests_and_segments(shell: Shell) -> None:
    shell.write("people", "".join(f"+2547{n:08d}\n" for n in range(250)))
    words = ("--to-file", "people", "--text", "x" * 161, "--tier", "lite")
    (told,) = shell("send", "sms", *words, "--dry-run", "--json").documents
    assert (told["requests"], told["seconds"]) == (3, 1.2)
    assert told["segments"]["all"] == 500
    assert len(told["to"]) == 250


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_a_shell_can_be_taught_to_complete(shell: Shell, shell_name: str) -> None:
    done = shell("completion", shell_name)
    assert (done.code, done.err) == (0, "")
    assert "_STACKVERIFY_COMPLETE" in done.out


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("stackverify se", ["send"]),
        ("stackverify send wh", ["whatsapp"]),
        ("stackverify send sms --text-", ["--text-file"]),
        ("stackverify status em", ["email"]),
        ("stackverify sandbox --cou", ["--counting"]),
    ],
)
def test_words_are_completed(shell: Shell, typed: str, found: list[str]) -> None:
    done = shell(
        _STACKVERIFY_COMPLETE="bash_complete",
        COMP_WORDS=typed,
        COMP_CWORD=str(typed.count(" ")),
    )
    assert [line.split(",")[1] for line in done.out.splitlines()] == found
