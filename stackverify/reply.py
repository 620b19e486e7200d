"""What the service answered, as it came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["Reply"]


@attrs.frozen(repr=False)
class Reply:
    """One answer of the service: status, headers, body.

    Attributes:
        status: The HTTP status code.
        headers: The header fields, their names in lower case.
        body: The body as received, decompressed.
        elapsed: Seconds from the first byte out to the last byte in.
        is_complete: Whether the body arrived whole; a definite status counts
            even when it did not.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float = 0.0
    is_complete: bool = True

    @property
    def request_id(self) -> str | None:
        """The service's own name for this request, if it gave one."""
        return self.headers.get("x-request-id")

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Read the body as JSON.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body)

    def __repr__(self) -> str:
        named = f", request {self.request_id!r}" if self.request_id else ""
        return f"<Reply {self.status}, {len(self.body)} bytes{named}>"
