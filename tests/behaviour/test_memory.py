"""What a hostile reply and a large attachment cost, in a process of their own."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox
from tests.behaviour.processes import run_program

MB = 1_000_000
GROWN = 300 * MB

START = """
import pathlib, sys, tracemalloc
import anyio
from stackverify import AsyncClient, Attachment, Client, Retry
from stackverify.errors import StackverifyError

ADDRESS = dict(base_url=sys.argv[1], tier="enterprise:60000")
KEY = "sk_test_sandbox"

def measured(work):
    "Do it twice, and tell what the second time took at its peak."
    work(), tracemalloc.start(), work()
    print(tracemalloc.get_traced_memory()[1], end=" ")
    tracemalloc.stop()
"""

BOMB = (
    START
    + """
def send(client):
    return client.sms.send("+254712345678", "hi")

def read(client):
    client = client.with_options(retry=Retry(attempts=1))
    return client.sms.status("some-id")

def open_it(ask, error):
    try:
        ask()
    except StackverifyError as raised:
        assert type(raised).__name__ == error, raised
        return
    sys.exit("no error")

async def ask_async(ask):
    async with AsyncClient(KEY, **ADDRESS) as client:
        await ask(client)

with Client(KEY, **ADDRESS) as client:
    measured(lambda: open_it(lambda: send(client), "UnreadableReplyError"))
    measured(lambda: open_it(lambda: read(client), "ReadFailedError"))
measured(lambda: open_it(lambda: anyio.run(ask_async, send), "UnreadableReplyError"))
measured(lambda: open_it(lambda: anyio.run(ask_async, read), "ReadFailedError"))
"""
)

ATTACHMENT = (
    START
    + """
path = pathlib.Path(sys.argv[2])
content = {content}
email = dict(subject="A report", text="Attached.")

def send():
    with Client(KEY, **ADDRESS) as client:
        files = [Attachment("report.pdf", content)]
        assert client.email.send("a@example.org", attachments=files, **email)

async def send_async():
    async with AsyncClient(KEY, **ADDRESS) as client:
        files = [Attachment("report.pdf", content)]
        assert await client.email.send("a@example.org", attachments=files, **email)

measured(send)
measured(lambda: anyio.run(send_async))
"""
)


class _Bomber(BaseHTTPRequestHandler):
    """Answers each request with a megabyte at most that grows to 300."""

    protocol_version = "HTTP/1.1"
    bomb = gzip.compress(b"0" * GROWN, 9)

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(self.bomb)))
        self.end_headers()
        self.wfile.write(self.bomb)

    do_GET = do_POST = _answer  # noqa: N815 - the names are the standard library's

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: that is what they should do."""


@pytest.fixture
def bomber() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Bomber) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "report.pdf"
    path.write_bytes(bytes(range(250)) * (MB // 10))
    return path


def peaks(source: str, *arguments: object) -> list[int]:
    ended = run_program(source, *arguments, strict=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return [int(peak) for peak in ended.stdout.split()]


def test_a_reply_that_grows_to_300_mb_is_a_typed_error_and_costs_little(
    bomber: str,
) -> None:
    assert len(_Bomber.bomb) <= MB
    costs = peaks(BOMB, bomber)
    assert len(costs) == 4
    assert max(costs) <= 32 * MB


@pytest.mark.parametrize("content", ["path", "path.read_bytes()"])
def test_an_attachment_of_25_mb_costs_no_more_than_itself(
    sandbox: Sandbox, file: Path, content: str
) -> None:
    costs = peaks(ATTACHMENT.format(content=content), sandbox.base_url, file)
    assert [m.content.attachments[0].size for m in sandbox.messages()] == [25 * MB] * 4
    assert len(costs) == 2
    assert max(costs) <= 8 * MB
