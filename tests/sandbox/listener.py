"""Somebody on this machine who takes webhooks, for the tests of the sandbox."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.define(eq=False)
class Listener:
    """Somebody who takes webhooks.

    Attributes:
        url: Where.
        taken: What came: signature and body.
        answers: The statuses to answer with; 200 when there are no more.
        has_heard: Set once something came.
    """

    url: str = ""
    taken: list[tuple[str | None, bytes]] = attrs.field(factory=list)
    answers: list[int] = attrs.field(factory=list)
    has_heard: threading.Event = attrs.field(factory=threading.Event)

    @property
    def fields(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]

    @property
    def statuses(self) -> list[str]:
        return [fields["status"] for fields in self.fields]


@contextmanager
def listening() -> Iterator[Listener]:
    """Take webhooks, in a thread."""
    listens = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listens.taken.append((self.headers["X-StackVerify-Signature"], body))
            self.send_response(listens.answers.pop(0) if listens.answers else 200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"thanks")
            listens.has_heard.set()

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listens.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listens
        finally:
            server.shutdown()
            thread.join()
