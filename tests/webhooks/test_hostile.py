"""Some hundreds of hostile webhooks: each refused, and only by our typed errors."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from stackverify.errors import (
    BodyTooLargeError,
    RawBodyError,
    SignatureError,
    UnreadableEventError,
    WebhookError,
)
from stackverify.webhooks import InboundMessage, Receiver, WebhookEvent

SECRET = "whsec_of-the-tests-4711"
REPORT = {
    "event": "delivery_report",
    "message_id": "sms_1",
    "to": "+254712345678",
    "status": "delivered",
    "timestamp": "2026-11-24T08:30:00Z",
    "channel": "sms",
}
GOOD = json.dumps(REPORT).encode()
MADE = hmac.new(SECRET.encode(), GOOD, hashlib.sha256)
HEX, BASE64 = MADE.hexdigest(), base64.b64encode(MADE.digest()).decode()
WRITINGS = [
    HEX,
    HEX.upper(),
    BASE64,
    *(f"sha256={w}" for w in (HEX, HEX.upper(), BASE64)),
]


def signed(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def field(name: str, value: str) -> bytes:
    """Write a report in which one field is written as it is told."""
    fields = {**{key: json.dumps(held) for key, held in REPORT.items()}, name: value}
    members = ",".join(f'"{key}":{held}' for key, held in fields.items())
    return f"{{{members}}}".encode()


def broken_json() -> Iterator[bytes]:
    """JSON that is cut, goes on, is of another encoding, or is none."""
    yield from (GOOD[:size] for size in range(len(GOOD)))
    yield from (GOOD + more for more in (b"x", b"{}", b",", b"]", b"\0", b"/**/", GOOD))
    yield from (
        start + GOOD for start in (b"\xef\xbb\xbf", b")]}',\n", b"x", b"\0", b"[")
    )
    yield from (json.dumps(REPORT).encode(name) for name in ("utf-16", "utf-32"))
    yield from (
        json.dumps(REPORT).encode(f"utf-{n}-{e}e") for n in (16, 32) for e in "lb"
    )
    yield from (
        b"[]",
        b"[%s]" % GOOD,
        b'"x"',
        b"1",
        b"null",
        b"true",
        b" ",
        b"\n",
        b"{",
    )
    yield GOOD.replace(b'"', b"'")
    yield GOOD.replace(b": ", b"= ")
    yield GOOD.replace(b"}", b",}")
    yield GOOD.replace(b", ", b" ")
    yield GOOD.replace(b'"event"', b"event")
    yield b"// x\n" + GOOD
    for number in (
        "01",
        "+1",
        "1.",
        ".5",
        "0x1",
        "1e",
        "--1",
        "1_0",
        "Infinity",
        "nan",
    ):
        yield field("x", number)
    for constant in ("NaN", "Infinity", "-Infinity", "[NaN]", '{"a":-Infinity}'):
        yield field("x", constant)
    for large in ("1e999", "-1e999", "1" * 401, "-" + "9" * 5_000, f"[{'1' * 9_999}]"):
        yield field("x", large)


def broken_text() -> Iterator[bytes]:
    """Bytes and escapes that are no text."""
    bad = [
        *(
            b"\xff",
            b"\xfe",
            b"\x80",
            b"\xbf",
            b"\xc3",
            b"\xc3(",
            b"\xe2\x82",
            b"\xe2(\xa1",
        ),
        *(
            b"\xc0\x80",
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xf0\x80\x80\xaf",
            b"\xf8\x88\x80\x80",
        ),
        *(
            b"\xed\xa0\x80",
            b"\xed\xbf\xbf",
            b"\xed\xa0\xbd\xed\xb8\x80",
            b"\xf4\x90\x80\x80",
        ),
    ]
    for some in bad:
        yield GOOD.replace(b"sms_1", some)
        yield GOOD.replace(b"channel", some)
    for control in range(0x20):
        yield GOOD.replace(b"sms_1", bytes([control]))
    for escape in (
        b"\\x41",
        b"\\u12",
        b"\\u00zz",
        b"\\'",
        b"\\",
        b"\\U0001F600",
        b"\\0",
    ):
        yield GOOD.replace(b"sms_1", escape)


def twins() -> Iterator[bytes]:
    """One name twice, in every disguise."""
    for name in REPORT:
        value = b'"x"'
        written = json.dumps(name).encode()
        escaped = f'"\\u{ord(name[0]):04x}{name[1:]}"'.encode()
        for twin in (written, escaped, written + b" ", b"\n" + written + b"\t"):
            yield GOOD[:-1] + b"," + twin + b":" + value + b"}"
            yield b"{" + twin + b":" + value + b"," + GOOD[1:]
    for nested in ('{"a":1,"a":1}', '[{"a":1,"a":2}]', '{"b":{"a":1,"\\u0061":1}}'):
        yield field("x", nested)


def deep() -> Iterator[bytes]:
    """Nests that are too deep, closed or not."""
    for levels in (32, 33, 64, 500, 1_000, 5_000, 20_000):
        for begin, end in (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")):
            yield field("x", begin * levels + "1" + end * levels)
            yield field("x", begin * levels)


def not_an_event() -> Iterator[bytes]:
    """JSON that lacks what an event must have, or has it in another kind."""
    values = ("null", '""', "[]", "{}", "true", "false", "1.5", '["a"]', '{"a":"b"}')
    for name in ("event", "message_id", "status"):
        yield from (field(name, value) for value in values)
        yield json.dumps({key: REPORT[key] for key in REPORT if key != name}).encode()
    kinds = ("[]", "{}", "true", "false", "1.5", '["+254712345678"]', '{"a":"b"}')
    for name in ("to", "channel", "timestamp", "error_code"):
        yield from (field(name, value) for value in kinds)
    for value in ("null", "[]", "{}", "true", "1.5"):
        yield b'{"event":"inbound_message","message":%s}' % value.encode()
    yield b'{"event":"inbound_message"}'
    yield b"{}"


def forged() -> Iterator[Any]:
    """Signatures that nobody who has the secret made."""
    yield from ("a" * length for length in range(71))
    yield from (HEX[:length] for length in range(64))
    yield from (HEX + more for more in ("0", " ", "\n", "\0", HEX, f",{HEX}", "=", "é"))
    yield from (
        more + HEX for more in ("0", " ", "\n", "\0", "0x", "v1=", "t=1,v1=", "=")
    )
    prefixes = (
        "SHA256=",
        "sha256:",
        "sha256",
        "sha1=",
        "sha512=",
        "sha256==",
        "sha256= ",
    )
    yield from (
        prefix + HEX for prefix in (*prefixes, "sha256=sha256=", "hmac-sha256=")
    )
    yield HEX[:32] + HEX[32:].upper()
    yield HEX.swapcase().lower()[::-1]
    yield from (BASE64.rstrip("="), BASE64 + "=", BASE64[:-1] + "==", BASE64.lower())
    yield base64.b64encode(HEX.encode()).decode()
    yield base64.b32encode(MADE.digest()).decode()
    yield " ".join(BASE64)
    yield from (MADE.digest(), MADE.digest().hex("-"), MADE.digest().hex(":"))
    yield hashlib.sha256(GOOD).hexdigest()
    yield hashlib.sha256(SECRET.encode() + GOOD).hexdigest()
    yield hashlib.sha256(GOOD + SECRET.encode()).hexdigest()
    yield hmac.new(GOOD, SECRET.encode(), "sha256").hexdigest()
    yield signed(b"")
    yield signed(json.dumps(REPORT, separators=(",", ":")).encode())
    yield hmac.new(SECRET.encode() + b"\n", GOOD, "sha256").hexdigest()
    yield hmac.new(SECRET.upper().encode(), GOOD, "sha256").hexdigest()
    for algorithm in (
        "md5",
        "sha1",
        "sha224",
        "sha384",
        "sha512",
        "sha3_256",
        "blake2s",
    ):
        yield hmac.new(SECRET.encode(), GOOD, algorithm).hexdigest()
    yield from (
        None,
        b"",
        "0",
        "null",
        "None",
        "*",
        "%",
        "\ud800",
        "\u0660" * 64,
        "\uff41" * 64,
    )


BODIES = list(
    dict.fromkeys([*broken_json(), *broken_text(), *twins(), *deep(), *not_an_event()])
)
SIGNATURES = [one for one in dict.fromkeys(forged()) if one not in WRITINGS]
OTHERS: list[tuple[Any, type[WebhookError]]] = [
    *(
        (given, RawBodyError)
        for given in (GOOD.decode(), REPORT, [GOOD], None, 7, object())
    ),
    *((GOOD + b" " * size, BodyTooLargeError) for size in (262_144, 1_000_000)),
]


def opened(body: Any, signature: Any) -> WebhookEvent:
    return Receiver(SECRET).open(body, signature)


def test_there_are_hundreds_of_them() -> None:
    assert len(BODIES) + len(SIGNATURES) + len(OTHERS) >= 450


def kinds_of(pairs: list[tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Tell by which error each pair is refused; what is taken stands under 'taken'."""
    kinds: dict[str, list[Any]] = {}
    for body, signature in pairs:
        try:
            opened(body, signature)
        except WebhookError as error:
            kinds.setdefault(type(error).__name__, []).append(body)
        else:
            kinds.setdefault("taken", []).append((body, signature))
    return kinds


