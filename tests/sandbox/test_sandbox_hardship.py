"""What the sandbox must not stumble over."""

import threading

import httpx
import pytest

from stackverify.sandbox import Attempt, Clock, Sandbox, Service
from stackverify.sandbox.transport import SandboxTransport
from tests.sandbox.listener import Listener

NUMBER = "+254712345678"
URL = "http://127.0.0.1:1/hook"
DAY = 86_400


@pytest.fixture
def still() -> Service:
    """A service in this process whose clock stands still."""
    clock = Clock(lambda: 1_800_000_000.0)
    return Service(clock=clock, failing=0.0, tier="enterprise:1000000")


def send(service: Service, times: int = 1, **fields: object) -> None:
    transport = SandboxTransport(service)
    with httpx.Client(transport=transport, base_url="http://s/api/v1") as api:
        for _ in range(times):
            api.post(
                "/sms/send",
                json={"to": NUMBER, "message": "Hi", **fields},
                headers={"Authorization": f"Bearer {service.api_key}"},
            ).raise_for_status()


def test_half_an_emoji_is_told_like_all_else(
    api: httpx.Client, control: httpx.Client
) -> None:
    body = rb'{"to": "+254712345678", "message": "cut \ud83d"}'
    json = {"Content-Type": "application/json"}
    api.post("/sms/send", content=body, headers=json).raise_for_status()
    for path in ("/search", "/messages", "/messages/latest", "/state", "/requests"):
        assert control.get(path).status_code == 200
    assert control.get("/search").json()["rows"][0]["title"] == "cut \ud83d"
    stop = {"text": "STOP", "sender": "\\ud83d"}
    assert control.post("/replies", json=stop).status_code == 200
    assert control.get("/state").status_code == 200


@pytest.mark.parametrize("body", [b'{"x": 1e999}', b'{"x": -1e999}', b'{"x": NaN}'])
def test_a_number_that_is_none_is_not_json(api: httpx.Client, body: bytes) -> None:
    json = {"Content-Type": "application/json"}
    assert api.post("/sms/send", content=body, headers=json).status_code == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""]
)
@pytest.mark.parametrize("path", ["/api/v1/sms", "/", "/openapi.json", "/velstack/x"])
def test_who_calls_it_by_another_name_is_kept_out(
    sandbox: Sandbox, api: httpx.Client, host: str, path: str
) -> None:
    answer = api.get(f"{sandbox.inbox_url}{path}", headers={"Host": host})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "[::1]:1", "a.localhost"])
def test_its_own_names_let_one_in(
    sandbox: Sandbox, api: httpx.Client, host: str
) -> None:
    assert api.get("/sms", headers={"Host": host}).status_code == 200


