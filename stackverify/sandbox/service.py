"""The pretend StackVerify service, without a socket."""

import json
import math
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, Unpack

from stackverify.sandbox import endpoints, limits, shapes
from stackverify.sandbox.clock import Clock
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.faults import Fault, Faults
from stackverify.sandbox.keys import Key, Keys, Tier
from stackverify.sandbox.knobs import Knobs, KnobValues
from stackverify.sandbox.messages import Channel, Ending, Message
from stackverify.sandbox.outbox import Outbox
from stackverify.sandbox.velstack import VelstackService
from stackverify.sandbox.webhooks import Attempt, Webhook, Webhooks

__all__ = ["Service", "Step"]

Step: TypeAlias = Callable[[Exchange], Reply | None]
"""Looks at a request: replies, refuses by raising `RefusalError`, or lets it go on."""


class Service:
    """Answers requests as StackVerify would, and remembers what it accepted.

    Args:
        tier: `lite`, `pro`, `enterprise:<requests a minute>` or
            `enterprise:<requests a minute>/<messages a month>`, or a `Tier`.
        api_key: The key that is known from the start, with every permission.
        clock: The time; the real one unless told otherwise.
        seed: Makes ids, and with them endings and latencies, the same each time.
        **knobs: The first values of `knobs`, described at `Knobs`.

    Attributes:
        keys: The API keys; `keys.add(permissions=["sms:read"])` makes one more.
        knobs: The settings, which may be changed at any time.
        clock: The time; `clock.advance(seconds)` moves it forward.
        faults: What goes wrong; `faults.add("hang_up", count=1)` adds to it.
        velstack: The pretend Velstack beside it.
        steps: What a request passes through, in this order, until one replies.
    """

    def __init__(
        self,
        *,
        tier: Tier | str = "pro",
        api_key: str = "sk_test_sandbox",
        clock: Clock | None = None,
        seed: int | None = None,
        **knobs: Unpack[KnobValues],
    ) -> None:
        self.tier: Tier = Tier.parse(tier) if isinstance(tier, str) else tier
        self.api_key: str = api_key
        self.clock: Clock = clock or Clock()
        self.knobs: Knobs = Knobs(**knobs)
        self.keys: Keys = Keys(self.tier)
        self.keys.add(api_key)
        self.steps: list[Step] = [
            self._find_endpoint,
            self._know_the_key,
            self._check_permission,
            self._read_body,
            self._keep_the_pace,
            self._act,
        ]
        self._dice = random.Random(seed)
        # Dice of their own: a fault must not change the ids of a seed.
        self.faults: Faults = Faults(random.Random(seed))
        self._webhooks = Webhooks(self.knobs)
        self._outbox = Outbox(self.knobs, self._dice, self._webhooks.accepted)
        self.velstack: VelstackService = VelstackService(
            self._outbox.store, self.knobs, random.Random(seed)
        )
        self.steps.insert(0, self.velstack.step)
        self._lock = threading.RLock()
        self._forget_traffic()

    def _forget_traffic(self) -> None:
        self._counters: dict[tuple[str, str], limits.Counter] = {}
        self._replies: Counter[int] = Counter()
        self._requests = 0
        self._in_flight = 0
        self._peak_in_flight = 0

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

    def count(self, channel: Channel | None = None) -> int:
        """Say how many messages were accepted, those since forgotten included."""
        with self._lock:
            return self._outbox.store.count(channel)

    @property
    def requests(self) -> int:
        """How many requests came, whatever became of them."""
        return self._requests

    @property
    def replies(self) -> Mapping[int, int]:
        """How many replies were given, by HTTP status."""
        with self._lock:
            return Counter(self._replies)

    @property
    def refusals(self) -> int:
        """How many requests were answered with 429."""
        return self._replies[429]

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at one time."""
        return self._peak_in_flight

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

    def reply(
        self, text: str, *, sender: str, to: str = "22141", channel: Channel = "sms"
    ) -> None:
        """Have somebody write to one of your numbers: an inbound message is posted.

        Args:
            text: What they write.
            sender: Their number.
            to: Your number.
            channel: `sms` or `whatsapp`.

        Raises:
            ValueError: The knob `webhook_url` is not set.
        """
        with self._lock:
            now = self.clock.now()
            fields = {
                "event": "inbound_message",
                "from": sender,
                "to": to,
                "message": text,
                "channel": channel,
                "received_at": shapes.timestamp(now),
            }
            self._webhooks.inbound(fields, now)

    @property
    def webhooks(self) -> list[Attempt]:
        """List the attempts to post a webhook, oldest first."""
        with self._lock:
            return list(self._webhooks.attempts)

    def fault_for(self, exchange: Exchange) -> Fault | None:
        """Tell what goes wrong with a request.

        Its own header `X-Sandbox-Fault` goes before the faults that were added. A
        header that names no fault is answered with 400.
        """
        asked = exchange.headers.get("x-sandbox-fault")
        if asked is not None:
            try:
                return Fault.parse(asked)
            except ValueError:
                return Fault("status", status=400)
        channel = exchange.path.removeprefix(endpoints.BASE_PATH).split("/")[1:2]
        with self._lock:
            return self.faults.meet(*channel) if channel else None

    def due_webhooks(self) -> list[Webhook]:
        """Take the webhooks that are to be posted by now, the earliest first."""
        with self._lock:
            return self._webhooks.due(self.clock.now())

    def tried(self, attempt: Attempt) -> None:
        """Tell what came of posting one; it is due again later if it was not taken."""
        with self._lock:
            self._webhooks.tried(attempt)

    def reset(self) -> None:
        """Forget messages, counts, webhooks, faults and forced failures.

        Keys, knobs and time are kept.
        """
        with self._lock:
            self._outbox.clear()
            self._webhooks.clear()
            self.velstack.clear()
            self.faults.clear()
            self._forget_traffic()

    def arrived(self) -> None:
        """Count a request in."""
        with self._lock:
            self._requests += 1
            self._in_flight += 1
            self._peak_in_flight = max(self._peak_in_flight, self._in_flight)

    def left(self) -> None:
        """Count a request out, answered or not."""
        with self._lock:
            self._in_flight = max(0, self._in_flight - 1)

    def latency(self) -> float:
        """Throw how long the next answer takes."""
        latency = self.knobs.latency
        return self._dice.uniform(*latency) if isinstance(latency, tuple) else latency

    def request_id(self) -> str:
        """Make up the id of a request."""
        return f"req_{self._dice.getrandbits(96):024x}"

    def answer(self, exchange: Exchange) -> Reply:
        """Lead a request through the steps until one replies."""
        with self._lock:
            reply = self._first_reply(exchange)
            self._replies[reply.status] += 1
        return reply

    def _first_reply(self, exchange: Exchange) -> Reply:
        try:
            for step in self.steps:
                if reply := step(exchange):
                    return reply
        except RefusalError as refused:
            return shapes.refusal(refused, self.knobs.error_status)
        raise LookupError("no step had a reply")

    def _find_endpoint(self, exchange: Exchange) -> None:
        found = endpoints.find(exchange.method, exchange.path)
        exchange.endpoint, exchange.message_id = found

    def _know_the_key(self, exchange: Exchange) -> None:
        scheme, _, value = exchange.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not value.strip():
            said = "No API key: send it as Authorization: Bearer YOUR_API_KEY."
            raise RefusalError(401, "unauthorized", said)
        exchange.key = self.keys.find(value.strip())
        if exchange.key is None:
            raise RefusalError(401, "unauthorized", "The API key is not valid.")

    def _check_permission(self, exchange: Exchange) -> None:
        wanted = exchange.endpoint.permission
        if wanted not in _key(exchange).permissions:
            said = f"The API key lacks the permission {wanted}."
            raise RefusalError(403, "forbidden", said)

    def _read_body(self, exchange: Exchange) -> None:
        if exchange.method != "POST":
            return
        media_type = exchange.headers.get("content-type", "application/json")
        if media_type.partition(";")[0].strip().lower() != "application/json":
            raise RefusalError(400, "bad_request", "Send application/json.")
        try:
            fields = json.loads(exchange.body.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise RefusalError(400, "bad_request", "The body is not JSON.") from None
        if not isinstance(fields, dict):
            raise RefusalError(400, "bad_request", "The body is not a JSON object.")
        exchange.fields = fields

    def _keep_the_pace(self, exchange: Exchange) -> None:
        key = _key(exchange)
        units = self._units(exchange)
        wait = self._counter(key).allow(exchange.now, units)
        if math.isinf(wait):
            said = {"to": ["more recipients than the rate limit ever allows"]}
            raise RefusalError(422, "validation_error", "Validation failed.", said)
        if wait:
            said_so = f"More than {key.tier.per_minute} requests a minute."
            seconds = math.ceil(wait)
            raise RefusalError(429, "rate_limited", said_so, retry_after=seconds)

    def _units(self, exchange: Exchange) -> int:
        if self.knobs.array_units == "once":
            return 1
        asked = exchange.fields.get("to", exchange.fields.get("recipients"))
        return max(1, len(asked)) if isinstance(asked, list) else 1

    def _counter(self, key: Key) -> limits.Counter:
        place = (key.value, self.knobs.counting)
        if place not in self._counters:
            count = limits.COUNTERS[self.knobs.counting]
            self._counters[place] = count(key.tier.per_minute)
        return self._counters[place]

    def _act(self, exchange: Exchange) -> Reply:
        reply: Reply = exchange.endpoint.act(
            exchange, _key(exchange), self._outbox, self.knobs
        )
        return reply


def _key(exchange: Exchange) -> Key:
    if exchange.key is None:
        raise LookupError("a step before this one is missing")
    return exchange.key


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
