"""Accepted messages: how they got in, and how each stands now."""

import random
from collections.abc import Callable, Sequence

import attrs

from stackverify.sandbox import timetable
from stackverify.sandbox.budget import Budget
from stackverify.sandbox.exchange import RefusalError
from stackverify.sandbox.keys import Key
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.messages import Channel, Draft, Ending, Message
from stackverify.sandbox.store import Store

__all__ = ["Outbox", "Query"]


@attrs.frozen
class Query:
    """Which messages a list is to show, and which page of them."""

    page: int = 1
    per_page: int = 20
    status: str | None = None
    since: float | None = None
    until: float | None = None


class Outbox:
    """Takes drafts in as messages and tells how far each has got."""

    def __init__(
        self,
        knobs: Knobs,
        dice: random.Random,
        announce: Callable[[Message], None] = lambda message: None,
    ) -> None:
        self._knobs = knobs
        self._announce = announce
        self._dice = dice
        self._endings: dict[str, Ending] = {}
        self._budget = Budget()
        self.store: Store = Store()

    def clear(self) -> None:
        """Forget the messages, what they cost, and what was to fail."""
        self.store.clear()
        self._budget.clear()
        self._endings.clear()

    def will_end(self, to: str, ending: Ending) -> None:
        """Settle how the messages to a recipient end, from the next one on."""
        self._endings[to] = ending

    def accept(self, draft: Draft, key: Key, raw: bytes, now: float) -> list[Message]:
        """Take a draft in, one message to each recipient, or refuse them all."""
        recipients = [to for to in draft.recipients if to is not None]
        self._spend(key, now, len(recipients))
        # As coarse as what is told, so that a row's own time finds it again.
        at = int((now + self._knobs.late) * 1000) / 1000
        messages = [self._message(draft, to, key, raw, at) for to in recipients]
        for message in messages:
            self.store.add(message, self._knobs.keep)
            self._announce(message)
        return messages

    def _spend(self, key: Key, now: float, messages: int) -> None:
        limit = key.tier.per_month
        if limit is None:
            return
        wait = self._budget.spend(key.workspace, now, messages, limit)
        if wait:
            said = f"The {limit} messages of this month are used up."
            # Undocumented; the same status as for the rate, told apart by the
            # code, and an honest Retry-After: the month must end first.
            raise RefusalError(429, "monthly_limit", said, retry_after=int(wait) + 1)

    def _message(
        self, draft: Draft, to: str, key: Key, raw: bytes, at: float
    ) -> Message:
        message_id = f"{draft.channel}_{self._dice.getrandbits(96):024x}"
        return Message(
            message_id=message_id,
            channel=draft.channel,
            to=to,
            content=draft.content,
            workspace=key.workspace,
            accepted_at=at,
            due_at=max(at, draft.due_at or at),
            scheduled_at=draft.scheduled_at,
            raw=raw,
            ending=self._ending(draft.channel, message_id, to),
        )

    def _ending(self, channel: Channel, message_id: str, to: str) -> Ending:
        if wanted := self._endings.get(to):
            return timetable.forced_ending(channel, wanted)
        return timetable.draw_ending(channel, message_id, self._knobs.failing)

    def look_up(
        self, message_id: str, key: Key, channel: Channel, now: float
    ) -> Message:
        """Tell how a message stands, or refuse where there is no such message."""
        message = self.store.find(message_id, key.workspace, channel)
        if message is None:
            raise RefusalError(404, "not_found", "No such message.")
        return timetable.standing(message, now, self._knobs.timetable)

    def listed(
        self, query: Query, key: Key, channel: Channel, now: float
    ) -> tuple[list[Message], int]:
        """Give one page, newest first, and how many there are on all pages."""
        places: Sequence[int]
        shown_by = now - self._knobs.list_lag
        until = shown_by if query.until is None else min(shown_by, query.until)
        rows, places = self.store.between(key.workspace, channel, query.since, until)
        pace, start = self._knobs.timetable, (query.page - 1) * query.per_page
        if query.status is not None:
            wanted = query.status
            places = [
                at
                for at in places
                if timetable.status_of(rows[at], now, pace) == wanted
            ]
        shown = places[start : start + query.per_page]
        return [timetable.standing(rows[at], now, pace) for at in shown], len(places)

    def matching(
        self, now: float, channel: Channel | None, to: str | None, status: str | None
    ) -> list[Message]:
        """Tell how each message that is kept and asked for stands, oldest first."""
        pace = self._knobs.timetable
        return [
            timetable.standing(message, now, pace)
            for message in self.store.everything()
            if channel in (None, message.channel)
            and to in (None, message.to)
            and status in (None, timetable.status_of(message, now, pace))
        ]
