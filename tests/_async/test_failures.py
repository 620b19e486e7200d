"""What each failure of a send means, shown on real sockets: the table of failures."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio  # async only
import httpx
import pytest

from stackverify import (
    Accepted,
    AsyncClient,
    Attachment,
    Event,
    Paused,
    RepeatSend,
    RequestFinished,
    Retry,
    RetryScheduled,
    Sms,
    Unknown,
)
from stackverify._async._concurrency import FanOut, sleep
from stackverify._core.packing import Packer
from stackverify._process.stop import Stop
from stackverify.errors import (
    CertificateError,
    ConfigurationError,
    ConnectFailedError,
    DeadlineError,
    MaybeSentError,
    NeverLeftError,
    NoReplyError,
    RateLimitedError,
    ReadFailedError,
    RefusedError,
    SendCutShortError,
    SendServerError,
    ServerError,
    UnprocessableError,
    UnreadableReplyError,
)
from tests.faulty_server import (
    FaultyServer,
    Script,
    Talk,
    accept_all,
    accepted,
    reply,
    script,
)
from tests.refusals import DEFINITE

pytestmark = pytest.mark.anyio

T = TypeVar("T")
Row = TypeVar("Row")

TO = "+254712345678"
TEXT = "Your code is 4921"
KEY = "sk_test_example"
SOON = 0.3
MEGABYTE = 1 << 20
AT_ONCE = Retry(first_wait=0.0)
ONCE = Retry(attempts=1, rate_limited=0)

Raised = type[Exception] | tuple[type[Exception], ...]

fresh_or_reused = pytest.mark.parametrize("before", [0, 1], ids=["fresh", "reused"])


def client_of(server: FaultyServer, **options: Any) -> AsyncClient:
    chosen = {"retry": AT_ONCE, "timeout": 10.0, "base_url": server.base_url} | options
    return AsyncClient(KEY, tier="enterprise:60000", **chosen)


async def failure_of(client: AsyncClient, raised: Raised, *, before: int = 0) -> Any:
    """Have some texts accepted, in whatever time, then send one that is not."""
    for _ in range(before):
        await client.sms.send(TO, "accepted before", timeout=10.0)
    with pytest.raises(raised) as caught:
        await client.sms.send(TO, TEXT)
    return caught.value


async def send_large(client: AsyncClient, **options: Any) -> object:
    """Send more than all the buffers on the way hold."""
    file = Attachment("large.bin", b"\0" * (8 * MEGABYTE))
    return await client.email.send(
        "joan@example.org", subject="Hi", text=TEXT, attachments=[file], **options
    )


async def at_once(work: Callable[[Row], Awaitable[T]], rows: list[Row]) -> list[T]:
    """Do something with all rows at the same time."""

    async def one(pack: list[tuple[int, Row]]) -> list[T]:
        return [await work(row) for _, row in pack]

    packer: Packer[tuple[int, Row]] = Packer(
        1, key=lambda _: None, member=lambda _: None, window=1
    )
    crew = FanOut(one, rows, packer=packer, limit=len(rows), stop=Stop())
    return [result async for result in crew]


def says(*pieces: bytes, then: Script = Talk.hang_up, every: float = 0.0) -> Script:
    def fault(talk: Talk) -> None:
        talk.say(*pieces, every=every)
        then(talk)

    return fault


def drips(content: bytes) -> Script:
    return lambda talk: talk.drip(content)


# Rows 7 to 9: all of it left, and no reply came.

NO_REPLY: dict[str, Script] = {
    "end": Talk.hang_up,
    "reset": Talk.reset,
    "part of the status line": says(b"HTTP/1.1 20"),
    "part of the status line, reset": says(b"HTTP/1.1 20", then=Talk.reset),
    "part of the headers": says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "part of the headers, reset": says(b"HTTP/1.1 200 OK\r\nCo", then=Talk.reset),
    "interim reply, end": says(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "garbage": says(b"\x00\xff\x16 what?\r\n\r\n"),
    "another protocol": says(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "oversized head": says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"),
    "no number as length": says(b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n{}"),
    "two lengths": says(reply(200, b"{}", "Content-Length: 7")),
    "no status": says(b"HTTP/1.1 abc OK\r\n\r\n"),
}


@fresh_or_reused
@pytest.mark.parametrize("fault", NO_REPLY.values(), ids=NO_REPLY)
async def test_a_send_without_a_reply_may_be_sent_and_is_not_repeated(
    fault: Script, before: int
) -> None:
    with FaultyServer(script(fault, before=before), accept_all) as server:
        async with client_of(server) as client:
            await failure_of(client, NoReplyError, before=before)
    assert server.connections == 1
    assert server.posts(TEXT) == 1


SLOW: dict[str, Script] = {
    "silence": Talk.stall,
    "part of the status line, silence": says(b"HTTP/1.1 20", then=Talk.stall),
    "part of the headers, silence": says(b"HTTP/1.1 200 OK\r\nX", then=Talk.stall),
    "head in drips": drips(reply(200, b"{}", "X-Long: " + "x" * 500)),
    "interim replies": says(*[b"HTTP/1.1 102 Wait\r\n\r\n"] * 500, every=0.02),
}


@fresh_or_reused
@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
async def test_a_reply_that_does_not_come_in_time_may_be_sent(
    fault: Script, before: int
) -> None:
    with FaultyServer(script(fault, before=before), accept_all) as server:
        async with client_of(server, timeout=SOON) as client:
            await failure_of(client, NoReplyError, before=before)
    assert server.posts(TEXT) == 1


# Rows 15 to 17: a reply that settles nothing.


@fresh_or_reused
@pytest.mark.parametrize(
    "status", [301, 302, 303, 304, 408, 418, 425, 451, 500, 502, 503, 504, 520, 599]
)
async def test_a_reply_that_settles_nothing_may_be_sent(
    status: int, before: int
) -> None:
    fault = says(reply(status, b"<html>Bad gateway</html>"))
    with FaultyServer(script(fault, before=before), accept_all) as server:
        async with client_of(server) as client:
            error = await failure_of(client, SendServerError, before=before)
    assert isinstance(error, MaybeSentError)
    assert error.status == status
    assert server.posts(TEXT) == 1


async def test_switching_protocols_is_no_answer_to_a_send() -> None:
    fault = says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    with FaultyServer(script(fault), accept_all) as server:
        async with client_of(server) as client:
            await failure_of(client, MaybeSentError)
    assert server.posts(TEXT) == 1


# Rows 12, 14 and 17: a definite no.


@fresh_or_reused
@pytest.mark.parametrize("status", DEFINITE)
async def test_a_definite_no_is_final(status: int, before: int) -> None:
    fault = says(reply(status, b"", "Location: http://127.0.0.1:9/elsewhere"))
    with FaultyServer(script(fault, before=before), accept_all) as server:
        async with client_of(server) as client:
            error = await failure_of(client, DEFINITE[status], before=before)
    assert type(error) is DEFINITE[status]
    assert server.posts(TEXT) == 1


@pytest.mark.parametrize(
    "body",
    [
        says(reply(422, b'{"mess', length=100)),
        says(reply(422, b"\x1f\x8bnot gzip", "Content-Encoding: gzip")),
        says(reply(422, b'{"mess', length=100), then=Talk.reset),
    ],
    ids=["cut short", "bad gzip", "reset"],
)
async def test_a_definite_no_counts_even_if_its_words_are_lost(body: Script) -> None:
    with FaultyServer(script(body), accept_all) as server:
        async with client_of(server) as client:
            await failure_of(client, UnprocessableError)
    assert server.posts(TEXT) == 1


# Rows 18 to 20: a yes, and what can be read of it.


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b'"ok"', b"7", b'{"data": 3}', b'{"data": [[]]}']
)
async def test_a_yes_without_an_id_is_a_yes(body: bytes) -> None:
    with FaultyServer(script(says(reply(201, body))), accept_all) as server:
        async with client_of(server) as client:
            receipt = await client.sms.send(TO, TEXT)
    assert receipt.message_id is None
    assert server.posts(TEXT) == 1


@pytest.mark.parametrize("interim", [100, 102, 103])
async def test_interim_replies_are_passed_over(interim: int) -> None:
    fault = says(b"HTTP/1.1 %d Wait\r\n\r\n" % interim, accepted())
    with FaultyServer(script(fault), accept_all) as server:
        async with client_of(server) as client:
            receipt = await client.sms.send(TO, TEXT)
    assert receipt.message_id == "m-1"


YES = b'{"message_id": "m-1"}'
ZIPPED = gzip.compress(YES)
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TOO_LARGE = [b" " * MEGABYTE] * 11

UNREADABLE: dict[str, Script] = {
    "html": says(reply(200, b"<html>Welcome</html>")),
    "nothing": says(reply(200, b"")),
    "no content": says(b"HTTP/1.1 204 None\r\n\r\n"),
    "no json": says(reply(200, YES[:-1])),
    "cut short": says(reply(200, YES, length=100)),
    "cut short by a reset": says(reply(200, YES, length=100), then=Talk.reset),
    "bad chunk": says(IN_CHUNKS + b"zz\r\n" + YES),
    "chunks cut short": says(IN_CHUNKS + b"5\r\n" + YES[:5] + b"\r\n"),
    "chunk cut short": says(IN_CHUNKS + b"50\r\n" + YES),
    "bad gzip": says(reply(200, YES, "Content-Encoding: gzip")),
    "gzip cut short": says(reply(200, ZIPPED[:-9], "Content-Encoding: gzip")),
    "another encoding": says(reply(200, YES, "Content-Encoding: br")),
    "bomb": says(
        reply(200, gzip.compress(b" " * 64 * MEGABYTE), "Content-Encoding: gzip")
    ),
    "too large": says(reply(200, b"", length=11 * MEGABYTE), *TOO_LARGE),
    "too large, in chunks": says(
        IN_CHUNKS, *[b"100000\r\n" + b" " * MEGABYTE + b"\r\n"] * 11
    ),
    "nested": says(reply(200, b"[" * 100_000)),
    "not utf-8": says(reply(200, b'{"message_id": "\xff"}')),
}


@fresh_or_reused
@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_yes_that_cannot_be_read_may_be_sent(
    fault: Script, before: int
) -> None:
    with FaultyServer(script(fault, before=before), accept_all) as server:
        async with client_of(server) as client:
            error = await failure_of(client, UnreadableReplyError, before=before)
    assert len(error.reply.body) <= 10 * MEGABYTE
    assert server.posts(TEXT) == 1


async def test_a_body_in_drips_is_given_up_in_time() -> None:
    fault = drips(reply(200, b" " * 2000))
    with FaultyServer(script(fault), accept_all) as server:
        async with client_of(server, timeout=SOON) as client:
            await failure_of(client, MaybeSentError)
    assert server.posts(TEXT) == 1


async def test_after_a_broken_reply_the_connection_is_not_used_again() -> None:
    broken = reply(200, YES, "Content-Encoding: gzip", keep=True)
    with FaultyServer(script(says(broken, then=accept_all)), accept_all) as server:
        async with client_of(server) as client:
            await failure_of(client, UnreadableReplyError)
            await client.sms.send(TO, "the next")
    assert server.connections == 2
    assert server.posts() == 2


@pytest.mark.parametrize(
    "extra",
    [b"\r\n", b"\n", reply(200, YES), reply(503)],
    ids=["line", "newline", "yes", "503"],
)
async def test_what_follows_a_reply_is_not_taken_for_the_next_one(extra: bytes) -> None:
    first_and_more = reply(200, b'{"message_id": "first"}', keep=True) + extra
    fault = script(says(first_and_more, then=accept_all))
    with FaultyServer(fault, accept_all) as server:
        async with client_of(server) as client:
            first = await client.sms.send(TO, TEXT)
            await client.sms.send(TO, "the next")
    assert first.message_id == "first"
    assert server.posts("the next") == 1
    assert server.connections == 2


# Rows 1 to 4: no connection.


def nobody_listens() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def queue_is_full() -> Iterator[str]:
    """Listen without taking anyone in, so that a further connection waits."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"
        for each in waiting:
            each.close()


