"""How many connections a rate needs."""

import math
from typing import Any

import pytest

from stackverify._core.pool import connections_for
from stackverify.errors import ConfigurationError
from stackverify.models.tier import Rate


def wanted(rate: Rate, *, stock: bool = False, asked: Any = None) -> int:
    return connections_for(rate, is_stock_pool=stock, asked=asked)


@pytest.mark.parametrize(
    ("rate", "connections"),
    [
        (Rate(1), 8),
        (Rate(100), 8),
        (Rate(500), 17),
        (Rate(3000), 100),
        (Rate(6000), 200),
        (Rate(60_000), 200),
        (Rate(50, 1.0), 100),
    ],
)
def test_a_rate_needs_two_seconds_of_itself_within_bounds(
    rate: Rate, connections: int
) -> None:
    assert wanted(rate) == connections


def test_a_pool_of_the_user_s_own_is_not_driven_over_its_cliff() -> None:
    assert wanted(Rate(3000), stock=True) == 20
    assert wanted(Rate(100), stock=True) == 8


@pytest.mark.parametrize("stock", [True, False])
@pytest.mark.parametrize("asked", [1, 7, 1000])
def test_a_number_that_is_asked_for_is_given(stock: bool, asked: int) -> None:
    assert wanted(Rate(100), stock=stock, asked=asked) == asked


@pytest.mark.parametrize(
    "asked", [0, -1, 1.5, "8", True, math.nan, math.inf, [8], b"8"]
)
def test_a_number_of_connections_is_an_int_above_0(asked: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_connections"):
        wanted(Rate(100), asked=asked)


@pytest.mark.parametrize("rate", [Rate(10**12), Rate(1, 1e-300), Rate(10**12, 1e-300)])
def test_an_absurd_rate_gets_the_most_there_is(rate: Rate) -> None:
    assert wanted(rate) == 200
