"""What the doctor sees of the service: name, certificate, clock, permissions."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias
from urllib.parse import urlsplit

import attrs

from stackverify import Client, Reply, Retry
from stackverify._core.rate_headers import rate_headers
from stackverify._core.reconcile import clock_offset
from stackverify._process.tls import shared_context
from stackverify.cli.finding import Finding, State
from stackverify.cli.sentences import sentence
from stackverify.cli.session import Session
from stackverify.errors import (
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    ReplyError,
    StackverifyError,
    UnauthorizedError,
)
from stackverify.velstack import Velstack

__all__ = ["look_there"]

_Answer: TypeAlias = Reply | StackverifyError
_PATIENCE = 10.0
_DAYS_TO_WARN = 14
_CLOCK_TOLERANCE = 5.0
# No service gives an id like this one, and asking for it changes nothing.
_NO_MESSAGE = "stackverify-doctor-no-such-message"


def look_there(chosen: Session) -> Iterator[Finding]:
    """Look at the service, as far as one can without sending anything."""
    chosen.timeout = chosen.timeout or _PATIENCE
    try:
        client = chosen.sender(retry=Retry(attempts=1, rate_limited=0))
    except (StackverifyError, OSError):  # told of where the settings were looked at
        for name in ("name", "TLS", "service", "clock", "limits", "permissions"):
            yield Finding(name, "skipped", "not without a key and an address.")
        return
    with client:
        if isinstance(client, Velstack):
            yield from _velstack(client, chosen.timeout)
        elif (yield from _place(client.base_url, chosen.timeout)):
            yield from _service(client)


def _velstack(client: Velstack, seconds: float) -> Iterator[Finding]:
    """Look at both of its addresses, of which only the older one can be read from."""
    older = ""
    if client.base_url != client.older_base_url:
        older = "older "
        yield from _place(client.base_url, seconds)
    if (yield from _place(client.older_base_url, seconds, older)):
        yield from _records(client)


def _place(
    base_url: str, seconds: float, which: str = ""
) -> Generator[Finding, None, bool]:
    """Look at name and certificate; tell whether one can ask there."""
    place = urlsplit(base_url)
    host, port = place.hostname or "", place.port
    port = port or (443 if place.scheme == "https" else 80)
    found = _name(host, port, seconds)
    yield attrs.evolve(found, name=f"{which}{found.name}")
    if found.state == "wrong":
        return False
    found = _tls(host, port, place.scheme, seconds)
    yield attrs.evolve(found, name=f"{which}{found.name}")
    return True


def _name(host: str, port: int, seconds: float) -> Finding:
    found: list[str] = []
    failure: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(
                sorted({str(info[4][0]) for info in socket.getaddrinfo(host, port)})
            )
        except OSError as error:
            failure.append(error)

    # Nothing can interrupt the resolver.
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(seconds)
    if found:
        text = f"{host} is {', '.join(found)}."
        return Finding("name", "ok", text, {"host": host, "addresses": found})
    why = failure[0].strerror if failure else f"no answer within {seconds:g} s"
    text = f"{host} was not found ({why}): check the base URL and this machine's DNS."
    return Finding("name", "wrong", text, {"host": host, "addresses": []})


def _tls(host: str, port: int, scheme: str, seconds: float) -> Finding:
    if scheme != "https":
        return Finding("TLS", "skipped", "plain http, to this machine itself.")
    # The client's own: it was built when the client was entered.
    context = shared_context(ssl.create_default_context)
    try:
        with (
            socket.create_connection((host, port), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate, version = secure.getpeercert() or {}, secure.version()
    except ssl.SSLCertVerificationError as error:
        text = f"the certificate is not accepted: {error.verify_message}."
        return Finding("TLS", "wrong", f"{text} Check clock, proxy and base URL.")
    except OSError as error:
        why = error.strerror or type(error).__name__
        return Finding("TLS", "wrong", f"no connection to {host}:{port}: {why}.")
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return _accepted(version, ends - time.time())


def _accepted(version: str | None, seconds_left: float) -> Finding:
    days = int(seconds_left / 86_400)
    state: State = "warning" if days < _DAYS_TO_WARN else "ok"
    text = f"{version}, certificate accepted, {days} days left."
    return Finding("TLS", state, text, {"version": version, "days_left": days})


def _service(client: Client) -> Iterator[Finding]:
    asked_at = time.time()
    answer = _answer(lambda: next(client.sms.list(page_size=1).pages()).reply)
    reply = answer.reply if isinstance(answer, ReplyError) else answer
    yield _reachable(answer)
    if not isinstance(reply, Reply):
        return
    yield _clock(reply, asked_at)
    yield _limits(reply)
    if isinstance(answer, (UnauthorizedError, NotFoundError)):
        return
    yield _permission("sms:read", answer)
    for channel in ("email", "whatsapp"):
        yield _permission(f"{channel}:read", _ask_status(client, channel))
    text = "sms:send, email:send, whatsapp:send: only a send would tell."
    yield Finding("permission to send", "skipped", text)


def _records(client: Velstack) -> Iterator[Finding]:
    asked_at = time.time()
    answer = _answer(lambda: next(client.groups.list().pages()).reply)
    if isinstance(answer, UnauthorizedError) and client.mode.access == "public":
        text = "it answers; whether it knows a public key only a send would tell."
        yield Finding("service", "ok", text, {"error": type(answer).__name__})
    else:
        yield _reachable(answer, "its dashboard")
    reply = answer.reply if isinstance(answer, ReplyError) else answer
    if isinstance(reply, Reply):
        yield _clock(reply, asked_at)
    text = "only a send would tell, and what credit is left."
    yield Finding("permission to send", "skipped", text)


def _answer(ask: Callable[[], Reply]) -> _Answer:
    try:
        return ask()
    except StackverifyError as error:
        return error


def _ask_status(client: Client, channel: str) -> _Answer:
    def ask() -> Reply:
        service = client.email if channel == "email" else client.whatsapp
        found = service.status(_NO_MESSAGE)
        return found.reply or Reply(200, {}, b"")

    return _answer(ask)


def _reachable(answer: _Answer, where_keys_are: str = "Settings → API Keys") -> Finding:
    if isinstance(answer, Reply):
        text = f"it answers, in {answer.elapsed * 1000:,.0f} ms."
        return Finding("service", "ok", text, {"seconds": round(answer.elapsed, 3)})
    facts = {"error": type(answer).__name__}
    if isinstance(answer, ForbiddenError):
        return Finding("service", "ok", "it answers, and knows the key.", facts)
    if isinstance(answer, UnauthorizedError):
        text = f"it does not know this key (401): copy it again from {where_keys_are}."
        return Finding("service", "wrong", text, facts)
    if isinstance(answer, NotFoundError):
        text = "somebody answers, and has no such page (404): check the base URL."
        return Finding("service", "wrong", text, facts)
    state: State = "warning" if isinstance(answer, RateLimitedError) else "wrong"
    return Finding("service", state, sentence(answer), facts)


def _clock(reply: Reply, asked_at: float) -> Finding:
    ahead = clock_offset(reply.headers, asked_at + reply.elapsed / 2)
    if ahead is None:
        return Finding("clock", "skipped", "the service does not say what time it is.")
    # The header has whole seconds, cut off.
    offset = -ahead - 0.5
    facts = {"offset": round(offset, 1)}
    if abs(offset) <= _CLOCK_TOLERANCE:
        text = f"within {_CLOCK_TOLERANCE:g} s of the service's."
        return Finding("clock", "ok", text, facts)
    way = "ahead of" if offset > 0 else "behind"
    text = f"{abs(offset):,.0f} s {way} the service's: set this machine's clock (NTP)."
    return Finding("clock", "warning", text, facts)


def _limits(reply: Reply) -> Finding:
    told = rate_headers(reply.headers, time.time())
    if told is None:
        text = "the service does not tell what is left of its rate."
        return Finding("limits", "skipped", text)
    resets = f", anew in {told.resets_in:,.0f} s" if told.resets_in else ""
    text = f"{told.remaining:,} requests left{resets}."
    return Finding("limits", "ok", text, {"remaining": told.remaining})


def _permission(name: str, answer: _Answer) -> Finding:
    title = f"permission {name}"
    if isinstance(answer, (Reply, NotFoundError)):
        return Finding(title, "ok", "the key has it.", {"granted": True})
    if isinstance(answer, ForbiddenError):
        text = "the key does not have it: fine, if it is not to."
        return Finding(title, "warning", text, {"granted": False})
    return Finding(title, "warning", f"cannot tell: {sentence(answer)}")
