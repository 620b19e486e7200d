"""The pretend StackVerify service, without a socket."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence

from stackverify.sandbox.channel import Channel
from stackverify.sandbox.checks import http_url
from stackverify.sandbox.desk import Desk
from stackverify.sandbox.messages import Ending, Message
from stackverify.sandbox.outbox import Found
from stackverify.sandbox.progress import Move
from stackverify.sandbox.reports import Attempt, Webhook, inbound_fields
from stackverify.sandbox.search import Search

__all__ = ["Service"]


class Service(Desk):
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
            self._outbox.hear(text, sender)
            if self._journal is not None:
                self._journal.tally(self._outbox)
            self._changes += 1
            fields = inbound_fields(text, sender, to, channel, now)
            return self._webhooks.inbound(fields, now)

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
            return self._webhooks.replay(
                number, self.clock.now(), url=url, body=body, signature=signature
            )

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
