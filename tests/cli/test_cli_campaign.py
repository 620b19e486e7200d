"""Campaigns as a user runs them: new, check, run, and what comes after."""

import json
import re

import pytest

from stackverify.sandbox import Sandbox
from tests.cli.shell import Shell

ROWS = "phone,name\n+254712345678,Joan\n+4915123456789,Jörg\n+254700000001,Zoë ✓\n"
NEW = ("campaign", "new", "may.ledger")


@pytest.fixture
def ledger(shell: Shell) -> str:
    """A ledger of three rows."""
    shell.write("people.csv", ROWS)
    done = shell(*NEW, "people.csv", "--text", "Hi {name}")
    assert (done.code, done.out) == (
        0,
        "may.ledger: 3 rows loaded. Nothing was sent.\n",
    )
    return "may.ledger"


def test_a_campaign_reaches_everybody(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    done = shell("campaign", "run", ledger)
    assert (done.code, done.rows) == (0, [["accepted", "3"]])
    texts = {m.to: m.content.text for m in sandbox.messages()}
    assert texts["+4915123456789"] == "Hi Jörg"
    assert len(texts) == 3


def test_running_it_again_sends_nothing(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    shell("campaign", "run", ledger)
    assert shell("campaign", "run", ledger).code == 0
    assert sandbox.count() == 3


def test_only_its_user_can_read_a_ledger(shell: Shell, ledger: str) -> None:
    assert (shell.folder / ledger).stat().st_mode & 0o777 == 0o600


def test_the_same_again_is_told_and_changes_nothing(shell: Shell, ledger: str) -> None:
    done = shell(*NEW, "people.csv", "--text", "Hi {name}")
    assert (done.code, "was made of just this: 3 rows" in done.out) == (0, True)


def test_another_template_or_source_is_refused_with_what_differs(
    shell: Shell, ledger: str
) -> None:
    done = shell(*NEW, "people.csv", "--text", "Hello {name}")
    assert (done.code, "another template: text" in done.err) == (2, True)
    shell.write("people.csv", ROWS.replace("Joan", "Jane"))
    done = shell(*NEW, "people.csv", "--text", "Hi {name}")
    assert (done.code, "row 0 differs in name" in done.err) == (2, True)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_can_be_piped_in(shell: Shell, kind: str) -> None:
    rows = {"csv": ROWS, "jsonl": '{"phone": "+254712345678", "name": "Joan"}\n'}
    done = shell(*NEW, "-", "--text", "Hi {name}", "--json", stdin=rows[kind])
    (told,) = done.documents
    assert (done.code, told["rows"]) == (0, {"csv": 3, "jsonl": 1}[kind])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--text", "Hi {nme}"), "no column 'nme'; there are 'phone', 'name'"),
        (("--text", "Hi", "--to-column", "to"), "no column 'to'"),
        (("--text", "Hi", "--subject", "x"), "--subject: of no use to an SMS"),
        (("--text", "Hi {"), "--text: "),
        (("--text", "Hi", "--zone-column", "zone"), "no column 'zone'"),
    ],
)
def test_what_cannot_be_a_campaign_makes_no_ledger(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    shell.write("people.csv", ROWS)
    done = shell(*NEW, "people.csv", *words)
    assert (done.code, said in done.err) == (2, True), done.err
    assert not (shell.folder / "may.ledger").exists()


def test_a_source_of_no_rows_or_no_text_is_told_of(shell: Shell) -> None:
    for content in ("phone\n", "", "phone\n\xff".encode("latin-1")):
        shell.write("people.csv", content)
        done = shell(*NEW, "people.csv", "--text", "Hi")
        assert (done.code, done.err.count("\n")) == (2, 1), done.err


def test_an_email_campaign_fills_in_subject_and_html(
    shell: Shell, sandbox: Sandbox
) -> None:
    shell.write("people.csv", "mail,name\njoan@example.org,<Joan>\n")
    shell.write("page.html", "<p>{name}</p>")
    words = ("--channel", "email", "--to-column", "mail", "--html-file", "page.html")
    done = shell(*NEW, "people.csv", *words, "--subject", "Hi {name}")
    assert done.code == 0, done.err
    assert shell("campaign", "run", "may.ledger").code == 0
    (message,) = sandbox.messages()
    assert message.content.subject == "Hi <Joan>"
    assert message.content.html == "<p>&lt;Joan&gt;</p>"


def test_a_whatsapp_campaign_fills_in_variables(shell: Shell, sandbox: Sandbox) -> None:
    shell.write("people.csv", ROWS)
    words = ("--channel", "whatsapp", "--template", "order_update", "--language", "en")
    done = shell(*NEW, "people.csv", *words, "--var", "1={name}")
    assert done.code == 0, done.err
    assert shell("campaign", "run", "may.ledger").code == 0
    assert sandbox.count() == 3


BAD = (
    "phone,name\n0722000111,Joan\n+254712345678,Zoë ✓\n+254712345678,Zoë ✓\n"
    "+254700000009,Ann\n+254700000002,\n"
)


@pytest.fixture
def bad(shell: Shell) -> str:
    """A ledger of five rows, of which one can be sent."""
    shell.write("people.csv", BAD)
    shell.write("stop.txt", "+254700000009\n")
    assert shell(*NEW, "people.csv", "--text", "Hi {name}").code == 0
    return "may.ledger"


RULES = ("--opt-outs", "stop.txt", "--region", "KE", "--price", "0.5")


def test_a_check_tells_all_without_a_key(
    shell: Shell, sandbox: Sandbox, bad: str
) -> None:
    done = shell("campaign", "check", bad, *RULES, STACKVERIFY_API_KEY="")
    assert (done.code, sandbox.requests) == (2, 0)
    for said in (
        "To send: 1, in 1 request",
        "earlier row, left out: 1",
        "Opted out: 1",
        "Cost: 0.50",
        "✓ (U+2713) in 1",
        "is it +254722000111?",
        "row 4: text has no value for {name}",
    ):
        assert said in done.out


def test_opt_outs_that_are_of_nobody_are_counted_too(shell: Shell, bad: str) -> None:
    shell.write("others.txt", "+254700000123\n")
    done = shell("campaign", "check", bad, "--opt-outs", "others.txt")
    assert "Opted out: 0" in done.out


def test_opt_outs_that_cannot_be_read_are_refused(shell: Shell, bad: str) -> None:
    shell.write("names.txt", "name,phone\nJoan,+254700000009\n")
    done = shell("campaign", "check", bad, "--opt-outs", "names.txt")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: --opt-outs: row 1: begins with no number")


def test_a_source_without_names_of_columns_is_refused_and_not_shown(
    shell: Shell,
) -> None:
    shell.write("people.csv", "+254712345678,Joan\n")
    done = shell(*NEW, "people.csv", "--text", "Hi {name}")
    assert (done.code, "names of its columns" in done.err) == (2, True)
    assert "712345678" not in done.err
    assert "Joan" not in done.err


def test_a_dry_run_is_a_check(shell: Shell, sandbox: Sandbox, bad: str) -> None:
    done = shell("campaign", "run", bad, *RULES, "--dry-run", "--json")
    assert done.documents == shell("campaign", "check", bad, *RULES, "--json").documents
    assert (done.code, done.documents[0]["preflight"]["bad_rows"]) == (2, 2)
    assert sandbox.requests == 0


def test_bad_rows_keep_it_from_running_and_no_number_is_shown(
    shell: Shell, sandbox: Sandbox, bad: str
) -> None:
    done = shell("campaign", "run", bad, *RULES)
    assert (done.code, sandbox.count(), "--refuse-bad" in done.err) == (2, 0, True)
    assert "722000111" not in done.err + done.out


def test_bad_rows_can_be_refused_and_exported(
    shell: Shell, sandbox: Sandbox, bad: str
) -> None:
    done = shell("campaign", "run", bad, *RULES, "--refuse-bad", "--json")
    (told,) = done.documents
    assert (done.code, sandbox.count()) == (1, 1)
    assert told["summary"]["states"] == {"accepted": 1, "refused": 2, "skipped": 2}
    words = ("campaign", "export", bad, "--state", "refused")
    assert [row["row"] for row in shell(*words, "--json").documents] == [0, 4]


def test_what_was_refused_can_be_tried_again(
    shell: Shell, sandbox: Sandbox, bad: str
) -> None:
    shell("campaign", "run", bad, *RULES, "--refuse-bad")
    done = shell("campaign", "retry", bad, "--failed-only")
    assert (done.out, "campaign run" in done.err) == ("To be sent again: 2.\n", True)
    done = shell("campaign", "run", bad)
    assert (done.code, "2 rows cannot be sent" in done.err) == (2, True)
    done = shell("campaign", "run", bad, "--refuse-bad")
    assert (done.code, sandbox.count()) == (1, 1)


def test_rows_are_exported_as_csv_or_json(shell: Shell, ledger: str) -> None:
    shell("campaign", "run", ledger)
    assert shell("campaign", "export", ledger, "-o", "rows.csv").code == 0
    piped = shell("campaign", "export", ledger).out
    written = (shell.folder / "rows.csv").read_text("utf-8")
    assert written.splitlines() == piped.splitlines()
    shell("campaign", "export", ledger, "-o", "rows.jsonl", "--state", "accepted")
    lines = (shell.folder / "rows.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["state"] for line in lines} == {"accepted"}
    assert shell("campaign", "export", ledger, "-o", "rows.xlsx").code == 2


def test_a_paused_campaign_says_how_to_let_it_go_on(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    assert shell("campaign", "pause", ledger, "--reason", "a typo").code == 0
    done = shell("campaign", "run", ledger)
    assert (done.code, sandbox.count()) == (4, 0)
    assert "It is paused: a typo." in done.err
    assert "campaign resume may.ledger && " in done.err
    assert shell("campaign", "resume", ledger).code == 0
    assert shell("campaign", "run", ledger).code == 0


def test_a_cancelled_campaign_is_over(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    assert shell("campaign", "cancel", ledger).code == 0
    done = shell("campaign", "run", ledger)
    assert (done.code, sandbox.count(), "To go on" in done.err) == (4, 0, False)
    assert shell("campaign", "resume", ledger).code == 1


def test_a_row_that_is_not_unknown_is_not_decided(shell: Shell, ledger: str) -> None:
    done = shell("campaign", "resolve", ledger, "0", "--sent")
    assert (done.code, "is neither unknown nor held" in done.err) == (1, True)


def test_watching_follows_delivery(shell: Shell, ledger: str) -> None:
    shell("campaign", "run", ledger)
    done = shell("campaign", "watch", ledger, "--delivery", "--timeout", "20", "--json")
    assert sum(done.documents[-1]["summary"]["statuses"].values()) == 3


def test_a_ledger_with_nothing_in_it_or_that_is_none_is_told_of(shell: Shell) -> None:
    shell.write("empty", "")
    shell.write("other", "no ledger, and long enough to look like some file" * 100)
    for name, code in (("empty", 2), ("other", 1), ("nowhere", 2)):
        for command in ("check", "run", "watch", "export", "pause"):
            done = shell("campaign", command, name)
            assert (done.code, "Error: " in done.err) == (code, True), done.err
    assert not (shell.folder / "nowhere").exists()


def test_a_wrong_key_is_told_and_nothing_is_sent(
    shell: Shell, sandbox: Sandbox, ledger: str
) -> None:
    done = shell("campaign", "run", ledger, STACKVERIFY_API_KEY="sk_test_wrong")
    assert (done.code, sandbox.count()) == (1, 0)
    assert "Stopped: " in done.err
    assert "To go on:" in done.err


def test_a_terminal_shows_a_bar_with_rate_and_time(shell: Shell, ledger: str) -> None:
    seen = shell.on_terminal("campaign", "run", ledger).out
    for said in ("0/3", "/min", "3 accepted"):
        assert said in seen


WITHOUT_EXTRA = """
import sys
from stackverify import campaigns
from stackverify.cli import main

def write_report(*given, **said):
    raise ImportError('it needs an extra: pip install "stackverify[report]"')

campaigns.write_report = write_report
sys.argv = ["stackverify", "campaign", "report", "may.ledger"]
sys.exit(main())
"""


def test_a_report_is_a_page_for_a_browser(shell: Shell, ledger: str) -> None:
    assert shell("campaign", "run", ledger).code == 0
    done = shell("campaign", "report", ledger, "-o", "may.html")
    assert (done.code, "open it in a browser" in done.out) == (0, True)
    page = (shell.folder / "may.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert re.search(r">3</[^>]+>\s*<[^>]+>accepted, 100.0", page)


def test_a_report_without_its_extra_says_what_to_install(
    shell: Shell, ledger: str
) -> None:
    done = shell.python(WITHOUT_EXTRA)
    assert (done.code, 'pip install "stackverify[report]"' in done.err) == (2, True)
