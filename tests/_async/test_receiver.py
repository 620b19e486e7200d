"""Receiving: what is genuine is handled once, and in order."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from stackverify._async._concurrency import sleep
from stackverify.errors import (
    BodyTooLargeError,
    ConfigurationError,
    EventBusyError,
    RawBodyError,
    SignatureError,
    StaleEventError,
    UnreadableEventError,
    WebhookError,
)
from stackverify.webhooks import (
    AsyncMemoryStore,
    AsyncReceiver,
    AsyncSqliteStore,
    AsyncStore,
    DeliveryReport,
    InboundMessage,
    Verdict,
    sign,
)
from tests.clock import Clock

pytestmark = pytest.mark.anyio

SECRET = "whsec_canary"
NOW = 1_800_000_000.0
AT = "2027-01-15T08:00:00Z"
Together = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[AsyncStore]:
    """Each store that needs no server."""
    file = AsyncSqliteStore(tmp_path / "seen.db")
    yield {"memory": AsyncMemoryStore(), "sqlite": file}[request.param]
    await file.aclose()


@pytest.fixture
def receiver(store: AsyncStore, clock: Clock) -> AsyncReceiver:
    return AsyncReceiver(SECRET, store=store, clock=clock)


def body_of(status: str, message_id: str = "sms_1", **fields: Any) -> bytes:
    report = {"event": "delivery_report", "message_id": message_id, "status": status}
    return json.dumps({**report, "timestamp": AT, **fields}).encode()


REPLY = json.dumps({"event": "inbound_message", "from": "+1", "message": "Hi"}).encode()


async def deliver(receiver: AsyncReceiver, body: bytes) -> Verdict:
    async with await receiver.receive(body, sign(body, SECRET)) as reception:
        return reception.verdict


async def test_a_genuine_event_is_handed_out(receiver: AsyncReceiver) -> None:
    body = body_of("sent", to="+254712345678")
    async with await receiver.receive(body, sign(body, SECRET)) as reception:
        assert reception.is_due
        assert isinstance(reception.event, DeliveryReport)
        assert reception.event.to == "+254712345678"
        assert not reception.event.is_late


@pytest.mark.parametrize("body", [body_of("sent"), REPLY, b'{"event":"other"}'])
async def test_what_was_handled_is_a_repeat(
    receiver: AsyncReceiver, body: bytes
) -> None:
    verdicts = [await deliver(receiver, body) for _ in range(3)]
    assert verdicts == [Verdict.NEW, Verdict.REPEATED, Verdict.REPEATED]


async def test_a_repeat_is_not_due(receiver: AsyncReceiver) -> None:
    await deliver(receiver, REPLY)
    reception = await receiver.receive(REPLY, sign(REPLY, SECRET))
    assert not reception.is_due
    await reception.finish()
    await reception.release()


async def test_a_status_that_was_overtaken_is_late_and_then_a_repeat(
    receiver: AsyncReceiver,
) -> None:
    statuses = ["sent", "spam", "delivered", "delivered", "spam", "queued"]
    verdicts = [await deliver(receiver, body_of(status)) for status in statuses]
    new, late, repeated = Verdict.NEW, Verdict.LATE, Verdict.REPEATED
    assert verdicts == [new, new, late, repeated, repeated, late]


async def test_other_messages_are_no_matter(receiver: AsyncReceiver) -> None:
    await deliver(receiver, body_of("delivered"))
    assert await deliver(receiver, body_of("sent", "sms_2")) is Verdict.NEW


async def test_late_reports_are_handed_out_if_asked_for(store: AsyncStore) -> None:
    receiver = AsyncReceiver(SECRET, store=store, late_reports=True)
    await deliver(receiver, body_of("delivered"))
    body = body_of("sent")
    async with await receiver.receive(body, sign(body, SECRET)) as reception:
        assert reception.is_due
        assert isinstance(reception.event, DeliveryReport)
        assert (reception.event.is_late, reception.event.status) == (True, "sent")


async def test_what_failed_is_handled_again(receiver: AsyncReceiver) -> None:
    body = body_of("sent")
    with pytest.raises(ZeroDivisionError):
        async with await receiver.receive(body, sign(body, SECRET)):
            raise ZeroDivisionError
    assert await deliver(receiver, body) is Verdict.NEW


async def test_what_was_given_back_is_handled_again(receiver: AsyncReceiver) -> None:
    body = body_of("sent")
    async with await receiver.receive(body, sign(body, SECRET)) as reception:
        await reception.release()
    assert await deliver(receiver, body) is Verdict.NEW


async def test_a_handler_that_failed_does_not_make_others_late(
    receiver: AsyncReceiver,
) -> None:
    body = body_of("delivered")
    reception = await receiver.receive(body, sign(body, SECRET))
    await reception.release()
    assert await deliver(receiver, body_of("sent")) is Verdict.NEW


async def test_what_a_crashed_process_held_is_handled_again_after_the_lease(
    receiver: AsyncReceiver, clock: Clock
) -> None:
    body = body_of("sent")
    await receiver.receive(body, sign(body, SECRET))
    clock.now += 60.0
    assert await deliver(receiver, body) is Verdict.NEW


async def test_an_event_of_a_message_that_is_being_handled_waits_and_gives_up(
    store: AsyncStore,
) -> None:
    receiver = AsyncReceiver(SECRET, store=store, patience=0.1)
    body = body_of("sent")
    reception = await receiver.receive(body, sign(body, SECRET))
    with pytest.raises(EventBusyError) as caught:
        await deliver(receiver, body_of("delivered"))
    assert (caught.value.answer, dict(caught.value.answer_headers)) == (
        503,
        {"Retry-After": "1"},
    )
    await reception.finish()
    assert await deliver(receiver, body_of("delivered")) is Verdict.NEW


async def test_many_copies_at_once_are_handled_once(
    store: AsyncStore, together: Together
) -> None:
    receiver = AsyncReceiver(SECRET, store=store)
    body = body_of("sent")
    handled = []

    async def handle(number: int) -> Verdict:
        async with await receiver.receive(body, sign(body, SECRET)) as reception:
            handled.extend([number] * reception.is_due)
            await sleep(0.01)
        return reception.verdict

    verdicts = await together(handle, range(20))
    assert sorted(verdicts, key=str) == [Verdict.NEW] + [Verdict.REPEATED] * 19
    assert len(handled) == 1


async def test_copies_at_once_are_handled_by_the_next_if_the_first_fails(
    store: AsyncStore, together: Together
) -> None:
    receiver = AsyncReceiver(SECRET, store=store)
    body = body_of("sent")
    failures = [ZeroDivisionError()] * 3

    async def handle(number: int) -> str:
        try:
            async with await receiver.receive(body, sign(body, SECRET)) as reception:
                await sleep(0.01)
                for failure in failures[: reception.is_due]:
                    failures.remove(failure)
                    raise failure
        except ZeroDivisionError:
            return "failed"
        return reception.verdict.value

    outcomes = await together(handle, range(8))
    assert sorted(outcomes) == ["failed"] * 3 + ["new"] + ["repeated"] * 4


async def test_what_was_handled_long_ago_is_forgotten(
    store: AsyncStore, clock: Clock
) -> None:
    receiver = AsyncReceiver(SECRET, store=store, clock=clock, remember=100.0)
    await deliver(receiver, REPLY)
    clock.now += 99.0
    assert await deliver(receiver, REPLY) is Verdict.REPEATED
    clock.now += 1.0
    assert await deliver(receiver, REPLY) is Verdict.NEW


async def test_receivers_that_share_a_store_share_what_was_seen(
    receiver: AsyncReceiver, store: AsyncStore, clock: Clock
) -> None:
    await deliver(receiver, REPLY)
    twin = AsyncReceiver(SECRET, store=store, clock=clock)
    assert await deliver(twin, REPLY) is Verdict.REPEATED


@pytest.mark.parametrize(
    ("body", "signature", "kind", "answer"),
    [
        (REPLY, None, SignatureError, 401),
        (REPLY, sign(REPLY, "other"), SignatureError, 401),
        (b"{}", sign(b"{}", SECRET), UnreadableEventError, 400),
        (b" " * 262_145, "", BodyTooLargeError, 413),
        (REPLY.decode(), sign(REPLY, SECRET), RawBodyError, 500),
        (json.loads(REPLY), sign(REPLY, SECRET), RawBodyError, 500),
    ],
)
async def test_what_is_refused_is_refused_by_its_type_and_remembers_nothing(
    body: Any, signature: str, kind: type[WebhookError], answer: int
) -> None:
    store = AsyncMemoryStore()
    with pytest.raises(kind) as caught:
        await AsyncReceiver(SECRET, store=store).receive(body, signature)
    assert (caught.value.answer, len(store)) == (answer, 0)


async def test_a_large_body_is_refused_before_anybody_asks_for_its_signature() -> None:
    receiver = AsyncReceiver(SECRET, max_body=10)
    body = b'{"event":"other"}'
    assert not receiver.is_worth_reading("17")
    for length in (None, "17"):
        with pytest.raises(BodyTooLargeError):
            await receiver.receive(body, sign(body, SECRET), content_length=length)


@pytest.mark.parametrize("more", [{"media": []}, {"media": None}, {}])
async def test_a_larger_body_is_taken_if_that_is_allowed(more: dict[str, Any]) -> None:
    receiver = AsyncReceiver(SECRET, max_body=1_000_000)
    body = body_of("sent", text="x" * 300_000, **more)
    assert await deliver(receiver, body) is Verdict.NEW


async def test_a_memory_of_no_time_at_all_remembers_nothing(clock: Clock) -> None:
    receiver = AsyncReceiver(SECRET, remember=1e-9, clock=clock)
    verdicts = [await deliver(receiver, REPLY) for _ in range(2)]
    assert verdicts == [Verdict.NEW, Verdict.NEW]


class Ending(AsyncMemoryStore):
    """A store with a fault that looks like the end of something."""

    async def read(self, key: str, *, now: float) -> str | None:
        raise StopAsyncIteration


async def test_a_fault_of_a_store_is_told_of_as_it_is() -> None:
    with pytest.raises(StopAsyncIteration):
        await deliver(AsyncReceiver(SECRET, store=Ending()), REPLY)


@pytest.mark.parametrize("away", [-301.0, 301.0])
async def test_an_event_of_another_time_is_stale_if_that_is_looked_at(
    away: float, clock: Clock
) -> None:
    receiver = AsyncReceiver(SECRET, tolerance=300.0, clock=clock)
    clock.now += away
    with pytest.raises(StaleEventError):
        await deliver(receiver, body_of("sent"))
    with pytest.raises(StaleEventError):
        await deliver(receiver, b'{"event":"other"}')
    clock.now = NOW
    assert await deliver(receiver, body_of("sent")) is Verdict.NEW


@pytest.mark.parametrize("secrets", [[], "", None, [None]])
async def test_without_a_secret_there_is_no_receiver(
    secrets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STACKVERIFY_WEBHOOK_SECRET", raising=False)
    with pytest.raises(ConfigurationError, match="secret"):
        AsyncReceiver(secrets)


async def test_the_secrets_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STACKVERIFY_WEBHOOK_SECRET", "new old")
    receiver = AsyncReceiver()
    for secret in ("new", "old"):
        assert receiver.open(REPLY, sign(REPLY, secret))
    assert repr(receiver).endswith("with <2 secrets>>")


async def test_to_open_an_event_remembers_nothing(receiver: AsyncReceiver) -> None:
    assert isinstance(receiver.open(REPLY, sign(REPLY, SECRET)), InboundMessage)
    assert await deliver(receiver, REPLY) is Verdict.NEW


class Broken(AsyncMemoryStore):
    """A store that fails from the second change on."""

    async def swap(self, *words: Any, **named: Any) -> bool:
        if len(self):
            raise OSError("the disk is gone")
        return await super().swap(*words, **named)


async def test_a_store_that_fails_after_the_handler_is_an_error() -> None:
    with pytest.raises(OSError, match="disk"):
        await deliver(AsyncReceiver(SECRET, store=Broken()), REPLY)


async def test_a_store_that_fails_after_a_handler_that_failed_hides_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = AsyncReceiver(SECRET, store=Broken())
    with pytest.raises(ZeroDivisionError):
        async with await receiver.receive(REPLY, sign(REPLY, SECRET)):
            raise ZeroDivisionError
    assert caplog.messages == ["A webhook was not given back: OSError"]


async def test_a_refusal_is_logged_with_its_reason_and_nothing_of_the_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = AsyncReceiver(SECRET)
    body = body_of(
        "c4nary", "c4nary", to="+254712345678", timestamp=[], message="c4nary"
    )
    for given, signature in ((body, "c4nary"), (body, sign(body, SECRET)), ("", "")):
        with pytest.raises(WebhookError):
            await receiver.receive(given, signature)  # type: ignore[arg-type]
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.WARNING, logging.WARNING, logging.ERROR]
    shown = "".join(caplog.messages)
    assert "timestamp is a list" in shown
    hidden = ("c4nary", "4712345", "canary", sign(body, SECRET))
    assert [secret for secret in hidden if secret in shown] == []
