"""A client's settings: where they come from, and which are refused."""

import math

import pytest

from stackverify._core.options import Options, SmsBody
from stackverify._core.settings import (
    Settings,
    check_base_url,
    check_key,
    check_seconds,
    resolve,
)
from stackverify._services.stackverify.home import HOME
from stackverify.errors import ConfigurationError
from stackverify.models.retry import RepeatSend, Retry
from stackverify.models.tier import Rate, Tier

CANARY = "c4nary"
KEY = "sk_test_example"


def short(value: object) -> str:
    return ascii(value)[:40]


def settings(environment: dict[str, str] | None = None, **given: object) -> Settings:
    asked: dict[str, object] = {"api_key": None, "base_url": None, "tier": None}
    return resolve(environment or {}, HOME, **(asked | given))  # type: ignore[arg-type]


# Where they come from.


def test_without_anything_but_a_key_the_defaults_hold() -> None:
    found = settings(api_key=KEY)
    assert found == Settings(KEY, HOME.base_url, Tier.LITE)
    assert found.base_url == "https://stackverify.site/api/v1"


def test_the_environment_is_read_where_no_argument_is_given() -> None:
    environment = {
        "STACKVERIFY_API_KEY": "sk_test_environment",
        "STACKVERIFY_BASE_URL": "http://127.0.0.1:8765/api/v1/",
        "STACKVERIFY_TIER": "enterprise:3000/1000000",
    }
    found = settings(environment)
    assert found.api_key == "sk_test_environment"
    assert found.base_url == "http://127.0.0.1:8765/api/v1"
    assert found.tier == Tier.enterprise(3000, 1_000_000)


def test_an_argument_goes_before_the_environment() -> None:
    environment = {
        "STACKVERIFY_API_KEY": "sv_live_wrong",
        "STACKVERIFY_BASE_URL": "http://wrong.example",
        "STACKVERIFY_TIER": "wrong",
    }
    given = {"api_key": KEY, "base_url": "https://example.org", "tier": Tier.PRO}
    found = settings(environment, **given)
    assert found == Settings(KEY, "https://example.org", Tier.PRO)


def test_an_empty_variable_is_as_good_as_none() -> None:
    environment = {"STACKVERIFY_BASE_URL": "", "STACKVERIFY_TIER": ""}
    found = settings(environment, api_key=KEY)
    assert (found.base_url, found.tier) == (HOME.base_url, Tier.LITE)


def test_an_empty_key_is_not_replaced_by_the_environments() -> None:
    with pytest.raises(ConfigurationError, match="No API key"):
        settings({"STACKVERIFY_API_KEY": KEY}, api_key="")


@pytest.mark.parametrize("name", ["pro", "PRO", " Pro "])
def test_a_tier_may_be_given_by_its_name(name: str) -> None:
    assert settings(api_key=KEY, tier=name).tier == Tier.PRO


@pytest.mark.parametrize("tier", [500, 1.5, True, ["pro"], b"pro", ...], ids=short)
def test_a_tier_is_a_tier_or_text(tier: object) -> None:
    with pytest.raises(ConfigurationError, match="tier") as caught:
        settings(api_key=KEY, tier=tier)
    assert "Tier.PRO" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "is_test"),
    [
        (KEY, True),
        ("sk_live_example", False),
        ("SK_TEST_x", False),
        ("anything", False),
    ],
)
def test_a_test_key_is_known_by_its_prefix(key: str, is_test: bool) -> None:
    assert settings(api_key=key).test_mode is is_test


def test_a_key_is_never_shown() -> None:
    shown = repr(settings(api_key=f"sk_live_{CANARY}"))
    assert CANARY not in shown
    assert "sk_live_…" in shown


# Keys.

