"""Replies as they arrive, and what it means that none did."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterable, Mapping
from contextlib import suppress
from typing import Protocol

import attrs
import httpcore
import httpx

from stackverify._async._concurrency import shielded
from stackverify._core.verdict import NoAnswer
from stackverify._process.flight import Flight, TooLateError
from stackverify._process.inflate import Reader, ReplyTooLargeError
from stackverify.reply import Reply

__all__ = ["AsyncArrival", "FAILURES", "no_answer", "read_reply"]

# What a request can fail with, and nothing that is a mistake of ours.
BROKEN = (
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)
# A name that no host can have is a UnicodeError, from the codec of the resolver.
FAILURES = (*BROKEN, TimeoutError, OSError, UnicodeError, TooLateError)

# What an exception says itself may repeat addresses and header values.
_PLAINLY: dict[type[BaseException], str] = {
    ConnectionRefusedError: "nobody listens there",
    socket.gaierror: "the name was not found",
    ssl.SSLCertVerificationError: "the certificate is not accepted",
    ssl.SSLError: "no TLS came about",
}


class _Close(Protocol):
    async def __call__(self) -> None:
        """Be done with a reply."""
        ...


@attrs.frozen
class AsyncArrival:
    """A reply whose head is there, and whose body is on its way."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterable[bytes]
    aclose: _Close


async def read_reply(arrival: AsyncArrival, flight: Flight) -> Reply:
    """Read a reply, whole or as far as it comes.

    A reply whose head came counts with its status even if its body broke off.
    """
    reader = Reader(arrival.headers.get("content-encoding", ""))
    chunks = aiter(arrival.chunks)
    is_late = False
    try:
        async for chunk in chunks:
            if is_late:  # a reply in drips never meets a socket's timeout
                raise httpx.ReadTimeout("too slow")
            reader.feed(chunk)
            is_late = flight.is_over
        reader.end()
        is_complete = True
    except (*BROKEN, ValueError, ReplyTooLargeError):
        is_complete = False
    finally:
        await shielded(arrival.aclose)
    if not is_complete:
        # Now that the connection is closed, the generators underneath come to an end
        # of their own: trio makes a noise about those that are left half way.
        with suppress(*BROKEN):
            async for _ in chunks:
                pass
    return Reply(
        arrival.status, arrival.headers, reader.body(), flight.elapsed, is_complete
    )


def no_answer(error: Exception, flight: Flight) -> NoAnswer:
    name = type(error).__name__
    return NoAnswer(
        flight.stage,
        "timed out"
        if name == "TimeoutError"
        else f"the connection failed ({_PLAINLY.get(_root(error), name)})",
        bad_certificate=_is_about_certificate(error),
        out_of_time=isinstance(error, TooLateError) or flight.is_late,
        cause=error,
    )


def _root(error: BaseException) -> type[BaseException]:
    # Its context may be what the user was handling when it happened.
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error)


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
