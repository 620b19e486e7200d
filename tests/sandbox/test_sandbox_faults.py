"""Faults: what goes wrong on request, and what was accepted all the same."""

from typing import Any

import httpx
import pytest

from stackverify import Client, Retry
from stackverify.errors import (
    MaybeSentError,
    NoReplyError,
    RateLimitedError,
    SendServerError,
    UnreadableReplyError,
)
from stackverify.sandbox import Fault, Sandbox, Service, create_app

SMS = {"to": "+254712345678", "message": "Hi"}
NUMBER = SMS["to"]


@pytest.fixture
def once(sandbox: Sandbox) -> Any:
    """A client that tries once."""
    with Client(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        retry=Retry(attempts=1, rate_limited=0),
        timeout=5.0,
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        (Fault("status", status=503), SendServerError, 0),
        (Fault("html", status=502), SendServerError, 0),
        (Fault("rate_limited", seconds=7), RateLimitedError, 0),
        (Fault("hang_up"), NoReplyError, 0),
        (Fault("accepted_then_hang_up"), NoReplyError, 1),
        (Fault("truncated"), MaybeSentError, 1),
        (Fault("hang_up_before_body"), MaybeSentError, 1),
        (Fault("malformed"), UnreadableReplyError, 1),
        (Fault("empty"), UnreadableReplyError, 1),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_fault_is_what_a_client_meets_and_the_truth_is_what_was_accepted(
    sandbox: Sandbox, once: Client, fault: Fault, error: type[Exception], accepted: int
) -> None:
    sandbox.faults.add(fault)
    with pytest.raises(error):
        once.sms.send(NUMBER, "Hi")
    assert sandbox.count() == accepted
    sandbox.faults.clear()
    assert once.sms.send(NUMBER, "Hi").message_id
    assert sandbox.count() == accepted + 1


@pytest.mark.parametrize("kind", ["slow", "drip", "wrong_type"])
def test_an_answer_that_is_only_odd_is_an_answer(
    sandbox: Sandbox, once: Client, kind: Any
) -> None:
    sandbox.faults.add(kind, seconds=0.05)
    assert once.sms.send(NUMBER, "Hi").message_id
    assert sandbox.count() == 1


@pytest.mark.parametrize(("seconds", "header"), [(7, "7"), (0, None)])
def test_a_429_has_a_retry_after_or_none(
    sandbox: Sandbox, api: httpx.Client, seconds: float, header: str | None
) -> None:
    sandbox.faults.add("rate_limited", seconds=seconds)
    answer = api.post("/sms/send", json=SMS)
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)


def test_a_fault_happens_as_often_as_it_was_asked_for(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.faults.add("status", status=500, count=2)
    statuses = [api.post("/sms/send", json=SMS).status_code for _ in range(4)]
    assert statuses == [500, 500, 200, 200]
    assert len(sandbox.faults) == 0


def test_a_fault_of_one_channel_leaves_the_others_alone(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.faults.add("status", channel="email")
    email = {"to": "a@example.org", "subject": "s", "text": "t"}
    assert api.post("/sms/send", json=SMS).status_code == 200
    assert api.post("/email/send", json=email).status_code == 503


def test_a_fault_with_a_probability_happens_to_a_share_of_requests() -> None:
    service = Service(seed=7)
    service.faults.add("status", probability=0.3)
    met = [service.faults.meet("sms") for _ in range(1_000)]
    assert 230 < sum(fault is not None for fault in met) < 370


def test_the_first_fault_that_fits_wins(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.add("status", status=500, count=1)
    sandbox.faults.add("status", status=502)
    assert [fault.status for fault in sandbox.faults] == [500, 502]
    statuses = [api.post("/sms/send", json=SMS).status_code for _ in range(2)]
    assert statuses == [500, 502]


@pytest.mark.parametrize(
    ("asked", "status"), [("status=418", 418), ("html", 503), ("rate_limited=3", 429)]
)
def test_a_request_may_ask_for_its_own_fault(
    sandbox: Sandbox, api: httpx.Client, asked: str, status: int
) -> None:
    headers = {"X-Sandbox-Fault": asked}
    assert api.post("/sms/send", json=SMS, headers=headers).status_code == status
    assert sandbox.count() == 0


@pytest.mark.parametrize("asked", ["", "nonsense", "status=9", "slow=x", "slow=-1"])
def test_a_request_that_asks_for_no_fault_there_is_is_told_so(
    sandbox: Sandbox, api: httpx.Client, asked: str
) -> None:
    headers = {"X-Sandbox-Fault": asked}
    assert api.post("/sms/send", json=SMS, headers=headers).status_code == 400
    assert sandbox.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        *({"kind": "nonsense"}, {"channel": "fax"}, {"status": 200}, {"status": "503"}),
        *({"seconds": -1}, {"seconds": None}, {"probability": 1.1}, {"count": -1}),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Service().faults.add(**{"kind": "status", **wrong})


def test_reads_meet_faults_as_well(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.add("empty", channel="sms")
    assert api.get("/sms").content == b""


def test_a_reset_lets_everything_go_well(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.add("status")
    sandbox.reset()
    assert api.post("/sms/send", json=SMS).status_code == 200


@pytest.mark.parametrize(
    "kind", ["hang_up", "truncated", "accepted_then_hang_up", "hang_up_before_body"]
)
@pytest.mark.anyio
async def test_without_a_server_to_hang_up_the_application_raises(kind: Any) -> None:
    service = Service()
    service.faults.add(kind)
    transport = httpx.ASGITransport(create_app(service))
    headers = {"authorization": f"Bearer {service.api_key}"}
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(ConnectionResetError, match="the sandbox hung up"):
            await client.post(
                "http://sandbox/api/v1/sms/send", json=SMS, headers=headers
            )
    assert service.count() == (0 if kind == "hang_up" else 1)


def test_one_stalled_send_leaves_the_others_alone(sandbox: Sandbox) -> None:
    sandbox.faults.add("accepted_then_hang_up", count=1)
    with Client(
        sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000"
    ) as client:
        outcomes = []
        for _ in range(5):
            try:
                outcomes.append(bool(client.sms.send(NUMBER, "Hi").message_id))
            except MaybeSentError:
                outcomes.append(False)
    assert outcomes == [False, True, True, True, True]
    assert sandbox.count() == 5
