"""Receives webhooks: makes sure of them, and has each handled once."""

from __future__ import annotations

import logging
import os
import secrets as dice
import time
from collections.abc import Callable
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TypeVar

import attrs

from stackverify._async._concurrency import shielded, sleep
from stackverify._async.webhook_stores import AsyncMemoryStore, AsyncStore
from stackverify._core.admission import (
    MAX_BODY,
    Rules,
    check_fresh,
    length_of,
    raw_body,
)
from stackverify._core.signature import Keyring, Secrets
from stackverify._core.track import (
    Claim,
    Flow,
    Pause,
    Read,
    Step,
    Swap,
    claim,
    finish,
    release,
)
from stackverify._process.reports import Reports
from stackverify._services.stackverify.webhooks import mark_of, parse
from stackverify.errors import ConfigurationError, RawBodyError, WebhookError
from stackverify.models.webhooks import DeliveryReport, Verdict, WebhookEvent

__all__ = ["AsyncReceiver", "AsyncReception"]

T = TypeVar("T")

_log = logging.getLogger("stackverify")


class AsyncReception:
    """An event that is genuine, and leave to handle it.

    As a context manager it remembers at the end of the block that the event was
    handled, unless the block raised an error, or `release` was called.

    Attributes:
        event: What happened.
        verdict: Whether it was seen before, and whether it comes in time.
        is_due: Whether to handle it: it is new, or late and late ones are wanted.
    """

    def __init__(self, receiver: AsyncReceiver, event: WebhookEvent, claim: Claim):
        self.event: WebhookEvent = event
        self.verdict: Verdict = claim.verdict
        self.is_due: bool = self.verdict in receiver.due
        self._receiver = receiver
        self._claim: Claim | None = claim

    async def finish(self) -> None:
        """Remember that the event was handled."""
        await self._end(finish)

    async def release(self) -> None:
        """Give the event back as not handled, so that it is handled another time."""
        await self._end(release)

    async def _end(self, how: Callable[[Claim], Flow[None]]) -> None:
        claim, self._claim = self._claim, None
        if claim is not None:
            await shielded(lambda: self._receiver.run(how(claim)))

    async def __aenter__(self) -> AsyncReception:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self.finish()
            return
        try:
            await self.release()
        except Exception as failure:  # the error of the block is the one to be told
            _log.error("A webhook was not given back: %s", type(failure).__name__)


