"""A server that does to each connection what a script says, and counts what it got.

A script is a function of a `Talk`. What came in is counted from the bytes, whatever
the script did with them: a request counts once its last byte was within reach.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

__all__ = [
    "CERTIFICATE",
    "FaultyServer",
    "Script",
    "Talk",
    "accept_all",
    "accepted",
    "reply",
    "script",
]

_PATIENCE = 20.0
_BUFFER = 16 * 1024

# Self-signed for 127.0.0.1, and nobody's secret: its private key is the number 1.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBSjCB8aADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
dDAgFw0yMDAxMDEwMDAwMDBaGA8yOTk5MTIzMTAwMDAwMFowFDESMBAGA1UEAwwJ
bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vObl
Y6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBo
N79R9aMyMDAwDwYDVR0RBAgwBocEfwAAATAdBgNVHQ4EFgQUtGejmZ6176Zx3gAy
8Iqcnl79oOEwCgYIKoZIzj0EAwIDSAAwRQIhAMUagfPYmDQ9GV5EB+YNv30GAT83
3An1FCqsi5AaYTg+AiBJ38hVMneBpIx+G+7JE5al6v90lqnS/7dmOkvmGDbhyA==
-----END CERTIFICATE-----
"""
_KEY = """
MHcCAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABoAoGCCqGSM49AwEHoUQDQgAE
axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7L
tkBoN79R9Q==
"""


class GoneError(Exception):
    """The client left, or the server is told to come to its end."""


class _End:
    """Tells everyone who waits that the server comes to its end."""

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()

    def fileno(self) -> int:
        return self._here.fileno()

    def tell(self) -> None:
        self._there.close()

    def close(self) -> None:
        self._here.close()


class Talk:
    """One connection, as a script sees it.

    Attributes:
        heard: All that was read.
    """

    def __init__(self, sock: socket.socket, end: _End) -> None:
        self.heard = bytearray()
        self._sock = sock
        self._end = end
        self._body_at = 0
        self._next_at = 0
        self._is_open = True

    def request(self) -> bytes:
        """Read one request, and give its body."""
        self.read(self.head())
        return bytes(self.heard[self._body_at : self._next_at])

    def head(self) -> int:
        """Read the head of a request and no further; tell the length of its body."""
        while (end := self.heard.find(b"\r\n\r\n", self._next_at)) < 0:
            self._take_of_head()
        length = _length(self.heard[self._next_at : end])
        self._body_at, self._next_at = end + 4, end + 4 + length
        return length

    def read(self, count: int) -> None:
        """Read so many bytes of the body, and not one more."""
        while (missing := self._body_at + count - len(self.heard)) > 0:
            self._take(missing)

    def say(self, *pieces: bytes, every: float = 0.0) -> None:
        """Send the pieces, one every so many seconds."""
        for piece in pieces:
            with contextlib.suppress(TimeoutError):
                self._wait_until_readable(every)
            try:
                self._sock.sendall(piece)
            except OSError as error:
                raise GoneError from error

    def drip(self, content: bytes, every: float = 0.02) -> None:
        """Send byte for byte."""
        self.say(*(content[at : at + 1] for at in range(len(content))), every=every)

    def accept(self) -> None:
        """Read a request, and answer that it was accepted."""
        self.request()
        self.say(accepted())

    def hang_up(self) -> None:
        """Send nothing further, and go on reading."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break the connection off."""
        self._peek()
        self._sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self._close()

    def stall(self) -> None:
        """Neither read nor write until the server comes to its end."""
        _ready(_PATIENCE, self._end)

    def rest(self, seconds: float) -> None:
        """Wait so long for a further byte.

        Raises:
            TimeoutError: None came.
        """
        self._wait_until_readable(seconds)

    def secure(self) -> None:
        """Shake hands for TLS, with a certificate that nobody trusts."""
        try:
            self._sock = _context().wrap_socket(self._sock, server_side=True)
        except OSError as error:
            raise GoneError from error

    def end(self) -> None:
        """Read what else the client had to say, and close."""
        with contextlib.suppress(GoneError, OSError):
            while self._is_open:
                self._take(_BUFFER)
        self._close()

    def leave(self) -> None:
        """Close at once; what was not read makes it a reset."""
        self._peek()
        self._close()

    def _close(self) -> None:
        self._is_open = False
        self._sock.close()

    def _take(self, count: int) -> None:
        with contextlib.suppress(TimeoutError):
            self._wait_until_readable(_PATIENCE)
        try:
            chunk = self._sock.recv(min(count, _BUFFER))
        except OSError as error:
            raise GoneError from error
        if not chunk:
            raise GoneError
        self.heard += chunk

    def _take_of_head(self) -> None:
        """Read what came, but nothing of a body."""
        self._wait_until_readable(_PATIENCE)
        try:
            coming = self._sock.recv(_BUFFER, socket.MSG_PEEK)
        except OSError as error:
            raise GoneError from error
        end = (self.heard + coming).find(b"\r\n\r\n", self._next_at)
        self._take(max(1, len(coming) if end < 0 else end + 4 - len(self.heard)))

    def _peek(self) -> None:
        """Count what is within reach and was not read."""
        with contextlib.suppress(OSError, ValueError):  # TLS cannot peek
            self._sock.settimeout(0.0)
            self.heard += self._sock.recv(1 << 24, socket.MSG_PEEK)

    def _wait_until_readable(self, seconds: float) -> None:
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return
        ready = _ready(seconds, self._sock, self._end)
        if self._end in ready and self._sock not in ready:
            raise GoneError
        if not ready:
            raise TimeoutError


