"""What goes wrong at the pretend service, because somebody asked for it."""

import random
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias, get_args

import attrs

from stackverify.sandbox.channel import Channel

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


def _one_of(known: tuple[str, ...]) -> Callable[[Any, Any, Any], None]:
    def check(instance: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if value not in known:
            raise ValueError(f"{field.name} must be one of {', '.join(known)}")

    return check


def _between(low: float, high: float) -> Callable[[Any, Any, Any], None]:
    def check(instance: object, field: "attrs.Attribute[Any]", value: object) -> None:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:  # type: ignore[operator]
            raise ValueError(f"{field.name} must be a number from {low:g} to {high:g}")

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

    kind: FaultKind = attrs.field(validator=_one_of(get_args(FaultKind)))
    channel: Channel | None = attrs.field(
        default=None, validator=attrs.validators.optional(_one_of(get_args(Channel)))
    )
    status: int = attrs.field(default=503, validator=_between(400, 599))
    seconds: float = attrs.field(default=1.0, validator=_between(0, 3600))
    probability: float = attrs.field(default=1.0, validator=_between(0, 1))
    count: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_between(0, 1e9))
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
        number = float(value)
        return cls(kind, **{name: int(number) if name == "status" else number})  # type: ignore[arg-type]

    @property
    def is_accepted(self) -> bool:
        """Tell whether the request is accepted all the same."""
        return self.kind not in ("status", "rate_limited", "html", "hang_up")

    @property
    def is_about_reports(self) -> bool:
        """Tell whether it happens to delivery reports, not to requests."""
        return self.kind.startswith("report_")


class Faults:
    """The faults in force, in the order they were added; the first that fits wins."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._left: list[tuple[Fault, int | None]] = []

    def add(self, kind: FaultKind | Fault, **more: Any) -> Fault:
        """Have something go wrong from the next request on.

        Args:
            kind: A kind, or a whole `Fault`.
            **more: The other fields of `Fault`.

        Raises:
            ValueError: There is no such fault.
        """
        fault = kind if isinstance(kind, Fault) else Fault(kind, **more)
        self._left.append((fault, fault.count))
        return fault

    def clear(self) -> None:
        """Let everything go well."""
        self._left.clear()

    def remove(self, place: int) -> None:
        """Take back the fault at this place of those in force.

        Raises:
            IndexError: There is none.
        """
        in_force = [each for each in self._left if each[1] != 0]
        self._left.remove(in_force[place])

    def meet(self, channel: str) -> Fault | None:
        """Give what a request of a channel meets, and count it."""
        return self._meet(channel, is_about_reports=False)

    def meet_report(self, channel: str) -> Fault | None:
        """Give what a delivery report of a channel meets, and count it."""
        return self._meet(channel, is_about_reports=True)

    def _meet(self, channel: str, *, is_about_reports: bool) -> Fault | None:
        for place, (fault, left) in enumerate(self._left):
            if fault.is_about_reports is not is_about_reports:
                continue
            if fault.channel not in (None, channel) or left == 0:
                continue
            if self._dice.random() < fault.probability:
                self._left[place] = (fault, None if left is None else left - 1)
                return fault
        return None

    def __iter__(self) -> Iterator[Fault]:
        return iter([fault for fault, left in self._left if left != 0])

    def __len__(self) -> int:
        return len(list(iter(self)))
