"""How rows of a bulk send become requests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import attrs

from stackverify._core.call import Call
from stackverify.errors import InvalidInputError
from stackverify.models.results import Receipt

__all__ = ["check_pack", "expect", "hashable", "Plan"]

M = TypeVar("M")

_LARGEST_PACK = 1000


@attrs.frozen
class Plan(Generic[M]):
    """What the bulk engine asks of a channel.

    Attributes:
        call: Makes one request of messages that may share it.
        recipients: Tells whom a request goes to, in order.
        pack: Messages in one request at most.
        key: What messages must have in common; `None` for one that goes alone.
    """

    call: Callable[[Sequence[M]], Call[Receipt]]
    recipients: Callable[[Sequence[M]], list[str]]
    pack: int
    key: Callable[[M], Hashable | None]


def check_pack(pack: object) -> int:
    """Check how many recipients may share a request."""
    if (
        not isinstance(pack, int)
        or isinstance(pack, bool)
        or not 1 <= pack <= _LARGEST_PACK
    ):
        raise InvalidInputError(
            "is no number of recipients",
            "pack",
            f"give an int from 1 to {_LARGEST_PACK}",
        )
    return pack


def expect(message: object, kind: type) -> None:
    """Check that a row is a message of this kind."""
    if not isinstance(message, kind):
        raise InvalidInputError(
            f"is of type {type(message).__name__}",
            "message",
            f"give {kind.__name__} values to send_many",
        )


def hashable(key: Hashable) -> Hashable | None:
    """Give a key that rows can be told apart by, if it is one."""
    try:
        hash(key)
    except TypeError:
        return None
    return key
