"""What a service may tell of its own count."""

import pytest

from stackverify._core.rate_headers import Told, rate_headers

WALL = 1_780_000_000.0


def told(remaining: str | None = "5", reset: str | None = None) -> Told | None:
    fields = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    given = {name: value for name, value in fields.items() if value is not None}
    return rate_headers({"content-type": "text/html"} | given, WALL)


def test_without_a_count_nothing_is_told() -> None:
    assert told(None) is None
    assert told(None, "30") is None
    assert rate_headers({"x-ratelimit-limit": "100"}, WALL) is None


def test_a_count_is_told_with_or_without_an_end() -> None:
    assert told("5") == Told(5, None)
    assert told("0", "30") == Told(0, 30.0)
    assert told(" 7 ", " 0 ") == Told(7, 0.0)


@pytest.mark.parametrize(
    ("reset", "resets_in"),
    [
        ("1780000030", 30.0),
        ("1779999990", 0.0),
        (str(366 * 86_400), 366 * 86_400.0),
        (str(366 * 86_400 + 1), 0.0),
    ],
)
def test_a_large_number_is_a_date_and_a_small_one_a_duration(
    reset: str, resets_in: float
) -> None:
    assert told("5", reset) == Told(5, resets_in)


NO_NUMBERS = ["", " ", "-1", "1.5", "1e3", "+1", "many", "0x10", "nan", "inf", "1 2"]
NO_NUMBERS += ["²", "①", "1,000", "1;w=60", "\x001", "9" * 19, "9" * 5000, "\ud800"]


@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: ascii(text)[:20])
def test_what_is_no_number_is_not_told(text: str) -> None:
    assert told(text) is None
    assert told("5", text) == Told(5, None)
