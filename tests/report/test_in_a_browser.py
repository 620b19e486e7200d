"""The page in a real browser, by day, by night, on a phone, without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from stackverify import Sms
from stackverify.campaigns import Campaign
from stackverify.sandbox import Sandbox
from tests.recipients import people
from tests.report.conftest import Ran
from tests.sandbox.browser import CHROMIUM, chromium

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")

HOSTILE = "<script>document.title = 'taken over'</script>"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OVERLAPS = """() => {
    const boxes = svg => [...svg.querySelectorAll("text")].map(
        text => [text.textContent, text.getBoundingClientRect()]);
    const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 3 && b.top < a.bottom - 3;
    return [...document.querySelectorAll("figure svg")].flatMap(svg => {
        const all = boxes(svg);
        return all.flatMap(([one, a], place) => all.slice(place + 1)
            .filter(([, b]) => meet(a, b)).map(([other]) => `${one} / ${other}`));
    });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def report(ran: Ran, sandbox: Sandbox, ledger: Path) -> Path:
    sandbox.knobs.timetable = 0.0
    sandbox.faults.add("status", status=422, count=4)
    rows = [*people(30), {"phone": HOSTILE, "name": HOSTILE}]
    campaign = ran(Sms("{phone}", "Cześć {name}"), rows)
    campaign.follow(timeout=5)
    to = ledger.with_suffix(".html")
    campaign.write_report(to, show_recipients=True)
    return to


def opened(browser: Browser, report: Path, *, width: int, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.on("console", lambda message: pytest.fail(_told(message)))
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    assert requests == [report.as_uri()]
    return page


def _told(message: ConsoleMessage) -> str:
    return f"the browser complains: {message.text}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_it_asks_for_nothing_and_fits(
    browser: Browser, report: Path, width: int, scheme: str
) -> None:
    page = opened(browser, report, width=width, scheme=scheme)
    assert page.evaluate(OVERFLOW) <= 0
    assert page.title() == "may.ledger: campaign report"
    assert page.evaluate(OVERLAPS) == []
    page.context.close()


def test_the_dark_page_has_dark_paper_and_light_bars(
    browser: Browser, report: Path
) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        page = opened(browser, report, width=1100, scheme=scheme)
        bar = page.locator("figure svg path[style*='--good']").first
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        seen[scheme] = (paper, bar.evaluate("each => getComputedStyle(each).fill"))
        page.context.close()
    assert seen == {
        "light": ("rgb(255, 255, 255)", "rgb(19, 113, 58)"),
        "dark": ("rgb(22, 24, 29)", "rgb(95, 208, 140)"),
    }


def test_a_screen_reader_is_told_what_each_plot_shows(
    browser: Browser, report: Path
) -> None:
    page = opened(browser, report, width=1100, scheme="light")
    plot = page.get_by_role("img", name="Rows by outcome")
    assert "accepted 26" in plot.first.text_content()
    assert page.get_by_role("table").count() >= 5
    assert page.get_by_role("heading", level=1).text_content() == "may.ledger"
    page.context.close()


def test_an_empty_ledger_opens_as_well(browser: Browser, ledger: Path) -> None:
    to = ledger.with_suffix(".html")
    with Campaign(ledger) as campaign:
        campaign.summary()
        campaign.write_report(to)
    page = opened(browser, to, width=390, scheme="light")
    assert page.get_by_text("The ledger is empty.").is_visible()
    page.context.close()
