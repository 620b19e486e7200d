"""Fuzzes the reading of webhooks, beside a slow and plain reader.

`nox -s fuzz` runs it, for ten minutes; it takes libFuzzer's options.
"""

import hashlib
import hmac
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["stackverify"]):
    from stackverify.errors import SignatureError, WebhookError
    from stackverify.webhooks import DeliveryReport, InboundMessage, parse, verify

SECRET = "whsec_of-the-fuzzer"
DEEPEST = 32
SEEDS = [
    b'{"event":"delivery_report","message_id":"a","status":"sent","to":null}',
    b'{"event":"inbound_message","from":"+1","message":"\\ud83d, [{\\"","x":[1.5,{}]}',
    b' {"event" : "x", "a":{"b":[true,false,null,-1e9]}} ',
    b'{"event":"x","a":1,"\\u0061":2}',
    b'{"event":"x","a":NaN}',
]
WORDS = [
    *("event", "delivery_report", "inbound_message", "message_id", "status", "message"),
    *("timestamp", "channel", "from", "null", "true", "NaN", "Infinity", "1e999"),
    *('":"', '","', '"}', '{"', "[[[[[[[[", "]]]]]]]]", "ud83d", "u0061", "-0", "1.5"),
]


def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({whole(name) for name, _ in found}) != len(found):
        raise ValueError("twins")
    return dict(found)


def refuse(constant: str) -> Any:
    raise ValueError(constant)


def whole(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [whole(each) for each in value]
        case dict():
            return {whole(name): whole(each) for name, each in value.items()}
    return value


def depth(value: Any) -> int:
    match value:
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case list():
            return 1 + max(map(depth, value), default=0)
    return 0


def reference(body: bytes) -> dict[str, Any] | None:
    """Read a body the slow and plain way; give nothing where it is to be refused."""
    try:
        value = json.loads(
            body.decode().strip(" \t\n\r"),
            object_pairs_hook=pairs,
            parse_constant=refuse,
        )
    except (ValueError, RecursionError):
        return None
    is_fine = isinstance(value, dict) and depth(value) <= DEEPEST
    return whole(value) if is_fine and is_finite(value) else None


def is_finite(value: Any) -> bool:
    match value:
        case dict():
            return all(map(is_finite, value.values()))
        case list():
            return all(map(is_finite, value))
    return value not in (math.inf, -math.inf)


def check_parse(body: bytes) -> None:
    expected = reference(body)
    try:
        event = parse(body)
    except WebhookError:
        if expected is None or not is_event(expected):
            return
        if any(len(word) > 400 for word in body.split()):  # a number of many digits
            return
        raise
    assert expected is not None, body
    assert event.raw == expected, (event.raw, expected)


def is_event(fields: dict[str, Any]) -> bool:
    """Say whether everything that is needed is there, and of its kind."""
    texts = (
        "event",
        "message_id",
        "status",
        "to",
        "channel",
        "error_code",
        "timestamp",
    )
    known = [fields.get(name) for name in (*texts, "from", "message", "received_at")]
    if any(type(value) not in {str, int, type(None)} for value in known):
        return False
    needed = {
        "delivery_report": ("message_id", "status"),
        "inbound_message": (),
    }.get(str(fields.get("event")), ())
    is_told = (
        fields.get("event") != "inbound_message" or fields.get("message") is not None
    )
    return (
        all(fields.get(name) not in (None, "") for name in ("event", *needed))
        and is_told
    )


def check_verify(body: bytes, signature: bytes) -> None:
    made = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    for given in (signature, signature.decode("latin-1")):
        try:
            verify(body, given, SECRET)
        except SignatureError:
            continue
        raise AssertionError("forged")
    verify(body, made, SECRET)
    altered = signature or body + b" "
    if altered != body:
        try:
            verify(altered, made, SECRET)
        except SignatureError:
            return
        raise AssertionError("altered")


def test_one_input(data: bytes) -> None:
    check_parse(data)
    middle = len(data) // 2
    check_verify(data[:middle], data[middle:])
    event_text = data.decode("utf-8", "replace")
    body = json.dumps({"event": "inbound_message", "message": event_text}).encode()
    event = parse(body)
    assert isinstance(event, InboundMessage)
    assert event.text == whole(event_text)
    body = json.dumps(
        {"event": "delivery_report", "message_id": f"m{event_text}", "status": "sent"}
    ).encode()
    assert isinstance(parse(body), DeliveryReport)


def main() -> None:
    """Fuzz, from the seeds on, with the words of JSON at hand."""
    corpus = Path(tempfile.mkdtemp())
    for number, seed in enumerate(SEEDS):
        (corpus / f"{number}").write_bytes(seed)
    words = corpus.with_suffix(".dict")
    words.write_text("".join(f"{json.dumps(word)}\n" for word in WORDS), "utf-8")
    atheris.Setup([*sys.argv, str(corpus), f"-dict={words}"], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
