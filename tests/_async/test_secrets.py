"""What may not be shown is not shown, and the key goes nowhere else."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from stackverify import (
    AsyncClient,
    Attachment,
    Email,
    Retry,
    Sms,
    StackverifyError,
    WhatsAppTemplate,
)
from stackverify.errors import ConnectFailedError, InvalidInputError, ReplyError
from stackverify.sandbox import Exchange, Reply, Sandbox
from tests.witness import Witness, witness_of

pytestmark = pytest.mark.anyio

FAST = "enterprise:60000"
KEY = "sk_test_canarykey0000"
PHONE = "+254799887766"
ADDRESS = "canaryaddress@canary.example"
SENDER_ADDRESS = "canarysender@canary.example"
TEXT = "canarytext one two three"
SUBJECT = "canarysubject"
SENDER = "canaryname"
FILE = b"canaryattachment"
VARIABLE = "canaryvariable"
HEADER = "canaryheader"
EXTRA = "canaryextra"

CANARIES = (
    *(KEY, PHONE, PHONE[1:], ADDRESS, SENDER_ADDRESS, TEXT, SUBJECT, SENDER),
    *(FILE.decode(), "Y2FuYXJ5YXR0YWNobWVudA", VARIABLE, HEADER, EXTRA),
    # A part of one is as bad, and none of these names is used otherwise.
    *("canary", "CANARY", PHONE[-9:]),
)

SMS = Sms(PHONE, TEXT)
EMAIL = Email(
    ADDRESS,
    subject=SUBJECT,
    html=TEXT,
    text=TEXT,
    from_name=SENDER,
    from_email=SENDER_ADDRESS,
    reply_to=SENDER_ADDRESS,
    attachments=[Attachment("report.pdf", FILE)],
)
TEMPLATE = WhatsAppTemplate(PHONE, "order_update", "en", variables={"1": VARIABLE})
MESSAGES = [SMS, EMAIL, TEMPLATE]


async def send(client: AsyncClient, message: Sms | Email | WhatsAppTemplate) -> Any:
    fields = attrs.asdict(message, recurse=False)
    match message:
        case Sms():
            return await client.sms.send(fields.pop("to"), fields.pop("text"), **fields)
        case Email():
            return await client.email.send(fields.pop("to"), **fields)
        case WhatsAppTemplate():
            where = (fields.pop("to"), fields.pop("name"), fields.pop("language"))
            return await client.whatsapp.send_template(*where, **fields)


@pytest.fixture
def witness(caplog: pytest.LogCaptureFixture) -> Witness:
    return witness_of(caplog, CANARIES)


@pytest.fixture
def service(sandbox: Sandbox) -> Sandbox:
    sandbox.keys.add(KEY)
    return sandbox


def client_of(service: Sandbox, witness: Witness, **settings: Any) -> AsyncClient:
    once = Retry(attempts=2, first_wait=0.01, rate_limited=1)
    settings = {"base_url": service.base_url, "retry": once, **settings}
    return AsyncClient(KEY, tier=FAST, hooks=[witness.see], **settings)


async def fail_all(client: AsyncClient, witness: Witness) -> None:
    """Send every kind of message, alone and in bulk, and look at what comes."""
    witness.see(client)
    for message in MESSAGES:
        with pytest.raises(StackverifyError) as raised:
            await send(client, message)
        witness.see_error(raised.value)
    await send_in_bulk(client, witness)


async def send_in_bulk(client: AsyncClient, witness: Witness) -> None:
    for sending in (
        client.sms.send_many([SMS, SMS], pack=1),
        client.sms.send_many([SMS, attrs.evolve(SMS, to=PHONE + "0")]),
        client.email.send_many([EMAIL]),
        client.whatsapp.send_many([TEMPLATE]),
    ):
        witness.see(sending)
        try:
            async for outcome in sending:
                witness.see(outcome)
        except StackverifyError as error:
            witness.see_error(error)
        witness.see(sending.summary)


def echo(status: int) -> Any:
    """Answer with all that was sent, each value as a service might repeat it."""

    def step(exchange: Exchange) -> Reply:
        fields = service_fields(exchange)
        said = f"Not accepted: {'; '.join(fields)}"
        errors = {"to": [said], "message": list(fields)}
        body = {"message": said, "code": said, "errors": errors}
        return Reply(status, body, (("retry-after", "0.01"),))

    return step


def service_fields(exchange: Exchange) -> list[str]:
    """Give the values of a request: nested ones too, files left out."""
    fields = json.loads(exchange.body or b"{}")
    fields.pop("attachments", None)
    values = [exchange.headers["authorization"]]
    todo = list(fields.values())
    while todo:
        value = todo.pop(0)
        todo += value.values() if isinstance(value, dict) else ()
        todo += value if isinstance(value, list) else ()
        values += [value] if isinstance(value, str) else []
    return values


async def test_nothing_is_shown_of_what_was_accepted(
    service: Sandbox, witness: Witness
) -> None:
    async with client_of(service, witness) as client:
        for message in MESSAGES:
            witness.see(message)
            witness.see(receipt := await send(client, message))
            witness.see(receipt.reply)
        await send_in_bulk(client, witness)
        async for page in client.sms.list().pages():
            witness.see(page)
            witness.see(page.rows)
        status = await client.sms.status(service.messages()[0].message_id)
        witness.see(status)
        witness.see(status.reply)
    assert len(witness.log.records) > 20
    assert service.count() >= 8
    assert witness.leaks() == set()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503, 307])
async def test_nothing_is_shown_when_the_service_repeats_what_it_refuses(
    service: Sandbox, witness: Witness, status: int
) -> None:
    service.steps.insert(0, echo(status))
    async with client_of(service, witness) as client:
        await fail_all(client, witness)
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_the_key_is_not_known(
    sandbox: Sandbox, witness: Witness
) -> None:
    async with client_of(sandbox, witness) as client:
        await fail_all(client, witness)
    assert set(sandbox.replies) == {401}
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_the_key_lacks_a_permission(
    sandbox: Sandbox, witness: Witness
) -> None:
    sandbox.keys.add(KEY, permissions=["sms:read"])
    async with client_of(sandbox, witness) as client:
        await fail_all(client, witness)
    assert set(sandbox.replies) == {403}
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_a_long_text_is_repeated_in_part(
    service: Sandbox, witness: Witness
) -> None:
    text = "canarytext " * 100

    def repeat(exchange: Exchange) -> Reply:
        return Reply(422, {"message": f"Too long: {text}"})

    service.steps.insert(0, repeat)
    async with client_of(service, witness) as client:
        with pytest.raises(ReplyError) as raised:
            await client.sms.send(PHONE, text)
    witness.see_error(raised.value)
    assert witness.leaks() == set()


@pytest.mark.parametrize("key", ["canarykey-0001", "12|canarykey", "sk_live_x.canary"])
async def test_a_key_of_any_form_is_not_shown_when_the_service_repeats_it(
    service: Sandbox, witness: Witness, key: str
) -> None:
    said = Reply(401, {"message": f"The key {key} is not valid."})
    service.steps.insert(0, lambda exchange: said)
    client = AsyncClient(key, base_url=service.base_url)
    with pytest.raises(ReplyError) as raised:
        await client.sms.send(PHONE, TEXT)
    witness.see_error(raised.value)
    witness.see(client)
    await client.aclose()
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_the_fields_of_errors_are_what_was_sent(
    service: Sandbox, witness: Witness
) -> None:
    said = Reply(422, {"message": "No.", "errors": {PHONE: ["bad"], TEXT: ["bad"]}})
    service.steps.insert(0, lambda exchange: said)
    async with client_of(service, witness) as client:
        with pytest.raises(ReplyError) as raised:
            await client.sms.send(PHONE, TEXT)
    witness.see_error(raised.value)
    assert witness.leaks() == set()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(attrs.evolve(SMS, sender_id=SENDER), id="sender_id"),
        pytest.param(attrs.evolve(SMS, extra={"reference": EXTRA}), id="extra"),
        pytest.param(attrs.evolve(EMAIL, headers={"X-Ref": HEADER}), id="headers"),
    ],
)
async def test_further_fields_are_shown_neither_by_messages_nor_by_errors(
    service: Sandbox, witness: Witness, message: Sms | Email
) -> None:
    witness.see(message)
    service.steps.insert(0, echo(422))
    async with client_of(service, witness) as client:
        with pytest.raises(ReplyError) as raised:
            await send(client, message)
    witness.see_error(raised.value)
    assert witness.leaks() == set()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"message_id": {"to": PHONE}, "to": TEXT}, id="an odd id"),
        pytest.param({"data": [{"to": PHONE, "error": TEXT}]}, id="a result"),
        pytest.param([PHONE, TEXT], id="an array"),
        pytest.param(TEXT, id="a string"),
    ],
)
async def test_nothing_is_shown_of_an_odd_success_that_repeats_what_was_sent(
    service: Sandbox, witness: Witness, body: Any
) -> None:
    service.steps.insert(0, lambda exchange: Reply(200, body))
    async with client_of(service, witness) as client:
        witness.see(await client.sms.send(PHONE, TEXT))
        with pytest.raises(StackverifyError) as raised:
            await client.sms.status("some-id")
    witness.see_error(raised.value)
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_no_connection_is_made(witness: Witness) -> None:
    with Sandbox() as gone:
        client = client_of(gone, witness)
    await fail_all(client, witness)
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_no_answer_comes(
    service: Sandbox, witness: Witness
) -> None:
    service.knobs.latency = 5.0
    async with client_of(service, witness, timeout=0.1) as client:
        await fail_all(client, witness)
    assert witness.leaks() == set()


async def test_nothing_is_shown_when_a_deadline_passes(
    service: Sandbox, witness: Witness
) -> None:
    async with client_of(service, witness, deadline=1e-4) as client:
        for message in MESSAGES:
            with pytest.raises(StackverifyError) as raised:
                await send(client, message)
            witness.see_error(raised.value)
    assert witness.leaks() == set()


async def test_nothing_is_shown_through_a_users_httpx_client(
    service: Sandbox, witness: Witness
) -> None:
    async with httpx.AsyncClient() as http:
        client = client_of(service, witness, http=http)
        for message in MESSAGES:
            witness.see(await send(client, message))
        service.steps.insert(0, echo(422))
        await fail_all(client, witness)
    assert {"httpx", "httpcore.http11"} <= {r.name for r in witness.log.records}
    assert witness.leaks() == set()


@pytest.mark.parametrize(
    "wrong",
    [
        attrs.evolve(SMS, to="canary"),
        attrs.evolve(SMS, to=PHONE + "\r\n"),
        attrs.evolve(SMS, text=TEXT * 200),
        attrs.evolve(SMS, text=None),
        attrs.evolve(SMS, sender_id=SENDER + "\n"),
        attrs.evolve(SMS, callback_url="canary"),
        attrs.evolve(SMS, scheduled_at="canary"),
        attrs.evolve(SMS, extra={"to": EXTRA}),
        attrs.evolve(SMS, extra={"reference": {EXTRA}}),
        attrs.evolve(EMAIL, to="canary"),
        attrs.evolve(EMAIL, to=[ADDRESS, "canary"]),
        attrs.evolve(EMAIL, subject=SUBJECT + "\r\nBcc: " + ADDRESS),
        attrs.evolve(EMAIL, html=None, text=None),
        attrs.evolve(EMAIL, from_email=ADDRESS + "\n"),
        attrs.evolve(EMAIL, headers={"X-Reference": HEADER + "\r\n"}),
        attrs.evolve(EMAIL, attachments=[Attachment("canary\n", FILE)]),
        attrs.evolve(EMAIL, attachments=[Attachment("a", Path("/canary"))]),
        attrs.evolve(EMAIL, attachments=[FILE]),
        attrs.evolve(TEMPLATE, variables={"canary": VARIABLE}),
        attrs.evolve(TEMPLATE, variables={"1": [VARIABLE]}),
        attrs.evolve(TEMPLATE, language="canary" * 9),
        attrs.evolve(TEMPLATE, header_media_url="canary"),
    ],
)
async def test_nothing_is_shown_of_input_that_is_refused(
    service: Sandbox, witness: Witness, wrong: Any
) -> None:
    async with client_of(service, witness) as client:
        with pytest.raises(InvalidInputError) as raised:
            await send(client, wrong)
    witness.see_error(raised.value)
    assert service.requests == 0
    assert witness.leaks() == set()


async def test_nothing_is_shown_of_settings(witness: Witness) -> None:
    client = AsyncClient(KEY, base_url="https://service.invalid")
    witness.see(client)
    witness.see(client._transport.settings)
    witness.see(client._options)
    witness.see(client.with_options(timeout=1.0))
    assert witness.leaks() == set()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["same origin", "other port", "other host name"])
async def test_no_redirect_is_followed_and_the_key_goes_nowhere_else(
    sandbox: Sandbox, status: int, target: str
) -> None:
    with Sandbox(tier=FAST) as other:
        location = {
            "same origin": sandbox.base_url + "/sms",
            "other port": other.base_url + "/sms",
            "other host name": other.base_url.replace("127.0.0.1", "localhost"),
        }[target]
        moved = Reply(status, {"message": "Moved."}, (("location", location),))
        sandbox.steps.insert(0, lambda exchange: moved)
        once = Retry(attempts=1)
        async with AsyncClient(
            sandbox.api_key, base_url=sandbox.base_url, tier=FAST, retry=once
        ) as client:
            with pytest.raises(ReplyError) as raised:
                await client.sms.send(PHONE, TEXT)
            with pytest.raises(ReplyError):
                await client.sms.status("some-id")
    assert raised.value.status == status
    assert sandbox.requests == 2
    assert other.requests == 0


@pytest.fixture
def bait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[socket.socket]:
    """A listener that the environment names as proxy, and a hostile .netrc."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
            monkeypatch.setenv(name.lower(), proxy)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        netrc = tmp_path / ".netrc"
        netrc.write_text("default login someone password else\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        yield listener


async def test_proxies_and_netrc_of_the_environment_are_ignored(
    sandbox: Sandbox, bait: socket.socket
) -> None:
    seen: list[Exchange] = []
    sandbox.steps.insert(0, seen.append)
    async with AsyncClient(
        sandbox.api_key, base_url=sandbox.base_url, tier=FAST
    ) as client:
        await client.sms.send(PHONE, TEXT)
        await anext(client.sms.list().pages())
    keys = {exchange.headers["authorization"] for exchange in seen}
    assert keys == {f"Bearer {sandbox.api_key}"}
    with pytest.raises(BlockingIOError):
        bait.accept()


async def test_https_does_not_go_through_a_proxy_of_the_environment_either(
    bait: socket.socket,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"https://127.0.0.1:{closed.getsockname()[1]}"
    client = AsyncClient("sk_test_example", base_url=address, retry=Retry(attempts=1))
    with pytest.raises(ConnectFailedError):
        await client.sms.send(PHONE, TEXT)
    with pytest.raises(BlockingIOError):
        bait.accept()
