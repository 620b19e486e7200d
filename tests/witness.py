"""Somebody who sees all that a user, or a log, gets to see."""

import logging
import traceback
from collections.abc import Iterator, Sequence

import attrs
import pytest

__all__ = ["Witness", "witness_of"]


@attrs.define(eq=False)
class Witness:
    """Gathers what is shown, and tells which canaries are in it."""

    log: pytest.LogCaptureFixture
    canaries: Sequence[str]
    shown: list[str] = attrs.field(factory=list)

    def see(self, value: object) -> None:
        self.shown += [repr(value), str(value)]

    def see_error(self, error: BaseException) -> None:
        self.see(error)
        self.shown.append("".join(traceback.format_exception(error)))
        self.shown += [repr(cause) for cause in causes(error)]

    def leaks(self) -> set[str]:
        """Tell which canaries were shown anywhere."""
        records = [f"{r.getMessage()} {r.args!r}" for r in self.log.records]
        everything = "\n".join([self.log.text, *records, *self.shown])
        return {canary for canary in self.canaries if canary in everything}


def causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def witness_of(log: pytest.LogCaptureFixture, canaries: Sequence[str]) -> Witness:
    """Make a witness of all that is logged, down to the last detail."""
    for name in (None, "httpx", "httpcore", "stackverify"):
        log.set_level(logging.DEBUG, logger=name)
    return Witness(log, canaries)
