"""What is loaded, when, and by which thread; each in a process of its own."""

import json

import pytest

from stackverify.sandbox import Sandbox
from tests.behaviour.processes import run_program

# The dependencies, and what they load in their turn.
ALLOWED = {
    *("anyio", "attr", "attrs", "cattrs", "certifi", "h11", "httpcore", "httpx"),
    *("idna", "sniffio", "stackverify", "typing_extensions", "exceptiongroup"),
}
# Loaded where it is installed: the extra `fast`.
FAST = {"orjson"}

LOADED = """
import json, sys
before = {{name.partition(".")[0] for name in sys.modules}}
{work}
after = {{name.partition(".")[0] for name in sys.modules}}
print(json.dumps(sorted(after - before - set(sys.stdlib_module_names))))
"""

EVERYTHING = """
from stackverify import *
import stackverify.campaigns, stackverify.limiters, stackverify.webhooks
"""

FIRST_CALL = """
import sys, threading

loaded_by = {{}}

class Witness:
    def find_spec(self, name, path=None, target=None):
        loaded_by.setdefault(name, threading.get_ident())

sys.meta_path.insert(0, Witness())
import anyio
from stackverify import AsyncClient

client = AsyncClient("sk_test_sandbox", base_url=sys.argv[1])

async def main():
    assert not {{"httpx", "cattrs"}} & loaded_by.keys()
    {work}
    loop = threading.get_ident()
    assert loaded_by["httpx"] != loop, "httpx was loaded by the event loop's thread"
    assert loaded_by["cattrs"] != loop, "cattrs was loaded by the event loop's thread"
    await client.aclose()

anyio.run(main, backend=sys.argv[2])
"""


def loaded(work: str) -> set[str]:
    ended = run_program(LOADED.format(work=work))
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout))


def test_importing_the_package_loads_nothing_of_others() -> None:
    assert loaded("import stackverify") == {"stackverify"}


def test_using_every_public_name_loads_dependencies_only() -> None:
    assert loaded(EVERYTHING) <= ALLOWED | FAST


def test_using_every_public_name_loads_neither_httpx_nor_cattrs() -> None:
    assert loaded(EVERYTHING).isdisjoint({"httpx", "httpcore", "cattrs"})


def test_making_a_client_loads_neither_httpx_nor_cattrs() -> None:
    work = "from stackverify import *; AsyncClient('sk_test_x'); Client('sk_test_x')"
    assert loaded(work).isdisjoint({"httpx", "httpcore", "cattrs"})


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    "work",
    [
        pytest.param("await client.warmup()", id="warmup"),
        pytest.param("await client.__aenter__()", id="async with"),
        pytest.param("await client.sms.send('+254712345678', 'hi')", id="first call"),
    ],
)
def test_httpx_and_cattrs_are_loaded_beside_the_event_loop(
    sandbox: Sandbox, work: str, backend: str
) -> None:
    ended = run_program(
        FIRST_CALL.format(work=work), sandbox.base_url, backend, strict=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