async def attempts_until(raised: Raised, client: AsyncClient) -> int:
    """Send one, and count how often it was tried."""
    events: list[Event] = []
    async with client.with_options(hooks=[events.append]) as told:
        with pytest.raises(raised):
            await told.sms.send(TO, TEXT)
    finished = [each for each in events if isinstance(each, RequestFinished)]
    assert not any(each.left for each in finished)
    return len(finished)


async def test_a_refused_connection_never_left_and_is_tried_again() -> None:
    client = AsyncClient(KEY, base_url=nobody_listens(), retry=AT_ONCE)
    assert await attempts_until(ConnectFailedError, client) == 3


async def test_a_connection_that_is_not_made_in_time_never_left() -> None:
    with queue_is_full() as url:
        client = AsyncClient(KEY, base_url=url, retry=AT_ONCE, timeout=SOON)
        assert await attempts_until(ConnectFailedError, client) == 3


async def test_a_name_that_no_host_can_have_never_left() -> None:
    url = f"https://{'a' * 64}.invalid"
    with pytest.raises((ConfigurationError, ConnectFailedError)):
        await AsyncClient(KEY, base_url=url, retry=ONCE).sms.send(TO, TEXT)


HANDSHAKES: dict[str, Script] = {
    "end": Talk.hang_up,
    "closed": Talk.leave,
    "reset": Talk.reset,
    "garbage": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "alert": says(b"\x15\x03\x03\x00\x02\x02\x28"),
    "stall": Talk.stall,
    "part of a record, stall": says(b"\x16\x03\x03\x00\x7a\x02", then=Talk.stall),
}