def test_each_hostile_body_is_refused_as_no_event_though_it_is_signed() -> None:
    kinds = kinds_of([(body, signed(body)) for body in BODIES])
    assert kinds.get("taken") is None
    assert {*kinds} == {UnreadableEventError.__name__}


def test_each_forged_signature_is_refused() -> None:
    kinds = kinds_of([(GOOD, signature) for signature in SIGNATURES])
    assert kinds.get("taken") is None
    assert {*kinds} == {SignatureError.__name__}


@pytest.mark.parametrize(("body", "kind"), OTHERS)
def test_what_is_not_even_looked_at_is_refused_by_its_kind(
    body: Any, kind: type[WebhookError]
) -> None:
    with pytest.raises(kind):
        opened(body, HEX)


def test_each_bit_flipped_in_a_body_is_refused() -> None:
    for at in range(len(GOOD)):
        for bit in range(8):
            flipped = bytes([*GOOD[:at], GOOD[at] ^ 1 << bit, *GOOD[at + 1 :]])
            with pytest.raises(SignatureError):
                opened(flipped, HEX)


@pytest.mark.parametrize("writing", WRITINGS)
def test_each_writing_of_the_signature_is_good(writing: str) -> None:
    assert opened(GOOD, writing) == opened(GOOD, writing.encode())