BAD_KEYS = [
    None,
    "",
    " ",
    "\n",
    f" {CANARY}",
    f"{CANARY} ",
    f"sk_live_{CANARY} x",
    f"sk_live_{CANARY}\n",
    f"sk_live_{CANARY}\r\n",
    f"\nsk_live_{CANARY}",
    f"sk_live_{CANARY}\r\nX-Evil: 1",
    f"sk_live_{CANARY}\x00",
    f"sk_live_{CANARY}\t",
    f"sk_live_{CANARY}\x7f",
    f"sk_live_{CANARY}\x85",
    f"sk_live_{CANARY}\xa0",
    f"sk_live_{CANARY}\u2028",
    f"sk_live_{CANARY}\u200b",
    f"\ufeffsk_live_{CANARY}",
    f"sk_live_{CANARY}é",
    f"sk_live_{CANARY}\u0441",
    f"\uff53k_live_{CANARY}",
    f"sk_live_{CANARY}\u0661",
    f"sk_live_{CANARY}\ud800",
    f'"sk_live_{CANARY}"',
    f"'sk_live_{CANARY}'",
    f"`{CANARY}`",
    f"<{CANARY}>",
    f"{{{CANARY}}}",
    f"Bearer {CANARY}",
    f"sk_live_{CANARY},sk_test_{CANARY}",
    f"sk_live_{CANARY};",
    f"${CANARY}",
    f"sk_live_{CANARY}…",
    f"sk_live_{CANARY}\\n",
    f"sv_live_{CANARY}",
    "sv_live_",
    b"sk_live_c4nary",
    bytearray(b"c4nary"),
    1234,
    True,
    1.5,
    ["c4nary"],
    {"key": "c4nary"},
    ...,
]


@pytest.mark.parametrize("key", BAD_KEYS, ids=short)
def test_a_bad_key_is_refused_and_never_repeated(key: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_key(key, HOME)
    assert "key" in str(caught.value).lower()
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)


def test_a_key_of_the_mobile_gateway_is_explained() -> None:
    with pytest.raises(ConfigurationError, match=r"mobile gateway.*sk_live_"):
        check_key("sv_live_example", HOME)


@pytest.mark.parametrize("key", [KEY, "a", "12|x-y_z.~+/=", "x" * 500], ids=short)
def test_whatever_may_stand_in_a_header_may_be_a_key(key: str) -> None:
    assert check_key(key, HOME) == key


# Base URLs.

