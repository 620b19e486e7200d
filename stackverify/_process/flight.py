"""How far one attempt came: what is known however it ends."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs

from stackverify._core.verdict import Stage

__all__ = ["Flight", "TooLateError"]


class TooLateError(Exception):
    """The deadline passed before the last byte was let go."""


@attrs.define(eq=False)
class Flight:
    """One attempt under way.

    Attributes:
        timeout: Seconds it may take.
        deadline: When no last byte may be let go any more.
        may_release: Asked at the last moment whether it may be let go.
        began: Whether the head of the request was written.
        released: Whether its last byte was let go.
        started_at: When the attempt began.
    """

    timeout: float
    deadline: float | None = None
    may_release: Callable[[], bool] | None = None
    clock: Callable[[], float] = time.monotonic
    began: bool = False
    released: bool = False
    started_at: float = attrs.field(
        default=attrs.Factory(lambda self: self.clock(), takes_self=True)
    )

    @property
    def stage(self) -> Stage:
        """How far it came."""
        if self.released:
            return Stage.AWAITING
        return Stage.SENDING if self.began else Stage.CONNECTING

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and self.clock() >= self.deadline

    @property
    def is_over(self) -> bool:
        """Whether it took all the time it may take."""
        return self.elapsed >= self.timeout

    @property
    def left(self) -> float:
        """Seconds it may still take; a socket takes no limit of 0."""
        return max(0.001, self.timeout - self.elapsed)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self.clock() - self.started_at

    def release(self) -> None:
        """Let the last byte go: from here on it may be sent.

        Raises:
            TooLateError: There is no time left to wait for an answer, or it may not
                be let go any more.
        """
        if self.is_late or (self.may_release is not None and not self.may_release()):
            raise TooLateError
        self.released = True
