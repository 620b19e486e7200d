"""What a request passes through until one step replies."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from stackverify.sandbox import endpoints, limits
from stackverify.sandbox.checks import json_object
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.keys import Key, Keys
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.outbox import Outbox

__all__ = ["Step", "Steps"]

Step: TypeAlias = Callable[[Exchange], Reply | None]
"""Looks at a request: replies, refuses by raising `RefusalError`, or lets it go on."""


class Steps:
    """The steps of the service.

    Args:
        keys: The keys it knows.
        knobs: How it behaves.
        outbox: Where messages go.
    """

    def __init__(self, keys: Keys, knobs: Knobs, outbox: Outbox) -> None:
        self._keys = keys
        self._knobs = knobs
        self._outbox = outbox
        self.clear()

    def clear(self) -> None:
        """Forget how many requests came."""
        self._counters: dict[tuple[str, str], limits.Counter] = {}

    def in_order(self) -> Sequence[Step]:
        """Give the steps, the first one first."""
        return (
            self._find_endpoint,
            self._know_the_key,
            self._check_permission,
            self._read_body,
            self._keep_the_pace,
            self._act,
        )

    def _find_endpoint(self, exchange: Exchange) -> None:
        found = endpoints.find(exchange.method, exchange.path)
        exchange.endpoint, exchange.message_id = found

    def _know_the_key(self, exchange: Exchange) -> None:
        value = exchange.bearer
        if not value:
            said = "No API key: send it as Authorization: Bearer YOUR_API_KEY."
            raise RefusalError(401, "unauthorized", said)
        exchange.key = self._keys.find(value)
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
        fields = json_object(exchange.body)
        if fields is None:
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
        if self._knobs.array_units == "once":
            return 1
        asked = exchange.fields.get("to", exchange.fields.get("recipients"))
        return max(1, len(asked)) if isinstance(asked, list) else 1

    def _counter(self, key: Key) -> limits.Counter:
        place = (key.value, self._knobs.counting)
        if place not in self._counters:
            count = limits.COUNTERS[self._knobs.counting]
            self._counters[place] = count(key.tier.per_minute)
        return self._counters[place]

    def _act(self, exchange: Exchange) -> Reply:
        reply: Reply = exchange.endpoint.act(
            exchange, _key(exchange), self._outbox, self._knobs
        )
        return reply


def _key(exchange: Exchange) -> Key:
    if exchange.key is None:
        raise LookupError("a step before this one is missing")
    return exchange.key
