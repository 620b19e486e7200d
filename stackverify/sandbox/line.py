"""The line to one client: what is said to it, and how it is hung up on."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias

import attrs

__all__ = ["Answer", "App", "HangUp", "Headers", "Line", "Receive", "Scope", "Send"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]


class HangUp(Protocol):
    """Drops the connection of a client."""

    def __call__(self, client: object, *, gently: bool) -> None:
        """Drop it at once, or once what was said has left."""
        ...


@attrs.frozen
class Answer:
    """What is said."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json"


@attrs.frozen
class Line:
    """The ASGI side of one request.

    Attributes:
        wait: Waits so many seconds, or less where the server stops.
    """

    _scope: Scope
    _receive: Receive
    _send: Send
    _hang_up: HangUp
    wait: Callable[[float], Awaitable[None]]

    async def say(self, answer: Answer, head: Headers) -> None:
        """Say all of it."""
        await self.begin(answer, head)
        await self.go_on(answer.body, is_last=True)

    async def begin(self, answer: Answer, head: Headers) -> None:
        """Say the head, with the length of the whole body."""
        headers = [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            *head,
            *((name.encode(), value.encode()) for name, value in answer.headers),
        ]
        start = {"type": "http.response.start", "status": answer.status}
        await self._send({**start, "headers": headers})

    async def go_on(self, part: bytes, *, is_last: bool = False) -> None:
        """Say a part of the body."""
        event = {"type": "http.response.body", "body": part}
        await self._send({**event, "more_body": not is_last})

    async def hang_up(self, *, gently: bool = False) -> None:
        """Drop the connection."""
        self._hang_up(self._scope.get("client"), gently=gently)
        while (await self._receive())["type"] != "http.disconnect":
            continue
