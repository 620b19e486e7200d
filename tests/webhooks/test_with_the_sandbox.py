"""The whole way round: a send, the service's reports, a receiver, a wait."""

import httpx
import pytest

from stackverify import Client
from stackverify.sandbox import Sandbox
from stackverify.webhooks import InboundMessage, Receiver
from tests.webhooks.conftest import Start
from tests.webhooks.services import (
    FLASK,
    NUMBER,
    PATH,
    SECRET,
    Desk,
    Framework,
    Service,
)

TIER = "enterprise:60000"


class Heard:
    """A Flask service whose receiver can be given to a client."""

    receiver: Receiver

    def start(self, start: Start) -> Service:
        def make(receiver: Receiver, desk: Desk) -> object:
            self.receiver = receiver
            return FLASK.make_app(receiver, desk)

        return start(Framework(Receiver, make, FLASK.serve))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def url_of(service: Service) -> str:
    return f"{str(service.client.base_url).rstrip('/')}{PATH}"


def test_a_wait_ends_with_the_report_that_the_service_posts(
    sandbox: Sandbox, start: Start, heard: Heard
) -> None:
    service = heard.start(start)
    sandbox.knobs.webhook_url = url_of(service)
    sandbox.knobs.webhook_secret = SECRET
    sandbox.knobs.timetable = 0.01
    with Client(
        sandbox.api_key, base_url=sandbox.base_url, tier=TIER, receiver=heard.receiver
    ) as client:
        receipt = client.sms.send(NUMBER, "Your code is 4921")
        status = client.sms.wait(receipt.message_id, timeout=30)
    assert status.status == "delivered"
    assert sandbox.requests == 1
    sandbox.wait_for_webhooks()
    assert service.desk.statuses == ["sent", "delivered"]


def test_a_report_to_a_handler_that_fails_comes_again(
    sandbox: Sandbox, start: Start, heard: Heard
) -> None:
    service = heard.start(start)
    sandbox.knobs.webhook_url = url_of(service)
    sandbox.knobs.webhook_secret = SECRET
    service.desk.answers = [RuntimeError("the database is away")]
    sandbox.reply("Yes, please", sender=NUMBER)
    sandbox.wait_for_webhooks()
    sandbox.clock.advance(60.0)
    sandbox.wait_for_webhooks()
    assert [attempt.status for attempt in sandbox.webhooks] == [500, 200]
    assert [type(event) for event in service.desk.events] == [InboundMessage] * 2


def test_a_wrong_secret_is_seen_in_the_attempts(
    sandbox: Sandbox, start: Start, heard: Heard
) -> None:
    service = heard.start(start)
    sandbox.knobs.webhook_url = url_of(service)
    sandbox.reply("Yes, please", sender=NUMBER)
    sandbox.wait_for_webhooks()
    assert [attempt.status for attempt in sandbox.webhooks] == [401]
    assert isinstance(service.client, httpx.Client)
    assert service.desk.events == []
