"""`stackverify send`, piped, against a real sandbox."""

import socket
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Shell, finish

JOAN, ANN = "+254712345678", "+4915123456789"
RUN = "from stackverify.cli import main; sys.exit(main())"
TEMPLATE = ("--template", "order_update", "--language", "sw")


def test_one_sms_is_one_line_with_its_id(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("send", "sms", JOAN, "--text", "Hello", "--sender-id", "ACME")
    (message,) = sandbox.messages()
    assert done.rows == [["accepted", JOAN, message.message_id, "", ""]]
    assert (done.code, done.err, message.content.sender_id) == (0, "", "ACME")


def test_json_is_one_document(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("--json", "send", "sms", JOAN, "--text", "Hello")
    (told,) = done.documents
    assert told["message_id"] == sandbox.messages()[0].message_id
    assert (told["outcome"], told["to"], told["error"]) == ("accepted", JOAN, None)


def test_many_are_a_line_each_and_a_sum(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("send", "sms", JOAN, ANN, "--text", "Hello")
    assert sorted(row[1] for row in done.rows) == sorted([JOAN, ANN])
    assert "SMS to 2: 2 accepted, 0 refused, 0 not sent, 0 unknown." in done.err
    assert (done.code, sandbox.count()) == (0, 2)


def test_json_of_many_ends_with_a_summary(shell: Shell) -> None:
    done = shell("send", "sms", JOAN, ANN, "--text", "Hello", "--json")
    assert [line.get("outcome") for line in done.documents[:2]] == ["accepted"] * 2
    summary = done.documents[2]["summary"]
    assert (summary["accepted"], summary["exit_code"]) == (2, 0)
    assert done.err == ""


def test_recipients_come_from_a_file_written_on_windows(
    shell: Shell, sandbox: Sandbox
) -> None:
    people = shell.write("people.txt", f"\ufeff{JOAN}\r\n\r\n{ANN} \r\n")
    done = shell("send", "sms", "--to-file", people, "--text", "Hello")
    assert (done.code, {m.to for m in sandbox.messages()}) == (0, {JOAN, ANN})


@pytest.mark.parametrize("words", [("-",), ("--to-file", "-")])
def test_recipients_are_piped_in(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    done = shell("send", "sms", *words, "--text", "Hi", stdin=f"{JOAN}\n{ANN}\n")
    assert (done.code, sandbox.count()) == (0, 2)


def test_a_text_is_piped_in_without_the_line_end_of_echo(
    shell: Shell, sandbox: Sandbox
) -> None:
    done = shell("send", "sms", JOAN, stdin="Hallo, Jörg\r\nbis bald\r\n")
    assert done.code == 0
    assert sandbox.messages()[0].text == "Hallo, Jörg\nbis bald"


def test_a_text_comes_from_a_file(shell: Shell, sandbox: Sandbox) -> None:
    text = shell.write("text.txt", "Hello\n")
    shell("send", "sms", JOAN, "--text-file", text)
    assert sandbox.messages()[0].text == "Hello"


def test_who_is_named_twice_gets_one(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("send", "sms", JOAN, JOAN, "--text", "Hello")
    assert "left out: 1" in done.err
    assert sandbox.count() == 1


def test_a_bad_recipient_is_told_of_before_the_first_is_sent_to(
    shell: Shell, sandbox: Sandbox
) -> None:
    people = shell.write("people.txt", f"{JOAN}\n0712345678\n{ANN}\n")
    done = shell("send", "sms", "--to-file", people, "--text", "Hello")
    assert (done.code, sandbox.count()) == (2, 0)
    assert "line 2" in done.err
    assert "--skip-bad" in done.err


def test_a_file_with_columns_is_for_a_campaign(shell: Shell, sandbox: Sandbox) -> None:
    people = shell.write("people.csv", f"phone,name\n{ANN},Ann\n")
    done = shell("send", "sms", "--to-file", people, "--text", "Hello")
    assert (done.code, sandbox.count()) == (2, 0)
    assert "stackverify campaign new" in done.err
    assert ANN not in done.err


def test_a_bad_recipient_can_be_left_out(shell: Shell, sandbox: Sandbox) -> None:
    people = shell.write("people.txt", f"{JOAN}\n0712345678\n")
    words = ("--to-file", people, "--text", "Hello", "--skip-bad")
    assert shell("send", "sms", *words).code == 0
    assert sandbox.count() == 1


def test_a_text_without_quotes_is_not_half_sent(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("send", "sms", JOAN, "--text", "Hello", "Joan")
    assert (done.code, sandbox.count()) == (2, 0)
    assert "needs quotes" in done.err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"Gr\xfc\xdfe", "not UTF-8 (line 1, byte 3"),
        ("Hello".encode("utf-16-le"), "UTF-16"),
        (b"", "is empty"),
        (b" \n", "is empty"),
    ],
)
def test_what_is_no_text_is_told_in_a_line(
    shell: Shell, sandbox: Sandbox, content: bytes, complaint: str
) -> None:
    named = shell("send", "sms", JOAN, "--text-file", shell.write("t", content))
    piped = shell("send", "sms", JOAN, stdin=content)
    assert (named.code, piped.code, sandbox.count()) == (2, 2, 0)
    assert complaint in named.err
    assert complaint in piped.err
    assert named.err.count("\n") == piped.err.count("\n") == 1


def test_a_closed_stdin_is_told_of(shell: Shell) -> None:
    code = f"import sys; sys.stdin = None; sys.argv = ['x', 'send', 'sms', '-']; {RUN}"
    done = shell.python(code)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "Standard input is closed" in done.err


def test_a_file_that_is_not_there_is_told_of(shell: Shell) -> None:
    done = shell("send", "sms", JOAN, "--text-file", "nowhere.txt")
    assert done.code == 2
    assert "nowhere.txt" in done.err


def test_recipients_and_text_cannot_both_be_piped(shell: Shell) -> None:
    done = shell("send", "sms", "-", "--text-file", "-", stdin=JOAN)
    assert done.code == 2
    assert "at once" in done.err


def test_every_field_of_an_email_arrives(shell: Shell, sandbox: Sandbox) -> None:
    shell.write("page.html", "<p>Hello</p>")
    shell.write("bill.pdf", b"%PDF-1.7")
    done = shell(
        *("send", "email", "joan@example.org", "--subject", "Hi", "--text", "Hello"),
        *("--html-file", "page.html", "--from-name", "Shop"),
        *("--from-email", "shop@example.org", "--reply-to", "help@example.org"),
        *("--attach", "bill.pdf", "--header", "X-Campaign=spring=1"),
        *("--schedule", "2030-01-01T08:00:00Z"),
    )
    assert done.code == 0, done.err
    (message,) = sandbox.messages()
    email = message.content
    assert (email.subject, email.plain, email.html) == ("Hi", "Hello", "<p>Hello</p>")
    assert (email.from_name, email.from_email) == ("Shop", "shop@example.org")
    assert (email.reply_to, email.headers) == (
        "help@example.org",
        {"X-Campaign": "spring=1"},
    )
    assert (email.attachments[0].name, email.attachments[0].size) == ("bill.pdf", 8)
    assert message.scheduled_at == "2030-01-01T08:00:00Z"


def test_each_recipient_of_an_email_has_one_alone(
    shell: Shell, sandbox: Sandbox
) -> None:
    people = ("joan@example.org", "ann@example.org")
    done = shell("send", "email", *people, "--subject", "Hi", stdin="Hello")
    assert (done.code, sorted(m.to for m in sandbox.messages())) == (0, sorted(people))
    assert all(
        message.raw.count(b"@example.org") == 1 for message in sandbox.messages()
    )


def test_a_template_is_filled_in(shell: Shell, sandbox: Sandbox) -> None:
    media = ("--header-media", "https://example.org/cat.jpg")
    words = ("--var", "1=Joan", "--var", "2=a=b", *media)
    assert shell("send", "whatsapp", JOAN, *TEMPLATE, *words).code == 0
    template = sandbox.messages()[0].content
    assert template.variables == {"1": "Joan", "2": "a=b"}
    assert (template.language, template.header_media_url) == ("sw", media[1])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("email", "joan@example.org", "--text", "Hi"), "--subject"),
        (("whatsapp", JOAN, "--language", "en"), "--template"),
        (("whatsapp", JOAN, *TEMPLATE, "--var", "Joan"), "--var as NAME=VALUE"),
        (("whatsapp", JOAN, *TEMPLATE, "--var", "name=Joan"), "no position"),
        (("sms", JOAN, "--text", "Hi", "--schedule", "tomorrow"), "--schedule: "),
        (("sms", JOAN, "--text", "x" * 1601), "--text: "),
        (("sms", JOAN, "--text", ""), "The text is empty"),
        (("sms", "--text", "Hi"), "There are no recipients"),
        (("sms", JOAN, "--text", "Hi", "--text-file", "t"), "not both"),
    ],
)
def test_what_cannot_be_sent_is_code_2_and_nothing_is(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...], complaint: str
) -> None:
    shell.write("t", "Hello")
    done = shell("send", *words)
    assert (done.code, done.out, sandbox.count()) == (2, "", 0)
    assert complaint in done.err


