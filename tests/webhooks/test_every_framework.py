"""What is so whatever the framework is; each on its own server."""

import json
import socket
import struct
from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest

from stackverify.webhooks import DeliveryReport, InboundMessage, UnknownEvent
from tests.webhooks.conftest import Start
from tests.webhooks.services import (
    FRAMEWORKS,
    NUMBER,
    SECRET,
    Service,
    head,
    inbound,
    report,
    rest_of,
    signature,
)

Said = Callable[[], list[tuple[str, str]]]

# A bare ASGI application has no way to answer but to raise.
CAN_ANSWER = sorted(FRAMEWORKS.keys() - {"asgi"})
# Under WSGI Django reads as much as was announced: nothing.
TAKE_CHUNKS = sorted(FRAMEWORKS.keys() - {"django"})
# Under ASGI Django reads the whole body before any view is called.
ANSWER_A_HEAD = sorted(FRAMEWORKS.keys() - {"django-async"})


def in_chunks(body: bytes, size: int = 50) -> Iterator[bytes]:
    for begin in range(0, len(body), size):
        yield body[begin : begin + size]


def test_a_genuine_report_reaches_the_handler_typed(service: Service) -> None:
    assert service.post(report("sent", "msg_9", error_code=None)) == 200
    (event,) = service.desk.events
    assert isinstance(event, DeliveryReport)
    assert (event.message_id, event.status, event.to) == ("msg_9", "sent", NUMBER)
    assert not event.is_late


def test_a_genuine_message_reaches_the_handler_typed(service: Service) -> None:
    assert service.post(inbound("Jambo 🦁")) == 200
    (event,) = service.desk.events
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.text, event.channel) == (NUMBER, "Jambo 🦁", "sms")


def test_a_genuine_event_of_another_name_reaches_the_handler(service: Service) -> None:
    assert service.post(b'{"event": "number_lost", "why": [1, {"a": 2.5}]}') == 200
    (event,) = service.desk.events
    assert isinstance(event, UnknownEvent)
    assert event.name == "number_lost"
    assert event.raw["why"] == [1, {"a": 2.5}]


@pytest.mark.parametrize("prefix", ["", "sha256="])
@pytest.mark.parametrize(
    "write",
    [
        str.lower,
        str.upper,
        lambda digest: b64encode(bytes.fromhex(digest)).decode(),
    ],
    ids=["lower", "upper", "base64"],
)
def test_each_way_to_write_a_signature_is_taken(
    service: Service, write: Callable[[str], str], prefix: str
) -> None:
    body = report()
    assert service.post(body, prefix + write(signature(body))) == 200
    assert len(service.desk.events) == 1


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "0" * 64,
        signature(report("sent")),
        signature(report(), "another secret"),
        "sha1=" + signature(report()),
        " ".join(signature(report())),
        "é" * 64,
    ],
    ids=["empty", "zeros", "other body", "other secret", "sha1", "spaced", "latin"],
)
def test_what_nobody_signed_is_answered_401(service: Service, signed: str) -> None:
    answer = service.send(report(), signed.encode("latin-1"))
    assert answer.status_code == 401
    assert service.desk.events == []


def test_what_has_no_signature_at_all_is_answered_401(service: Service) -> None:
    answer = service.client.post("/webhooks/stackverify", content=report())
    assert answer.status_code == 401
    assert service.desk.events == []


def test_json_written_anew_on_its_way_is_answered_401(service: Service) -> None:
    body = report()
    anew = json.dumps(json.loads(body)).encode()
    assert service.post(anew, signature(body)) == 401
    assert service.desk.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"[]",
        b"\xff",
        b'{"event": "delivery_report", "status": "sent"}',
        b'{"event": "a", "event": "b"}',
    ],
)
def test_a_signed_body_that_is_no_event_is_answered_400(
    service: Service, body: bytes
) -> None:
    assert service.post(body) == 400
    assert service.desk.events == []


def test_a_body_announced_too_large_is_answered_413(serve: Start) -> None:
    service = serve(max_body=1_000)
    assert service.post(report(padding="x" * 5_000)) == 413
    assert service.desk.events == []


def test_a_body_as_large_as_allowed_is_taken(serve: Start) -> None:
    body = report(padding="x" * 5_000)
    assert serve(max_body=len(body)).post(body) == 200


