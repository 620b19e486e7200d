"""The sandbox, or as little as a server in the same framework can do.

`python -m benchmarks.sandbox_servers sandbox [core]` prints its port and serves until
killed; so does `echo`, which reads a JSON body and answers with it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from stackverify.sandbox import Sandbox

__all__ = ["main"]


async def _echo(request: Request) -> JSONResponse:
    return JSONResponse(await request.json())


def _serve_echo() -> None:
    app = Starlette(routes=[Route("/api/v1/sms/send", _echo, methods=["POST"])])
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
    )
    # Only with its protocol named does asyncio turn delays off, as in the sandbox.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    print(listener.getsockname()[1], flush=True)
    asyncio.run(uvicorn.Server(config).serve([listener]))


def _serve_sandbox() -> None:
    with Sandbox(tier="enterprise:100000000") as sandbox:
        print(sandbox.base_url.split(":")[2].split("/")[0], flush=True)
        threading.Event().wait()


def main() -> None:
    """Serve what is named first, on the core that is named second."""
    serve = {"echo": _serve_echo, "sandbox": _serve_sandbox}[sys.argv[1]]
    if len(sys.argv) > 2:
        os.sched_setaffinity(0, {int(sys.argv[2])})
    serve()


if __name__ == "__main__":
    main()