def test_a_url_that_is_none_is_refused_and_webhooks_go_on(
    sandbox: Sandbox, control: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    sandbox.reply("one", sender=NUMBER)
    sandbox.wait_for_webhooks()
    answer = control.post("/webhooks/1/replay", json={"url": "http://[oops"})
    assert answer.status_code == 422
    sandbox.knobs.webhook_url = "http://127.0.0.1:99999/"
    sandbox.reply("two", sender=NUMBER)
    sandbox.knobs.webhook_url = listener.url
    sandbox.reply("three", sender=NUMBER)
    sandbox.wait_for_webhooks()
    assert [fields["message"] for fields in listener.fields] == ["one", "three"]


def test_nothing_that_was_owed_is_posted_after_a_reset(
    sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    send(sandbox, 90)
    sandbox.clock.advance(DAY)
    listener.has_heard.wait(10)
    sandbox.reset()
    sandbox.wait_for_webhooks()
    assert len(sandbox.webhooks) <= 1


def test_a_listener_that_never_answers_does_not_keep_it_from_stopping() -> None:
    with Sandbox() as sandbox:
        taker = threading.Event()
        sandbox.knobs.webhook_url = f"{sandbox.inbox_url}/sandbox/events"
        sandbox.faults.add("slow", seconds=60)
        sandbox.reply("Hi", sender=NUMBER)
        taker.wait(0.2)
    assert not sandbox.is_running


def test_a_seed_and_a_file_make_no_id_twice(tmp_path: object) -> None:
    path = f"{tmp_path}/sandbox.db"
    first = Service(seed=1, data=path)
    send(first, 3)
    first.close()
    second = Service(seed=1, data=path)
    send(second, 3)
    assert len({message.message_id for message in second.messages()}) == 6
    second.close()


def test_after_a_restart_time_goes_on_and_so_do_reports_and_opt_outs(
    tmp_path: object,
) -> None:
    path = f"{tmp_path}/sandbox.db"
    first = Service(data=path, webhook_url=URL, failing=0.0)
    first.clock.advance(10 * DAY)
    first.reply("STOP", sender="+12025550100")
    send(first)
    first.close()
    second = Service(data=path, webhook_url=URL, failing=0.0)
    assert second.clock.now() >= second.messages()[0].accepted_at
    assert second.opt_outs == {"+12025550100"}
    second.clock.advance(DAY)
    told = [webhook.fields["status"] for webhook in second.due_webhooks()]
    assert told == ["sent", "delivered"]
    second.close()


def test_of_what_was_forgotten_nothing_is_owed(still: Service) -> None:
    still.knobs.keep = 10
    still.knobs.webhook_url = URL
    send(still, 3_000)
    assert len(still._webhooks._owed) <= 2 * 1_000 + 10
    still.clock.advance(DAY)
    assert len(still.due_webhooks()) == 20


def test_no_more_attempts_are_kept_than_messages(still: Service) -> None:
    still.knobs.keep = 5
    webhook = still.reply("Hi", sender=NUMBER)
    for _ in range(20):
        still.tried(Attempt(webhook, still.clock.now(), status=200))
    assert [attempt.number for attempt in still.webhooks] == [16, 17, 18, 19, 20]


@pytest.mark.parametrize("before", [1000.0, float("inf")])
def test_a_faster_timetable_reaches_reports_that_are_owed(
    still: Service, before: float
) -> None:
    still.knobs.webhook_url = URL
    still.knobs.timetable = before
    send(still)
    assert still.due_webhooks() == []
    still.knobs.timetable = 0.0
    told = [webhook.fields["status"] for webhook in still.due_webhooks()]
    assert told == ["sent", "delivered"]


def test_no_moment_is_taken_that_cannot_be_told(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    body = {"to": NUMBER, "message": "Hi", "scheduled_at": "9999-12-31T23:59:59Z"}
    assert api.post("/sms/send", json=body).status_code == 422
    for seconds in (1e12, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="a clock"):
            sandbox.clock.advance(seconds)


@pytest.mark.parametrize("asked", ["status=inf", "status=1e3", "slow=inf", "slow=nan"])
def test_a_fault_that_makes_no_sense_is_a_400(api: httpx.Client, asked: str) -> None:
    body = {"to": NUMBER, "message": "Hi"}
    answer = api.post("/sms/send", json=body, headers={"X-Sandbox-Fault": asked})
    assert answer.status_code == 400


@pytest.mark.parametrize("fault", [{"status": 503.5}, {"count": 1.5}, {"count": True}])
def test_counts_and_statuses_are_whole_numbers(
    control: httpx.Client, fault: dict[str, float]
) -> None:
    answer = control.post("/faults", json={"kind": "status", **fault})
    assert (answer.status_code, "whole number" in answer.json()["error"]) == (422, True)


def test_requests_are_read_while_others_come(
    sandbox: Sandbox, control: httpx.Client
) -> None:
    sandbox.keys.add("sk_test_many", tier="enterprise:1000000")
    over = threading.Event()

    def busy() -> None:
        while not over.is_set():
            send(sandbox)

    sandbox.api_key, before = "sk_test_many", sandbox.api_key
    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        statuses = {control.get("/requests").status_code for _ in range(30)}
    finally:
        over.set()
        for thread in threads:
            thread.join()
    sandbox.api_key = before
    assert statuses == {200}


def test_a_message_moved_often_keeps_its_latest_moves(still: Service) -> None:
    send(still)
    (message,) = still.messages()
    for _ in range(300):
        still.deliver(message, "failed")
        still.deliver(message, "delivered")
    assert len(still.moves(message)) == 100
    assert still.message(message.message_id).status == "delivered"


def test_the_head_of_the_events_ends_at_once(control: httpx.Client) -> None:
    assert control.head("/events").status_code == 200
    assert control.get("/state").status_code == 200
