"""The inbox as somebody with a browser sees it: a real Chromium, without a window."""

import socket
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser, Page, expect

from stackverify import Attachment, Client, Email, Sms
from stackverify.errors import MaybeSentError
from stackverify.sandbox import Sandbox
from tests.sandbox.browser import CHROMIUM, chromium
from tests.sandbox.listener import Listener

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")

JOAN = "+254712345678"
TIER = "enterprise:60000"
SECRET = "whsec_sandbox"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(tier=TIER, failing=0.0) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.api_key, base_url=sandbox.base_url, tier=TIER) as opened:
        yield opened


@attrs.define(eq=False)
class Told:
    """What a page asked of others, and what it complained of."""

    asked: list[str] = attrs.field(factory=list)
    complaints: list[str] = attrs.field(factory=list)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox, told: Told) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(10_000)
    page.on("request", lambda request: told.asked.append(request.url))
    page.on("pageerror", lambda error: told.complaints.append(str(error)))
    page.goto(sandbox.inbox_url)
    expect(page.get_by_text("No messages yet")).to_be_visible()
    yield page
    page.close()


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    """Somebody who is never to hear of a message."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def filled(page: Page, count: int) -> None:
    """Wait until the list has as many rows."""
    space = page.locator(".list > div")
    expect(space).to_have_css("height", f"{count * 68}px", timeout=20_000)


def rows(page: Page) -> list[str]:
    return page.locator(".row .to").all_text_contents()


def test_the_walk_through_of_the_readme(
    page: Page,
    client: Client,
    sandbox: Sandbox,
    listener: Listener,
    told: Told,
    tmp_path: Path,
) -> None:
    client.sms.send(JOAN, "Your code is 4921", callback_url=listener.url)
    client.email.send("joan@example.org", subject="Hi", html="<h1>Hello, Joan</h1>")
    expect(page.locator(".row")).to_have_count(2)  # it was never reloaded

    page.get_by_label("Search messages").fill("channel:email joan")
    expect(page.locator(".row")).to_have_count(1)
    page.locator(".row").click()
    mail = page.frame_locator("iframe.preview")
    expect(mail.get_by_role("heading")).to_have_text("Hello, Joan")
    page.screenshot(path=tmp_path / "email.png")

    sandbox.clock.advance(60)
    sandbox.wait_for_webhooks()
    page.get_by_role("link", name="Webhooks").click()
    page.locator("summary").first.click()
    body = page.get_by_label("Body").first
    body.fill(body.input_value().replace("delivered", "undelivered"))
    listener.has_heard.clear()
    page.get_by_role("button", name="Post again").first.click()
    assert listener.has_heard.wait(10)
    assert b'"undelivered"' in listener.taken[-1][1]
    expect(page.get_by_text("replayed").first).to_be_visible()

    page.get_by_role("link", name="Faults").click()
    page.locator("select[name=kind]").select_option("accepted_then_hang_up")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("all channels, 100 %")).to_be_visible()
    with pytest.raises(MaybeSentError):
        client.sms.send(JOAN, "Did it leave?")
    page.screenshot(path=tmp_path / "faults.png")
    assert told.complaints == []
    assert all(url.startswith(sandbox.inbox_url) for url in told.asked)


def test_an_sms_is_shown_in_segments_with_the_character_that_costs(
    page: Page, client: Client
) -> None:
    client.sms.send(JOAN, "It\u2019s your turn. " * 6)
    page.locator(".row").click()
    expect(page.locator(".costs")).to_contain_text("2 segments · UCS-2")
    expect(page.locator(".costs li")).to_contain_text(
        "U+2019 right single quotation mark, 6 times"
    )
    expect(page.locator(".bubble .segment")).to_have_count(2)
    expect(page.locator(".bubble mark").first).to_have_text("\u2019")


def test_a_template_is_shown_with_its_variables(page: Page, client: Client) -> None:
    client.whatsapp.send_template(JOAN, "order_update", "en", variables={"1": "Joan"})
    page.locator(".row").click()
    expect(page.locator(".bubble")).to_have_text(
        "Hello Joan, your order {{2}} is on its way."
    )
    expect(
        page.get_by_text("A variable of the template was not given.")
    ).to_be_visible()


def test_a_status_is_given_and_a_reply_made_up_by_hand(
    page: Page, client: Client, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    sandbox.knobs.timetable = float("inf")
    client.sms.send(JOAN, "Are you coming?")
    page.locator(".row").click()
    page.get_by_role("button", name="delivered", exact=True).click()
    expect(page.locator(".timeline li").last).to_contain_text("delivered")
    expect(page.locator(".row .status")).to_have_text("delivered")
    page.get_by_label("Reply as the recipient").fill("STOP")
    page.get_by_role("button", name="Reply", exact=True).click()
    page.get_by_role("link", name="Faults").click()
    expect(page.get_by_text(f"Opted out: {JOAN}")).to_be_visible()


def test_an_email_has_its_text_source_and_attachments(
    page: Page, client: Client
) -> None:
    client.email.send(
        "joan@example.org",
        subject="Bill",
        html="<p>Bill</p>",
        text="The bill",
        attachments=[Attachment("bill.txt", b"1 Euro", "text/plain")],
    )
    page.locator(".row").click()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("pre.text")).to_have_text("The bill")
    page.get_by_role("button", name="Source", exact=True).click()
    expect(page.locator(".look pre")).to_have_text("<p>Bill</p>")
    with page.expect_download() as download:
        page.get_by_role("link", name="bill.txt").click()
    assert Path(download.value.path()).read_bytes() == b"1 Euro"
    assert download.value.suggested_filename == "bill.txt"


HOSTILE = """
<script>parent.document.title = 'owned'; fetch('/sandbox/reset')</script>
<img src=x onerror="top.document.title = 'owned'">
<img src="http://STRANGER/pixel.png">
<style>@import url("http://STRANGER/a.css");
body { background: url(http://STRANGER/a.png) }</style>
<link rel="stylesheet" href="http://STRANGER/b.css">
<link rel="preload" as="image" href="http://STRANGER/c.png">
<link rel="prefetch" href="http://STRANGER/d.html">
<meta http-equiv="refresh" content="0; url=http://STRANGER/">
<iframe src="http://STRANGER/"></iframe><object data="http://STRANGER/"></object>
<form action="http://STRANGER/" method="post"><button id="send">Send</button></form>
<a id="out" href="http://STRANGER/" target="_top">Out</a>
<svg onload="alert(1)"><a href="javascript:alert(1)"><text y="20">svg</text></a></svg>
"""


def test_a_hostile_email_is_inert(
    page: Page, client: Client, sandbox: Sandbox, stranger: socket.socket
) -> None:
    host, port = stranger.getsockname()
    html = HOSTILE.replace("STRANGER", f"{host}:{port}")
    client.email.send("joan@example.org", subject="<b>Hi", html=html)
    page.locator(".row").click()
    mail = page.frame_locator("iframe.preview")
    expect(mail.locator("#out")).to_be_visible()
    mail.locator("#send").click()
    mail.locator("#out").click()
    page.wait_for_timeout(500)
    assert page.url.startswith(sandbox.inbox_url)
    assert page.title().endswith("StackVerify sandbox")
    assert sandbox.count() == 1
    stranger.setblocking(False)
    with pytest.raises(BlockingIOError):  # nobody called
        stranger.accept()


def test_hostile_words_are_shown_as_words(page: Page, client: Client) -> None:
    words = "<img src=x onerror=alert(1)>{{constructor}}${7*7}\u202e<script>alert(1)"
    client.sms.send(JOAN, words, sender_id="<b>ACME</b>")
    client.whatsapp.send_template(JOAN, "welcome", "en", variables={"1": words})
    expect(page.locator(".row")).to_have_count(2)
    for place in range(2):
        page.locator(".row").nth(place).click()
        expect(page.locator(".bubble")).to_contain_text("<img src=x onerror=alert(1)>")
        assert page.locator(".message :is(img, script, b)").count() == 0


def test_ten_thousand_messages_stay_responsive(
    page: Page, client: Client, sandbox: Sandbox
) -> None:
    list(client.sms.send_many(Sms(f"+2547{n:08}", "Hi") for n in range(10_000)))
    filled(page, 10_000)
    assert page.locator(".row").count() < 100
    page.locator(".list").evaluate("box => { box.scrollTop = box.scrollHeight }")
    # Requests are under way at once: the first row need not be the oldest.
    oldest = sandbox.messages()[0].to
    expect(page.get_by_text(oldest)).to_be_visible()
    page.get_by_label("Search messages").fill("to:+254700004321")
    expect(page.locator(".row")).to_have_count(1)


def test_who_reads_further_down_stays_there(page: Page, client: Client) -> None:
    list(client.sms.send_many(Sms(f"+2547{n:08}", "Hi") for n in range(100)))
    row = page.get_by_text("+254700000050")
    filled(page, 100)
    page.locator(".list").evaluate("box => { box.scrollTop = 45 * 68 }")
    expect(row).to_be_visible()
    before = row.bounding_box()
    client.sms.send(JOAN, "A new one")
    filled(page, 101)
    expect(row).to_be_visible()
    assert abs(row.bounding_box()["y"] - before["y"]) < 2


def test_all_is_reached_by_the_keys(page: Page, client: Client) -> None:
    client.sms.send(JOAN, "One")
    client.sms.send(JOAN, "Two")
    expect(page.locator(".row")).to_have_count(2)
    page.keyboard.press("j")
    expect(page.locator(".bubble")).to_have_text("Two")
    page.keyboard.press("j")
    expect(page.locator(".bubble")).to_have_text("One")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Choose a message to read it.")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("two")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    expect(page.get_by_role("heading", name="Faults")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()


def test_it_is_readable_on_a_phone_and_in_the_dark(page: Page, client: Client) -> None:
    client.sms.send(JOAN, "Hi" * 200)
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_label("Light or dark").click()
    page.locator(".row").click()
    expect(page.locator(".bubble")).to_be_visible()
    expect(page.locator(".list")).to_be_hidden()
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)
    dark = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(dark) == "rgb(22, 24, 29)"
    page.get_by_label("Back to the list").click()
    expect(page.locator(".list")).to_be_visible()


def test_the_gauge_shows_the_rate_and_the_refusals(
    page: Page, client: Client, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", seconds=0, count=1)
    client.sms.send(JOAN, "Hi")
    gauge = page.locator(".top .gauge")
    expect(gauge).to_contain_text("1 / 60000 a minute")
    expect(gauge).to_contain_text("1 \u00d7 429")


def test_it_says_when_the_sandbox_is_gone(browser: Browser) -> None:
    sandbox = Sandbox()
    with sandbox:
        page = browser.new_page()
        page.goto(sandbox.inbox_url)
        expect(page.get_by_text("No messages yet")).to_be_visible()
    expect(page.get_by_text("does not answer any more")).to_be_visible()
    page.close()


def test_a_batch_of_emails_arrives_as_well(page: Page, client: Client) -> None:
    emails = [Email(f"a{n}@example.org", subject=f"No {n}", text="x") for n in range(3)]
    list(client.email.send_many(emails))
    expect(page.locator(".row")).to_have_count(3)
    assert sorted(rows(page)) == [f"a{n}@example.org" for n in range(3)]


@pytest.mark.parametrize("hash_", ["#%", "#message/%", "#constructor", "#message/a/b"])
def test_an_odd_link_shows_the_page_all_the_same(
    page: Page, sandbox: Sandbox, told: Told, hash_: str
) -> None:
    page.goto("about:blank")
    page.goto(f"{sandbox.inbox_url}/{hash_}")
    expect(page.get_by_text("No messages yet")).to_be_visible()
    assert told.complaints == []


def test_the_keys_step_beyond_what_is_drawn(page: Page, client: Client) -> None:
    list(client.sms.send_many(Sms(f"+2547{n:08}", "Hi") for n in range(100)))
    filled(page, 100)
    for place in range(70):
        page.keyboard.press("j")
        expect(page.locator(".message h1")).to_have_text(f"+2547{99 - place:08}")
    chosen = page.locator(".row[aria-selected=true]")
    expect(chosen).to_be_in_viewport()


def test_time_moves_in_the_page_when_it_is_moved(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("link", name="Faults").click()
    before = page.locator(".panel time").text_content()
    page.get_by_role("button", name="A day on").click()
    expect(page.locator(".panel time")).not_to_contain_text(before.split(",")[0])


def test_seven_tabs_all_see_what_arrives(
    browser: Browser, sandbox: Sandbox, client: Client
) -> None:
    context = browser.new_context()
    pages = [context.new_page() for _ in range(7)]
    for page in pages:
        page.goto(sandbox.inbox_url)
        expect(page.get_by_text("No messages yet")).to_be_visible()
    pages.pop(0).close()  # the one that listened for all
    client.sms.send(JOAN, "Hi")
    for page in pages:
        expect(page.locator(".row")).to_have_count(1)
    context.close()


def test_the_keys_dialog_has_the_focus_and_ends_with_escape(page: Page) -> None:
    page.get_by_role("link", name="Faults").click()
    page.keyboard.press("?")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keys")).to_have_count(0)
    expect(page.get_by_role("heading", name="Faults")).to_be_visible()


def test_the_list_is_where_it_was_left(
    page: Page, client: Client, sandbox: Sandbox
) -> None:
    list(client.sms.send_many(Sms(f"+2547{n:08}", "Hi") for n in range(200)))
    filled(page, 200)
    page.locator(".list").evaluate("box => { box.scrollTop = 5000 }")
    there = page.get_by_text(sandbox.messages()[-80].to)
    expect(there).to_be_in_viewport()
    page.get_by_role("link", name="Faults").click()
    page.get_by_role("link", name="Messages").click()
    expect(there).to_be_in_viewport()