async def test_why_no_connection_was_made_is_said() -> None:
    with FaultyServer(Talk.secure) as stranger, FaultyServer(HANDSHAKES["alert"]) as no:
        for url, why in (
            (nobody_listens(), "nobody listens there"),
            (stranger.secure_url, "the certificate is not accepted"),
            (no.secure_url, "no TLS came about"),
            ("https://no-such-host.invalid", "the name was not found"),
        ):
            async with AsyncClient(KEY, base_url=url, retry=ONCE) as client:
                with pytest.raises(ConnectFailedError, match=why):
                    await client.sms.send(TO, TEXT)


@pytest.mark.parametrize("fault", HANDSHAKES.values(), ids=HANDSHAKES)
async def test_a_handshake_that_fails_never_left_and_is_tried_again(
    fault: Script,
) -> None:
    with FaultyServer(fault) as server:
        client = client_of(server, base_url=server.secure_url, timeout=SOON)
        assert await attempts_until(ConnectFailedError, client) == 3
    assert server.connections == 3
    assert server.posts() == 0


async def test_a_bad_certificate_is_not_tried_again() -> None:
    with FaultyServer(Talk.secure) as server:
        client = client_of(server, base_url=server.secure_url)
        assert await attempts_until(CertificateError, client) == 1
    assert server.connections == 1
    assert server.posts() == 0


