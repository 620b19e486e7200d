"""One client, many threads."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from stackverify import Client
from stackverify.sandbox import Sandbox
from tests.recipients import number

THREADS = 16
EACH = 25


def test_sixteen_threads_share_a_client_and_each_gets_its_own_replies(
    sandbox: Sandbox,
) -> None:
    sandbox.knobs.latency = (0.0, 0.005)
    client = Client(sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000")
    together = threading.Barrier(THREADS)

    def send(start: int) -> dict[str | None, str]:
        together.wait(20)
        rows = range(start * EACH, (start + 1) * EACH)
        return {
            client.sms.send(number(row), "hi").message_id: number(row) for row in rows
        }

    with client, ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(send, range(THREADS)))
    sent = {key: to for part in parts for key, to in part.items()}
    assert sent == {message.message_id: message.to for message in sandbox.messages()}
    assert len(sent) == THREADS * EACH
    assert client.limiter.usage().in_flight == 0


def test_no_more_requests_are_in_flight_than_connections_were_asked_for(
    sandbox: Sandbox,
) -> None:
    sandbox.knobs.latency = 0.02
    client = Client(
        sandbox.api_key,
        base_url=sandbox.base_url,
        tier="enterprise:60000",
        max_connections=3,
    )
    with client, ThreadPoolExecutor(THREADS) as pool:
        receipts = pool.map(lambda row: client.sms.send(number(row), "hi"), range(48))
        assert len(list(receipts)) == sandbox.count() == 48
    assert sandbox.peak_in_flight == 3


def test_threads_that_make_the_first_call_together_load_everything_once(
    sandbox: Sandbox,
) -> None:
    together = threading.Barrier(THREADS)
    client = Client(sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000")

    def send(row: int) -> str | None:
        together.wait(20)
        return client.sms.send(number(row), "hi").message_id

    with client, ThreadPoolExecutor(THREADS) as pool:
        assert len(set(pool.map(send, range(THREADS)))) == THREADS


def test_closing_while_other_threads_send_leaves_no_socket(sandbox: Sandbox) -> None:
    """A socket that is left would be a ResourceWarning, which is an error here."""
    sandbox.knobs.latency = 0.2
    client = Client(sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000")
    with ThreadPoolExecutor(4) as pool:
        sends = [pool.submit(client.sms.send, number(row), "hi") for row in range(4)]
        while sandbox.peak_in_flight < 4:
            threading.Event().wait(0.001)
        client.close()
        assert all(send.result().message_id for send in sends)
    del client, sends
    gc.collect()
