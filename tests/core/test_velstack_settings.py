"""Velstack's settings: where they come from, and what a key says of itself."""

from typing import Any

import pytest

from stackverify._core.settings import Settings, resolve
from stackverify._services.stackverify.home import HOME
from stackverify._services.velstack.home import HOMES, api_of, mode_of, tier_of
from stackverify.errors import ConfigurationError
from stackverify.models.velstack import Mode, VelstackApi

ENVIRONMENT = {
    "STACKVERIFY_API_KEY": "sk_live_of_stackverify",
    "STACKVERIFY_BASE_URL": "https://stackverify.example/api",
    "STACKVERIFY_TIER": "pro",
    "VELSTACK_API_KEY": "sk_live_of_velstack",
    "VELSTACK_BASE_URL": "https://velstack.example/api/",
}


def settings(environment: dict[str, str], **given: Any) -> Settings:
    asked = {"api_key": None, "base_url": None, "tier": None} | given
    return resolve(environment, HOMES[VelstackApi.SITE], **asked)


def test_each_service_reads_its_own_variables() -> None:
    found = settings(ENVIRONMENT)
    assert found.api_key == "sk_live_of_velstack"
    assert found.base_url == "https://velstack.example/api"
    assert found.tier.name == "unlimited"


def test_the_other_service_does_not_read_them() -> None:
    found = resolve(ENVIRONMENT, HOME, api_key=None, base_url=None, tier=None)
    assert found.api_key == "sk_live_of_stackverify"
    assert found.base_url == "https://stackverify.example/api"


def test_a_key_of_the_other_service_alone_is_no_key() -> None:
    others = {"STACKVERIFY_API_KEY": "sk_live_of_stackverify"}
    with pytest.raises(ConfigurationError, match="set VELSTACK_API_KEY"):
        settings(others)


@pytest.mark.parametrize("key", ["sk_live_x", "sk_test_x", "pk_live_x", "sv_live_x"])
def test_no_key_says_which_service_it_is_for(key: str) -> None:
    assert settings({}, api_key=key).base_url == "https://api.velstack.com/v"


def test_the_schemes_have_a_base_url_each() -> None:
    assert {api: home.base_url for api, home in HOMES.items()} == {
        VelstackApi.SITE: "https://api.velstack.com/v",
        VelstackApi.OLDER: "https://sms.velstack.com/api",
    }


@pytest.mark.parametrize("api", [*VelstackApi, *(api.value for api in VelstackApi)])
def test_a_scheme_is_given_by_itself_or_by_name(api: Any) -> None:
    assert api_of(api) in VelstackApi


@pytest.mark.parametrize("api", ["newer", "", None, 1])
def test_another_scheme_is_refused_with_the_names_there_are(api: Any) -> None:
    with pytest.raises(ConfigurationError, match="'site' or 'older'"):
        api_of(api)


@pytest.mark.parametrize(
    ("key", "mode"),
    [
        ("sk_test_x", Mode("test", "secret")),
        ("sk_live_x", Mode("live", "secret")),
        ("pk_test_x", Mode("test", "public")),
        ("pk_live_x", Mode("live", "public")),
        ("sk_livex", Mode("live", "secret")),
        ("SK_TEST_x", Mode(None, None)),
        ("x_sk_test", Mode(None, None)),
        ("sv_live_x", Mode(None, None)),
        ("anything", Mode(None, None)),
    ],
)
def test_the_mode_is_read_off_the_key(key: str, mode: Mode) -> None:
    assert mode_of(key) == mode


def test_a_rate_is_off_unless_set() -> None:
    assert tier_of(None) is None
    tier = tier_of(90)
    assert tier is not None
    assert (tier.requests_per_minute, tier.messages_per_month) == (90, None)


@pytest.mark.parametrize("rate", [0, -1, 1.5, "90", True])
def test_a_rate_is_a_number_above_0(rate: Any) -> None:
    with pytest.raises(ConfigurationError, match="above 0"):
        tier_of(rate)