async def test_a_send_that_finds_no_connection_free_in_time_never_left() -> None:
    async def outcome(text: str) -> object:
        await sleep(SOON / 2 * (text == TEXT))
        with pytest.raises((NoReplyError, ConnectFailedError)) as caught:
            await client.sms.send(TO, text, timeout=SOON * (3 - 2 * (text == TEXT)))
        return caught.type

    with FaultyServer(script(Talk.stall)) as server:
        async with client_of(server, max_connections=1, retry=ONCE) as client:
            outcomes = await at_once(outcome, ["holds it", TEXT])
    assert outcomes == [ConnectFailedError, NoReplyError]
    assert server.posts(TEXT) == 0


PROXIES: dict[str, Script] = {
    "refuses": says(reply(403, b"")),
    "bad gateway": says(reply(502, b"no such host")),
    "end": Talk.hang_up,
    "reset": Talk.reset,
    "garbage": says(b"what?\r\n\r\n"),
    "stall": Talk.stall,
}


@pytest.mark.parametrize("fault", PROXIES.values(), ids=PROXIES)
async def test_a_proxy_that_does_not_connect_never_left(fault: Script) -> None:
    with FaultyServer(script(fault)) as server:
        proxy = server.base_url.removesuffix("/api/v1")
        async with httpx.AsyncClient(proxy=proxy) as http:
            client = client_of(
                server, base_url="https://127.0.0.1:9/v1", http=http, timeout=SOON
            )
            assert await attempts_until(ConnectFailedError, client) == 3
    assert server.posts() == 0


