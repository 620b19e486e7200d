"""A sandbox in this process, seen through the client: no port, and no waiting."""

from typing import Any

import httpx
import pytest

from stackverify import Sms
from stackverify.errors import MaybeSentError
from stackverify.testing import SandboxInTests

NUMBER = "+254712345678"
ACCEPTED_ALL_THE_SAME = [
    *("accepted_then_hang_up", "hang_up_before_body", "truncated", "malformed", "empty")
]


@pytest.fixture
def api(stackverify_sandbox: SandboxInTests) -> httpx.Client:
    """A plain httpx client that ends in the sandbox."""
    headers = {"Authorization": f"Bearer {stackverify_sandbox.api_key}"}
    with httpx.Client(
        transport=stackverify_sandbox.transport,
        base_url="https://sandbox.invalid/api/v1",
        headers=headers,
    ) as client:
        yield client


def test_both_flavours_end_in_the_same_sandbox(
    stackverify_sandbox: SandboxInTests,
) -> None:
    with stackverify_sandbox.client() as client:
        receipt = client.sms.send(NUMBER, "Hi")
        assert client.sms.status(receipt.message_id).status == "queued"
        rows = [Sms("+254712345679", "Hi"), Sms("+254712345680", "Ho")]
        assert len(list(client.sms.send_many(rows))) == 2
    assert stackverify_sandbox.count("sms") == 3
    assert not stackverify_sandbox.is_running


@pytest.mark.anyio
async def test_an_asynchronous_client_needs_no_port_either(
    stackverify_sandbox: SandboxInTests, anyio_backend: str
) -> None:
    async with stackverify_sandbox.async_client() as client:
        await client.email.send("j@example.org", subject="Hi", text="Joan")
        await client.whatsapp.send_template(NUMBER, "welcome", "en")
        found = [message async for message in client.sms.list()]
    assert (stackverify_sandbox.count(), found) == (2, [])


def test_the_replies_are_those_of_the_port(
    stackverify_sandbox: SandboxInTests, api: httpx.Client
) -> None:
    for path in ("/sms/status/x%2Fy", "/nowhere?a=b", "/sms?page=0", "/sms"):
        here = api.get(path)
        with httpx.Client(headers=api.headers, trust_env=False) as client:
            there = client.get(stackverify_sandbox.base_url + path)
        assert (here.status_code, here.json()) == (there.status_code, there.json())
        assert here.headers.keys() == there.headers.keys() - {"server", "connection"}


@pytest.mark.parametrize("kind", ACCEPTED_ALL_THE_SAME)
def test_an_answer_that_is_lost_may_have_been_sent(
    stackverify_sandbox: SandboxInTests, kind: Any
) -> None:
    stackverify_sandbox.faults.add(kind)
    with stackverify_sandbox.client() as client, pytest.raises(MaybeSentError):
        client.sms.send(NUMBER, "Hi")
    assert stackverify_sandbox.count() == 1


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_what_is_slow_takes_no_time_and_may_be_a_timeout(
    stackverify_sandbox: SandboxInTests, kind: Any
) -> None:
    stackverify_sandbox.faults.add(kind, seconds=20)
    with stackverify_sandbox.client(timeout=30.0) as patient:
        patient.sms.send(NUMBER, "Hi")
    with (
        stackverify_sandbox.client(timeout=5.0) as hasty,
        pytest.raises(MaybeSentError),
    ):
        hasty.sms.send(NUMBER, "Hi")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("hang_up", MaybeSentError), ("status", MaybeSentError), ("html", MaybeSentError)],
)
def test_what_is_turned_away_was_not_accepted(
    stackverify_sandbox: SandboxInTests, kind: Any, error: type[Exception]
) -> None:
    stackverify_sandbox.faults.add(kind)
    with stackverify_sandbox.client() as client, pytest.raises(error):
        client.sms.send(NUMBER, "Hi")
    assert stackverify_sandbox.count() == 0
    assert stackverify_sandbox.traffic.log[-1].fault.kind == kind
