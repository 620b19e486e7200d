"""One request as a value: what to send, how to read the answer, how to treat it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import attrs

from stackverify.models.tier import Lane
from stackverify.reply import Reply

__all__ = ["Base64", "Body", "Call"]

T = TypeVar("T")


@attrs.frozen
class Base64:
    """Content that is written in base64 while it is sent."""

    content: bytes | Path = attrs.field(repr=False)


Body: TypeAlias = tuple[bytes | Base64, ...]
"""The pieces of a request body, in order; the last one is never empty."""


@attrs.frozen
class Call(Generic[T]):
    """One request, and the function that reads its reply.

    Attributes:
        method: Such as `POST`.
        path: Below the base URL, each segment encoded; with the query, if any.
        read: Reads a successful reply; raises `ValueError` where it cannot.
        body: What is sent, or nothing.
        permission: What the key needs.
        lane: The queue it waits in.
        weight: What it counts against the rate.
        messages: What it counts against the month's budget; 0 for a read.
        secrets: What the user put in and no error text may repeat.
    """

    method: str
    path: str
    read: Callable[[Reply], T] = attrs.field(repr=False)
    permission: str
    body: Body = attrs.field(default=(), repr=False)
    lane: Lane = Lane.TRANSACTIONAL
    weight: int = 1
    messages: int = 0
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)

    @property
    def is_send(self) -> bool:
        """Whether a repeat may be a second message."""
        return self.messages > 0

    @property
    def endpoint(self) -> str:
        """What may be shown of the path: no id, no query."""
        endpoint = self.path.partition("?")[0]
        channel, status, _ = endpoint.partition("/status/")
        return channel + status.rstrip("/")

    @property
    def route(self) -> str:
        """Method and endpoint."""
        return f"{self.method} {self.endpoint}"
