"""The examples, as somebody would start them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.webhooks.services import HEADER, PATH, inbound, report, signature

ROOT = Path(__file__).parents[2]
SECRET = "whsec_of-the-tests-4711"
EXAMPLES = sorted(path.name for path in ROOT.glob("examples/webhook_*.py"))


def start(name: str, port: int, secret: str) -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "STACKVERIFY_WEBHOOK_SECRET": secret,
    }
    return subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / name), "--port", str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(name: str) -> Iterator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    transport = httpx.HTTPTransport(retries=5)  # it says so just before it listens
    with start(name, port, SECRET) as process:
        try:
            assert process.stdout is not None
            assert f"http://127.0.0.1:{port}{PATH}" in process.stdout.readline()
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, transport=transport) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("name", EXAMPLES)
def test_ctrl_c_ends_it_without_a_traceback(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with start(name, port, SECRET) as process:
        assert process.stdout is not None
        process.stdout.readline()
        transport = httpx.HTTPTransport(retries=5)
        with httpx.Client(transport=transport) as client:
            client.get(f"http://127.0.0.1:{port}/statuses")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err


def test_there_is_one_for_each_framework() -> None:
    frameworks = ("aiohttp", "django", "fastapi", "flask")
    assert [f"webhook_{name}.py" for name in frameworks] == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_keeps_the_latest_status_of_each_message(name: str) -> None:
    with running(name) as client:

        def post(body: bytes) -> int:
            return client.post(
                PATH, content=body, headers={HEADER: signature(body, SECRET)}
            ).status_code

        bodies = [report("sent"), report("delivered"), report("queued"), inbound()]
        assert [post(body) for body in [*bodies, report("delivered")]] == [200] * 5
        assert post(report("sent", "msg_2")) == 200
        forged = client.post(PATH, content=report("failed"), headers={HEADER: "0" * 64})
        assert forged.status_code == 401
        assert client.get("/statuses").json() == {"msg_1": "delivered", "msg_2": "sent"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_without_a_secret_it_says_where_to_put_one(name: str) -> None:
    with start(name, 0, "") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "STACKVERIFY_WEBHOOK_SECRET" in err
    assert "Traceback" not in err