def test_a_refusal_is_code_1_in_a_line(shell: Shell) -> None:
    words = ("--template", "nope", "--language", "en")
    done = shell("send", "whatsapp", JOAN, *words)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "template_name" in done.err


def test_what_may_have_been_sent_is_code_3(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    done = shell("send", "sms", JOAN, "--text", "Hello", "--json")
    assert (done.code, sandbox.count()) == (3, 1)
    assert done.documents[0]["error"]["exit_code"] == 3
    assert "It may have been sent" in done.err


def test_one_unknown_among_many_is_code_3_and_is_not_sent_again(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    words = ("--subject", "Hi", "--text", "Hello")
    done = shell("send", "email", "joan@example.org", "ann@example.org", *words)
    assert (done.code, sandbox.count()) == (3, 2)
    assert sorted(row[0] for row in done.rows) == ["accepted", "unknown"]
    assert list(shell.folder.iterdir()) == []


def test_what_never_left_is_code_4(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api/v1"
    one = shell("send", "sms", JOAN, "--text", "Hi", "--base-url", url)
    many = shell("send", "sms", JOAN, ANN, "--text", "Hi", "--base-url", url)
    assert (one.code, many.code) == (4, 4)
    assert "the same again is safe" in one.err
    assert "give the same command again" in many.err


def test_a_key_the_service_does_not_know_stops_many_at_once(
    shell: Shell, sandbox: Sandbox
) -> None:
    done = shell(
        "send", "sms", JOAN, ANN, "--text", "Hi", STACKVERIFY_API_KEY="sk_test_x"
    )
    assert (done.code, sandbox.count()) == (1, 0)
    assert "Stopped: " in done.err
    assert list(shell.folder.iterdir()) == []


def test_a_month_that_does_not_suffice_is_told_of_first(
    shell: Shell, sandbox: Sandbox
) -> None:
    words = ("send", "sms", JOAN, ANN, "--text", "Hi", "--tier", "enterprise:60000/1")
    assert (shell(*words).code, sandbox.count()) == (4, 0)
    assert (shell(*words, "--over-budget").code, sandbox.count()) == (0, 2)


def test_a_reader_that_leaves_does_not_stop_the_sending(
    shell: Shell, sandbox: Sandbox
) -> None:
    people = shell.write("p", "".join(f"+2547{n:08d}\n" for n in range(5000)))
    process = shell.start("send", "sms", "--to-file", people, "--text", "Hello")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), sandbox.count()) == (0, 5000)
    assert "5,000 accepted" in said
    assert "Traceback" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_an_answer_that_cannot_be_written_is_no_reason_to_send_again(
    shell: Shell, sandbox: Sandbox
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = finish(shell.start("send", "sms", JOAN, "--text", "Hi", stdout=full))
    assert (done.code, sandbox.count()) == (1, 1)
    assert sandbox.messages()[0].message_id in done.err
    assert "Do not send it again" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_stops_many_and_says_how_to_go_on(
    shell: Shell, sandbox: Sandbox
) -> None:
    people = shell.write("p", "".join(f"p{n}@example.org\n" for n in range(200)))
    words = ("send", "email", "--to-file", people, "--subject", "Hi", "--text", "Hi")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = finish(shell.start(*words, "--tier", "enterprise:3600", stdout=full))
    assert done.code == 1
    assert f"{sandbox.count()} accepted" in done.err
    assert "To go on with those not sent" in done.err


def test_the_key_comes_from_a_file(
    shell: Shell, sandbox: Sandbox, tmp_path: Path
) -> None:
    key = shell.write("key", f"{sandbox.api_key}\r\n")
    words = ("--api-key-file", key, "send", "sms", JOAN, "--text", "Hi")
    assert shell(*words, STACKVERIFY_API_KEY="").code == 0


def test_without_a_key_it_says_where_to_put_one(shell: Shell) -> None:
    done = shell("send", "sms", JOAN, "--text", "Hi", STACKVERIFY_API_KEY="")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "STACKVERIFY_API_KEY" in done.err
    assert "stackverify sandbox" in done.err
    assert "--service velstack" in done.err
