"""How far a message has got, told from its id and its age."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import attrs

from stackverify.sandbox.messages import Channel, Ending, Message

__all__ = [
    "draw_ending",
    "forced_ending",
    "forced_reason",
    "moves",
    "standing",
    "status_of",
    "STATUSES",
]

# What comes before each ending, and the ending itself.
_PATHS: Final[Mapping[Channel, Mapping[str, Sequence[str]]]] = {
    "sms": {
        "delivered": ("sent", "delivered"),
        "failed": ("failed",),
        "undelivered": ("sent", "undelivered"),
    },
    "email": {
        "delivered": ("sent", "delivered"),
        "opened": ("sent", "delivered", "opened"),
        "clicked": ("sent", "delivered", "opened", "clicked"),
        "bounced": ("sent", "bounced"),
        "failed": ("failed",),
        "spam": ("sent", "delivered", "spam"),
    },
    "whatsapp": {
        "delivered": ("sent", "delivered"),
        "read": ("sent", "delivered", "read"),
        "failed": ("failed",),
    },
}
# Least and most seconds from the status before.
_WAITS: Final[Mapping[str, tuple[float, float]]] = {
    "sent": (0.2, 1.5),
    "delivered": (0.5, 5.0),
    "failed": (0.5, 3.0),
    "undelivered": (20.0, 40.0),
    "opened": (5.0, 120.0),
    "clicked": (2.0, 60.0),
    "bounced": (1.0, 10.0),
    "spam": (30.0, 300.0),
    "read": (2.0, 60.0),
}
# After so many seconds nothing of the channel moves any more.
_LONGEST: Final[Mapping[Channel, float]] = {
    channel: max(sum(_WAITS[status][1] for status in path) for path in paths.values())
    for channel, paths in _PATHS.items()
}
# Endings with the share up to which they are drawn.
_GOOD: Final[Mapping[Channel, Sequence[tuple[float, str]]]] = {
    "sms": [(1.0, "delivered")],
    "email": [(0.6, "delivered"), (0.9, "opened"), (1.0, "clicked")],
    "whatsapp": [(0.3, "delivered"), (1.0, "read")],
}
_BAD: Final[Mapping[Channel, Sequence[tuple[float, str]]]] = {
    "sms": [(0.5, "failed"), (1.0, "undelivered")],
    "email": [(0.6, "bounced"), (0.8, "failed"), (1.0, "spam")],
    "whatsapp": [(1.0, "failed")],
}
_REASONS: Final[Mapping[str, str]] = {
    "failed": "The carrier refused the message.",
    "undelivered": "Not delivered within the validity period.",
    "bounced": "550 5.1.1 No such mailbox.",
    "spam": "Reported as spam by the recipient.",
}

STATUSES: Mapping[Channel, Sequence[str]] = {
    channel: ("queued", *dict.fromkeys(chain.from_iterable(paths.values())))
    for channel, paths in _PATHS.items()
}
"""Every status a message can have, by channel, in their usual order."""


def _dice(message_id: str) -> list[float]:
    """Throw six dice that fall the same way for the same id."""
    digest = hashlib.blake2b(message_id.encode(), digest_size=12).digest()
    return [
        int.from_bytes(digest[at : at + 2], "big") / 65536 for at in range(0, 12, 2)
    ]


def _ending(status: str, reason: str | None = None) -> Ending:
    return Ending(status, reason or _REASONS.get(status))


_ENDINGS = {status: _ending(status) for status in _WAITS}


def draw_ending(channel: Channel, message_id: str, failing: float) -> Ending:
    """Draw how a message will end; badly for this share of them."""
    luck, which = _dice(message_id)[:2]
    shares = _BAD[channel] if luck < failing else _GOOD[channel]
    return _ENDINGS[next(status for share, status in shares if which < share)]


def forced_ending(channel: Channel, wanted: Ending) -> Ending:
    """Make an ending fit the channel: `failed` where it has no such status."""
    status = wanted.status if wanted.status in _PATHS[channel] else "failed"
    return _ending(status, wanted.error_message)


def forced_reason(status: str, reason: str | None) -> str | None:
    """Tell why a message has a status: for a reason of its own, or the usual one."""
    return reason or _REASONS.get(status)


def status_of(message: Message, now: float, pace: float) -> str:
    """Tell the status of a message at `now`, with all waits scaled by `pace`."""
    age = now - message.due_at
    if age < 0:
        return "queued"
    path = _PATHS[message.channel][message.ending.status]
    if age >= pace * _LONGEST[message.channel]:
        return path[-1]
    return _reached(path, _dice(message.message_id)[2:], age, pace)


def standing(message: Message, now: float, pace: float) -> Message:
    """Tell how a message stands at `now`, with all waits scaled by `pace`."""
    status = status_of(message, now, pace)
    if status == message.status:
        return message
    is_over = status == message.ending.status
    reason = message.ending.error_message if is_over else None
    return attrs.evolve(message, status=status, error_message=reason)


def moves(message: Message, pace: float) -> dict[str, float]:
    """Tell when a message gets each status, with all waits scaled by `pace`."""
    path = _PATHS[message.channel][message.ending.status]
    ages = _ages(path, _dice(message.message_id)[2:], pace)
    return {status: message.due_at + age for status, age in ages}


def _ages(
    path: Sequence[str], dice: Sequence[float], pace: float
) -> Iterator[tuple[str, float]]:
    age = 0.0
    for status, share in zip(path, dice, strict=False):
        least, most = _WAITS[status]
        age += pace * (least + share * (most - least))
        yield status, age


def _reached(
    path: Sequence[str], dice: Sequence[float], age: float, pace: float
) -> str:
    reached = "queued"
    for status, at in _ages(path, dice, pace):
        if age < at:
            break
        reached = status
    return reached
