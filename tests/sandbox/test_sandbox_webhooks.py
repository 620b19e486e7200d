"""The webhooks the sandbox posts: signed, in time, again if not taken."""

import hashlib
import hmac
from typing import Any

import httpx
import pytest

from stackverify.sandbox import Attempt, Sandbox
from tests.sandbox.listener import Listener

NUMBER = "+254712345678"


def send(api: httpx.Client, **fields: Any) -> str:
    body = {"to": NUMBER, "message": "Hi", **fields}
    answer = api.post("/sms/send", json=body).raise_for_status()
    return str(answer.json()["message_id"])


def pass_time(sandbox: Sandbox, seconds: float = 3600.0) -> None:
    sandbox.clock.advance(seconds)
    sandbox.wait_for_webhooks()


def test_each_status_is_reported_to_the_configured_url(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    message_id = send(api)
    pass_time(sandbox)
    assert listener.statuses == ["sent", "delivered"]
    for fields in listener.fields:
        assert fields["event"] == "delivery_report"
        assert (fields["message_id"], fields["to"]) == (message_id, NUMBER)
        assert fields["channel"] == "sms"
        assert "error_code" not in fields
    times = [fields["timestamp"] for fields in listener.fields]
    assert times == sorted(times)


def test_a_report_tells_what_the_status_call_tells(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    message_id = send(api)
    for _ in range(60):
        pass_time(sandbox, 0.25)
        told = api.get(f"/sms/status/{message_id}").json()["status"]
        assert told == [*["queued"], *listener.statuses][-1]
    assert told == "delivered"


def test_a_callback_url_goes_before_the_configured_one(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url + "/elsewhere"
    send(api, callback_url=listener.url)
    pass_time(sandbox)
    assert {attempt.webhook.url for attempt in sandbox.webhooks} == {listener.url}


def test_nothing_is_posted_where_no_url_is_known(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    send(api)
    pass_time(sandbox)
    assert sandbox.webhooks == []


@pytest.mark.parametrize("channel", ["email", "whatsapp"])
def test_other_channels_report_as_well(
    sandbox: Sandbox, api: httpx.Client, listener: Listener, channel: str
) -> None:
    sandbox.knobs.webhook_url = listener.url
    email = {"to": "a@example.org", "subject": "s", "text": "t"}
    template = {"to": NUMBER, "template_name": "welcome", "language": "en"}
    path, body = {
        "email": ("/email/send", email),
        "whatsapp": ("/whatsapp/send-template", template),
    }[channel]
    api.post(path, json=body).raise_for_status()
    pass_time(sandbox)
    assert listener.statuses[:2] == ["sent", "delivered"]
    assert {fields["channel"] for fields in listener.fields} == {channel}


def test_a_failure_is_reported_with_its_code(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    sandbox.will_fail(NUMBER)
    send(api)
    pass_time(sandbox)
    (fields,) = listener.fields
    assert (fields["status"], fields["error_code"]) == ("failed", "30003")


def test_the_signature_is_made_of_the_bytes_that_are_posted(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    sandbox.knobs.webhook_secret = "whsec_of_this_test"
    send(api)
    pass_time(sandbox)
    sandbox.reply("Ça va? 😀", sender=NUMBER, channel="whatsapp")
    sandbox.wait_for_webhooks()
    for signature, body in listener.taken:
        made = hmac.new(b"whsec_of_this_test", body, hashlib.sha256).hexdigest()
        assert signature == made
    assert listener.fields[-1] == {
        "event": "inbound_message",
        "from": NUMBER,
        "to": "22141",
        "message": "Ça va? 😀",
        "channel": "whatsapp",
        "received_at": listener.fields[-1]["received_at"],
    }


def test_without_a_url_a_reply_is_signed_and_posted_nowhere(sandbox: Sandbox) -> None:
    webhook = sandbox.reply("Hi", sender=NUMBER)
    assert (webhook.url, webhook.fields["message"]) == ("", "Hi")
    assert webhook.headers["X-StackVerify-Signature"] == webhook.signature
    assert sandbox.due_webhooks() == []


def test_what_is_not_taken_is_posted_again_a_few_times(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    listener.answers = [500, 404, 302]
    sandbox.reply("Hi", sender=NUMBER)
    sandbox.wait_for_webhooks()
    for _ in range(10):
        pass_time(sandbox, 200.0)
    assert [attempt.status for attempt in sandbox.webhooks] == [500, 404, 302, 200]
    assert [attempt.is_taken for attempt in sandbox.webhooks] == [False] * 3 + [True]
    assert len({body for _, body in listener.taken}) == 1


def test_it_gives_up_after_five_attempts(sandbox: Sandbox, listener: Listener) -> None:
    sandbox.knobs.webhook_url = listener.url
    listener.answers = [503] * 9
    sandbox.reply("Hi", sender=NUMBER)
    sandbox.wait_for_webhooks()
    for _ in range(10):
        pass_time(sandbox, 200.0)
    assert [attempt.webhook.attempt for attempt in sandbox.webhooks] == [1, 2, 3, 4, 5]


def test_a_listener_that_is_away_is_told_of_by_the_failure(sandbox: Sandbox) -> None:
    sandbox.knobs.webhook_url = "http://127.0.0.1:1/hook"
    sandbox.reply("Hi", sender=NUMBER)
    sandbox.wait_for_webhooks()
    (attempt,) = sandbox.webhooks
    assert (attempt.status, attempt.failure) == (None, "ConnectError")


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/hook", "https://example.org/", "http://localhost.test/"]
)
def test_nothing_leaves_this_machine(sandbox: Sandbox, url: str) -> None:
    sandbox.knobs.webhook_url = url
    sandbox.reply("Hi", sender=NUMBER)
    sandbox.wait_for_webhooks()
    assert [attempt.failure for attempt in sandbox.webhooks] == ["not on this machine"]


@pytest.mark.parametrize("url", ["nonsense", "http://[", "ftp://127.0.0.1/", ""])
def test_a_webhook_url_that_is_none_is_refused_where_it_is_set(
    sandbox: Sandbox, url: str
) -> None:
    with pytest.raises(ValueError, match="webhook_url must be"):
        sandbox.knobs.webhook_url = url
    with pytest.raises(ValueError, match="webhook_url must be"):
        Sandbox(webhook_url=url)


def test_a_slower_timetable_slows_the_reports_down(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    send(api)
    sandbox.knobs.timetable = 1_000.0
    pass_time(sandbox, 60.0)
    assert listener.statuses == []
    pass_time(sandbox, 100_000.0)
    assert listener.statuses == ["sent", "delivered"]


def test_a_reset_forgets_what_was_owed(
    sandbox: Sandbox, api: httpx.Client, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    send(api)
    sandbox.reset()
    pass_time(sandbox)
    assert (listener.taken, sandbox.webhooks) == ([], [])


def test_webhooks_show_neither_text_nor_number_nor_signature(
    sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.knobs.webhook_url = listener.url
    sandbox.reply("c4nary", sender=NUMBER)
    sandbox.wait_for_webhooks()
    (attempt,) = sandbox.webhooks
    assert isinstance(attempt, Attempt)
    shown = repr(attempt)
    hidden = ("c4nary", "4712345", attempt.webhook.signature)
    assert [secret for secret in hidden if secret in shown] == []


def test_only_a_sandbox_that_runs_posts_anything() -> None:
    sandbox = Sandbox(webhook_url="http://127.0.0.1:1/")
    sandbox.reply("Hi", sender=NUMBER)
    with pytest.raises(RuntimeError, match="not running"):
        sandbox.wait_for_webhooks()
    assert len(sandbox.due_webhooks()) == 1