async def test_a_send_that_never_left_goes_through_when_it_is_tried_again() -> None:
    with FaultyServer(Talk.reset, Talk.reset, accept_all) as server:
        async with httpx.AsyncClient() as http:
            client = client_of(server, http=http)
            receipt = await send_large(client)
    assert receipt.message_id == "m-1"
    assert server.posts(TEXT) == 1


# Rows 5 and 6: the last byte.


class _Wire(httpx.AsyncBaseTransport):
    """Breaks off after so many pieces of the body; notes what was let go."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.sent: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for piece in request.stream:
            self.sent.append(piece)
            if len(self.sent) == self.pieces:
                raise httpx.WriteError("broken off")
        return httpx.Response(200, json={})


async def test_a_body_is_let_go_in_two_parts_the_last_of_one_byte() -> None:
    wire = _Wire(0)
    await AsyncClient(KEY, http=wire).sms.send(TO, TEXT)
    assert [len(piece) for piece in wire.sent[1:]] == [1]
    assert wire.sent[-1] == b"}"


async def test_a_failure_before_the_last_byte_is_let_go_was_never_sent() -> None:
    client = AsyncClient(KEY, http=_Wire(1), retry=ONCE)
    await failure_of(client, SendCutShortError)


async def test_a_failure_after_the_last_byte_is_let_go_may_be_sent() -> None:
    client = AsyncClient(KEY, http=_Wire(2), retry=AT_ONCE)
    await failure_of(client, NoReplyError)


def within_the_body(fault: Script, *, before: int = 0) -> Script:
    """Accept some, then read a part of a request, and do something to it."""

    def run(talk: Talk) -> None:
        for _ in range(before):
            talk.accept()
        talk.head()
        talk.read(64 * 1024)
        fault(talk)

    return run


CUT_SHORT: dict[str, Script] = {
    "reset": Talk.reset,
    "stall": Talk.stall,
    "early 408, reset": says(reply(408), then=Talk.reset),
    "early 429, reset": says(reply(429), then=Talk.reset),
    "early 500, stall": says(reply(500), then=Talk.stall),
    "early 400, stall": says(reply(400), then=Talk.stall),
    "early garbage, reset": says(b"what?\r\n\r\n", then=Talk.reset),
}


@fresh_or_reused
@pytest.mark.parametrize("fault", CUT_SHORT.values(), ids=CUT_SHORT)
async def test_a_failure_within_the_body_was_never_sent(
    fault: Script, before: int
) -> None:
    with FaultyServer(within_the_body(fault, before=before), accept_all) as server:
        async with client_of(server, retry=ONCE) as client:
            for _ in range(before):
                await client.sms.send(TO, "accepted before")
            with pytest.raises((NeverLeftError, RefusedError)) as caught:
                await send_large(client, timeout=SOON)
    assert isinstance(caught.value, (SendCutShortError, RefusedError))
    assert server.posts(TEXT) == 0


@pytest.mark.parametrize("fault", [Talk.reset, Talk.stall], ids=["reset", "stall"])
async def test_a_send_cut_short_is_sent_once_when_it_is_tried_again(
    fault: Script,
) -> None:
    with FaultyServer(within_the_body(fault), accept_all) as server:
        async with client_of(server, timeout=3 * SOON) as client:
            await send_large(client)
    assert server.connections == 2
    assert server.posts(TEXT) == 1


async def test_an_early_no_from_a_server_that_reads_on_is_a_no() -> None:
    early = within_the_body(says(reply(413, b"", "Connection: close")))
    with FaultyServer(early, accept_all) as server:
        async with client_of(server) as client:
            with pytest.raises(RefusedError) as caught:
                await send_large(client)
    assert caught.value.status == 413
    assert server.connections == 1


async def test_a_reset_before_the_body_is_read_is_never_counted_as_not_sent() -> None:
    """All of it was within the server's reach, whether it read it or not."""

    def unread(talk: Talk) -> None:
        talk.head()
        talk.rest(1.0)
        talk.reset()

    with FaultyServer(unread, accept_all) as server:
        async with client_of(server) as client:
            await failure_of(client, NoReplyError)
    assert server.connections == 1


# Cancellation: from outside, so for tasks only.

# async only: begin


