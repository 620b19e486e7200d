"""The page: what it says, what it never does, and what becomes of hostile rows."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stackverify import Email, Sms
from stackverify.campaigns import Campaign, write_report
from stackverify.errors import ConfigurationError
from stackverify.models.webhooks import DeliveryReport
from stackverify.sandbox import Sandbox
from stackverify.sandbox.exchange import Exchange, RefusalError
from tests.behaviour.processes import run_program
from tests.recipients import people
from tests.report.conftest import NOW, Ran, mails

HI = Sms("{phone}", "Hi {name}")
Page = Callable[..., str]
HOSTILE = (
    '"><script src="http://evil.example/x.js">alert(1)</script><img src=x onerror=x>'
)


class Seen(HTMLParser):
    """The elements of a page, with what they load and run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.handlers += [name] * name.startswith("on")
            self.ids += [value or ""] * (name == "id")
            self.links += [value or ""] * (name in ("src", "href", "xlink:href"))


def hostile_campaign(ran: Ran, sandbox: Sandbox) -> Campaign:
    def refuse(exchange: Exchange) -> None:
        raise RefusalError(422, "validation_error", HOSTILE)

    sandbox.steps.insert(0, refuse)
    rows = [
        {"phone": "+254712345678", "name": HOSTILE},
        {"phone": HOSTILE, "name": "N"},
    ]
    return ran(Sms("{phone}", HOSTILE + "{name}", sender_id="<b>Bank"), rows)


def test_hostile_rows_are_shown_and_stay_text(
    ran: Ran, sandbox: Sandbox, page: Page
) -> None:
    hostile_campaign(ran, sandbox)
    text = page(show_recipients=True)
    seen = Seen(text)
    assert not seen.tags & {"script", "img", "iframe", "object", "b onerror", "embed"}
    assert seen.handlers == []
    assert "&lt;script src=" in text


def test_a_hostile_status_stays_text(ran: Ran, ledger: Path, page: Page) -> None:
    campaign = ran(HI, people(1))
    (row,) = campaign.rows()
    campaign.report(DeliveryReport(row.message_id or "", "<script>alert(1)</script>"))
    assert "script" not in Seen(page()).tags
    assert "&lt;script&gt;alert(1)" in page()


def test_what_turns_a_line_around_is_shown_by_its_number(ran: Ran, page: Page) -> None:
    ran(Sms("{phone}", "abc\u202egnp.exe\x07 {name}"), people(1))
    text = page()
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "abc[U+202E]gnp.exe[U+0007]" in text


def test_it_loads_nothing_and_forbids_itself_to(ran: Ran, page: Page) -> None:
    ran(HI, people(3))
    text = page()
    assert all(link.startswith(("#", "data:,")) for link in Seen(text).links)
    assert re.findall(r"url\((?!#)|@import", text) == []
    assert "default-src 'none'; style-src 'unsafe-inline'" in text


def test_no_two_elements_have_one_id(ran: Ran, page: Page) -> None:
    ran(HI, people(3)).follow(timeout=0.1)
    ids = Seen(page()).ids
    assert len(ids) == len(set(ids))


def test_every_plot_says_what_it_shows(ran: Ran, sandbox: Sandbox, page: Page) -> None:
    sandbox.knobs.timetable = 0.0
    ran(HI, people(3)).follow(timeout=5)
    text = page(tier="pro")
    names = re.findall(r'<svg [^>]*aria-labelledby="(\w+)-title \1-desc"', text)
    assert names == [
        *("outcomes", "requests", "messages", "statuses", "times"),
        *("countries", "segments"),
    ]
    assert all(re.search(f'<desc id="{name}-desc">[^<]+<', text) for name in names)
    assert "; the tier allows 500." in text


def test_recipients_are_masked_unless_asked_for(
    ran: Ran, sandbox: Sandbox, page: Page
) -> None:
    sandbox.faults.add("status", status=422)
    ran(HI, [{"phone": "+254712345678", "name": "N"}])
    assert "712345678" not in page()
    assert "The one row. Recipients are masked. Rows are counted" in page()
    assert "+254712345678" in page(show_recipients=True)


def test_the_same_ledger_and_time_give_the_same_bytes(
    ran: Ran, ledger: Path, page: Page
) -> None:
    ran(HI, people(5))
    again = ledger.with_suffix(".again.html")
    program = """
        import sys
        from stackverify.campaigns import write_report
        write_report(sys.argv[1], sys.argv[2], now=float(sys.argv[3]))
    """
    ended = run_program(program, ledger, again, NOW, strict=False)
    assert ended.returncode == 0, ended.stderr
    assert again.read_text("utf-8") == page()


def test_times_are_of_the_zone_that_was_asked_for(ran: Ran, page: Page) -> None:
    ran(HI, people(1))
    assert "written 2026-11-24 12:56:40 · all times UTC" in page()
    assert "written 2026-11-24 15:56:40 · all times Africa/Nairobi" in page(
        zone="Africa/Nairobi"
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_zone_that_is_none_is_refused(ledger: Path, page: Page, zone: str) -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        page(zone=zone)


def test_an_empty_ledger_says_what_to_do(ledger: Path, page: Page) -> None:
    with Campaign(ledger) as campaign:
        campaign.summary()
    text = page()
    assert "The ledger is empty." in text
    assert "<svg" not in text


def test_a_paused_campaign_says_how_to_go_on(ledger: Path, page: Page) -> None:
    with Campaign(ledger) as campaign:
        campaign.load(HI, people(2))
        campaign.pause("a <typo>")
    text = page()
    assert "The campaign is paused (a &lt;typo&gt;)." in text
    assert "campaign.resume()" in text
    assert "2 rows are not settled yet." in text


def test_unknown_emails_are_for_a_person_to_decide(
    ran: Ran, sandbox: Sandbox, page: Page
) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    ran(Email("{email}", subject="Hi", text="{name}"), mails(2))
    text = page()
    assert "1 row is unknown" in text
    assert "resend_unknown=True" in text


def test_when_all_arrived_nothing_is_left_to_do(
    ran: Ran, sandbox: Sandbox, page: Page
) -> None:
    sandbox.knobs.timetable = 0.0
    ran(HI, people(2)).follow(timeout=5)
    assert "Nothing is left to do." in page()


def test_a_missing_extra_is_named(ledger: Path) -> None:
    program = """
        import sys
        sys.modules["matplotlib"] = None
        from stackverify.campaigns import write_report
        write_report("no.ledger", "no.html")
    """
    ended = run_program(program)
    assert 'pip install "stackverify[report]"' in ended.stderr


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    program = """
        import sys, stackverify.campaigns
        print({"jinja2", "matplotlib", "numpy", "phonenumbers"} & set(sys.modules))
    """
    assert run_program(program).stdout.strip() == "set()"


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    ran: Ran, ledger: Path, page: Page
) -> None:
    ran(HI, people(1))
    before = page()
    with pytest.raises(FileNotFoundError):
        write_report(ledger, ledger.parent / "no folder" / "may.html")
    assert page() == before


def test_a_campaign_writes_its_report_against_its_own_tier(
    ran: Ran, ledger: Path
) -> None:
    to = ledger.with_suffix(".html")
    ran(HI, people(1)).write_report(to)
    assert "allows 60,000 requests in any 60 seconds" in to.read_text("utf-8")
