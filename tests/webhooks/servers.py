"""Each framework's own server, on a port of this machine, in a thread."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from aiohttp import web
from werkzeug.serving import make_server

PATIENCE = 20.0
HOST = "127.0.0.1"


class _Door:
    """An ASGI application that is another one for each test.

    Stopping uvicorn takes a tenth of a second, so one serves them all.
    """

    def __init__(self) -> None:
        self.url = ""
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


_door = _Door()


@contextmanager
def uvicorn_at_work() -> Iterator[None]:
    """Have uvicorn run, for `uvicorn_server`."""
    config = uvicorn.Config(
        _door,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server((HOST, 0))
    _door.url = f"http://{HOST}:{listener.getsockname()[1]}"
    with _thread(server.run, [listener]):
        _until(lambda: server.started)
        try:
            yield
        finally:
            server.should_exit = True


@contextmanager
def uvicorn_server(app: Any) -> Iterator[str]:
    """Serve an ASGI application."""
    _door.app = app
    yield _door.url


@contextmanager
def werkzeug_server(app: Any) -> Iterator[str]:
    """Serve a WSGI application, each request in a thread of its own."""
    server = make_server(HOST, 0, app, threaded=True)
    with _thread(server.serve_forever, 0.01):
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
    server.server_close()


@contextmanager
def aiohttp_server(app: web.Application) -> Iterator[str]:
    """Serve an aiohttp application."""
    ports: list[int] = []
    listening, over = threading.Event(), threading.Event()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        ports.append(runner.addresses[0][1])
        listening.set()
        await asyncio.to_thread(over.wait)
        await runner.cleanup()

    with _thread(lambda: asyncio.run(serve())):
        try:
            assert listening.wait(PATIENCE)
            yield f"http://{HOST}:{ports[0]}"
        finally:
            over.set()


@contextmanager
def _thread(work: Callable[..., object], *arguments: object) -> Iterator[None]:
    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server does not stop"


def _until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends_at, "the server does not start"
        time.sleep(0.005)
