"""SMS through Velstack, as a user of the command line sends them."""

import json
from decimal import Decimal

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Shell, finish, interrupt, until

AMA, KOFI = "0205550368", "0205550369"
VELSTACK = ("--service", "velstack")
SEND = ("send", "sms", *VELSTACK, "--sender", "Acme")
ROWS = f"phone,name\n{AMA},Ama\n{KOFI},Kofi\n"
NEW = ("campaign", "new", "may.ledger", "people.csv", "--text", "Hi {name}")


@pytest.fixture
def ledger(shell: Shell) -> str:
    """A ledger of two rows for Velstack."""
    shell.write("people.csv", ROWS)
    done = shell(*NEW, *VELSTACK, "--sender", "Acme", "--to-column", "phone")
    assert done.code == 0, done.err
    return "may.ledger"


def test_a_local_number_gets_the_text(shell: Shell, sandbox: Sandbox) -> None:
    done = shell(*SEND, AMA, "--text", "Hello", "--title", "News")
    (message,) = sandbox.messages()
    assert done.rows == [["accepted", AMA, message.message_id, "", ""]]
    assert (done.code, done.err) == (0, "")
    assert (message.to, message.text) == (AMA, "Hello")
    assert (message.content.sender_id, message.workspace) == ("Acme", "velstack test")
    assert json.loads(message.request.body)["title"] == "News"


def test_the_service_may_be_said_first(shell: Shell, sandbox: Sandbox) -> None:
    done = shell(*VELSTACK, "send", "sms", "--sender", "Acme", AMA, stdin="Hello\n")
    assert (done.code, sandbox.messages()[0].text) == (0, "Hello")


def test_many_get_a_request_each(shell: Shell, sandbox: Sandbox) -> None:
    people = shell.write("people.txt", f"{AMA}\n{KOFI}\n{AMA}\n")
    done = shell(*SEND, "--to-file", people, "--text", "Hello")
    assert (done.code, sorted(row[1] for row in done.rows)) == (0, [AMA, KOFI])
    assert "SMS to 2: 2 accepted" in done.err
    assert len({message.request.request_id for message in sandbox.messages()}) == 2


def test_what_is_no_number_is_told_of_first(shell: Shell, sandbox: Sandbox) -> None:
    done = shell(*SEND, AMA, "ama@example.org", "--text", "Hello")
    assert (done.code, sandbox.count()) == (2, 0)
    assert "argument 2" in done.err


def test_a_dry_run_needs_no_key_and_knows_no_tier(
    shell: Shell, sandbox: Sandbox
) -> None:
    words = (*SEND, AMA, KOFI, "--text", "Hello", "--dry-run")
    shown = shell(*words, VELSTACK_API_KEY="")
    (told,) = shell(*words, "--json", VELSTACK_API_KEY="").documents
    assert (shown.code, sandbox.count()) == (0, 0)
    assert "2 requests.\n" in shown.out
    assert (told["requests"], told["tier"], told["segments"]["all"]) == (2, None, 2)


