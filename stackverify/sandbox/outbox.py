"""Accepted messages: how they got in, and how each stands now."""

import random
from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias

import attrs

from stackverify.sandbox import timetable
from stackverify.sandbox.budget import Budget
from stackverify.sandbox.exchange import RefusalError
from stackverify.sandbox.keys import Key
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Channel, Draft, Ending, Message
from stackverify.sandbox.progress import Progress
from stackverify.sandbox.search import Search
from stackverify.sandbox.shapes import as_told
from stackverify.sandbox.store import Store
from stackverify.sandbox.traffic import Record

__all__ = ["Found", "Outbox", "Query"]

Found: TypeAlias = tuple[list[Message], int]
"""Some of the messages that were searched for, and how many there are."""
_PART = 200

_OPTED_OUT = Ending("failed", "The recipient has opted out.")


@attrs.frozen
class Query:
    """Which messages a list is to show, and which page of them."""

    page: int = 1
    per_page: int = 20
    status: str | None = None
    since: float | None = None
    until: float | None = None


class Outbox:
    """Takes drafts in as messages and tells how far each has got.

    Attributes:
        announce: Is told of each message that was accepted.
        budget: What was sent this month.
        opted_out: The numbers that want no more messages.
        store: The messages.
    """

    def __init__(
        self,
        knobs: Knobs,
        dice: random.Random,
        progress: Progress,
    ) -> None:
        self._knobs = knobs
        self._progress = progress
        self.announce: Callable[[Message], None] = lambda message: None
        self._dice = dice
        self._endings: dict[str, Ending] = {}
        self.budget: Budget = Budget()
        self.opted_out: set[str] = set()
        self.store: Store = Store(progress.forget)

    def clear(self) -> None:
        """Forget the messages, what they cost, and what was to fail."""
        self.store.clear()
        self._progress.clear()
        self.budget.clear()
        self._endings.clear()
        self.opted_out.clear()

    @property
    def keep(self) -> int:
        """Say how many messages are to be remembered."""
        return self._knobs.keep

    def will_end(self, to: str, ending: Ending) -> None:
        """Settle how the messages to a recipient end, from the next one on."""
        self._endings[to] = ending

    def hear(self, text: str, sender: str) -> None:
        """Heed who asks for no more messages, or for messages again."""
        word = text.strip().upper()
        if word in self._knobs.opt_out_words:
            self.opted_out.add(sender)
        if word in self._knobs.opt_in_words:
            self.opted_out.discard(sender)

    def accept(self, draft: Draft, key: Key, record: Record) -> list[Message]:
        """Take a draft in, one message to each recipient, or refuse them all."""
        recipients = [to for to in draft.recipients if to is not None]
        self._spend(key, record.at, len(recipients))
        messages = [self._message(draft, to, key, record) for to in recipients]
        for message in messages:
            self.store.add(message, self.keep)
            self.announce(message)
        return messages

    def _spend(self, key: Key, now: float, messages: int) -> None:
        limit = key.tier.per_month
        if limit is None:
            return
        wait = self.budget.spend(key.workspace, now, messages, limit)
        if wait:
            said = f"The {limit} messages of this month are used up."
            # Undocumented; the same status as for the rate, told apart by the
            # code, and an honest Retry-After: the month must end first.
            raise RefusalError(429, "monthly_limit", said, retry_after=int(wait) + 1)

    def _message(self, draft: Draft, to: str, key: Key, record: Record) -> Message:
        at = as_told(record.at + self._knobs.late)
        message_id = self._new_id(draft.channel)
        return Message(
            message_id=message_id,
            channel=draft.channel,
            to=to,
            content=draft.content,
            workspace=key.workspace,
            accepted_at=at,
            due_at=max(at, draft.due_at or at),
            scheduled_at=draft.scheduled_at,
            request=record,
            ending=self._ending(draft.channel, message_id, to),
        )

    def _new_id(self, channel: Channel) -> str:
        while True:  # with a file and a seed the same ids would come again
            message_id = f"{channel}_{self._dice.getrandbits(96):024x}"
            if self.store.get(message_id) is None:
                return message_id

    def _ending(self, channel: Channel, message_id: str, to: str) -> Ending:
        if wanted := self._endings.get(to):
            return timetable.forced_ending(channel, wanted)
        if to in self.opted_out:
            return timetable.forced_ending(channel, _OPTED_OUT)
        return timetable.draw_ending(channel, message_id, self._knobs.failing)

    def look_up(
        self, message_id: str, key: Key, channel: Channel, now: float
    ) -> Message:
        """Tell how a message stands, or refuse where there is no such message."""
        message = self.store.find(message_id, key.workspace, channel)
        if message is None:
            raise RefusalError(404, "not_found", "No such message.")
        return self._progress.standing(message, now)

    def listed(
        self, query: Query, key: Key, channel: Channel, now: float
    ) -> tuple[list[Message], int]:
        """Give one page, newest first, and how many there are on all pages."""
        places: Sequence[int]
        shown_by = now - self._knobs.list_lag
        until = shown_by if query.until is None else min(shown_by, query.until)
        rows, places = self.store.between(key.workspace, channel, query.since, until)
        status_of, standing = self._progress.status_of, self._progress.standing
        if query.status is not None:
            wanted = query.status
            places = [at for at in places if status_of(rows[at], now) == wanted]
        start = (query.page - 1) * query.per_page
        shown = places[start : start + query.per_page]
        return [standing(rows[at], now) for at in shown], len(places)

    def matching(
        self, now: float, channel: Channel | None, to: str | None, status: str | None
    ) -> list[Message]:
        """Tell how each message that is kept and asked for stands, oldest first."""
        status_of, standing = self._progress.status_of, self._progress.standing
        return [
            standing(message, now)
            for message in self.store.everything()
            if channel in (None, message.channel)
            and to in (None, message.to)
            and status in (None, status_of(message, now))
        ]

    def newest(
        self, now: float, search: Search, start: int, limit: int
    ) -> Generator[None, None, Found]:
        """Search, newest first; yields after each part, for others to have a turn."""
        status_of, standing = self._progress.status_of, self._progress.standing
        found: list[Message] = self.store.everything()
        if search != Search():
            everything, found = found, []
            for at in range(0, len(everything), _PART):
                part = everything[at : at + _PART]
                found += [m for m in part if search.fits(m, status_of(m, now))]
                yield
        last = len(found) - start
        shown = found[max(0, last - limit) : max(0, last)]
        return [standing(message, now) for message in reversed(shown)], len(found)

    def known(self, message_id: str) -> Message:
        """Give a message of any workspace.

        Raises:
            LookupError: There is none, or it was forgotten.
        """
        message = self.store.get(message_id)
        if message is None:
            raise LookupError(f"there is no message {message_id}")
        return message