async def left_when_cancelled(
    server: FaultyServer, send: Callable[[AsyncClient], Awaitable[object]]
) -> bool:
    """Cancel a send that stalls, and tell whether its last byte was let go."""
    events: list[Event] = []
    async with client_of(server, hooks=[events.append]) as client:
        with anyio.move_on_after(SOON) as scope:
            await send(client)
        assert scope.cancelled_caught
        assert client.limiter.usage().in_flight == 0
    [finished] = [each for each in events if isinstance(each, RequestFinished)]
    return finished.left


async def test_cancelled_within_the_body_it_was_never_sent() -> None:
    with FaultyServer(within_the_body(Talk.stall)) as server:
        assert not await left_when_cancelled(server, send_large)
    assert server.posts() == 0


async def test_cancelled_after_the_last_byte_it_may_be_sent() -> None:
    with FaultyServer(script(Talk.stall)) as server:
        assert await left_when_cancelled(server, lambda c: c.sms.send(TO, TEXT))
    assert server.posts() == 1


async def test_cancelled_at_any_moment_nothing_unsent_arrives_and_nothing_leaks() -> (
    None
):
    """Each text is told by its number: those that did not leave must not arrive."""
    unsent: list[str] = []

    async def send_and_cancel(client: AsyncClient, number: int) -> None:
        events: list[Event] = []
        twin = client.with_options(hooks=[events.append])
        with anyio.move_on_after((number % 40) / 10_000):
            await twin.sms.send(TO, f"text {number:04}.")
        left = [each.left for each in events if isinstance(each, RequestFinished)]
        unsent.extend([f"text {number:04}."] * (True not in left))

    with FaultyServer(accept_all) as server:
        async with client_of(server) as client:
            await client.warmup()
            for round_ in range(40):
                async with anyio.create_task_group() as group:
                    for at in range(10):
                        group.start_soon(send_and_cancel, client, round_ * 10 + at)
            await client.sms.send(TO, "the last")
            assert client.limiter.usage().in_flight == 0
    assert unsent
    assert [text for text in unsent if server.posts(text)] == []
    assert server.posts("the last") == 1


# async only: end


# Deadlines.


async def test_a_deadline_that_passes_within_the_body_was_never_sent() -> None:
    with FaultyServer(within_the_body(Talk.stall), accept_all) as server:
        async with client_of(server) as client:
            with pytest.raises(DeadlineError):
                await send_large(client, deadline=SOON)
    assert server.connections == 1
    assert server.posts() == 0


async def test_a_deadline_that_passes_after_the_last_byte_may_be_sent() -> None:
    with FaultyServer(script(Talk.stall), accept_all) as server:
        async with client_of(server, deadline=SOON) as client:
            await failure_of(client, NoReplyError)
    assert server.posts(TEXT) == 1


async def test_a_retry_that_cannot_finish_in_time_is_not_begun() -> None:
    events: list[Event] = []
    retry = Retry(first_wait=60.0, longest_wait=60.0)
    client = AsyncClient(
        KEY, base_url=nobody_listens(), retry=retry, deadline=5.0, hooks=[events.append]
    )
    await failure_of(client, ConnectFailedError)
    assert not any(isinstance(each, RetryScheduled) for each in events)


async def test_a_read_that_cannot_finish_in_time_is_not_begun_again() -> None:
    fault = script(says(reply(503, b"", "Retry-After: 60")))
    with FaultyServer(fault, tell_status) as server:
        async with client_of(server, deadline=5.0) as client:
            with pytest.raises(ServerError):
                await client.sms.status("m-1")
    assert server.requests() == 1


# Row 11: too fast.


async def test_a_send_that_was_too_fast_is_sent_again_not_before_asked() -> None:
    fault = script(says(reply(429, b"", "Retry-After: 1")))
    events: list[Event] = []
    with FaultyServer(fault, accept_all) as server:
        async with client_of(server, hooks=[events.append]) as client:
            receipt = await client.sms.send(TO, TEXT)
    [pause] = [each for each in events if isinstance(each, Paused)]
    assert 1.0 <= round(pause.seconds, 6) < 1.1
    assert receipt.message_id == "m-1"
    assert server.posts(TEXT) == 2


