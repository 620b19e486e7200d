"""A user's own httpx client or transport, given as `http=`."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from stackverify import AsyncClient, Retry, Sms
from stackverify._async._concurrency import FanOut
from stackverify._core.packing import Packer
from stackverify._process.stop import Stop
from stackverify.errors import (
    ConfigurationError,
    ConnectFailedError,
    NoReplyError,
    RedirectedError,
    ReplyError,
)
from stackverify.sandbox import Exchange, Reply, Sandbox, create_app

pytestmark = pytest.mark.anyio

NUMBER = "+254712345678"
FAST = "enterprise:60000"


def client_of(sandbox: Sandbox, http: Any, **settings: Any) -> AsyncClient:
    return AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, tier=FAST, http=http, **settings
    )


def accept(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"message_id": request.headers["authorization"]})


async def test_messages_go_through_a_users_client(sandbox: Sandbox) -> None:
    seen: list[str] = []

    async def note(request: httpx.Request) -> None:
        seen.append(request.url.path)

    async with httpx.AsyncClient(event_hooks={"request": [note]}) as http:
        receipt = await client_of(sandbox, http).sms.send(NUMBER, "hi")
    assert [m.message_id for m in sandbox.messages()] == [receipt.message_id]
    assert seen == ["/api/v1/sms/send"]


async def test_messages_go_through_a_users_transport(sandbox: Sandbox) -> None:
    async with httpx.AsyncHTTPTransport() as http:
        receipt = await client_of(sandbox, http).sms.send(NUMBER, "hi")
    assert [m.message_id for m in sandbox.messages()] == [receipt.message_id]


async def test_every_endpoint_works_through_a_users_client(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient() as http:
        client = client_of(sandbox, http)
        sms = await client.sms.send(NUMBER, "hi")
        email = await client.email.send("a@example.org", subject="Hi", text="x" * 99999)
        await client.whatsapp.send_template(NUMBER, "order_update", "en")
        assert (await client.sms.status(str(sms.message_id))).status
        assert (await client.email.status(str(email.message_id))).status
        assert [row.to async for row in client.sms.list()] == [NUMBER]
    assert sandbox.count() == 3


async def test_a_mock_transport_takes_the_place_of_the_service() -> None:
    http = httpx.MockTransport(accept)
    client = AsyncClient("sk_test_example", http=http)
    receipt = await client.sms.send(NUMBER, "hi")
    assert receipt.message_id == "Bearer sk_test_example"


async def test_a_mock_transport_sees_the_whole_request() -> None:
    seen: list[httpx.Request] = []

    def look(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return accept(request)

    client = AsyncClient("sk_test_example", http=httpx.MockTransport(look))
    await client.sms.send(NUMBER, "hi")
    assert str(seen[0].url) == "https://stackverify.site/api/v1/sms/send"
    assert seen[0].read() == b'{"to":"+254712345678","message":"hi"}'
    assert seen[0].headers["content-length"] == "37"


async def test_a_compressed_reply_that_was_read_already_is_read_again() -> None:
    def accept_briefly(request: httpx.Request) -> httpx.Response:
        body = gzip.compress(b'{"message_id": "m-1"}')
        return httpx.Response(200, headers={"content-encoding": "gzip"}, content=body)

    http = httpx.MockTransport(accept_briefly)
    client = AsyncClient("sk_test_example", http=http)
    assert (await client.sms.send(NUMBER, "hi")).message_id == "m-1"


# async only: begin
async def test_a_reply_that_the_users_event_hook_has_read_is_still_read() -> None:
    def accept_briefly(request: httpx.Request) -> httpx.Response:
        body = gzip.compress(b'{"message_id": "m-1"}')
        headers = {"content-encoding": "gzip"}
        return httpx.Response(200, headers=headers, stream=Once(body))

    async def read(response: httpx.Response) -> None:
        await response.aread()

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(accept_briefly), event_hooks={"response": [read]}
    ) as http:
        client = AsyncClient("sk_test_example", http=http)
        assert (await client.sms.send(NUMBER, "hi")).message_id == "m-1"


class Once(httpx.AsyncByteStream):
    """A body that can be read once, as those of sockets."""

    def __init__(self, body: bytes) -> None:
        self._pieces = [body]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._pieces.pop()


# async only: end


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (httpx.ReadTimeout("x"), NoReplyError),
        (httpx.RemoteProtocolError("x"), NoReplyError),
        (OSError("x"), NoReplyError),
    ],
)
async def test_what_a_mock_transport_raises_after_it_read_may_have_been_sent(
    raised: Exception, error: type[Exception]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise raised

    client = AsyncClient("sk_test_example", http=httpx.MockTransport(fail))
    with pytest.raises(error):
        await client.sms.send(NUMBER, "hi")


async def test_a_transport_that_fails_before_it_reads_sent_nothing() -> None:
    class Unreachable(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("x")

    once = Retry(attempts=1)
    client = AsyncClient("sk_test_example", http=Unreachable(), retry=once)
    with pytest.raises(ConnectFailedError):
        await client.sms.send(NUMBER, "hi")


# async only: begin
async def test_messages_reach_an_app_of_this_process(sandbox: Sandbox) -> None:
    """`ASGITransport` is asynchronous only: it has no counterpart."""
    app = create_app(sandbox)
    client = client_of(sandbox, httpx.ASGITransport(app=app))
    receipt = await client.sms.send(NUMBER, "hi")
    rows = [Sms(NUMBER, f"number {row}") for row in range(30)]
    outcomes = [outcome async for outcome in client.sms.send_many(rows, pack=1)]
    assert receipt.message_id == sandbox.messages()[0].message_id
    assert (len(outcomes), sandbox.count()) == (30, 31)


@pytest.mark.parametrize("wrong", [httpx.Client, httpx.HTTPTransport])
async def test_a_synchronous_httpx_is_refused_at_once(wrong: Any) -> None:
    with wrong() as http, pytest.raises(ConfigurationError, match=r"httpx\.AsyncC"):
        AsyncClient("sk_test_example", http=http)


# async only: end


@pytest.mark.parametrize(
    "wrong", [object(), "https://proxy", httpx, accept, True, 0, httpx.AsyncClient]
)
async def test_what_is_neither_client_nor_transport_is_refused_at_once(
    wrong: Any,
) -> None:
    with pytest.raises(ConfigurationError, match="http= is a "):
        AsyncClient("sk_test_example", http=wrong)


async def test_it_is_not_closed_by_us(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient() as http:
        async with client_of(sandbox, http) as client:
            await client.sms.send(NUMBER, "hi")
        assert not http.is_closed
        assert (await http.get(sandbox.base_url)).status_code == 404


async def test_a_transport_is_not_closed_by_us(sandbox: Sandbox) -> None:
    class Transport(httpx.AsyncHTTPTransport):
        is_closed = False

        async def aclose(self) -> None:
            self.is_closed = True
            await super().aclose()

    http = Transport()
    async with client_of(sandbox, http) as client:
        await client.sms.send(NUMBER, "hi")
    assert not http.is_closed
    await http.aclose()


@pytest.mark.parametrize("asked", [None, 100])
async def test_at_most_20_requests_of_a_bulk_send_are_in_flight(
    sandbox: Sandbox, asked: int | None
) -> None:
    sandbox.knobs.latency = 0.02
    async with httpx.AsyncClient() as http:
        client = client_of(sandbox, http, max_connections=asked)
        rows = [Sms(NUMBER, f"number {row}") for row in range(80)]
        assert len([o async for o in client.sms.send_many(rows, pack=1)]) == 80
    assert sandbox.count() == 80
    assert 2 <= sandbox.peak_in_flight <= 20


async def test_at_most_20_requests_are_in_flight_however_many_send(
    sandbox: Sandbox,
) -> None:
    sandbox.knobs.latency = 0.02
    async with httpx.AsyncClient() as http:
        client = client_of(sandbox, http)

        async def send(rows: list[tuple[int, str]]) -> list[str | None]:
            return [(await client.sms.send(to, "hi")).message_id for _, to in rows]

        numbers = [f"+2547{row:08d}" for row in range(80)]
        packer: Packer[tuple[int, str]] = one_by_one()
        sends = FanOut(send, numbers, packer=packer, limit=40, stop=Stop())
        assert len({message_id async for message_id in sends}) == 80
    assert 2 <= sandbox.peak_in_flight <= 20


def one_by_one() -> Packer[tuple[int, str]]:
    return Packer(1, key=lambda row: row[1], member=lambda row: row[1], window=1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_users_client_that_follows_redirects_does_not_for_us(
    sandbox: Sandbox, status: int
) -> None:
    def redirect(exchange: Exchange) -> Reply:
        target = sandbox.base_url + "/sms"
        return Reply(status, {"message": "Moved."}, (("location", target),))

    sandbox.steps.insert(0, redirect)
    async with httpx.AsyncClient(follow_redirects=True) as http:
        client = client_of(sandbox, http)
        with pytest.raises(ReplyError) as raised:
            await client.sms.send(NUMBER, "hi")
        with pytest.raises(RedirectedError):
            await client.sms.status("some-id")
    assert raised.value.status == status
    assert sandbox.requests == 2


async def test_a_users_client_puts_neither_its_auth_nor_its_cookies_in(
    sandbox: Sandbox,
) -> None:
    seen: list[Exchange] = []
    sandbox.steps.insert(0, seen.append)
    async with httpx.AsyncClient(
        auth=("someone", "else"),
        cookies={"session": "another"},
        headers={"authorization": "Bearer another", "x-api-key": "another"},
        params={"key": "another"},
        base_url="https://elsewhere.example",
    ) as http:
        await client_of(sandbox, http).sms.send(NUMBER, "hi")
    assert seen[0].headers["authorization"] == f"Bearer {sandbox.api_key}"
    assert not {"cookie", "x-api-key"} & seen[0].headers.keys()
    assert seen[0].query == ""


async def test_a_users_time_limit_gives_way_to_ours(sandbox: Sandbox) -> None:
    sandbox.knobs.latency = 0.2
    async with httpx.AsyncClient(timeout=0.01) as http:
        client = client_of(sandbox, http, timeout=10.0)
        assert (await client.sms.send(NUMBER, "hi")).message_id


async def test_a_users_client_that_is_closed_is_told_of(sandbox: Sandbox) -> None:
    http = httpx.AsyncClient()
    client = client_of(sandbox, http)
    await http.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.sms.send(NUMBER, "hi")
    assert client.limiter.usage().in_flight == sandbox.count() == 0
