"""The pretend service as those see it who carry its requests and webhooks."""

import os
import random
import threading
from typing import Unpack

from stackverify.sandbox import endpoints, shapes
from stackverify.sandbox.clock import Clock
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.faults import Fault, Faults
from stackverify.sandbox.journal import Journal
from stackverify.sandbox.keys import Keys, Tier
from stackverify.sandbox.knobs import Knobs, KnobValues
from stackverify.sandbox.line import Answer
from stackverify.sandbox.outbox import Outbox
from stackverify.sandbox.progress import Progress
from stackverify.sandbox.reports import Attempt, Webhook
from stackverify.sandbox.steps import Step, Steps
from stackverify.sandbox.traffic import Record, Traffic
from stackverify.sandbox.velstack import VELSTACK_PATH, VelstackService
from stackverify.sandbox.webhooks import Webhooks

__all__ = ["Desk"]


class Desk:
    """Answers requests, and gives out webhooks; `Service` says what it is made of."""

    def __init__(
        self,
        *,
        tier: Tier | str = "pro",
        api_key: str = "sk_test_sandbox",
        clock: Clock | None = None,
        seed: int | None = None,
        data: str | os.PathLike[str] | None = None,
        **knobs: Unpack[KnobValues],
    ) -> None:
        self.tier: Tier = Tier.parse(tier) if isinstance(tier, str) else tier
        self.api_key: str = api_key
        self.clock: Clock = clock or Clock()
        self.knobs: Knobs = Knobs(**knobs)
        self.keys: Keys = Keys(self.tier)
        self.keys.add(api_key)
        self.traffic: Traffic = Traffic()
        self._dice = random.Random(seed)
        # Dice of their own: a fault must not change the ids of a seed.
        self.faults: Faults = Faults(random.Random(seed))
        self._progress = Progress(self.knobs)
        self._outbox = Outbox(self.knobs, self._dice, self._progress)
        self._webhooks = Webhooks(
            self.knobs, self._progress, self.faults, self._outbox.store.get
        )
        self._outbox.announce = self._webhooks.accepted
        self._steps = Steps(self.keys, self.knobs, self._outbox)
        self.steps: list[Step] = list(self._steps.in_order())
        self.velstack: VelstackService = VelstackService(
            self._outbox.store, self.knobs, random.Random(seed)
        )
        self.steps.insert(0, self.velstack.step)
        self._lock = threading.RLock()
        self._changes = 0
        self._journal = Journal(data) if data is not None else None
        if self._journal is not None:
            self._journal.recall(self._outbox, self._progress)
            self._take_up_the_time()

    def _take_up_the_time(self) -> None:
        """Be no earlier than before, and owe the reports that are still to come."""
        recalled = self._outbox.store.everything()
        latest = max((each.accepted_at for each in recalled), default=0.0)
        now = self.clock.advance(max(0.0, latest - self.clock.now()))
        for message in recalled:
            self._webhooks.accepted(message, since=now)

    def arrived(self) -> None:
        """Count a request in."""
        with self._lock:
            self.traffic.arrived()

    def left(self) -> None:
        """Count a request out, answered or not."""
        with self._lock:
            self.traffic.left()

    def latency(self) -> float:
        """Throw how long the next answer takes."""
        latency = self.knobs.latency
        return self._dice.uniform(*latency) if isinstance(latency, tuple) else latency

    def request_id(self) -> str:
        """Make up the id of a request."""
        return f"req_{self._dice.getrandbits(96):024x}"

    def answer(self, exchange: Exchange, fault: Fault | None = None) -> Reply:
        """Lead a request through the steps until one replies.

        Args:
            exchange: The request.
            fault: What is to happen to the answer, or to the message's reports.
        """
        record = exchange.record = Record.of(exchange, fault)
        with self._lock:
            reply = self._first_reply(exchange)
            record.status, record.answer = reply.status, reply.encoded()
            self._changes += 1
            self.traffic.note(record, exchange.key)
            self.traffic.replies[reply.status] += 1
            if self._journal is not None and exchange.accepted:
                self._journal.accepted(record, exchange.accepted, self._outbox)
        return reply

    def turn_away(
        self, exchange: Exchange, fault: Fault, answer: Answer | None
    ) -> None:
        """Take note of a request that a fault answered, or hung up on with `None`."""
        record = Record.of(exchange, fault)
        if answer is not None:
            record.status, record.answer = answer.status, answer.body
        with self._lock:
            self._changes += 1
            self.traffic.note(record, self.keys.find(exchange.bearer))

    def _first_reply(self, exchange: Exchange) -> Reply:
        try:
            for step in self.steps:
                if reply := step(exchange):
                    return reply
        except RefusalError as refused:
            return shapes.refusal(refused, self.knobs.error_status)
        raise LookupError("no step had a reply")

    def fault_for(self, exchange: Exchange) -> Fault | None:
        """Tell what goes wrong with a request.

        Its own header `X-Sandbox-Fault` goes before the faults that were added. A
        header that names no fault is answered with 400.
        """
        asked = exchange.headers.get("x-sandbox-fault")
        if asked is not None:
            try:
                return Fault.parse(asked)
            except (ValueError, OverflowError):
                return Fault("status", status=400)
        channel = _channel_of(exchange.path)
        with self._lock:
            return self.faults.meet(channel) if channel else None

    def next_webhook(self) -> Webhook | None:
        """Take the earliest of the webhooks that are to be posted by now."""
        with self._lock:
            return self._webhooks.next_due(self.clock.now())

    def due_webhooks(self) -> list[Webhook]:
        """Take all webhooks that are to be posted by now, the earliest first."""
        return list(iter(self.next_webhook, None))

    def tried(self, attempt: Attempt) -> None:
        """Tell what came of posting one; it is due again later if it was not taken."""
        with self._lock:
            self._webhooks.tried(attempt)
            self._changes += 1

    def close(self) -> None:
        """Close the file of `data`; what happens later opens it again."""
        if self._journal is not None:
            self._journal.close()


def _channel_of(path: str) -> str:
    if path.startswith(f"{VELSTACK_PATH}/"):
        return "sms"
    return path.removeprefix(endpoints.BASE_PATH).partition("/")[2].partition("/")[0]
