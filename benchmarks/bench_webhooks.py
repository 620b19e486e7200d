"""Prints the CPU of a webhook that is made sure of, read, and handled once.

Run it with `python -m benchmarks.bench_webhooks`. The yardstick is what one writes by
hand: an HMAC, a comparison in constant time, and `json.loads`. What others ship does
not all do the same; the first column says what theirs does.
"""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import hmac
import json
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Any, TypeAlias

from benchmarks.harness import Cost, is_installed, rounds, show
from stackverify.webhooks import Receiver, parse, sign, verify

__all__ = ["main"]

_ROUNDS = 15
_WEBHOOKS = 2_000
_REMEMBERED = 100_000
# In base64, as some of the others want theirs.
_SECRET = "whsec_" + b64encode(b"of a benchmark").decode()
_YARDSTICK = "hmac.new + compare_digest + json.loads"
_Open: TypeAlias = Callable[[], object]
_Signed: TypeAlias = tuple[bytes, str]


def main() -> None:
    """Print the tables."""
    _show_opening()
    _show_receiving()


def _body(message_id: str = "msg_9f2c4e7a1b3d") -> bytes:
    """Write a delivery report as a service in Node writes it."""
    report = {
        "event": "delivery_report",
        "message_id": message_id,
        "to": "+254712345678",
        "status": "delivered",
        "timestamp": "2026-03-14T09:26:53.589Z",
        "channel": "sms",
        "error_code": None,
    }
    return json.dumps(report, separators=(",", ":")).encode()


def _show_opening() -> None:
    body = _body()
    ways = _ways(body, sign(body, _SECRET))
    costs = {name: Cost() for name in ways}
    for order in rounds(ways, _ROUNDS):
        for name, open_ in order:
            costs[name].seconds.append(_cost(open_))
    yardstick = costs[_YARDSTICK]
    show(
        f"a delivery report of {len(body)} bytes, made sure of and read",
        ["", "µs CPU a webhook", "of the yardstick"],
        [
            [name, f"{cost.typical * 1e6:.2f}", f"{cost.over(yardstick):.2f}"]
            for name, cost in costs.items()
        ],
    )


def _cost(open_: _Open) -> float:
    assert open_()
    began = time.process_time()
    for _ in range(_WEBHOOKS):
        open_()
    return (time.process_time() - began) / _WEBHOOKS


def _ways(body: bytes, signature: str) -> dict[str, _Open]:
    receiver = Receiver(_SECRET)
    ways: dict[str, _Open] = {
        "Receiver.open": lambda: receiver.open(body, signature),
        "verify + parse": lambda: _verified(body, signature),
        _YARDSTICK: lambda: _by_hand(body, signature, json.loads),
    }
    if is_installed("orjson"):
        import orjson

        ways["the same with orjson.loads"] = lambda: _by_hand(
            body, signature, orjson.loads
        )
    for module, (does, make) in _OTHERS.items():
        if is_installed(module):
            ways[f"{module}: {does}"] = make(body)
    return ways


def _verified(body: bytes, signature: str) -> object:
    verify(body, signature, _SECRET)
    return parse(body)


def _by_hand(body: bytes, signature: str, loads: Callable[[bytes], Any]) -> object:
    made = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, signature):
        raise ValueError("signed by somebody else")
    return loads(body)


def _svix(body: bytes) -> _Open:
    from svix.webhooks import Webhook

    webhook = Webhook(_SECRET)
    headers = _standard_headers(webhook, body, "svix")
    # It used to give what it read, and leaves that to its caller by now.
    return lambda: webhook.verify(body, headers) or json.loads(body)


def _standardwebhooks(body: bytes) -> _Open:
    from standardwebhooks import Webhook

    webhook = Webhook(_SECRET)
    headers = _standard_headers(webhook, body, "webhook")
    return lambda: webhook.verify(body, headers)


def _standard_headers(webhook: Any, body: bytes, name: str) -> dict[str, str]:
    now = dt.datetime.now(dt.UTC)
    return {
        f"{name}-id": "msg_2b7e",
        f"{name}-timestamp": str(int(now.timestamp())),
        f"{name}-signature": webhook.sign("msg_2b7e", now, body.decode()),
    }


def _stripe(body: bytes) -> _Open:
    from stripe import Webhook, WebhookSignature

    header = WebhookSignature.generate_signature_header(body.decode(), _SECRET)
    return lambda: Webhook.construct_event(body, header, _SECRET)


def _twilio(body: bytes) -> _Open:
    from twilio.request_validator import RequestValidator

    url = "https://example.com/webhooks/sms"
    form = {name: value or "" for name, value in json.loads(body).items()}
    validator = RequestValidator(_SECRET)
    signature = validator.compute_signature(url, form)
    return lambda: validator.validate(url, form, signature)


_OTHERS: dict[str, tuple[str, Callable[[bytes], _Open]]] = {
    "svix": ("verify, then json.loads", _svix),
    "standardwebhooks": ("verify, with json.loads", _standardwebhooks),
    "stripe": ("construct_event", _stripe),
    "twilio": ("SHA-1 of a form that others have read", _twilio),
}


def _show_receiving() -> None:
    events = _signed_events()
    receiver = Receiver(_SECRET)
    fresh, repeats, full = Cost(), Cost(), Cost()
    for _ in range(_ROUNDS):
        some = list(islice(events, _WEBHOOKS))
        fresh.seconds.append(_cost_of_receiving(receiver, some))
        repeats.seconds.append(_cost_of_receiving(receiver, some))
    _receive_all(receiver, islice(events, _REMEMBERED))
    for _ in range(_ROUNDS):
        some = list(islice(events, _WEBHOOKS))
        full.seconds.append(_cost_of_receiving(receiver, some))
    costs = {
        "new events": fresh,
        "repeats": repeats,
        f"new events, once {_REMEMBERED:,} are remembered": full,
    }
    show(
        "Receiver.receive and the end of its block, remembered in memory",
        ["", "µs CPU a webhook"],
        [[name, f"{cost.typical * 1e6:.1f}"] for name, cost in costs.items()],
    )
    print(f"\n{_bytes_a_message():.0f} bytes a remembered message", flush=True)


def _signed_events() -> Iterator[_Signed]:
    bodies = (_body(f"msg_{number:012x}") for number in count())
    return ((body, sign(body, _SECRET)) for body in bodies)


def _cost_of_receiving(receiver: Receiver, events: Iterable[_Signed]) -> float:
    began = time.process_time()
    _receive_all(receiver, events)
    return (time.process_time() - began) / _WEBHOOKS


def _receive_all(receiver: Receiver, events: Iterable[_Signed]) -> None:
    for body, signature in events:
        with receiver.receive(body, signature):
            pass


def _bytes_a_message() -> float:
    """Tell what the default store takes for a message it knows one event of."""
    receiver = Receiver(_SECRET)
    gc.collect()
    tracemalloc.start()
    _receive_all(receiver, islice(_signed_events(), _REMEMBERED))
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / _REMEMBERED


if __name__ == "__main__":
    main()
