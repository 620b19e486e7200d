"""Ctrl-C in a bulk send: it ends soon, and its summary is the truth."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from stackverify import Client, SendMany, Sms
from stackverify.sandbox import Sandbox

SECONDS = 15.0
SETUP = """
    import asyncio, itertools, json, os
    from stackverify import AsyncClient, Client, Sms

    def rows():
        for n in itertools.count():
            yield Sms(f"+2547{n:08d}", f"Hi {n % int(os.environ['TEXTS'])}")

    def settings():
        return dict(tier="enterprise:60000", max_connections=8)

    def tell(sends):
        summary = sends.summary
        print(json.dumps({
            "accepted": summary.accepted,
            "finished": summary.finished,
            "unknown": summary.unknown,
            "unfinished": summary.unfinished,
            "next_index": summary.next_index,
        }))

    def take(outcome, number):
        if number == 30:
            print("running", flush=True)
"""
THREADS = """
    with Client(**settings()) as client:
        with client.sms.send_many(rows(), pack=PACK) as sends:
            try:
                for number, outcome in enumerate(sends):
                    take(outcome, number)
            except KeyboardInterrupt:
                pass
        tell(sends)
"""
TASKS = """
    async def main():
        async with AsyncClient(**settings()) as client:
            sends = client.sms.send_many(rows(), pack=PACK)
            number = 0
            try:
                async with sends:
                    async for outcome in sends:
                        number += 1
                        take(outcome, number)
            finally:
                tell(sends)

    try:
        RUN
    except (KeyboardInterrupt, BaseExceptionGroup):
        pass
"""
FLAVOURS = {
    "threads": THREADS,
    "asyncio": TASKS.replace("RUN", "asyncio.run(main())"),
    "trio": TASKS.replace("RUN", "import trio; trio.run(main)"),
}


@pytest.fixture
def slow_sandbox() -> Iterator[Sandbox]:
    with Sandbox(tier="enterprise:60000", latency=(0.0, 0.05)) as sandbox:
        yield sandbox


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(slow_sandbox: Sandbox) -> Iterator[Start]:
    """Start a script in a process of its own, and wait until it is at work."""
    begun: list[subprocess.Popen[str]] = []

    def begin(script: str, *, pack: int = 1, texts: int = 1_000_000) -> Any:
        whole = textwrap.dedent(SETUP) + textwrap.dedent(script)
        process = subprocess.Popen(
            [sys.executable, "-c", whole.replace("PACK", str(pack))],
            env=os.environ
            | {
                "STACKVERIFY_API_KEY": slow_sandbox.api_key,
                "STACKVERIFY_BASE_URL": slow_sandbox.base_url,
                "TEXTS": str(texts),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the end, and read the summary that was printed."""
    told, complaints = process.communicate(timeout=SECONDS)
    assert complaints.splitlines() == []
    summary: dict[str, Any] = json.loads(told)
    return summary


@pytest.mark.parametrize(("pack", "texts"), [(1, 1_000_000), (20, 3), (20, 1_000_000)])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_ctrl_c_ends_a_bulk_with_a_true_summary(
    slow_sandbox: Sandbox, start: Start, flavour: str, pack: int, texts: int
) -> None:
    process = start(FLAVOURS[flavour], pack=pack, texts=texts)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    summary = ended(process)
    assert summary["accepted"] == slow_sandbox.count() > 0
    assert summary["unknown"] == 0
    rows_told = summary["finished"] + len(summary["unfinished"])
    assert rows_told == summary["next_index"]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_ctrl_c_twice_ends_at_once(
    slow_sandbox: Sandbox, start: Start, flavour: str
) -> None:
    process = start(FLAVOURS[flavour])
    slow_sandbox.knobs.latency = 60.0
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.wait(SECONDS)


class _Interrupter:
    """Raises KeyboardInterrupt at the n-th line that this thread runs in a file."""

    def __init__(self, at: int, *files: str) -> None:
        self.left = at
        self.files = files

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        return self.line if frame.f_code.co_filename.endswith(self.files) else None

    def line(self, frame: FrameType, event: str, argument: object) -> Any:
        self.left -= event == "line"
        if self.left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self.line


def _sent_until_interrupted(client: Client, at: int) -> SendMany[Sms]:
    texts = [Sms(f"+2547{n:08d}", f"Hi {n % 3}") for n in range(12)]
    before = sys.gettrace()
    with client.sms.send_many(iter(texts), pack=3) as sends:
        try:
            sys.settrace(_Interrupter(at, "_sync/_concurrency.py", "_core/packing.py"))
            for _ in sends:
                pass
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
    return sends


def test_ctrl_c_loses_no_row_wherever_it_strikes() -> None:
    lost = {}
    with Sandbox(tier="enterprise:60000") as sandbox:
        client = Client(
            sandbox.api_key, base_url=sandbox.base_url, tier="enterprise:60000"
        )
        for at in range(1, 250):
            sandbox.reset()
            summary = _sent_until_interrupted(client, at).summary
            told = summary.finished + len(summary.unfinished)
            lost[at] = (summary.next_index - told, sandbox.count() - summary.accepted)
        client.close()
    assert {at: each for at, each in lost.items() if each != (0, 0)} == {}
