"""What a search of the inbox finds."""

import httpx
import pytest

from stackverify.sandbox import Clock, Service
from stackverify.sandbox.transport import SandboxTransport


@pytest.fixture
def service() -> Service:
    """A service that holds a message of each channel, and ten more SMS."""
    filled = Service(clock=Clock(lambda: 1_800_000_000.0), failing=0.0)
    sent = [
        ("sms", {"to": "+254712345678", "message": "Hello Joan", "sender_id": "ACME"}),
        ("email", {"to": "j@example.org", "subject": "Bill", "text": "Two words"}),
        ("whatsapp", {"to": "+4915123456789", "template_name": "welcome"}),
    ]
    sent += [("sms", {"to": f"+12025550{n}", "message": f"No {n}"}) for n in range(10)]
    with _api(filled) as api:
        for channel, fields in sent:
            path = "send-template" if channel == "whatsapp" else "send"
            more = {"language": "en", "variables": {"1": "Jörg"}}
            body = fields | (more if channel == "whatsapp" else {})
            api.post(f"/{channel}/{path}", json=body).raise_for_status()
    return filled


def _api(service: Service) -> httpx.Client:
    return httpx.Client(
        transport=SandboxTransport(service),
        base_url="http://sandbox/api/v1",
        headers={"Authorization": f"Bearer {service.api_key}"},
    )


@pytest.mark.parametrize(
    ("wanted", "matching"),
    [
        ("", 13),
        ("hello", 1),
        ("HELLO joan", 1),
        ("hello bill", 0),
        ('"two words"', 1),
        ('"words two"', 0),
        ('"two wor', 1),
        ("channel:sms", 11),
        ("channel:email bill", 1),
        ("to:+254", 1),
        ("to:example.org", 1),
        ("from:acme", 1),
        ("status:queued", 13),
        ("status:que channel:whatsapp", 1),
        ("status:delivered", 0),
        ("jörg", 1),
        ("text:welcome", 1),
        ("text:+254", 0),
        ("nothing:here", 0),
        ("it's", 0),
        ("\\", 0),
        ("#", 0),
    ],
)
def test_a_search_finds(service: Service, wanted: str, matching: int) -> None:
    assert service.search(wanted)[1] == matching


def test_the_newest_come_first_and_in_parts(service: Service) -> None:
    found, matching = service.search("channel:sms", start=2, limit=3)
    assert [message.text for message in found] == ["No 7", "No 6", "No 5"]
    assert matching == 11
    assert service.search("", start=12, limit=5)[0][0].text == "Hello Joan"
    assert service.search("", start=13) == ([], 13)


@pytest.mark.parametrize("query", ["start=-1", "limit=501", "limit=x", "start=1.5"])
def test_a_search_that_asks_for_too_much_is_answered_with_the_reason(
    control: httpx.Client, query: str
) -> None:
    answer = control.get(f"/search?{query}")
    assert (answer.status_code, bool(answer.json()["error"])) == (422, True)


def test_a_search_over_http_gives_lines(
    api: httpx.Client, control: httpx.Client
) -> None:
    email = {"to": "j@example.org", "subject": "S" * 500, "html": "<p>"}
    api.post("/email/send", json=email).raise_for_status()
    told = control.get("/search", params={"q": "to:example"}).json()
    assert (told["matching"], told["start"], len(told["rows"])) == (1, 0, 1)
    assert told["rows"][0]["title"] == "S" * 120