TAKEN = [
    b" \r\n\t" + GOOD + b"\n ",
    GOOD.replace(b"sms_1", b"\\u0073ms_1"),
    GOOD.replace(b"sms_1", "sms_é_😀".encode()),
    GOOD.replace(b'"sms_1"', b"123456789012345678901234567890"),
    GOOD.replace(b"delivered", b"teleported"),
    field("x", "[" * 31 + "]" * 31),
    field("x", '{"a":' * 31 + "1" + "}" * 31),
    field("x", "1" * 400),
    field("x", '[{"a":1},{"a":1}]'),
    field("error_code", "30003"),
    field("timestamp", '"soon"'),
]


@pytest.mark.parametrize("body", TAKEN)
def test_what_is_odd_and_honest_is_taken(body: bytes) -> None:
    assert opened(body, signed(body))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (json.dumps("[" * 1_000), "[" * 1_000),
        (json.dumps('"}],{' * 100), '"}],{' * 100),
        (json.dumps("a, b, c"), "a, b, c"),
        ('"\\ud83d"', "�"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\u0000"', "\0"),
        ('""', ""),
    ],
)
def test_any_text_of_a_person_is_taken(written: str, text: str) -> None:
    body = b'{"event":"inbound_message","message":%s}' % written.encode()
    event = opened(body, signed(body))
    assert isinstance(event, InboundMessage)
    assert event.text == text
