"""What a webhook must pass, its signature apart."""

import datetime as dt
from typing import Any

import pytest

from stackverify._core.admission import (
    MAX_BODY,
    Rules,
    check_fresh,
    length_of,
    raw_body,
)
from stackverify.errors import (
    BodyTooLargeError,
    ConfigurationError,
    RawBodyError,
    StaleEventError,
    UnreadableEventError,
)

NOW = 1_800_000_000.0
MOMENT = dt.datetime.fromtimestamp(NOW, dt.UTC)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind_are_taken_as_bytes(kind: Any) -> None:
    taken = raw_body(kind(b"{}"))
    assert (type(taken), taken) == (bytes, b"{}")


@pytest.mark.parametrize("body", ["{}", {"event": "x"}, None, 7, [b"{}"], object()])
def test_what_was_decoded_or_parsed_is_refused_with_the_way_to_the_bytes(
    body: object,
) -> None:
    with pytest.raises(RawBodyError, match=type(body).__name__) as caught:
        raw_body(body)
    for way in ("request.body()", "request.read()", "request.get_data()"):
        assert way in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_the_largest_body_is_taken_and_one_byte_more_is_not() -> None:
    assert len(raw_body(b"x" * MAX_BODY, MAX_BODY)) == MAX_BODY == 262_144
    with pytest.raises(BodyTooLargeError, match="262,144 bytes"):
        raw_body(b"x" * (MAX_BODY + 1), MAX_BODY)


def test_a_body_announced_as_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(BodyTooLargeError):
        raw_body(b"", 10, "11")


def test_a_body_announced_as_just_small_enough_is_looked_at() -> None:
    assert raw_body(b"x" * 10, 10, "10") == b"x" * 10
    assert raw_body(b"", 10, "0") == b""


def test_a_body_that_was_read_before_is_no_wrong_signature() -> None:
    with pytest.raises(RawBodyError) as caught:
        raw_body(b"", MAX_BODY, "187")
    assert caught.value.message == (
        "The body is empty and was announced with 187 bytes, so something read it "
        "before."
    )


def test_a_body_that_is_cut_off_is_its_senders_fault() -> None:
    with pytest.raises(UnreadableEventError) as caught:
        raw_body(b"{", MAX_BODY, "187")
    assert caught.value.message == (
        "The body ends after 1 of the 187 bytes it was announced with."
    )


@pytest.mark.parametrize("length", [None, "2", 2, "", "two", "-1", "9" * 19, "²"])
def test_a_length_that_fits_or_is_none_is_no_matter(length: Any) -> None:
    assert raw_body(b"{}", 100, length) == b"{}"


@pytest.mark.parametrize(
    ("header", "length"), [("0", 0), ("187", 187), (5, 5), (None, None), ("1e3", None)]
)
def test_a_length_is_read_if_it_is_one(header: Any, length: int | None) -> None:
    assert length_of(header) == length


@pytest.mark.parametrize("away", [0.0, 299.0, 300.0, -299.0, -300.0])
def test_an_event_of_about_now_is_fresh(away: float) -> None:
    check_fresh(MOMENT + dt.timedelta(seconds=away), NOW, 300.0)


@pytest.mark.parametrize(
    ("away", "told"), [(-301.0, "301 s ago"), (301.0, "301 s from now")]
)
def test_an_event_of_another_time_is_stale_in_both_directions(
    away: float, told: str
) -> None:
    with pytest.raises(StaleEventError, match=told):
        check_fresh(MOMENT + dt.timedelta(seconds=away), NOW, 300.0)


@pytest.mark.parametrize(
    "moment",
    [
        None,
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=23))),
        dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-23))),
    ],
)
def test_an_event_without_a_time_or_from_the_end_of_all_time_is_stale(
    moment: dt.datetime | None,
) -> None:
    with pytest.raises(StaleEventError):
        check_fresh(moment, NOW, 300.0)


@pytest.mark.parametrize(
    "setting",
    [
        *({"max_body": 0}, {"max_body": 1.5}, {"max_body": True}, {"max_body": "1"}),
        *({"tolerance": 0}, {"tolerance": -1}, {"tolerance": "300"}),
        *({"remember": 0}, {"remember": None}, {"remember": float("nan")}),
        *({"lease": 0}, {"lease": None}, {"patience": -1}, {"patience": float("inf")}),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused_by_name(setting: dict[str, Any]) -> None:
    (name,) = setting
    with pytest.raises(ConfigurationError, match=name):
        Rules(**setting)


def test_a_rule_may_be_as_strict_as_can_be() -> None:
    assert Rules(max_body=1).max_body == 1


def test_an_event_without_a_time_is_told_of() -> None:
    with pytest.raises(StaleEventError) as caught:
        check_fresh(None, NOW, 300.0)
    assert caught.value.message == "The event does not say when it happened."


def test_the_rules_have_sensible_defaults() -> None:
    rules = Rules()
    assert (rules.max_body, rules.tolerance, rules.late_reports) == (
        262_144,
        None,
        False,
    )
    assert (rules.remember, rules.lease, rules.patience) == (604_800.0, 60.0, 10.0)
