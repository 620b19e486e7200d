"""One request and its reply, as plain values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from stackverify.sandbox.keys import Key

__all__ = ["Exchange", "RefusalError", "Reply"]

# Made once: `json.dumps` with separators makes one for each call.
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@attrs.define
class Exchange:
    """A request on its way through the steps; each fills in what it found."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    now: float
    endpoint: Any = None
    message_id: str = ""
    key: Key | None = None
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    record: Any = None
    accepted: Sequence[Any] = ()

    @property
    def bearer(self) -> str:
        """Give the text of the key that came with it, if one did."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""


@attrs.frozen
class Reply:
    """What goes back."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self) -> bytes:
        """Write the body as JSON; ASCII, for a lone surrogate has no UTF-8."""
        return _ENCODER.encode(self.body).encode()


@attrs.define(eq=False)
class RefusalError(Exception):
    """The answer is no, and why."""

    status: int
    code: str
    message: str
    errors: Mapping[str, list[str]] | None = None
    retry_after: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
