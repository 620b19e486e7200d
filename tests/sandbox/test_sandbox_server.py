"""The sandbox as a server: it comes up, stands bad clients, and goes away."""

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import trio

from stackverify.sandbox import Clock, Knobs, Sandbox, Service, create_app

SMS = {"to": "+254712345678", "message": "x"}


def address(sandbox: Sandbox) -> tuple[str, int]:
    url = httpx.URL(sandbox.base_url)
    assert url.port is not None
    return url.host, url.port


def send(sandbox: Sandbox) -> int:
    headers = {"authorization": f"Bearer {sandbox.api_key}"}
    url = f"{sandbox.base_url}/sms/send"
    return httpx.post(url, json=SMS, headers=headers, trust_env=False).status_code


def request_bytes(sandbox: Sandbox) -> bytes:
    body = json.dumps(SMS).encode()
    head = (
        "POST /api/v1/sms/send HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {sandbox.api_key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def until(fact: object, within: float = 3.0) -> None:
    assert callable(fact)
    end = time.monotonic() + within
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_serves_inside_with_and_leaves_nothing_behind() -> None:
    before = threading.active_count()
    with Sandbox() as sandbox:
        host, port = address(sandbox)
        assert send(sandbox) == 200
    assert threading.active_count() == before
    assert sandbox.count() == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port))
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.base_url


def test_it_serves_again_with_what_it_had() -> None:
    sandbox = Sandbox()
    for _ in range(2):
        with sandbox:
            assert send(sandbox) == 200
    assert sandbox.count() == 2


def test_it_serves_inside_async_with() -> None:
    async def main() -> None:
        async with Sandbox() as sandbox, httpx.AsyncClient(trust_env=False) as client:
            reply = await client.get(f"{sandbox.base_url}/sms")
            assert reply.status_code == 401

    asyncio.run(main())
    trio.run(main)


def test_it_cannot_be_started_twice_at_once() -> None:
    with Sandbox() as sandbox, pytest.raises(RuntimeError, match="already"):
        sandbox.start()


def test_a_taken_port_is_an_os_error() -> None:
    with Sandbox() as first:
        second = Sandbox(port=address(first)[1])
        with pytest.raises(OSError, match="in use"):
            second.start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Sandbox(host=host)


def test_localhost_is_loopback() -> None:
    with Sandbox(host="localhost") as sandbox:
        assert sandbox.base_url.startswith("http://127.0.0.1:")


def test_it_stops_at_once_though_clients_hold_on() -> None:
    with Sandbox(latency=30.0) as sandbox:
        waiting = socket.create_connection(address(sandbox))
        waiting.sendall(request_bytes(sandbox))
        stuck = socket.create_connection(address(sandbox))
        stuck.sendall(request_bytes(sandbox)[:-1])
        idle = socket.create_connection(address(sandbox))
        until(lambda: sandbox.requests == 2)
    # It raises an error of its own if it does not end long before the latency does.
    assert not sandbox.is_running
    for connection in (waiting, stuck, idle):
        connection.close()


def test_of_a_request_cut_off_before_its_last_byte_nothing_is_kept() -> None:
    with Sandbox() as sandbox:
        with socket.create_connection(address(sandbox)) as connection:
            connection.sendall(request_bytes(sandbox)[:-1])
            until(lambda: sandbox.requests == 1)
        assert send(sandbox) == 200
        assert sandbox.count() == 1


def test_a_complete_request_is_accepted_though_nobody_waits_for_the_answer() -> None:
    with Sandbox(latency=0.05) as sandbox:
        with socket.create_connection(address(sandbox)) as connection:
            connection.sendall(request_bytes(sandbox))
        until(lambda: sandbox.count() == 1)


def test_an_answer_takes_as_long_as_the_latency_says() -> None:
    with Sandbox(latency=(0.2, 0.25)) as sandbox:
        started = time.monotonic()
        assert send(sandbox) == 200
        assert time.monotonic() - started >= 0.2


def test_an_answer_does_not_wait_for_a_delayed_acknowledgement() -> None:
    with Sandbox() as sandbox, socket.create_connection(address(sandbox)) as client:
        client.sendall(request_bytes(sandbox))
        client.recv(1)
        (connection,) = sandbox._server.server_state.connections
        held = connection.transport.get_extra_info("socket")
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_most_requests_at_one_time_are_counted() -> None:
    with Sandbox(latency=0.3) as sandbox, ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, [sandbox] * 6)) == {200}
        assert sandbox.peak_in_flight == 6
        assert sandbox.requests == 6


def test_reset_forgets_messages_and_counts_but_no_key() -> None:
    with Sandbox(tier="enterprise:1") as sandbox:
        assert [send(sandbox), send(sandbox)] == [200, 429]
        sandbox.reset()
        assert (sandbox.requests, sandbox.refusals, sandbox.count()) == (0, 0, 0)
        assert sandbox.messages() == []
        assert send(sandbox) == 200


def test_a_clock_goes_forward_only() -> None:
    clock = Clock(iter([5.0, 3.0, 9.0]).__next__)
    assert [clock.now(), clock.now(), clock.now()] == [5.0, 5.0, 9.0]
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)


def test_the_real_clock_runs() -> None:
    before = time.time()
    clock = Clock()
    assert before - 0.01 <= clock.now() <= time.time() + 0.01
    assert clock.advance(3600) >= before + 3599


def test_the_same_seed_gives_the_same_ids() -> None:
    def first_id() -> str:
        with Sandbox(seed=7) as sandbox:
            send(sandbox)
            return sandbox.messages()[0].message_id

    assert first_id() == first_id()


@pytest.mark.parametrize(
    "wrong",
    [
        {"counting": "guess"},
        {"latency": -1},
        {"latency": (2, 1)},
        {"keep": 0},
        {"failing": 1.5},
        {"timetable": -1},
        {"reply_style": "odd"},
    ],
)
def test_a_knob_cannot_be_set_to_nonsense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Knobs(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"."):
        setattr(Knobs(), *wrong.popitem())


def test_a_key_shows_its_last_four_characters_and_no_more() -> None:
    service = Service()
    key = service.keys.add("sk_live_abcdefgh1234", permissions=["sms:read"])
    assert "…1234" in repr(key)
    assert "abcdefgh" not in repr(key)
    assert key.mode == "live"
    assert service.keys.add(mode="test").mode == "test"
    assert len(service.keys) == len(list(service.keys)) == 3
    with pytest.raises(ValueError, match="no such permission"):
        service.keys.add(permissions=["sms:all"])


def test_only_a_failure_can_be_forced() -> None:
    with pytest.raises(ValueError, match="not a way to fail"):
        Service().will_fail("+12025550100", "delivered")


def test_a_step_put_before_the_others_is_asked_first() -> None:
    from stackverify.sandbox import Exchange, Reply

    def teapot(exchange: Exchange) -> Reply:
        return Reply(418, {"path": exchange.path})

    with Sandbox() as sandbox:
        sandbox.steps.insert(0, teapot)
        assert send(sandbox) == 418


def test_the_app_answers_in_process_on_either_event_loop() -> None:
    service = Service(latency=0.01)
    transport = httpx.ASGITransport(create_app(service))

    async def main() -> None:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://sandbox/api/v1"
        ) as client:
            headers = {"authorization": f"Bearer {service.api_key}"}
            reply = await client.post("/sms/send", json=SMS, headers=headers)
            assert reply.status_code == 200

    asyncio.run(main())
    trio.run(main)
    assert service.count() == 2