Script: TypeAlias = Callable[[Talk], None]


def reply(
    status: int = 200,
    body: bytes = b"{}",
    *fields: str,
    length: int | None = None,
    keep: bool = False,
) -> bytes:
    """Write a reply whose body is as long as it says, or is not."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status} Words", f"Content-Length: {size}", *fields]
    head += [] if keep else ["Connection: close"]
    return "\r\n".join([*head, "", ""]).encode() + body


def accepted(*fields: str) -> bytes:
    """Write the reply to a send that was accepted; the connection stays open."""
    return reply(200, b'{"message_id": "m-1", "status": "queued"}', *fields, keep=True)


def accept_all(talk: Talk) -> None:
    """Accept whatever is sent, as a healthy server does."""
    while True:
        talk.accept()


def script(fault: Script, *, before: int = 0) -> Script:
    """Accept some requests, then read one more and do something else to it."""

    def run(talk: Talk) -> None:
        for _ in range(before):
            talk.accept()
        talk.request()
        fault(talk)

    return run


class FaultyServer:
    """Listens on loopback, and gives each connection a script.

    Args:
        scripts: For the first connection, the second, and so on; the last one is
            for all that follow.
    """

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._is_over = False
        self._talks: list[Talk] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> FaultyServer:
        self._end = _End()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.finish()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}/api/v1"

    @property
    def secure_url(self) -> str:
        """Where it listens, for those who speak TLS."""
        return self.base_url.replace("http:", "https:")

    @property
    def connections(self) -> int:
        """How many were made so far."""
        return len(self._talks)

    def finish(self) -> None:
        """Come to the end: of all scripts, and of what was still on its way."""
        if self._is_over:
            return
        self._is_over = True
        self._end.tell()
        self._acceptor.join(_PATIENCE)
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._listener.close()
        self._end.close()

    def posts(self, text: str = "") -> int:
        """Count the sends with this text that came whole; ends the server."""
        self.finish()
        return sum(text.encode() in body for body in self._bodies())

    def requests(self) -> int:
        """Count the requests of any kind that came whole; ends the server."""
        self.finish()
        return sum(1 for talk in self._talks for _ in _requests(bytes(talk.heard)))

    def _bodies(self) -> Iterator[bytes]:
        for talk in self._talks:
            for head, body in _requests(bytes(talk.heard)):
                if head.startswith(b"POST "):
                    yield body

    def _accept(self) -> None:
        while self._end not in _ready(None, self._listener, self._end):
            sock, _ = self._listener.accept()
            sock.settimeout(_PATIENCE)
            talk = Talk(sock, self._end)
            run = self._scripts[min(len(self._talks), len(self._scripts) - 1)]
            self._talks.append(talk)
            thread = threading.Thread(target=_serve, args=(run, talk), daemon=True)
            self._threads.append(thread)
            thread.start()


def _serve(run: Script, talk: Talk) -> None:
    with contextlib.suppress(GoneError):
        run(talk)
    talk.end()


def _ready(seconds: float | None, *waiting: Any) -> list[Any]:
    """Tell which of them can be read by then."""
    try:
        return select.select(waiting, [], [], seconds)[0]
    except (OSError, ValueError):  # one was closed
        return list(waiting)


def _requests(heard: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Find the requests that are there from their first byte to their last."""
    while b"\r\n\r\n" in heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        length = _length(head)
        if len(rest) < length:
            return
        yield head, rest[:length]
        heard = rest[length:]


def _length(head: Any) -> int:
    for line in bytes(head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    kind = "EC PRIVATE KEY"  # put together here: it is a secret in form only
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "both.pem")
        path.write_text(
            f"-----BEGIN {kind}-----{_KEY}-----END {kind}-----\n{CERTIFICATE}"
        )
        context.load_cert_chain(path)
    return context