def test_a_balance_that_does_not_suffice_is_code_1(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.velstack.knobs.credit = Decimal(0)
    done = shell(*SEND, AMA, "--text", "Hello")
    assert (done.code, sandbox.count()) == (1, 0)
    assert "balance" in done.err


def test_what_may_have_been_sent_is_code_3_and_not_sent_again(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    done = shell(*SEND, AMA, "--text", "Hello")
    assert (done.code, sandbox.count()) == (3, 1)
    assert "its dashboard" in done.err


def test_the_rest_goes_on_through_the_same_service(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.knobs.latency = 0.1
    everybody = [f"02055{n:05d}" for n in range(200)]
    process = shell.start(*SEND, *everybody, "--text", "Hello", "--title", "News")
    until(lambda: sandbox.count() > 5)
    interrupt(process)
    again = finish(process).err.partition(" -m stackverify ")[2].split()
    sandbox.knobs.latency = 0.0
    assert again[:4] == ["send", "sms", *VELSTACK]
    refused = shell(*(word for word in again if word not in VELSTACK))
    assert "`send sms --service velstack`" in refused.err
    assert shell(*again).code == 0
    assert sorted(m.to for m in sandbox.messages()) == everybody


@pytest.mark.parametrize("key", ["STACKVERIFY_API_KEY", "VELSTACK_API_KEY"])
def test_the_key_of_one_service_is_never_used_for_the_other(
    shell: Shell, sandbox: Sandbox, key: str
) -> None:
    # Each service would take the key of the other, if it came.
    sandbox.velstack.keys.add(sandbox.api_key)
    sandbox.keys.add(sandbox.velstack.api_key)
    of_key = {
        "STACKVERIFY_API_KEY": ("send", "sms", "+254712345678"),
        "VELSTACK_API_KEY": (*SEND, AMA),
    }
    done = shell(*of_key.pop(key), "--text", "Hello", **{key: ""})
    assert (done.code, sandbox.count(), sandbox.requests) == (2, 0, 0)
    assert f"No API key: set {key}" in done.err
    (other,) = of_key.values()
    assert shell(*other, "--text", "Hello", **{key: ""}).code == 0


def test_the_base_url_of_one_service_is_never_used_for_the_other(
    shell: Shell, sandbox: Sandbox
) -> None:
    nowhere = "http://127.0.0.1:9/"
    done = shell(*SEND, AMA, "--text", "Hello", STACKVERIFY_BASE_URL=nowhere)
    other = ("send", "sms", "+254712345678", "--text", "Hello")
    assert (done.code, shell(*other, VELSTACK_BASE_URL=nowhere).code) == (0, 0)
    assert sandbox.count() == 2


def test_a_terminal_names_no_way_to_follow_it(shell: Shell) -> None:
    done = shell.on_terminal(*SEND, AMA, "--text", "Hello")
    assert (done.code, "accepted" in done.out) == (0, True)
    assert "Follow it" not in done.out


def test_the_key_comes_from_a_file(shell: Shell, sandbox: Sandbox) -> None:
    key = shell.write("key", sandbox.velstack.api_key)
    words = ("--api-key-file", key, *SEND, AMA, "--text", "Hello")
    assert shell(*words, VELSTACK_API_KEY="").code == 0


def test_the_service_is_not_guessed_from_the_key(
    shell: Shell, sandbox: Sandbox
) -> None:
    words = ("send", "sms", "+254712345678", "--text", "Hello")
    done = shell(*words, STACKVERIFY_API_KEY=sandbox.velstack.api_key)
    (request,) = sandbox.traffic.log
    assert (done.code, sandbox.count()) == (1, 0)
    assert "/velstack" not in request.path


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--sender-id", "Acme"), "--sender-id"),
        (
            ("--callback-url", "https://example.org/", "--schedule", "2030-01-01"),
            "--callback-url, --schedule",
        ),
        (("--tier", "pro"), "--tier"),
        (("--over-budget",), "--over-budget"),
    ],
)
def test_what_velstack_does_not_have_is_named(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...], named: str
) -> None:
    done = shell(*SEND, AMA, "--text", "Hello", *words)
    assert (done.code, sandbox.count()) == (2, 0)
    assert f"{named}: of no use to an SMS through Velstack." in done.err


def test_what_stackverify_does_not_have_is_named(
    shell: Shell, sandbox: Sandbox
) -> None:
    words = ("+254712345678", "--text", "Hello", "--sender", "Acme", "--title", "News")
    done = shell("send", "sms", *words)
    assert (done.code, sandbox.count()) == (2, 0)
    said = "--sender, --title: of no use to an SMS through StackVerify."
    assert said in done.err


