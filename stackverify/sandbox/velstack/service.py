"""The pretend Velstack service, without a socket."""

import math
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

import attrs

from stackverify.sandbox.checks import json_object
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Ending, Message, Sms
from stackverify.sandbox.shapes import as_told
from stackverify.sandbox.store import Store
from stackverify.sandbox.velstack import endpoints, shapes
from stackverify.sandbox.velstack.book import Book
from stackverify.sandbox.velstack.keys import VelstackKey, VelstackKeys
from stackverify.sandbox.velstack.knobs import VelstackKnobs

__all__ = ["VELSTACK_PATH", "VelstackService"]

VELSTACK_PATH = "/velstack"
"""Where the addresses of both schemes begin."""

_QUICK = ("/sms/quick", "/quick/sms")
_GROUP = "/group/sms"
_CHARACTERS = 160


@attrs.frozen
class _Draft:
    """A send that was checked."""

    kind: str
    sender: str
    text: str
    recipients: Sequence[str]

    @property
    def cost(self) -> int:
        """Say what it costs: a credit for each recipient and 160 characters."""
        return len(self.recipients) * math.ceil(len(self.text) / _CHARACTERS)


class VelstackService:
    """Answers requests as Velstack would; what it accepts goes into the common inbox.

    A message of a test key stays queued, for nothing is delivered.

    Attributes:
        api_key: A key that is known from the start: a secret one, for test mode.
        keys: The keys; `keys.add("sk_live")` makes one more.
        knobs: The settings, which may be changed at any time.
        test: The groups, contacts and sender IDs of test mode.
        live: Those of live mode.
    """

    def __init__(self, store: Store, common: Knobs, dice: random.Random) -> None:
        self.api_key: str = "sk_test_velstack"
        self.keys: VelstackKeys = VelstackKeys()
        self.keys.add(self.api_key)
        self.knobs: VelstackKnobs = VelstackKnobs()
        self.test: Book = Book()
        self.live: Book = Book()
        self._store = store
        self._common = common
        self._dice = dice

    def clear(self) -> None:
        """Forget groups, contacts and sender IDs; keys, knobs and credit are kept."""
        self.test.clear()
        self.live.clear()

    def step(self, exchange: Exchange) -> Reply | None:
        """Answer a request if it is for Velstack."""
        before, here, path = exchange.path.partition(VELSTACK_PATH)
        if before or not here or not path.startswith("/"):
            return None
        is_send = exchange.method == "POST" and path in (*_QUICK, _GROUP)
        at_200 = False
        try:
            key = self._known_key(exchange, may_be_public=is_send)
            at_200 = is_send and self.knobs.sends_answer_200
            exchange.fields = _fields(exchange)
            act = self._send if is_send else self._act
            return act(exchange, path, key)
        except RefusalError as refused:
            return shapes.refusal(refused, at_200=at_200)

    def _known_key(self, exchange: Exchange, *, may_be_public: bool) -> VelstackKey:
        key = self.keys.find(exchange.bearer)
        if key is None:
            raise RefusalError(401, "", "Unauthenticated.")
        if key.is_public and not may_be_public:
            raise RefusalError(401, "", "This needs a secret key.")
        return key

    def _book(self, key: VelstackKey) -> Book:
        return self.live if key.mode == "live" else self.test

    def _act(self, exchange: Exchange, path: str, key: VelstackKey) -> Reply:
        act, which = endpoints.find(exchange.method, path)
        return act(exchange, self._book(key), self.knobs, which)

    def _send(self, exchange: Exchange, path: str, key: VelstackKey) -> Reply:
        draft = _draft(exchange.fields, path, self._book(key))
        if self.knobs.is_down:
            raise RefusalError(503, "", "The service is unavailable.")
        if draft.cost > self.knobs.credit:
            raise RefusalError(403, "", "Insufficient balance.")
        if key.mode == "live":
            self.knobs.credit -= Decimal(draft.cost)
        message_id = f"vs_{self._dice.getrandbits(64):016x}"
        self._take_in(draft, message_id, key, exchange)
        told = shapes.Sent(
            message_id,
            draft.kind,
            draft.text,
            draft.sender,
            draft.recipients,
            draft.cost,
            self.knobs.credit,
        )
        return shapes.sent(told, self.knobs)

    def _take_in(
        self, draft: _Draft, message_id: str, key: VelstackKey, exchange: Exchange
    ) -> None:
        """Accept a message to each recipient; the answer names the first one's id."""
        ids = (f"{message_id}.{at}" if at else message_id for at in count())
        exchange.accepted = [
            _message(each, draft, to, key, exchange)
            for each, to in zip(ids, draft.recipients, strict=False)
        ]
        for message in exchange.accepted:
            self._store.add(message, self._common.keep)


def _fields(exchange: Exchange) -> Mapping[str, Any]:
    if not exchange.body:
        return {}
    fields = json_object(exchange.body)
    if fields is None:
        raise RefusalError(400, "", "The body is not a JSON object.")
    return fields


def _draft(fields: Mapping[str, Any], path: str, book: Book) -> _Draft:
    sender, text = (endpoints.text(fields, name) for name in ("sender", "message"))
    if path == _GROUP:
        members = book.members(endpoints.named_group(fields, book).id)
        return _Draft("Group SMS", sender, text, [one.phone_number for one in members])
    if not isinstance(fields.get("is_scheduled"), bool):
        said = "The is_scheduled field is required and must be true or false."
        raise RefusalError(422, "", said, {"is_scheduled": [said]})
    return _Draft("Quick SMS", sender, text, _recipients(fields.get("recipient")))


def _recipients(value: object) -> list[str]:
    asked = value.split(",") if isinstance(value, str) else value
    if not isinstance(asked, list) or not asked:
        said = "The recipient field is required."
        raise RefusalError(422, "", said, {"recipient": [said]})
    return [endpoints.phone(one, "recipient") for one in asked]


def _message(
    message_id: str, draft: _Draft, to: str, key: VelstackKey, exchange: Exchange
) -> Message:
    at = as_told(exchange.now)
    return Message(
        message_id=message_id,
        channel="sms",
        to=to,
        content=Sms(text=draft.text, sender_id=draft.sender),
        workspace=f"velstack {key.mode}",
        accepted_at=at,
        due_at=at if key.mode == "live" else math.inf,
        scheduled_at=None,
        request=exchange.record,
        ending=Ending("delivered"),
    )