def test_the_default_limit_is_no_surprise_to_the_framework(service: Service) -> None:
    assert service.post(report(padding="x" * 250_000)) == 200
    assert service.post(report(padding="x" * 270_000)) == 413
    assert len(service.desk.events) == 1


@pytest.mark.parametrize("serve", ANSWER_A_HEAD, indirect=True)
def test_a_body_announced_too_large_is_not_even_read(service: Service) -> None:
    with service.connect() as sock:
        sock.sendall(head(b"", length=10**12))
        assert sock.recv(65_536).split()[1] == b"413"


@pytest.mark.parametrize("serve", TAKE_CHUNKS, indirect=True)
def test_a_body_in_chunks_is_taken(service: Service) -> None:
    body = report()
    assert service.post(in_chunks(body), signature(body)) == 200
    assert len(service.desk.events) == 1


@pytest.mark.parametrize("serve", TAKE_CHUNKS, indirect=True)
def test_a_body_that_grows_too_large_in_chunks_is_answered_413(serve: Start) -> None:
    service = serve(max_body=1_000)
    body = report(padding="x" * 5_000)
    assert service.post(in_chunks(body), signature(body)) == 413
    assert service.desk.events == []


def test_a_body_that_comes_in_pieces_is_taken(service: Service) -> None:
    body = report()
    with service.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [head(body), *in_chunks(body, 40)]:
            sock.sendall(piece)
        assert rest_of(sock).split()[1] == b"200"
    assert len(service.desk.events) == 1


def test_a_body_that_ends_early_never_reaches_the_handler(service: Service) -> None:
    body = report()
    with service.connect() as sock:
        sock.sendall(head(body, length=len(body) + 100) + body)
        sock.shutdown(socket.SHUT_WR)
        assert b"200" not in rest_of(sock).partition(b"\r\n")[0]
    assert service.desk.events == []
    assert service.post(body) == 200


def test_a_sender_that_is_gone_in_the_middle_does_no_harm(service: Service) -> None:
    body = report()
    sock = service.connect()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.sendall(head(body) + body[:40])
    sock.close()  # with a reset
    assert service.post(body) == 200
    assert len(service.desk.events) == 1


def test_a_sender_that_is_gone_while_it_is_handled_loses_nothing(
    service: Service,
) -> None:
    body = report()
    service.desk.close()
    with service.connect() as sock:
        sock.sendall(head(body) + body)
        service.desk.wait_for(1)
    again = service.post_aside(body)
    service.wait_for_reports(2)
    service.desk.open()
    assert again.result() == 200
    assert service.desk.statuses in (["delivered"], ["delivered"] * 2)


@pytest.mark.parametrize("status", [400, 401, 413, 503])
def test_an_answer_tells_nothing_of_the_reason(serve: Start, status: int) -> None:
    service = serve(max_body=1_000, patience=0.01)
    service.desk.close()
    first = service.post_aside(report("sent"))
    service.desk.wait_for(1)
    answer = {
        400: lambda: service.send(b'{"event": "delivery_report"}'),
        401: lambda: service.send(report(), signature(b"")),
        413: lambda: service.send(report(padding="x" * 5_000)),
        503: lambda: service.send(report()),
    }[status]()
    service.desk.open()
    assert (answer.status_code, first.result()) == (status, 200)
    words = ["signature", "secret", "body", "message", "event", "stackverify"]
    assert [word for word in words if word in answer.text.lower()] == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_any_other_method_is_answered_405(service: Service, method: str) -> None:
    answer = service.client.request(method, "/webhooks/stackverify")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_repeated_event_is_handled_once(service: Service) -> None:
    for body in [report(), inbound(), b'{"event": "number_lost"}'] * 3:
        assert service.post(body) == 200
    assert len(service.desk.events) == 3


def test_the_reports_of_one_message_are_events_of_their_own(service: Service) -> None:
    for status in ["queued", "sent", "delivered", "opened", "clicked"]:
        assert service.post(report(status)) == 200
    assert service.desk.statuses == ["queued", "sent", "delivered", "opened", "clicked"]


def test_a_late_report_is_answered_and_not_handled(service: Service) -> None:
    assert service.post(report("delivered")) == 200
    assert service.post(report("sent")) == 200
    assert service.desk.statuses == ["delivered"]