class AsyncReceiver:
    """Receives webhooks: makes sure of them, and has each handled once.

    ```python
    receiver = AsyncReceiver()  # the secret: STACKVERIFY_WEBHOOK_SECRET

    async with await receiver.receive(body, signature) as reception:
        if reception.is_due:
            ...  # handle reception.event
    ```

    `stackverify.webhooks` has a module for each web framework that does this.

    Args:
        secrets: The secret of Settings → Webhooks, or several while it is changed;
            else `STACKVERIFY_WEBHOOK_SECRET`, several with spaces between.
        store: Where to remember what was handled; in this process's memory if `None`.
        max_body: Bytes of a body at most.
        tolerance: Seconds that an event's own time may be away from now. A report
            that is repeated after an outage is refused as well if this is short.
        late_reports: Hand out reports of a status that a later one overtook, with
            `is_late` set; else they are only acknowledged.
        remember: Seconds to remember what was handled.
        lease: Seconds after which an event whose handler is not heard of any more
            may be handled by another.
        patience: Seconds to wait while another event of the same message is handled.
        clock: Tells the time, in seconds since the epoch.

    Raises:
        ConfigurationError: There is no secret, or a setting cannot be used.
    """

    def __init__(
        self,
        secrets: Secrets | None = None,
        *,
        store: AsyncStore | None = None,
        max_body: int = MAX_BODY,
        tolerance: float | None = None,
        late_reports: bool = False,
        remember: float = 7 * 86_400.0,
        lease: float = 60.0,
        patience: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if secrets is None:
            secrets = os.environ.get("STACKVERIFY_WEBHOOK_SECRET", "").split()
        self._keyring = Keyring(secrets)
        self._rules = Rules(
            max_body=max_body,
            tolerance=tolerance,
            late_reports=late_reports,
            remember=remember,
            lease=lease,
            patience=patience,
        )
        # Not `store or ...`: a store with nothing in it may be false.
        self._store: AsyncStore = AsyncMemoryStore() if store is None else store
        self._check_store()
        self._clock = clock
        self.reports: Reports = Reports()
        late = {Verdict.LATE} if late_reports else set()
        self.due: frozenset[Verdict] = frozenset({Verdict.NEW} | late)

    def _check_store(self) -> None:
        name, read = type(self._store).__name__, getattr(self._store, "read", None)
        if not callable(read):
            raise ConfigurationError(f"store is a {name}: give one of the stores.")
        if iscoroutinefunction(read) is not iscoroutinefunction(self.run):
            raise ConfigurationError(
                f"store is a {name}, of the other flavour: those for AsyncReceiver "
                "begin with Async, those for Receiver do not."
            )

    @property
    def max_body(self) -> int:
        """Bytes of a body at most; nobody need read more."""
        return self._rules.max_body

    def is_worth_reading(self, content_length: str | int | None) -> bool:
        """Say whether a body of this length can be an event at all."""
        return (length_of(content_length) or 0) <= self._rules.max_body

    def open(
        self,
        body: bytes,
        signature: str | bytes | None,
        *,
        content_length: str | int | None = None,
    ) -> WebhookEvent:
        """Make sure that a webhook is genuine, and read it; remember nothing.

        Args:
            body: The bytes as they were received.
            signature: The header `X-StackVerify-Signature`.
            content_length: The header of that name, unless there is a
                `Content-Encoding`: tells where something read the body before.

        Raises:
            RawBodyError: The body is not the bytes as they were received.
            BodyTooLargeError: It is larger than `max_body`.
            SignatureError: Nobody who has a secret signed it.
            UnreadableEventError: It is no event.
            StaleEventError: It is of another time than now.
        """
        rules = self._rules
        body = raw_body(body, rules.max_body, content_length)
        self._keyring.check(body, signature)
        event = parse(body)
        if rules.tolerance is not None:
            check_fresh(event.time, self._clock(), rules.tolerance)
        return event

    async def receive(
        self,
        body: bytes,
        signature: str | bytes | None,
        *,
        content_length: str | int | None = None,
    ) -> AsyncReception:
        """Make sure that a webhook is genuine, and claim it for handling.

        The reasons why one is refused are logged, and are not for its sender:
        answer them with the status `error.answer`.

        Args:
            body: As for `open`.
            signature: As for `open`.
            content_length: As for `open`.

        Raises:
            WebhookError: As `open`; and `EventBusyError` where another event of the
                same message is being handled, and takes its time.
        """
        try:
            event = self.open(body, signature, content_length=content_length)
            if isinstance(event, DeliveryReport):
                self.reports.tell(event)
            return await self._claim(event, bytes(body))
        except RawBodyError as error:
            _log.error("Webhook not looked at: %s", error)
            raise
        except WebhookError as error:
            _log.warning("Webhook refused: %s", error)
            raise

    async def _claim(self, event: WebhookEvent, body: bytes) -> AsyncReception:
        claimed = await self.run(
            claim(
                mark_of(event, body),
                dice.token_hex(8),
                now=self._clock(),
                lease=self._rules.lease,
                patience=self._rules.patience,
            )
        )
        if claimed.verdict is Verdict.LATE and isinstance(event, DeliveryReport):
            event = attrs.evolve(event, is_late=True)
        return AsyncReception(self, event, claimed)

    async def run(self, flow: Flow[T]) -> T:
        """Do what the steps of a flow say, on the store."""
        answer: str | bool | float | None = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = await self._perform(step)

    async def _perform(self, step: Step) -> str | bool | float | None:
        match step:
            case Read(key):
                return await self._store.read(key, now=self._clock())
            case Swap(key, old, new):
                return await self._store.swap(
                    key, old, new, now=self._clock(), keep=self._rules.remember
                )
            case Pause(seconds):
                await sleep(seconds)
                return self._clock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {self._keyring!r}>"
