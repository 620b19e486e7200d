"""Delivery reports that go wrong on purpose, and webhooks posted again."""

import httpx
import pytest

from stackverify.errors import SignatureError
from stackverify.sandbox import Attempt, Clock, Fault, Service, Webhook
from stackverify.sandbox.transport import SandboxTransport
from stackverify.webhooks import verify

URL = "http://127.0.0.1:1/hook"
DAY = 86_400


@pytest.fixture
def service() -> Service:
    """A service whose reports go somewhere, and whose clock stands still."""
    clock = Clock(lambda: 1_800_000_000.0)
    return Service(clock=clock, failing=0.0, webhook_url=URL)


def send(service: Service, **headers: str) -> None:
    transport = SandboxTransport(service)
    with httpx.Client(transport=transport, base_url="http://sandbox/api/v1") as api:
        api.post(
            "/sms/send",
            json={"to": "+254712345678", "message": "Hi"},
            headers={"Authorization": f"Bearer {service.api_key}", **headers},
        ).raise_for_status()


def statuses(webhooks: list[Webhook]) -> list[str]:
    return [webhook.fields["status"] for webhook in webhooks]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("report_duplicated", ["sent", "sent", "delivered", "delivered"]),
        ("report_out_of_order", ["delivered", "sent"]),
    ],
)
def test_reports_come_twice_or_in_the_wrong_order(
    service: Service, kind: str, expected: list[str]
) -> None:
    service.faults.add(kind)
    send(service)
    service.clock.advance(DAY)
    assert statuses(service.due_webhooks()) == expected


def test_a_late_report_comes_after_so_many_seconds(service: Service) -> None:
    service.faults.add("report_late", seconds=3600, count=1)
    send(service)
    service.clock.advance(60)
    assert statuses(service.due_webhooks()) == ["delivered"]
    service.clock.advance(3600)
    assert statuses(service.due_webhooks()) == ["sent"]


def test_a_report_signed_by_a_stranger_does_not_verify(service: Service) -> None:
    service.faults.add("report_wrongly_signed", channel="sms", count=1)
    send(service)
    service.clock.advance(DAY)
    wrong, right = service.due_webhooks()
    with pytest.raises(SignatureError):
        verify(wrong.body, wrong.signature, service.knobs.webhook_secret)
    verify(right.body, right.signature, service.knobs.webhook_secret)


def test_an_oversized_report_is_signed_well(service: Service) -> None:
    service.faults.add("report_oversized", count=1)
    send(service)
    service.clock.advance(DAY)
    large = service.due_webhooks()[0]
    assert len(large.sent) > 1_000_000 > len(large.body)
    verify(large.sent, large.signature, service.knobs.webhook_secret, max_body=2**21)


def test_a_fault_of_reports_spoils_no_answer_and_none_of_answers_a_report(
    service: Service,
) -> None:
    service.faults.add("report_duplicated", channel="email")
    service.faults.add("status", channel="whatsapp")
    send(service)
    service.clock.advance(DAY)
    assert statuses(service.due_webhooks()) == ["sent", "delivered"]


def test_a_request_asks_for_trouble_with_its_own_reports(service: Service) -> None:
    send(service, **{"X-Sandbox-Fault": "report_duplicated"})
    send(service)
    service.clock.advance(DAY)
    assert sorted(statuses(service.due_webhooks())) == [
        *("delivered", "delivered", "delivered", "sent", "sent", "sent")
    ]


def test_one_fault_is_taken_back_and_the_others_stay(service: Service) -> None:
    for kind in ("html", "slow", "empty"):
        service.faults.add(kind)
    service.faults.remove(2)
    service.faults.remove(Fault("empty"))
    assert service.faults.numbered() == [(1, Fault("html"))]
    with pytest.raises(LookupError, match="no such fault"):
        service.faults.remove(2)


def test_a_webhook_is_posted_again_as_it_was_or_changed(service: Service) -> None:
    before = service.reply("Yes", sender="+254712345678")
    service.due_webhooks()
    service.tried(Attempt(before, service.clock.now(), status=200))
    (attempt,) = service.webhooks
    service.replay(attempt)
    service.replay(attempt.number, body=b'{"event":"x"}', url="http://127.0.0.1:2/")
    same, changed = service.due_webhooks()
    assert (same.body, same.signature, same.is_replay) == (
        before.body,
        before.signature,
        True,
    )
    assert (changed.url, changed.body) == ("http://127.0.0.1:2/", b'{"event":"x"}')
    verify(changed.body, changed.signature, service.knobs.webhook_secret)


def test_a_replay_may_have_a_wrong_signature_and_is_not_tried_again(
    service: Service,
) -> None:
    first = service.reply("Yes", sender="+254712345678")
    service.tried(Attempt(first, service.clock.now(), status=200))
    service.due_webhooks()
    service.replay(1, signature="0" * 64)
    (replay,) = service.due_webhooks()
    service.tried(Attempt(replay, service.clock.now(), status=500))
    service.clock.advance(DAY)
    assert (replay.signature, service.due_webhooks()) == ("0" * 64, [])
    with pytest.raises(LookupError, match="no attempt 9"):
        service.replay(9)
