"""The client of Velstack: where requests go, with which key, and what is shown."""

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest

from stackverify import AsyncClient, Retry
from stackverify.errors import (
    BulkStoppedError,
    ConfigurationError,
    InvalidInputError,
    StackverifyError,
    UnauthorizedError,
)
from stackverify.limiters import AsyncLimiter, Rate
from stackverify.sandbox import Exchange, Reply, Sandbox
from stackverify.velstack import AsyncVelstack, Mode, QuickSms, VelstackApi
from tests.witness import Witness, witness_of

pytestmark = pytest.mark.anyio

AMA = "0205550368"
SITE, OLDER = "https://api.velstack.com/v", "https://sms.velstack.com/api"


class Wire:
    """Takes the place of the service, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.http = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        record = {"id": 1, "name": "Fans"}
        return httpx.Response(200, json={"message": "OK", "data": [record]})

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.asked]


async def ask_for_all(velstack: AsyncVelstack) -> None:
    await velstack.sms.send("Acme", AMA, "Hi")
    await velstack.sms.send_group("Acme", 1, "Hi")
    await velstack.groups.get(1)
    await velstack.contacts.delete(2)
    await velstack.sender_ids.register("Acme", purpose="News")
    assert [group.id async for group in velstack.groups.list()] == ["1"]


REST = ["/group/sms", "/group/1", "/contact/2", "/sender/id", "/group"]


async def test_a_quick_sms_goes_to_the_sites_address_and_all_else_to_the_older() -> (
    None
):
    wire = Wire()
    await ask_for_all(AsyncVelstack("sk_test_x", http=wire.http))
    assert wire.urls == [f"{SITE}/sms/quick", *(OLDER + path for path in REST)]


async def test_all_may_go_to_the_older_addresses() -> None:
    wire = Wire()
    older = AsyncVelstack("sk_test_x", api=VelstackApi.OLDER, http=wire.http)
    await ask_for_all(older)
    assert wire.urls == [OLDER + path for path in ["/quick/sms", *REST]]


@pytest.mark.parametrize(
    ("api", "quick"), [("site", "/sms/quick"), ("older", "/quick/sms")]
)
async def test_a_base_url_is_where_everything_goes(api: str, quick: str) -> None:
    wire = Wire()
    place = "https://velstack.example/api"
    velstack = AsyncVelstack("sk_test_x", base_url=place, api=api, http=wire.http)
    await ask_for_all(velstack)
    assert wire.urls == [place + path for path in [quick, *REST]]


async def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELSTACK_API_KEY", "pk_live_environment")
    monkeypatch.setenv("VELSTACK_BASE_URL", "https://velstack.example/api/")
    wire = Wire()
    velstack = AsyncVelstack(http=wire.http)
    await ask_for_all(velstack)
    assert {request.url.host for request in wire.asked} == {"velstack.example"}
    keys = {request.headers["authorization"] for request in wire.asked}
    assert (keys, velstack.mode) == (
        {"Bearer pk_live_environment"},
        Mode("live", "public"),
    )


async def test_a_key_of_stackverify_alone_is_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STACKVERIFY_API_KEY", "sk_live_of_stackverify")
    monkeypatch.delenv("VELSTACK_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="VELSTACK_API_KEY"):
        AsyncVelstack()


async def test_a_request_is_what_the_reference_shows() -> None:
    wire = Wire()
    await AsyncVelstack("sk_test_x", http=wire.http).sms.send("Acme", AMA, "Hi")
    (request,) = wire.asked
    assert request.headers["authorization"] == "Bearer sk_test_x"
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        "sender": "Acme",
        "recipient": AMA,
        "message": "Hi",
        "is_scheduled": False,
    }


async def test_a_bad_row_of_arguments_sends_nothing() -> None:
    wire = Wire()
    velstack = AsyncVelstack("sk_test_x", http=wire.http)
    with pytest.raises(InvalidInputError):
        await velstack.sms.send("Acme", "Hi", AMA)  # in the wrong order
    assert wire.asked == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": ""},
        {"api_key": "sk_test_x\n"},
        {"base_url": "http://velstack.example/api"},
        {"base_url": "velstack.example"},
        {"api": "newest"},
        {"requests_per_minute": 0},
        {"requests_per_minute": "90"},
        {"timeout": 0},
        {"http": "https://proxy"},
        {"max_connections": 0},
    ],
    ids=str,
)
async def test_a_wrong_setting_is_told_of_at_once(wrong: Any) -> None:
    with pytest.raises(ConfigurationError):
        AsyncVelstack(**{"api_key": "sk_test_x"} | wrong)


async def test_one_key_has_one_pace_at_both_addresses() -> None:
    velstack = AsyncVelstack("sk_test_x", http=Wire().http, requests_per_minute=90)
    await ask_for_all(velstack)
    assert velstack.limiter.usage().used == 6
    assert velstack.limiter.rate == Rate(90)


async def test_a_limiter_of_ones_own_is_used() -> None:
    limiter = AsyncLimiter(Rate(7))
    velstack = AsyncVelstack("sk_test_x", http=Wire().http, limiter=limiter)
    await ask_for_all(velstack)
    assert limiter.usage().used == 6


async def test_two_rates_for_one_key_are_refused() -> None:
    first = AsyncVelstack("sk_test_x", requests_per_minute=90)
    with pytest.raises(ConfigurationError, match="one key has one limit"):
        AsyncVelstack("sk_test_x", requests_per_minute=60)
    assert first.limiter.rate == Rate(90)


async def test_a_copy_shares_the_limiter_and_has_other_options() -> None:
    velstack = AsyncVelstack("sk_test_x", http=Wire().http)
    told: list[Any] = []
    twin = velstack.with_options(hooks=[told.append], timeout=1.0)
    await ask_for_all(twin)
    assert (twin.limiter, twin.base_url) == (velstack.limiter, velstack.base_url)
    assert len(told) == 12


async def test_a_client_closed_can_be_used_again(sandbox: Sandbox) -> None:
    key = sandbox.velstack.api_key
    velstack = AsyncVelstack(key, base_url=sandbox.velstack_url)
    async with velstack:
        await velstack.groups.create("Fans")
    await velstack.groups.create("Friends")
    await velstack.aclose()
    assert len(sandbox.velstack.test.groups) == 2


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_test_c4nary", " test secret>"),
        ("pk_live_c4nary", " live public>"),
        ("c4nary", f"{SITE}>"),
    ],
)
async def test_a_client_shows_its_mode_and_not_its_key(key: str, shown: str) -> None:
    velstack = AsyncVelstack(key)
    assert repr(velstack).endswith(shown)
    assert "c4nary" not in repr(velstack)
    assert velstack.test_mode is key.startswith("sk_test")


# Whose key goes where.


async def test_a_key_of_the_other_service_is_refused_and_goes_nowhere_else(
    sandbox: Sandbox, seen: list[Exchange]
) -> None:
    """Both services use `sk_live_`: whose a key is, only they can tell."""
    key = sandbox.keys.add(mode="live").value
    async with AsyncVelstack(key, base_url=sandbox.velstack_url) as velstack:
        with pytest.raises(UnauthorizedError, match="this service's"):
            await velstack.sms.send("Acme", AMA, "Hi")
    assert [exchange.path for exchange in seen] == ["/velstack/sms/quick"]
    assert sandbox.count() == 0


async def test_a_key_of_velstack_is_refused_by_the_other_service_too(
    sandbox: Sandbox, seen: list[Exchange]
) -> None:
    key = sandbox.velstack.keys.add("sk_live").value
    async with AsyncClient(key, base_url=sandbox.base_url) as client:
        with pytest.raises(UnauthorizedError, match="this service's"):
            await client.sms.send("+233205550368", "Hi")
    assert [exchange.path for exchange in seen] == ["/api/v1/sms/send"]


# What may not be shown.

KEY, PHONE, ADDRESS = "sk_test_c4nary", "0205550377", "c4n@example.org"
SENDER, TEXT, NAME = "c4narysender", "c4nary text", "c4naryname"
CANARIES = ("c4n", PHONE, PHONE[1:])
MESSAGE = QuickSms(SENDER, PHONE, TEXT, title=NAME)


def echo(status: int, code: int | None) -> Any:
    """Make a service that repeats all it was told."""

    def step(exchange: Exchange) -> Reply:
        heard = f"{exchange.body!r} {exchange.headers['authorization']} {exchange.path}"
        body = {"status": False, "message": heard, "code": code, "errors": {"a": heard}}
        return Reply(status, body)

    return step


@pytest.fixture
def witness(caplog: pytest.LogCaptureFixture) -> Witness:
    return witness_of(caplog, CANARIES)


async def fail_all(velstack: AsyncVelstack, witness: Witness) -> None:
    witness.see(velstack)
    for ask in (
        lambda: velstack.sms.send(SENDER, PHONE, TEXT),
        lambda: velstack.sms.send(SENDER, f"020555,{PHONE}", TEXT, title=NAME),
        lambda: velstack.sms.send(SENDER, TEXT, PHONE),
        lambda: velstack.sms.send_group(SENDER, 7, TEXT),
        lambda: velstack.groups.create(NAME),
        lambda: velstack.groups.rename(7, NAME),
        lambda: velstack.contacts.create(7, phone_number=PHONE, email_address=ADDRESS),
        lambda: velstack.contacts.update(7, first_name=NAME, last_name=NAME),
        lambda: velstack.sender_ids.register(SENDER, purpose=TEXT),
        lambda: anext(velstack.contacts.list(7).pages()),
    ):
        with pytest.raises(StackverifyError) as caught:
            await ask()
        witness.see_error(caught.value)


@pytest.mark.parametrize(
    ("status", "code"), [(200, 403), (200, 422), (200, 503), (200, None), (422, None)]
)
async def test_a_service_that_repeats_everything_shows_nothing(
    sandbox: Sandbox, witness: Witness, status: int, code: int | None
) -> None:
    sandbox.steps.insert(0, echo(status, code))
    velstack = AsyncVelstack(
        KEY,
        base_url=sandbox.velstack_url,
        retry=Retry(attempts=1),
        hooks=[witness.see],
    )
    async with velstack:
        await fail_all(velstack, witness)
        with suppress(BulkStoppedError):
            async for outcome in velstack.sms.send_many([MESSAGE], pack=2):
                witness.see(outcome)
    assert witness.leaks() == set()


async def test_what_is_accepted_shows_nothing_either(
    velstack: AsyncVelstack, witness: Witness
) -> None:
    heard = velstack.with_options(hooks=[witness.see])
    group = await heard.groups.create("Fans")
    witness.see(
        await heard.contacts.create(
            group.id, phone_number=PHONE, first_name=NAME, email_address=ADDRESS
        )
    )
    witness.see(await heard.sms.send_group(SENDER, group.id, TEXT))
    async for outcome in heard.sms.send_many([MESSAGE]):
        witness.see(outcome)
    async for contact in heard.contacts.list(group.id):
        witness.see(contact)
    assert (witness.leaks(), len(witness.shown) > 20) == (set(), True)
