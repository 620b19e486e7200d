"""Programs that end with a client open, while Python complains of all it can."""

import subprocess
from textwrap import dedent

import pytest

from stackverify.sandbox import Sandbox
from tests.behaviour.processes import run_program

START = """
import asyncio, gc, os, sys
import anyio
from stackverify import AsyncClient, Client

ADDRESS = dict(base_url=sys.argv[1], tier="enterprise:60000")
KEY = "sk_test_sandbox"

async def send(client):
    # What a busy machine makes slow is none of this program's business.
    if sys.argv[2] == "asyncio":
        asyncio.get_running_loop().slow_callback_duration = 60.0
    await client.sms.send("+254712345678", "hi")

def run(function, *values):
    return anyio.run(function, *values, backend=sys.argv[2])
"""
SYNC = """
from stackverify import Sms

client = Client(KEY, **ADDRESS)
client.sms.send("+254712345678", "hi")
rows = (Sms(f"+2547{row:08d}", "hi") for row in range(100))
assert len(list(client.sms.send_many(rows, pack=1))) == 100
"""
SYNC_BULK_LEFT_EARLY = """
from stackverify import Sms

client = Client(KEY, **ADDRESS)
rows = (Sms(f"+2547{row:08d}", "hi") for row in range(10**6))
next(client.sms.send_many(rows, pack=1))
"""
SYNC_DROPPED = """
def work():
    Client(KEY, **ADDRESS).sms.send("+254712345678", "hi")

work()
gc.collect()
"""
ASYNC = """
client = AsyncClient(KEY, **ADDRESS)
run(send, client)
run(send, client)
"""
ASYNC_BULK_LEFT_EARLY = """
from stackverify import Sms

client = AsyncClient(KEY, max_connections=4, **ADDRESS)
rows = (Sms(f"+2547{row:08d}", "hi") for row in range(10**6))

async def leave_early():
    await send(client)
    async for outcome in client.sms.send_many(rows, pack=1):
        if outcome.index > 50:  # all four connections are open by then
            break

run(leave_early)
"""
ASYNC_CANCELLED = """
client = AsyncClient(KEY, **ADDRESS)

async def cancel():
    await send(client)
    with anyio.move_on_after(0.001):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(send, client)

run(cancel)
"""
ASYNC_DROPPED = """
async def work():
    await send(AsyncClient(KEY, **ADDRESS))
    gc.collect()
    await anyio.sleep(0.05)

run(work)
"""
FORK = """
child = os.fork()
{work}
if not child:
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
SYNC_FORKED = SYNC + FORK.format(work='client.sms.send("+254712345678", "hi")')
ASYNC_FORKED = ASYNC + FORK.format(work="run(send, client)")


def check(ended: subprocess.CompletedProcess[str]) -> None:
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(SYNC, id="after sends"),
        pytest.param(SYNC_BULK_LEFT_EARLY, id="in a bulk send"),
        pytest.param(SYNC_DROPPED, id="dropped"),
        pytest.param(SYNC_FORKED, id="and its child"),
    ],
)
def test_a_program_whose_client_is_never_closed_ends_without_a_word(
    sandbox: Sandbox, program: str
) -> None:
    check(run_program(START + program, sandbox.base_url))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(ASYNC, id="after two runs"),
        pytest.param(ASYNC_BULK_LEFT_EARLY, id="in a bulk send"),
        pytest.param(ASYNC_CANCELLED, id="after cancellations"),
        pytest.param(ASYNC_FORKED, id="and its child"),
    ],
)
def test_a_program_whose_async_client_is_never_closed_ends_without_a_word(
    sandbox: Sandbox, program: str, backend: str
) -> None:
    check(run_program(START + program, sandbox.base_url, backend))


def test_an_async_client_that_is_dropped_is_closed_without_a_word(
    sandbox: Sandbox,
) -> None:
    """On asyncio: trio itself complains of what is dropped unclosed."""
    check(run_program(START + ASYNC_DROPPED, sandbox.base_url, "asyncio"))


def test_a_child_forked_inside_a_loop_ends_without_a_word(sandbox: Sandbox) -> None:
    program = """
    client = AsyncClient(KEY, **ADDRESS)

    async def main():
        await send(client)
        child = os.fork()
        if not child:
            asyncio.run(send(client))
            os._exit(0)
        os.waitpid(child, 0)

    asyncio.run(main())
    """
    source = START + dedent(program)
    check(run_program(source, sandbox.base_url, "asyncio"))
    assert sandbox.count() == 2
