"""The requests that came, what was answered, and how close each key is to its rate."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence

import attrs

from stackverify.sandbox.exchange import Exchange
from stackverify.sandbox.faults import Fault
from stackverify.sandbox.keys import Key

__all__ = ["Gauge", "Record", "Traffic"]

_LOG = 500
_WINDOW = 60


@attrs.define(eq=False)
class Record:
    """A request and its answer.

    Attributes:
        request_id: The id in its `X-Request-Id`.
        at: When it came, in seconds since 1970.
        method: Its method.
        path: Its path, with the query.
        head: Its headers, a line each; of the key the last four characters.
        body: Its body.
        status: The status of the answer; `None` where the connection was dropped.
        answer: The body of the answer, as it was before a fault spoilt it.
        fault: What went wrong with it on purpose.
    """

    request_id: str
    at: float
    method: str
    path: str
    head: str = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    status: int | None = None
    answer: bytes = attrs.field(default=b"", repr=False)
    fault: Fault | None = None

    @classmethod
    def of(cls, exchange: Exchange, fault: Fault | None) -> "Record":
        """Make the record of a request that is not yet answered."""
        query = f"?{exchange.query}" if exchange.query else ""
        return cls(
            exchange.request_id,
            exchange.now,
            exchange.method,
            f"{exchange.path}{query}",
            _head(exchange.headers),
            exchange.body,
            fault=fault,
        )


def _head(headers: Mapping[str, str]) -> str:
    shown = (f"{name}: {_masked(name, value)}" for name, value in headers.items())
    return "\n".join(shown)


def _masked(name: str, value: str) -> str:
    if name != "authorization":
        return value
    scheme, _, key = value.partition(" ")
    return f"{scheme} …{key[-4:]}" if len(key) > len("…1234") else "…"


class Gauge:
    """How many requests of a key came in the last minute, second by second.

    Attributes:
        refused: How many were ever answered with 429.
    """

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque(maxlen=_WINDOW)
        self.refused: int = 0

    def note(self, now: float, status: int) -> None:
        """Count a request."""
        second = int(now)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        is_refused = status == 429
        self.refused += is_refused
        self._seconds[-1][1 + is_refused] += 1

    def minute(self, now: float) -> Sequence[tuple[int, int]]:
        """Give what was admitted and refused in each of the last 60 seconds."""
        first = int(now) - _WINDOW + 1
        slots = [(0, 0)] * _WINDOW
        for second, admitted, refused in list(self._seconds):
            if first <= second <= int(now):
                slots[second - first] = (admitted, refused)
        return slots


class Traffic:
    """What came and what was answered.

    Attributes:
        log: The latest requests, oldest first.
        requests: How many came, whatever became of them.
        replies: How many replies were given, by HTTP status; faults not counted.
        peak_in_flight: The most that were being answered at one time.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget it all."""
        self.log: deque[Record] = deque(maxlen=_LOG)
        self.requests: int = 0
        self.replies: Counter[int] = Counter()
        self.peak_in_flight: int = 0
        self._in_flight = 0
        self._gauges: dict[str, Gauge] = {}

    def arrived(self) -> None:
        """Count a request in."""
        self.requests += 1
        self._in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)

    def left(self) -> None:
        """Count a request out, answered or not."""
        self._in_flight = max(0, self._in_flight - 1)

    def note(self, record: Record, key: Key | None) -> None:
        """Remember a request that was answered, or hung up on."""
        self.log.append(record)
        if key is not None and record.status is not None:
            self.gauge(key).note(record.at, record.status)

    def gauge(self, key: Key) -> Gauge:
        """Give the gauge of a key."""
        return self._gauges.setdefault(key.value, Gauge())
