"""The pretend StackVerify service, without a socket."""

import os
import random
import threading
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Unpack

import attrs

from stackverify.sandbox import endpoints, shapes
from stackverify.sandbox.channel import Channel
from stackverify.sandbox.checks import http_url
from stackverify.sandbox.clock import Clock
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.faults import Fault, Faults
from stackverify.sandbox.journal import Journal
from stackverify.sandbox.keys import Keys, Tier
from stackverify.sandbox.knobs import Knobs, KnobValues
from stackverify.sandbox.line import Answer
from stackverify.sandbox.messages import Ending, Message
from stackverify.sandbox.outbox import Found, Outbox
from stackverify.sandbox.progress import Move, Progress
from stackverify.sandbox.reports import Attempt, Webhook, inbound_fields
from stackverify.sandbox.search import Search
from stackverify.sandbox.steps import Step, Steps
from stackverify.sandbox.traffic import Record, Traffic
from stackverify.sandbox.velstack import VELSTACK_PATH, VelstackService
from stackverify.sandbox.webhooks import Webhooks

__all__ = ["Service"]


class Service:
    """Answers requests as StackVerify would, and remembers what it accepted.

    Args:
        tier: `lite`, `pro`, `enterprise:<requests a minute>` or
            `enterprise:<requests a minute>/<messages a month>`, or a `Tier`.
        api_key: The key that is known from the start, with every permission.
        clock: The time; the real one unless told otherwise.
        seed: Makes ids, and with them endings and latencies, the same each time.
        data: A file to keep messages and counts in; in memory only when left out.
        **knobs: The first values of `knobs`, described at `Knobs`.

    Attributes:
        keys: The API keys; `keys.add(permissions=["sms:read"])` makes one more.
        knobs: The settings, which may be changed at any time.
        clock: The time; `clock.advance(seconds)` moves it forward.
        faults: What goes wrong; `faults.add("hang_up", count=1)` adds to it.
        traffic: The latest requests with their answers, and how fast each key asks.
        velstack: The pretend Velstack beside it.
        steps: What a request passes through, in this order, until one replies.

    Raises:
        ValueError: A setting cannot be used, or the file cannot.
    """

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

    def messages(
        self,
        *,
        channel: Channel | None = None,
        to: str | None = None,
        status: str | None = None,
    ) -> list[Message]:
        """List the accepted messages, oldest first, as they stand now."""
        with self._lock:
            now = self.clock.now()
            return self._outbox.matching(now, channel, to, status)

    def message(self, message_id: str) -> Message:
        """Tell how one message stands now.

        Raises:
            LookupError: There is none, or it was forgotten.
        """
        with self._lock:
            message = self._outbox.known(message_id)
            return self._progress.standing(message, self.clock.now())

    def search(self, wanted: str = "", *, start: int = 0, limit: int = 50) -> Found:
        """Search the messages: give some, newest first, and how many there are.

        Args:
            wanted: As in `to:+254 channel:sms status:failed "two words"`.
            start: How many of the newest to leave out.
            limit: How many to give.
        """
        parts = self.search_in_parts(wanted, start=start, limit=limit)
        while True:
            try:
                next(parts)
            except StopIteration as done:
                found: Found = done.value
                return found

    def search_in_parts(
        self, wanted: str, *, start: int, limit: int
    ) -> Generator[None, None, Found]:
        """Search as `search` does, and yield now and then for others to have a turn."""
        now, search = self.clock.now(), Search.parse(wanted)
        return self._outbox.newest(now, search, start, limit)

    def moves(self, message: Message) -> Sequence[Move]:
        """List the statuses a message had, has, and will have if left alone."""
        with self._lock:
            return self._progress.moves(message)

    def count(self, channel: Channel | None = None) -> int:
        """Say how many messages were accepted, those since forgotten included."""
        with self._lock:
            return self._outbox.store.count(channel)

    def spent(self, workspace: str = "default") -> int:
        """Say how many messages of this month's budget a workspace used."""
        with self._lock:
            return self._outbox.budget.spent(workspace, self.clock.now())

    @property
    def requests(self) -> int:
        """How many requests came, whatever became of them."""
        return self.traffic.requests

    @property
    def changes(self) -> int:
        """Counts whatever happened that a page about the service would show."""
        return self._changes

    @property
    def replies(self) -> Mapping[int, int]:
        """How many replies were given, by HTTP status."""
        with self._lock:
            return Counter(self.traffic.replies)

    @property
    def refusals(self) -> int:
        """How many requests were answered with 429."""
        return self.traffic.replies[429]

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at one time."""
        return self.traffic.peak_in_flight

    @property
    def opt_outs(self) -> frozenset[str]:
        """The numbers that asked for no more messages."""
        with self._lock:
            return frozenset(self._outbox.opted_out)

    def will_fail(
        self, to: str, status: str = "failed", error_message: str | None = None
    ) -> None:
        """Have messages to this recipient end badly, from the next one on.

        Args:
            to: The recipient, as it will stand in the request.
            status: How they end: `failed`, `undelivered`, `bounced` or `spam`.
                Where a channel has no such status they end as `failed`.
            error_message: What `error_message` then says.
        """
        if status not in ("failed", "undelivered", "bounced", "spam"):
            raise ValueError(f"not a way to fail: {status!r}")
        with self._lock:
            self._outbox.will_end(to, Ending(status, error_message))

    def deliver(
        self,
        message: Message | str,
        status: str = "delivered",
        *,
        error_message: str | None = None,
    ) -> Webhook:
        """Give a message a status now; from here on it moves by hand only.

        Args:
            message: The message, or its id.
            status: Any status of its channel.
            error_message: Why, where it is a bad one.

        Returns:
            The signed delivery report. It is posted if the message has a URL for it;
            without one a test can hand `body` and `headers` to its own endpoint.

        Raises:
            LookupError: There is no such message, or it was forgotten.
            ValueError: Messages of its channel have no such status.
        """
        message_id = message if isinstance(message, str) else message.message_id
        with self._lock:
            known = self._outbox.known(message_id)
            move = self._progress.move(known, status, self.clock.now(), error_message)
            if self._journal is not None:
                self._journal.moved(message_id, self._progress.moves(known))
            self._changes += 1
            return self._webhooks.moved(known, move)

    def reply(
        self, text: str, *, sender: str, to: str = "22141", channel: Channel = "sms"
    ) -> Webhook:
        """Have somebody write to one of your numbers.

        `STOP` and the other words of the knob `opt_out_words` make messages to them
        fail from now on, until they write one of `opt_in_words`.

        Args:
            text: What they write.
            sender: Their number.
            to: Your number.
            channel: `sms` or `whatsapp`.

        Returns:
            The signed inbound message. It is posted if the knob `webhook_url` is
            set; without one a test can hand it to its own endpoint.
        """
        with self._lock:
            now = self.clock.now()
            self._hear(text, sender)
            if self._journal is not None:
                self._journal.tally(self._outbox)
            self._changes += 1
            fields = inbound_fields(text, sender, to, channel, now)
            return self._webhooks.inbound(fields, now)

    def _hear(self, text: str, sender: str) -> None:
        word = text.strip().upper()
        if word in self.knobs.opt_out_words:
            self._outbox.opted_out.add(sender)
        if word in self.knobs.opt_in_words:
            self._outbox.opted_out.discard(sender)

    @property
    def webhooks(self) -> list[Attempt]:
        """List the attempts to post a webhook, oldest first."""
        with self._lock:
            return list(self._webhooks.attempts)

    def replay(
        self,
        attempt: Attempt | int,
        *,
        url: str | None = None,
        body: bytes | None = None,
        signature: str | None = None,
    ) -> Webhook:
        """Post a webhook once more, changed if you like; it is not tried again.

        Args:
            attempt: The attempt, or its number.
            url: Where to, if elsewhere.
            body: What to send instead; it is signed afresh.
            signature: What to send as its signature, if not the right one.

        Raises:
            LookupError: There is no such attempt, or it was forgotten.
            ValueError: The URL is none.
        """
        number = attempt if isinstance(attempt, int) else attempt.number
        if url is not None and (complaint := http_url(url)):
            raise ValueError(f"url {complaint}")
        with self._lock:
            found = (each for each in self._webhooks.attempts if each.number == number)
            before = next(found, None)
            if before is None:
                raise LookupError(f"there is no attempt {number}")
            webhook = before.webhook
            changed = attrs.evolve(webhook, url=url or webhook.url)
            if body is not None:
                about = webhook.message_id
                changed = self._webhooks.signed(changed.url, body, about)
            if signature is not None:
                changed = attrs.evolve(changed, signature=signature)
            self._webhooks.again(changed, self.clock.now())
            return changed

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

    def reset(self) -> None:
        """Forget messages, counts, webhooks, faults, opt-outs and forced failures.

        Keys, knobs and time are kept.
        """
        with self._lock:
            self._outbox.clear()
            self._webhooks.clear()
            self.velstack.clear()
            self.faults.clear()
            self.traffic.clear()
            self._steps.clear()
            self._changes += 1
            if self._journal is not None:
                self._journal.clear()

    def close(self) -> None:
        """Close the file of `data`; what happens later opens it again."""
        if self._journal is not None:
            self._journal.close()

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


def _channel_of(path: str) -> str:
    if path.startswith(f"{VELSTACK_PATH}/"):
        return "sms"
    return path.removeprefix(endpoints.BASE_PATH).partition("/")[2].partition("/")[0]