def test_a_late_report_is_handled_where_it_is_wanted(serve: Start) -> None:
    service = serve(late_reports=True)
    assert service.post(report("delivered")) == 200
    assert service.post(report("sent")) == 200
    assert service.post(report("sent")) == 200
    assert service.desk.statuses == ["delivered", "sent"]
    assert [event.is_late for event in service.desk.events] == [False, True]


def test_an_event_whose_handler_raises_comes_again(service: Service) -> None:
    service.desk.answers = [RuntimeError("the database is away"), OSError("still")]
    answers = [service.post(report()) for _ in range(4)]
    assert answers == [500, 500, 200, 200]
    assert service.desk.statuses == ["delivered"] * 3


@pytest.mark.parametrize("serve", CAN_ANSWER, indirect=True)
def test_an_event_that_the_handler_turns_down_comes_again(service: Service) -> None:
    service.desk.answers = [503, 404]
    answers = [service.post(report()) for _ in range(4)]
    assert answers == [503, 404, 200, 200]
    assert service.desk.statuses == ["delivered"] * 3


@pytest.mark.parametrize("serve", CAN_ANSWER, indirect=True)
def test_a_good_answer_of_the_handler_is_passed_on(service: Service) -> None:
    service.desk.answers = [202]
    assert service.post(report()) in (200, 202)
    assert service.post(report()) == 200
    assert service.desk.statuses == ["delivered"]


def test_two_copies_at_the_same_time_are_handled_once(service: Service) -> None:
    service.desk.close()
    copies = [service.post_aside(report()) for _ in range(2)]
    service.wait_for_reports(2)
    service.desk.open()
    assert [copy.result() for copy in copies] == [200, 200]
    assert service.desk.statuses == ["delivered"]


def test_a_copy_of_what_is_being_handled_is_handled_if_that_fails(
    service: Service,
) -> None:
    service.desk.close()
    service.desk.answers = [RuntimeError("the database is away")]
    copies = [service.post_aside(report()) for _ in range(2)]
    service.wait_for_reports(2)
    service.desk.open()
    assert sorted(copy.result() for copy in copies) == [200, 500]
    assert service.desk.statuses == ["delivered"] * 2


def test_the_next_report_of_a_message_waits_for_the_first(service: Service) -> None:
    service.desk.close()
    sent = service.post_aside(report("sent"))
    service.desk.wait_for(1)
    delivered = service.post_aside(report("delivered"))
    service.wait_for_reports(2)
    assert service.desk.statuses == ["sent"]
    service.desk.open()
    assert (sent.result(), delivered.result()) == (200, 200)
    assert service.desk.statuses == ["sent", "delivered"]


def test_who_waits_too_long_is_asked_to_come_again(serve: Start) -> None:
    service = serve(patience=0.01)
    service.desk.close()
    sent = service.post_aside(report("sent"))
    service.desk.wait_for(1)
    refusal = service.send(report("delivered"))
    service.desk.open()
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")
    assert (sent.result(), service.post(report("delivered"))) == (200, 200)
    assert service.desk.statuses == ["sent", "delivered"]


def test_messages_do_not_wait_for_each_other(service: Service) -> None:
    service.desk.close()
    both = [service.post_aside(report(message_id=name)) for name in ("msg_1", "msg_2")]
    service.desk.wait_for(2)
    service.desk.open()
    assert [each.result() for each in both] == [200, 200]


def test_a_refusal_is_logged_and_says_nothing_of_the_event(
    serve: Start, said: Said
) -> None:
    service = serve(max_body=1_000, tolerance=60.0)
    private = [NUMBER, NUMBER[1:], "Meet me at noon", SECRET, "msg_private"]
    stale = report("sent", "msg_private", text="Meet me at noon", timestamp="1999")
    wrong = "5" * 64
    answers = [
        service.post(stale, wrong),
        service.post(stale),
        service.post(inbound("Meet me at noon")[:-1]),
        service.post(inbound("Meet me at noon" * 100)),
    ]
    assert answers == [401, 400, 400, 413]
    assert [level for level, _ in said()] == ["WARNING"] * 4
    lines = str(said())
    assert [word for word in [*private, wrong, signature(stale)] if word in lines] == []
