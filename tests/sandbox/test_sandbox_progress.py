"""Statuses that are given by hand, opt-outs, and the reports of both."""

import httpx
import pytest

from stackverify.sandbox import Clock, Sandbox, Service
from stackverify.sandbox.transport import SandboxTransport

NUMBER = "+254712345678"
URL = "http://127.0.0.1:1/hook"


@pytest.fixture
def service() -> Service:
    """A service whose clock stands still."""
    return Service(clock=Clock(lambda: 1_800_000_000.0), failing=0.0)


def send(service: Service, **fields: object) -> str:
    """Send an SMS, in this process; give its id."""
    transport = SandboxTransport(service)
    with httpx.Client(transport=transport, base_url="http://sandbox/api/v1") as api:
        answer = api.post(
            "/sms/send",
            json={"to": NUMBER, "message": "Hi", **fields},
            headers={"Authorization": f"Bearer {service.api_key}"},
        )
    return str(answer.raise_for_status().json()["message_id"])


def test_a_message_given_a_status_keeps_it_whatever_the_time(service: Service) -> None:
    message_id = send(service)
    report = service.deliver(message_id, "undelivered", error_message="No signal.")
    service.clock.advance(86_400)
    message = service.message(message_id)
    assert (message.status, message.error_message) == ("undelivered", "No signal.")
    assert (report.url, report.fields["status"]) == ("", "undelivered")
    assert [move.status for move in service.moves(message)] == ["undelivered"]


def test_what_was_reached_before_stays_in_the_timeline(service: Service) -> None:
    message_id = send(service)
    sent, _ = service.moves(service.message(message_id))
    service.clock.advance(sent.at - service.clock.now())
    service.deliver(message_id, "failed")
    moves = service.moves(service.message(message_id))
    assert [(move.status, move.by_hand) for move in moves] == [
        ("sent", False),
        ("failed", True),
    ]
    assert service.message(message_id).error_message == moves[-1].error_message


def test_a_status_by_hand_is_found_by_search_list_and_filter(service: Service) -> None:
    wanted, _ = send(service), send(service)
    service.deliver(wanted, "failed")
    assert [each.message_id for each in service.messages(status="failed")] == [wanted]
    found, matching = service.search("status:failed")
    assert ([each.message_id for each in found], matching) == ([wanted], 1)


def test_the_report_of_a_move_by_hand_is_posted_once(service: Service) -> None:
    message_id = send(service, callback_url=URL)
    service.deliver(message_id, "delivered")
    service.clock.advance(86_400)
    assert [each.fields["status"] for each in service.due_webhooks()] == ["delivered"]


def test_no_status_of_another_channel_and_no_unknown_message(service: Service) -> None:
    with pytest.raises(ValueError, match="queued, sent, delivered, failed, undeliver"):
        service.deliver(send(service), "opened")
    with pytest.raises(LookupError, match="no message sms_0"):
        service.deliver("sms_0")


def test_with_an_infinite_timetable_statuses_move_by_hand_only(
    service: Service,
) -> None:
    service.knobs.timetable = float("inf")
    message_id = send(service, callback_url=URL)
    service.clock.advance(86_400 * 365)
    assert service.message(message_id).status == "queued"
    assert service.due_webhooks() == []


def test_who_writes_stop_gets_no_more_until_they_write_start(service: Service) -> None:
    service.reply(" stop\n", sender=NUMBER)
    stopped = send(service)
    service.clock.advance(60)
    assert service.opt_outs == {NUMBER}
    assert service.message(stopped).error_message == "The recipient has opted out."
    service.reply("START", sender=NUMBER)
    again = send(service)
    service.clock.advance(60)
    assert service.message(again).status == "delivered"


def test_moves_by_hand_are_forgotten_with_their_message(service: Service) -> None:
    service.knobs.keep = 1
    service.deliver(send(service), "failed")
    send(service)
    assert service.messages(status="failed") == []
    assert service._progress._by_hand == {}


def test_a_reset_keeps_the_count_of_changes_growing(sandbox: Sandbox) -> None:
    sandbox.deliver(send(sandbox))
    before = sandbox.changes
    sandbox.reset()
    assert (sandbox.changes > before, sandbox.requests, sandbox.count()) == (True, 0, 0)
