"""What goes wrong at the pretend service, because somebody asked for it."""

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Literal, TypeAlias

import attrs

from stackverify.sandbox.channel import Channel
from stackverify.sandbox.choices import one_of

__all__ = ["Fault", "FaultKind", "Faults"]

FaultKind: TypeAlias = Literal[
    "status",
    "rate_limited",
    "html",
    "hang_up",
    "accepted_then_hang_up",
    "hang_up_before_body",
    "truncated",
    "malformed",
    "empty",
    "wrong_type",
    "slow",
    "drip",
    "report_duplicated",
    "report_late",
    "report_out_of_order",
    "report_oversized",
    "report_wrongly_signed",
]
"""What can go wrong; `Fault` says what each kind does."""


def _between(low: float, high: float, *kinds: type) -> Callable[[Any, Any, Any], None]:
    what = "a number" if float in kinds else "a whole number"

    def check(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        if type(value) not in kinds or not low <= value <= high:
            raise ValueError(f"{field.name} must be {what} from {low:g} to {high:g}")

    return check


@attrs.frozen
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What: `status` answers with `status`; `rate_limited` with a 429, and
            with `seconds` as its Retry-After, or without one where that is 0;
            `html` with a gateway's page; `hang_up` drops the connection before
            anything is accepted. The request is accepted, and its answer spoilt, by
            `accepted_then_hang_up`, `hang_up_before_body`, `truncated`, `malformed`,
            `empty`, `wrong_type`; `slow` answers after `seconds`, `drip` takes so long
            for the body. What begins with `report_` happens to delivery reports
            instead: one is posted twice, or `seconds` late, or that of `sent` only
            after the next, or with a megabyte more in it, or signed by a stranger.
        channel: Only requests, or reports, of this channel.
        status: The status of `status` and `html`.
        seconds: For `slow`, `drip`, `rate_limited` and `report_late`.
        probability: The share of requests that meet it.
        count: How often it happens at most.
    """

    kind: FaultKind = attrs.field(validator=one_of(FaultKind))
    channel: Channel | None = attrs.field(
        default=None, validator=attrs.validators.optional(one_of(Channel))
    )
    status: int = attrs.field(default=503, validator=_between(400, 599, int))
    seconds: float = attrs.field(default=1.0, validator=_between(0, 3600, int, float))
    probability: float = attrs.field(default=1.0, validator=_between(0, 1, int, float))
    count: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_between(0, 1e9, int))
    )

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a kind, and after `=` its status or its seconds: `status=502`.

        Raises:
            ValueError: It is none.
        """
        kind, _, value = text.strip().partition("=")
        name = "status" if kind in ("status", "html") else "seconds"
        if not value:
            return cls(kind)  # type: ignore[arg-type]
        number = int(value) if name == "status" else float(value)
        return cls(kind, **{name: number})  # type: ignore[arg-type]

    @property
    def is_accepted(self) -> bool:
        """Tell whether the request is accepted all the same."""
        return self.kind not in ("status", "rate_limited", "html", "hang_up")

    @property
    def is_about_reports(self) -> bool:
        """Tell whether it happens to delivery reports, not to requests."""
        return self.kind.startswith("report_")


@attrs.define
class _InForce:
    number: int
    fault: Fault
    left: int | None

    def strikes(self, channel: str, *, is_report: bool) -> bool:
        return (
            self.fault.is_about_reports is is_report
            and self.fault.channel in (None, channel)
            and self.left != 0
        )

    def count(self) -> None:
        if self.left is not None:
            self.left -= 1


class Faults:
    """The faults in force, in the order they were added; the first that fits wins."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._numbers = count(1)
        self._added: list[_InForce] = []

    def add(self, kind: FaultKind | Fault, **more: Any) -> Fault:
        """Have something go wrong from the next request on.

        Args:
            kind: A kind, or a whole `Fault`.
            **more: The other fields of `Fault`.

        Raises:
            ValueError: There is no such fault.
        """
        fault = kind if isinstance(kind, Fault) else Fault(kind, **more)
        self._added.append(_InForce(next(self._numbers), fault, fault.count))
        return fault

    def clear(self) -> None:
        """Let everything go well."""
        self._added.clear()

    def remove(self, fault: Fault | int) -> None:
        """Take back one fault.

        Args:
            fault: The fault, or its number.

        Raises:
            LookupError: It is not in force.
        """
        for each in self._in_force():
            if fault in (each.number, each.fault):
                self._added.remove(each)
                return
        raise LookupError("there is no such fault in force")

    def numbered(self) -> list[tuple[int, Fault]]:
        """List the faults in force with their numbers."""
        return [(each.number, each.fault) for each in self._in_force()]

    def meet(self, channel: str) -> Fault | None:
        """Give what a request of a channel meets, and count it."""
        return self._meet(channel, is_report=False)

    def meet_report(self, channel: str) -> Fault | None:
        """Give what a delivery report of a channel meets, and count it."""
        return self._meet(channel, is_report=True)

    def _meet(self, channel: str, *, is_report: bool) -> Fault | None:
        for each in self._added:
            if not each.strikes(channel, is_report=is_report):
                continue
            if self._dice.random() < each.fault.probability:
                each.count()
                return each.fault
        return None

    def _in_force(self) -> list[_InForce]:
        return [each for each in self._added if each.left != 0]

    def __iter__(self) -> Iterator[Fault]:
        return iter([each.fault for each in self._in_force()])

    def __len__(self) -> int:
        return len(self._in_force())