BAD_URLS = [
    # not a URL at all
    *(None, 7, True, b"https://example.org", ["https://example.org"]),
    *("", " ", CANARY, "example.org", "example.org/api", "/api/v1", "//example.org"),
    *("https://", "https:///api", "https://:443", "https:example.org", "https:/x/y"),
    *("https://[::1", "https://[example.org]", "https://::1/", "https://."),
    # another scheme
    *("ftp://example.org", "file:///etc/passwd", "ws://example.org", "httpss://x.org"),
    *("javascript:alert(1)", "unix:///run/x.sock", "http+unix://x"),
    # a user name
    *(f"https://{CANARY}@example.org", f"https://u:{CANARY}@example.org"),
    *(
        "https://@example.org",
        "https://:@example.org",
        "https://stackverify.site@x.org",
    ),
    *("http://localhost@evil.example", "http://127.0.0.1@evil.example/"),
    *(
        "http://127.0.0.1:80@evil.example",
        "http://[::1]@evil.example",
        "http://[::1]@x",
    ),
    "https://evil.example\\@stackverify.site",
    # plain http to what only looks like this machine
    *("http://example.org", "http://stackverify.site/api/v1", "HTTP://example.org"),
    *("http://127.0.0.1.evil.example", "http://localhost.evil.example"),
    *("http://localhostevil.example", "http://evil-localhost", "http://xlocalhost"),
    *("http://localhost.", "http://127.0.0.1.", "http://localhost%2eevil.example"),
    *("http://0.0.0.0", "http://0", "http://127.1", "http://127.0.1", "http://127"),
    *("http://2130706433", "http://0x7f000001", "http://0x7f.0.0.1"),
    *("http://0177.0.0.1", "http://017700000001", "http://1127.0.0.1"),
    *("http://127.0.0.256", "http://127.999.0.1", "http://127.0.0.1.1"),
    *(
        "http://127.0.0.\u0661",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://127.0.0.\u00b9",
    ),
    *("http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "http://[::]"),
    *("http://[::2]", "http://[::1%25eth0]", "http://[::ffff:10.0.0.1]"),
    *("http://[::1].evil.example", "http://[::1]evil.example", "http://10.0.0.1"),
    *("http://192.168.0.1", "http://169.254.169.254/latest/meta-data"),
    # backslashes, breaks, blanks
    *(
        "https:\\\\example.org",
        "https://example.org\\..\\x",
        "http://127.0.0.1\\@x.org",
    ),
    *("https://example.org ", " https://example.org", "https://exam ple.org"),
    *("https://example.org\n", "\thttps://example.org", "https://exam\tple.org"),
    *("https://example.org/\r\nX-Evil: 1", "https://example.org\x00.evil.example"),
    *(
        "https://example.org/\u2028",
        "https://example.org\u200b",
        "https://e\u202ex.org",
    ),
    *(
        "https://example.org/\ud800",
        "https://exam\uff0fple.org",
        "https://e\u2100x.org",
    ),
    # what is not a place to put a path after
    *("https://example.org?x=1", "https://example.org/api?", "https://example.org/#x"),
    *("https://example.org/api#", "https://example.org/api/?#"),
    # ports
    *("https://example.org:0", "https://example.org:65536", "https://example.org:x"),
    *("https://example.org:-1", "https://example.org:4 3", "https://example.org:443:1"),
]


@pytest.mark.parametrize("url", BAD_URLS, ids=short)
def test_a_bad_base_url_is_refused_and_never_repeated(url: object) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        check_base_url(url)
    assert CANARY not in str(caught.value)
    assert "evil" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST:8765",
        "http://127.0.0.1:1/api/v1",
        "http://127.255.255.254",
        "http://[::1]:8765/api/v1",
    ],
)
def test_plain_http_is_taken_for_this_machine(url: str) -> None:
    assert check_base_url(url) == url.lower()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("https://example.org:8443/api/v1///", "https://example.org:8443/api/v1"),
        ("https://[2001:db8::1]/api", "https://[2001:db8::1]/api"),
        ("https://10.0.0.1", "https://10.0.0.1"),
    ],
)
def test_a_path_can_be_put_after_a_base_url(given: str, kept: str) -> None:
    assert check_base_url(given) == kept


# Seconds, and the other options.

NO_SECONDS = [0, -1, 0.0, math.nan, math.inf, -math.inf, True, "30", b"1", [1], 1j]


