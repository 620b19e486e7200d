"""What a hostile sender may still try: bits of signatures, and nests of any depth."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from stackverify.errors import SignatureError, UnreadableEventError
from stackverify.webhooks import DeliveryReport, InboundMessage, Receiver

SECRET = "whsec_of-the-tests-4711"
RECEIVER = Receiver(SECRET)
GOOD = (
    b'{"event":"delivery_report","message_id":"sms_1","to":"+254712345678",'
    b'"status":"delivered","timestamp":"2026-11-24T08:30:00Z","channel":"sms",'
    b'"error_code":null}'
)
START = GOOD[:-1] + b',"x":'


def digest(body: bytes) -> bytes:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).digest()


def writings(body: bytes) -> list[str]:
    made = digest(body)
    bare = [made.hex(), made.hex().upper(), base64.b64encode(made).decode()]
    return [*bare, *(f"sha256={each}" for each in bare)]


def flipped(given: bytes) -> Iterator[bytes]:
    for at, byte in enumerate(given):
        for bit in range(8):
            yield given[:at] + bytes([byte ^ 1 << bit]) + given[at + 1 :]


def spelled(body: bytes) -> Iterator[str]:
    """Write the signature nearly as it may be written."""
    made = digest(body)
    standard = base64.b64encode(made).decode()
    yield base64.urlsafe_b64encode(made).decode()
    yield base64.urlsafe_b64encode(made).decode().rstrip("=")
    yield standard.rstrip("=")
    yield base64.encodebytes(made).decode()
    # The last letter before the padding has two bits that no reader looks at.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters.index(standard[42])
    yield from (f"{standard[:42]}{letters[last + more]}=" for more in (1, 2, 3))
    yield from (made.hex().title(), made.hex()[:-1] + made.hex()[-1].swapcase() + " ")
    yield from (f"{made.hex()},{made.hex()}", f"{made.hex()} {made.hex()}")
    yield from (f"v1={made.hex()},v1={made.hex()}", f"sha256={made.hex()};")
    yield from (f" {made.hex()}", f"\t{made.hex()}", f"{made.hex()}\r\n")
    yield from (f"sha256=0x{made.hex()}", f'"{made.hex()}"', f"sha256 = {made.hex()}")


def body_with(mark: str) -> bytes:
    """Find a body whose signature has this letter in base64."""
    bodies = (GOOD.replace(b"sms_1", b"sms_%d" % n) for n in range(1_000))
    return next(body for body in bodies if mark in writings(body)[2])


@pytest.mark.parametrize("writing", range(6))
def test_each_bit_flipped_in_a_signature_is_refused(writing: int) -> None:
    for given in flipped(writings(GOOD)[writing].encode()):
        for signature in (given, given.decode("latin-1")):
            with pytest.raises(SignatureError):
                RECEIVER.open(GOOD, signature)


@pytest.mark.parametrize("writing", range(6))
def test_each_bit_flipped_in_a_body_is_refused(writing: int) -> None:
    signature = writings(GOOD)[writing]
    for body in flipped(GOOD):
        with pytest.raises(SignatureError):
            RECEIVER.open(body, signature)


@pytest.mark.parametrize("mark", ["+", "/", "="])
def test_what_nearly_spells_a_signature_is_refused(mark: str) -> None:
    body = body_with(mark)
    for signature in {*spelled(body)} - {*writings(body)}:
        with pytest.raises(SignatureError):
            RECEIVER.open(body, signature)


@pytest.mark.parametrize("levels", [32, 33, 900, 1_000, 1_100, 10_000, 100_000])
@pytest.mark.parametrize("begin", [b"[", b"{", b'{"a":', b'[{"a":', b'["', b"[1,"])
def test_any_depth_is_refused(begin: bytes, levels: int) -> None:
    receiver = Receiver(SECRET, max_body=2_000_000)
    for start in (b"", START, b'{"event":', b"[" * 10 + START):
        body = start + begin * levels
        with pytest.raises(UnreadableEventError):
            receiver.open(body, writings(body)[0])


@pytest.mark.parametrize("levels", [32, 1_000, 100_000])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_any_depth_is_refused_though_it_is_closed(
    begin: bytes, end: bytes, levels: int
) -> None:
    receiver = Receiver(SECRET, max_body=2_000_000)
    nest = begin * levels + b"1" + end * levels
    for body in (nest, START + nest + b"}"):
        with pytest.raises(UnreadableEventError):
            receiver.open(body, writings(body)[0])


def test_names_that_are_half_characters_are_one_name() -> None:
    body = START + b'{"\\ud800":1,"\\udfff":2}}'
    with pytest.raises(UnreadableEventError):
        RECEIVER.open(body, writings(body)[0])


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 20_000, '\\"' * 50_000])
def test_brackets_and_quotes_in_a_text_are_text(text: str) -> None:
    body = json.dumps({"event": "inbound_message", "message": text}).encode()
    event = RECEIVER.open(body, writings(body)[0])
    assert isinstance(event, InboundMessage)
    assert event.text == text


def test_a_whole_number_is_a_message_id() -> None:
    body = GOOD.replace(b'"sms_1"', b"9007199254740993")
    event = RECEIVER.open(body, writings(body)[0])
    assert isinstance(event, DeliveryReport)
    assert event.message_id == "9007199254740993"


@pytest.mark.parametrize("more", [{}, {"media": []}])
def test_a_receiver_takes_what_its_own_max_body_allows(more: dict[str, object]) -> None:
    said = {"event": "inbound_message", "message": "x" * 300_000, **more}
    body = json.dumps(said).encode()
    receiver = Receiver(SECRET, max_body=1_000_000)
    assert isinstance(receiver.open(body, writings(body)[0]), InboundMessage)