def test_velstack_needs_a_sender(shell: Shell, sandbox: Sandbox) -> None:
    done = shell("send", "sms", *VELSTACK, AMA, "--text", "Hello")
    assert (done.code, sandbox.count()) == (2, 0)
    assert "Missing option '--sender'" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "sms", "vs_1"), "no way to ask how far a message got"),
        (("list",), "no list of what was sent"),
        (("send", "email", "a@example.org", "--text", "Hi"), "Velstack has no email"),
        (("send", "whatsapp", AMA), "Velstack has no whatsapp"),
        (("doctor", "--tier", "pro"), "Velstack has no tiers"),
    ],
)
def test_velstack_has_no_such_thing(
    shell: Shell, sandbox: Sandbox, words: tuple[str, ...], said: str
) -> None:
    done = shell(*words, *VELSTACK)
    assert (done.code, said in done.err) == (2, True), done.err
    assert sandbox.requests == 0


def test_a_ledger_knows_its_service(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    checked = shell("campaign", "check", ledger, STACKVERIFY_TIER="?")
    assert checked.code == 0, checked.err
    assert "To send: 2, in 2 requests\n" in checked.out
    assert "Segments: 2 (2 of 1)" in checked.out
    done = shell("campaign", "run", ledger, STACKVERIFY_API_KEY="")
    assert (done.code, done.rows) == (0, [["accepted", "2"]])
    sent = {message.to: message.text for message in sandbox.messages()}
    assert sent == {AMA: "Hi Ama", KOFI: "Hi Kofi"}


def test_a_campaign_needs_the_key_of_its_own_service(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    sandbox.velstack.keys.add(sandbox.api_key)
    assert shell("campaign", "check", ledger, VELSTACK_API_KEY="").code == 0
    done = shell("campaign", "run", ledger, VELSTACK_API_KEY="")
    assert (done.code, sandbox.requests) == (2, 0)
    assert "set VELSTACK_API_KEY" in done.err
    key = shell.write("key", sandbox.velstack.api_key)
    words = ("campaign", "run", ledger, "--api-key-file", key)
    assert shell(*words, VELSTACK_API_KEY="").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--service", "stackverify"), "this ledger is for velstack"),
        (("run", "--tier", "pro"), "--tier: of no use"),
        (("run", "--settle", "5", "--pack", "9"), "--pack, --settle: of no use"),
        (("check", "--hold-absent", "--over-budget"), "--hold-absent, --over-budget:"),
        (("watch", "--delivery"), "no way to ask how far a message got"),
    ],
)
def test_a_campaign_refuses_what_velstack_does_not_have(
    shell: Shell, sandbox: Sandbox, ledger: str, words: tuple[str, ...], said: str
) -> None:
    command, *options = words
    done = shell("campaign", command, ledger, *options)
    assert (done.code, said in done.err) == (2, True), done.err
    assert sandbox.requests == 0


def test_an_unknown_row_waits_for_somebody_who_decides(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    done = shell("campaign", "run", ledger)
    assert (done.code, "There is no list to look them up" in done.err) == (3, True)
    assert shell("campaign", "run", ledger).code == 3
    listed = shell("campaign", "export", ledger, "--state", "unknown", "--json")
    row = listed.documents[0]["row"]
    assert shell("campaign", "resolve", ledger, str(row), "--sent").code == 0
    assert shell("campaign", "run", ledger).code == 0
    assert sandbox.count() == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*VELSTACK,), "Missing option '--sender'"),
        ((*VELSTACK, "--sender", "A", "--sender-id", "B"), "--sender-id: of no use"),
        ((*VELSTACK, "--channel", "email"), "Velstack has no email"),
        (("--sender", "Acme"), "--sender: of no use to an SMS through StackVerify"),
    ],
)
def test_what_cannot_be_a_campaign_makes_no_ledger(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    shell.write("people.csv", ROWS)
    done = shell(*NEW, *words)
    assert (done.code, said in done.err) == (2, True), done.err
    assert not (shell.folder / "may.ledger").exists()