@pytest.mark.parametrize("value", NO_SECONDS, ids=short)
@pytest.mark.parametrize("name", ["timeout", "deadline"])
def test_a_duration_is_seconds_above_0(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be seconds"):
        Options(**{name: value})  # type: ignore[arg-type]


def test_a_duration_too_long_for_a_float_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        check_seconds("timeout", 10**400)


def test_durations_are_floats_and_a_deadline_may_be_missing() -> None:
    options = Options(timeout=5, deadline=60)
    assert (options.timeout, options.deadline) == (5.0, 60.0)
    assert isinstance(options.timeout, float)
    assert Options().deadline is None


@pytest.mark.parametrize("hooks", [[None], ["log"], (print, 7)], ids=short)
def test_a_hook_is_a_function(hooks: object) -> None:
    with pytest.raises(ConfigurationError, match="hooks"):
        Options(hooks=hooks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"hooks": 7},
        {"hooks": print},
        {"retry": 3},
        {"retry": None},
        {"sms_body": "both"},
        {"sms_body": None},
    ],
    ids=short,
)
def test_a_wrong_option_is_a_wrong_setting(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Options(**wrong)  # type: ignore[arg-type]


def test_options_change_by_copy_and_none_leaves_them_alone() -> None:
    before = Options(timeout=5.0, deadline=60.0)
    after = before.changed({"timeout": 9.0, "deadline": None, "retry": None})
    assert after == Options(timeout=9.0, deadline=60.0)
    assert before.timeout == 5.0
    assert before.changed({"timeout": None}) is before


def test_a_body_may_be_named_by_its_value() -> None:
    options = Options(sms_body="recipients")  # type: ignore[arg-type]
    assert options.sms_body is SmsBody.RECIPIENTS


# Retries.

BAD_RETRIES = [
    *({"attempts": value} for value in (0, -1, "3", None, 1.5, True, math.nan)),
    *({"rate_limited": value} for value in (-1, "8", None, 0.5, False)),
    *({"first_wait": value} for value in (-1, "1", None, math.nan, math.inf, True)),
    *({"longest_wait": value} for value in (-1, "1", None, math.nan, math.inf)),
    *({"repeat_sends": value} for value in (["never"], {1}, "no_reply", 7)),
]


@pytest.mark.parametrize("wrong", BAD_RETRIES, ids=short)
def test_a_wrong_retry_is_a_wrong_setting(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Retry(**wrong)  # type: ignore[arg-type]


def test_no_failure_of_a_send_is_repeated_unless_it_is_named() -> None:
    assert Retry().repeat_sends == frozenset()
    named = Retry(repeat_sends=[RepeatSend.NO_REPLY])  # type: ignore[arg-type]
    assert named.repeat_sends == {RepeatSend.NO_REPLY}


def test_the_least_retry_is_one_attempt_at_once() -> None:
    retry = Retry(attempts=1, rate_limited=0, first_wait=0, longest_wait=0)
    assert (retry.attempts, retry.rate_limited) == (1, 0)


# Tiers.


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("lite", Tier("lite", 100, 10_000)),
        ("Pro\n", Tier("pro", 500)),
        ("enterprise:3000", Tier.enterprise(3000)),
        (" ENTERPRISE:3000/1000000 ", Tier.enterprise(3000, 1_000_000)),
    ],
)
def test_a_tier_is_read_from_text(text: str, tier: Tier) -> None:
    assert Tier.parse(text) == tier


BAD_TIERS = ["", "free", "enterprise", "enterprise:", "enterprise:x", "enterprise:-1"]
BAD_TIERS += ["enterprise:1/", "enterprise:/1", "enterprise:1.5", "lite pro", CANARY]
BAD_TIERS += ["enterprise:0", "enterprise:1/0", "enterprise:\uff11", "enterprise: 1"]
BAD_TIERS += ["enterprise:1/1/1", "lite\x00", "enterprise:" + "9" * 400]
BAD_TIERS += ["enterprise:" + "9" * 5000, "enterprise:1/" + "9" * 5000]


@pytest.mark.parametrize("text", BAD_TIERS, ids=short)
def test_what_is_no_tier_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Tier.parse(text)
    assert CANARY not in str(caught.value)


NO_RATE = [0, -1, math.nan, math.inf, True, "100", None, b"1", 1j]


@pytest.mark.parametrize("value", NO_RATE, ids=short)
def test_a_rate_is_above_0(value: object) -> None:
    with pytest.raises(ConfigurationError, match="requests"):
        Rate(value)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="requests_per_minute"):
        Tier.enterprise(value)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="per"):
        Rate(1, value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -5, "many", True])
def test_a_months_messages_are_above_0(value: object) -> None:
    with pytest.raises(ConfigurationError, match="messages_per_month"):
        Tier.enterprise(100, value)  # type: ignore[arg-type]


def test_a_tiers_rate_is_for_a_minute() -> None:
    assert Tier.PRO.rate == Rate(500, 60.0)
    assert Tier.LITE.messages_per_month == 10_000