async def test_all_sends_of_a_key_wait_for_what_one_was_asked_to() -> None:
    fault = script(says(reply(429, b"", "Retry-After: 60")))
    with FaultyServer(fault, accept_all) as server:
        async with client_of(server, retry=ONCE) as client:
            await failure_of(client, RateLimitedError)
            with pytest.raises(DeadlineError):
                await client.sms.send(TO, "another", deadline=1.0)
    assert server.posts() == 1


BODY_ASKS = b'{"message": "slow down", "retry_after": %s}'

ASKED: dict[str, tuple[bytes, float, float]] = {
    "seconds": (reply(429, b"", "Retry-After: 7"), 7, 7.1),
    "spaces": (reply(429, b"", "Retry-After:  7 "), 7, 7.1),
    "fraction": (reply(429, b"", "Retry-After: 2.5"), 2.5, 2.6),
    "date": (
        reply(
            429,
            b"",
            "Date: Sun, 06 Nov 1994 08:49:37 GMT",
            "Retry-After: Sun, 06 Nov 1994 08:49:49 GMT",
        ),
        12,
        12.1,
    ),
    "body": (reply(429, BODY_ASKS % b"5"), 5, 5.1),
    "body, text": (reply(429, BODY_ASKS % b'"5"'), 5, 5.1),
    "header before body": (reply(429, BODY_ASKS % b"5", "Retry-After: 9"), 9, 9.1),
    "bad header, body": (reply(429, BODY_ASKS % b"5", "Retry-After: soon"), 5, 5.1),
    "nothing": (reply(429, b""), 1, 1.5),
    "html": (reply(429, b"<html>slow</html>"), 1, 1.5),
    "zero": (reply(429, b"", "Retry-After: 0"), 1, 1.5),
    "negative": (reply(429, b"", "Retry-After: -5"), 1, 1.5),
    "nan": (reply(429, b"", "Retry-After: nan"), 1, 1.5),
    "inf": (reply(429, b"", "Retry-After: inf"), 1, 1.5),
    "minus inf": (reply(429, b"", "Retry-After: -inf"), 1, 1.5),
    "text": (reply(429, b"", "Retry-After: in a while"), 1, 1.5),
    "empty": (reply(429, b"", "Retry-After:"), 1, 1.5),
    "two": (reply(429, b"", "Retry-After: 3, 4"), 1, 1.5),
    "past date": (
        reply(429, b"", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"),
        1,
        1.5,
    ),
    "no date": (reply(429, b"", "Retry-After: Sun, 99 Nov 1994 08:49:37"), 1, 1.5),
    "an hour": (reply(429, b"", "Retry-After: 3600"), 3600, 3600.1),
    "too many digits": (reply(429, b"", "Retry-After: " + "9" * 400), 1, 1.5),
    "body, list": (reply(429, BODY_ASKS % b"[5]"), 1, 1.5),
    "body, true": (reply(429, BODY_ASKS % b"true"), 1, 1.5),
    "body, null": (reply(429, BODY_ASKS % b"null"), 1, 1.5),
}


@pytest.mark.parametrize(("answer", "least", "most"), ASKED.values(), ids=ASKED)
async def test_a_pause_is_never_shorter_than_asked_and_never_beyond_the_cap(
    answer: bytes, least: float, most: float
) -> None:
    events: list[Event] = []
    with FaultyServer(script(says(answer)), accept_all) as server:
        async with client_of(server, hooks=[events.append], deadline=0.9) as client:
            await failure_of(client, RateLimitedError)
    [pause] = [each for each in events if isinstance(each, Paused)]
    assert least <= round(pause.seconds, 6) <= most
    assert server.posts() == 1


BEYOND: dict[str, bytes] = {
    "a day": reply(429, b"", "Retry-After: 86400"),
    "huge": reply(429, b"", "Retry-After: 1e300"),
    "far date": reply(429, b"", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"),
    "body, huge": reply(429, BODY_ASKS % b"1e300"),
}


@pytest.mark.parametrize("answer", BEYOND.values(), ids=BEYOND)
async def test_who_asks_for_more_than_the_cap_is_not_waited_for(answer: bytes) -> None:
    events: list[Event] = []
    with FaultyServer(script(says(answer)), accept_all) as server:
        async with client_of(server, hooks=[events.append]) as client:
            error = await failure_of(client, RateLimitedError)
    assert error.retry_after > 3600
    assert [each for each in events if isinstance(each, RetryScheduled)] == []
    assert server.posts() == 1


# Reads: repeated freely.

FAILED_READS: dict[str, Script] = {
    "end": Talk.hang_up,
    "reset": Talk.reset,
    "garbage": says(b"what?\r\n\r\n"),
    "stall": Talk.stall,
    "500": says(reply(500)),
    "503": says(reply(503)),
    "408": says(reply(408)),
    "html": says(reply(200, b"<html>")),
    "cut short": says(reply(200, b'{"status"', length=50)),
    "odd shape": says(reply(200, b"[]")),
}

STATUS = b'{"message_id": "m-1", "status": "sent"}'


def tell_status(talk: Talk) -> None:
    while True:
        talk.request()
        talk.say(reply(200, STATUS))


@pytest.mark.parametrize("fault", FAILED_READS.values(), ids=FAILED_READS)
async def test_a_read_that_failed_is_repeated(fault: Script) -> None:
    with FaultyServer(script(fault), script(fault), tell_status) as server:
        async with client_of(server, timeout=SOON) as client:
            status = await client.sms.status("m-1")
    assert status.status == "sent"
    assert server.requests() == 3


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (Talk.reset, ReadFailedError),
        (says(reply(500)), ServerError),
        (says(reply(200, b"<html>")), ReadFailedError),
    ],
    ids=["reset", "500", "html"],
)
async def test_a_read_is_given_up_when_its_attempts_are_used_up(
    fault: Script, raised: type[Exception]
) -> None:
    with FaultyServer(script(fault)) as server:
        async with client_of(server) as client:
            with pytest.raises(raised):
                await client.sms.status("m-1")
    assert server.requests() == 3


