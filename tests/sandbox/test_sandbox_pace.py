"""Rates by tier and key, and the budget of the month, over the wire."""

from datetime import UTC, datetime

import httpx
import pytest

from stackverify.sandbox import COUNTERS, Sandbox, Tier

TO = "+254712345678"
BURST = {"fixed": 100, "sliding": 100, "counter": 100, "bucket": 100, "gcra": 10}


def statuses(api: httpx.Client, tries: int) -> list[int]:
    return [api.get("/sms").status_code for _ in range(tries)]


@pytest.mark.parametrize("counting", COUNTERS)
def test_each_way_of_counting_ends_in_429_after_its_burst(
    api: httpx.Client, sandbox: Sandbox, counting: str
) -> None:
    sandbox.knobs.counting = counting
    assert statuses(api, BURST[counting] + 3).count(200) == BURST[counting]
    assert sandbox.refusals == sandbox.replies[429] == 3


@pytest.mark.parametrize("counting", COUNTERS)
def test_after_retry_after_the_next_request_is_admitted(
    api: httpx.Client, sandbox: Sandbox, counting: str
) -> None:
    sandbox.knobs.counting = counting
    statuses(api, BURST[counting])
    refused = api.get("/sms")
    wait = int(refused.headers["retry-after"])
    assert refused.json()["code"] == "rate_limited"
    assert refused.json()["retry_after"] == wait
    assert 0 < wait <= 61
    sandbox.clock.advance(wait)
    assert statuses(api, 1) == [200]


def test_each_key_has_a_rate_of_its_own_by_its_tier(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add(tier="enterprise:3")
    assert statuses(api, 100) == [200] * 100
    api.headers["authorization"] = f"Bearer {key.value}"
    assert statuses(api, 5) == [200, 200, 200, 429, 429]


def test_a_refused_body_counts_as_a_request_and_a_429_does_not(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add(tier="enterprise:2")
    api.headers["authorization"] = f"Bearer {key.value}"
    sandbox.knobs.counting = "sliding"
    assert api.post("/sms/send", json={"to": "x", "message": "x"}).status_code == 422
    sandbox.clock.advance(30)
    assert statuses(api, 3) == [200, 429, 429]
    sandbox.clock.advance(30)
    assert statuses(api, 2) == [200, 429]


def test_an_array_counts_once_or_for_each_recipient(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add(tier="enterprise:5")
    api.headers["authorization"] = f"Bearer {key.value}"
    body = {"to": [TO] * 4, "message": "x"}
    assert api.post("/sms/send", json=body).status_code == 200
    sandbox.knobs.array_units = "each"
    sandbox.clock.advance(60)
    assert api.post("/sms/send", json=body).status_code == 200
    assert api.post("/sms/send", json=body).status_code == 429
    never = {"to": [TO] * 6, "message": "x"}
    assert api.post("/sms/send", json=never).status_code == 422


def test_the_month_is_counted_in_messages_and_refused_whole(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add(tier="enterprise:100/10", workspace="small")
    api.headers["authorization"] = f"Bearer {key.value}"
    seven = {"to": [TO] * 7, "message": "x"}
    three = {"to": [TO] * 3, "message": "x"}
    assert api.post("/sms/send", json=seven).status_code == 200
    refused = api.post("/sms/send", json=seven)
    assert (refused.status_code, refused.json()["code"]) == (429, "monthly_limit")
    assert api.post("/sms/send", json=three).status_code == 200
    assert sandbox.count() == 10


def test_the_next_month_begins_when_retry_after_says(
    api: httpx.Client, sandbox: Sandbox
) -> None:
    key = sandbox.keys.add(tier="enterprise:100/1", workspace="tiny")
    api.headers["authorization"] = f"Bearer {key.value}"
    one = {"to": TO, "message": "x"}
    assert api.post("/sms/send", json=one).status_code == 200
    wait = int(api.post("/sms/send", json=one).headers["retry-after"])
    then = datetime.fromtimestamp(sandbox.clock.now() + wait, UTC)
    assert (then.day, then.hour, then.minute) == (1, 0, 0)
    sandbox.clock.advance(wait)
    assert api.post("/sms/send", json=one).status_code == 200


def test_the_published_tiers_are_those_of_the_reference() -> None:
    assert Tier.parse("lite") == Tier("lite", 100, 10_000)
    assert Tier.parse("pro") == Tier("pro", 500, None)


@pytest.mark.parametrize("text", ["lite", "pro", "enterprise:7", "enterprise:7/90"])
def test_a_tier_is_written_as_it_is_read(text: str) -> None:
    assert str(Tier.parse(text)) == text


@pytest.mark.parametrize("text", ["", "gold", "enterprise", "enterprise:0", "PRO"])
def test_an_unknown_tier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"tier|per_minute"):
        Tier.parse(text)
