"""One request as a value: what to send, how to read the answer, how to treat it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from stackverify.errors import RefusedError
from stackverify.models.tier import Lane
from stackverify.reply import Reply

__all__ = ["Base64", "Body", "Call", "SaysNo"]

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class Base64:
    """Content that is written in base64 while it is sent."""

    content: bytes | Path = attrs.field(repr=False)


Body: TypeAlias = tuple[bytes | Base64, ...]
"""The pieces of a request body, in order; the last one is never empty."""


class SaysNo(Exception):  # noqa: N818 - it is a reader's word, and never reaches a user
    """A reply is a no, although its status is a success.

    Args:
        status: The status it amounts to.
        kind: The class of this no, where the status has no class of its own for it.
    """

    def __init__(self, status: int, kind: type[RefusedError] | None = None) -> None:
        super().__init__(status, kind)
        self.status = status
        self.kind = kind


def _without_id(call: Call[Any]) -> str:
    endpoint = call.path.partition("?")[0]
    channel, status, _ = endpoint.partition("/status/")
    return channel + status.rstrip("/")


@attrs.frozen
class Call(Generic[T_co]):
    """One request, and the function that reads its reply.

    Attributes:
        method: Such as `POST`.
        path: Below the base URL, each segment encoded; with the query, if any.
        read: Reads a successful reply; raises `ValueError` where it cannot, and
            `SaysNo` where it is none.
        body: What is sent, or nothing.
        permission: What the key needs.
        lane: The queue it waits in.
        weight: What it counts against the rate.
        messages: What it counts against the month's budget; 0 if it sends none.
        changes: Whether it changes something else than by sending.
        secrets: What the user put in and no error text may repeat.
        endpoint: What may be shown of the path: no id, no query.
    """

    method: str
    path: str
    read: Callable[[Reply], T_co] = attrs.field(repr=False)
    permission: str
    body: Body = attrs.field(default=(), repr=False)
    lane: Lane = Lane.TRANSACTIONAL
    weight: int = 1
    messages: int = 0
    changes: bool = False
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    endpoint: str = attrs.Factory(_without_id, takes_self=True)

    @property
    def is_send(self) -> bool:
        """Whether a repeat may be a second message."""
        return self.messages > 0

    @property
    def is_read(self) -> bool:
        """Whether it may be repeated at will."""
        return not self.messages and not self.changes

    @property
    def route(self) -> str:
        """Method and endpoint."""
        return f"{self.method} {self.endpoint}"
