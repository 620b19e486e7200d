"""How many requests fall into a minute, and what people call spans of time."""

import pytest

from stackverify.report.pace import busiest_minutes
from stackverify.report.spans import round_width, say_span


def test_a_steady_pace_fills_a_minute_and_stays() -> None:
    sends = [(float(second), 2) for second in range(240)]
    pace = busiest_minutes(sends, first=0.0, last=240.0, untimed=0)
    assert (pace.requests, pace.messages) == (240, 480)
    assert pace.busiest_requests[30] == 31
    assert set(pace.busiest_requests[60:]) == {60}
    assert set(pace.busiest_messages[60:]) == {120}


def test_a_burst_between_two_looks_is_seen() -> None:
    sends = [(0.0, 1), *((500.0, 1) for _ in range(99)), (24_000.0, 1)]
    pace = busiest_minutes(sends, first=0.0, last=24_000.0, untimed=0)
    assert max(pace.busiest_requests) == 99
    assert pace.busiest_requests[20] == 0


def test_a_pause_empties_the_minute() -> None:
    sends = [(0.0, 1), (1.0, 1), (240.0, 1)]
    pace = busiest_minutes(sends, first=0.0, last=240.0, untimed=0)
    assert pace.busiest_requests[59:62] == [2, 1, 0]
    assert pace.busiest_requests[100] == 0


def test_one_request_has_a_pace() -> None:
    pace = busiest_minutes([(5.0, 7)], first=5.0, last=5.0, untimed=0)
    assert (pace.requests, pace.messages) == (1, 7)
    assert set(pace.busiest_messages) == {7}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0213, "21 ms"),
        (0.9996, "1 s"),
        (9.84, "9.8 s"),
        (59.96, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3 * 3600 + 125, "3 h 2 min"),
        (1_000 * 86_400, "1,000 d"),
    ],
)
def test_spans_are_said_in_two_units_at_most(seconds: float, said: str) -> None:
    assert say_span(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "width"),
    [(0.0, 0.001), (0.3, 0.5), (1.1, 2.0), (31.0, 60.0), (50_000.0, 86_400.0)],
)
def test_widths_are_the_next_round_ones(seconds: float, width: float) -> None:
    assert round_width(seconds) == width