async def test_a_list_that_failed_is_repeated() -> None:
    page = script(says(reply(200, b'{"data": [], "meta": {"last_page": 1}}')))
    with FaultyServer(script(Talk.reset), script(says(reply(502))), page) as server:
        async with client_of(server) as client:
            messages = [message async for message in client.sms.list()]
    assert messages == []
    assert server.requests() == 3


# Opting in to repeats, by name.

NAMED: dict[RepeatSend, Script] = {
    RepeatSend.SERVER_ERROR: says(reply(502)),
    RepeatSend.NO_REPLY: Talk.reset,
    RepeatSend.UNREADABLE: says(reply(200, b"<html>")),
}


@pytest.mark.parametrize("named", NAMED)
async def test_a_failure_that_was_named_is_repeated(named: RepeatSend) -> None:
    retry = Retry(first_wait=0.0, repeat_sends={named})
    with FaultyServer(script(NAMED[named]), accept_all) as server:
        async with client_of(server, retry=retry) as client:
            receipt = await client.sms.send(TO, TEXT)
    assert receipt.message_id == "m-1"
    assert server.posts(TEXT) == 2


@pytest.mark.parametrize("named", NAMED)
async def test_a_failure_that_was_not_named_is_not_repeated(named: RepeatSend) -> None:
    others = set(RepeatSend) - {named}
    retry = Retry(first_wait=0.0, repeat_sends=others)
    with FaultyServer(script(NAMED[named]), accept_all) as server:
        async with client_of(server, retry=retry) as client:
            await failure_of(client, MaybeSentError)
    assert server.posts(TEXT) == 1


# Many at a time.


async def test_one_stalled_send_makes_exactly_one_ambiguous() -> None:
    def stall_one(talk: Talk) -> None:
        while b"number 37." not in talk.request():
            talk.say(accepted())
        talk.stall()

    rows = [Sms(TO, f"number {number}.") for number in range(100)]
    with FaultyServer(stall_one) as server:
        async with client_of(server, timeout=3 * SOON) as client:
            outcomes = [each async for each in client.sms.send_many(rows, pack=1)]
    unknown = [each.message.text for each in outcomes if isinstance(each, Unknown)]
    assert unknown == ["number 37."]
    assert sum(isinstance(each, Accepted) for each in outcomes) == 99
    assert server.posts() == 100
