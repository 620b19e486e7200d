"""The pretend service on a port of this machine, in a thread of this process."""

import os
import socket
import threading
from types import TracebackType
from typing import Any, Self, Unpack

import uvicorn

from stackverify.sandbox._concurrency import in_thread, sleep
from stackverify.sandbox.app import create_app
from stackverify.sandbox.checks import is_loopback
from stackverify.sandbox.clock import Clock
from stackverify.sandbox.courier import Courier
from stackverify.sandbox.doorkeeper import Doorkeeper
from stackverify.sandbox.endpoints import BASE_PATH
from stackverify.sandbox.keys import Tier
from stackverify.sandbox.knobs import KnobValues
from stackverify.sandbox.line import HangUp
from stackverify.sandbox.service import Service
from stackverify.sandbox.velstack import VELSTACK_PATH

__all__ = ["Sandbox"]

_START_WITHIN = 10.0
_STOP_WITHIN = 5.0
_LAST_ANSWERS = 0.3


class _Server(uvicorn.Server):
    """A server that says when it is up, and that nobody can keep from stopping."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        self.is_up.set()

    def hang_up(self, client: object, *, gently: bool) -> None:
        """Drop the connection of a client."""
        for connection in list(self.server_state.connections):
            transport = connection.transport
            if transport is None or _peer(transport) != client:
                continue
            if gently:  # a reset may take away what the client has not read yet
                transport.close()
            else:
                transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let answers under way go out for a moment, then hang up on the rest."""
        for _ in range(round(_LAST_ANSWERS / 0.05)):
            if not self.server_state.tasks:
                break
            await sleep(0.05)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await super().shutdown(sockets=sockets)


class Sandbox(Service):
    """A pretend StackVerify service on a loopback port.

    It serves inside `with` or `async with`; all else is as in `Service`:

        with Sandbox(tier="lite", counting="sliding") as sandbox:
            client = Client(api_key=sandbox.api_key, base_url=sandbox.base_url)
            ...
            assert sandbox.count("sms") == 1

    Args:
        host: Where to listen; loopback only, for it would be an open door.
        port: Which port; any free one when 0.
        tier: As in `Service`.
        api_key: As in `Service`.
        clock: As in `Service`.
        seed: As in `Service`.
        data: As in `Service`.
        **knobs: The first values of `knobs`, described at `Knobs`.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tier: Tier | str = "pro",
        api_key: str = "sk_test_sandbox",
        clock: Clock | None = None,
        seed: int | None = None,
        data: str | os.PathLike[str] | None = None,
        **knobs: Unpack[KnobValues],
    ) -> None:
        super().__init__(
            tier=tier, api_key=api_key, clock=clock, seed=seed, data=data, **knobs
        )
        self._host = _loopback(host)
        self._port = port
        self._address: str | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._courier: Courier | None = None

    @property
    def base_url(self) -> str:
        """Where the API is, while it is served."""
        return f"{self.inbox_url}{BASE_PATH}"

    @property
    def inbox_url(self) -> str:
        """Where a browser shows what was accepted, while it is served."""
        if self._address is None:
            raise RuntimeError("the sandbox is not running: use it inside `with`")
        return self._address

    @property
    def velstack_url(self) -> str:
        """Where the pretend Velstack is, while it is served."""
        return f"{self.inbox_url}{VELSTACK_PATH}"

    def start(self) -> None:
        """Serve, and come back when requests are answered.

        Raises:
            OSError: The port is not free.
        """
        if self._thread is not None:
            raise RuntimeError("the sandbox is running already")
        listener = _listen(self._host, self._port)
        self._address = _address(listener)
        self._server = _Server(_config(self, self._hang_up))
        self._thread = threading.Thread(
            target=self._server.run,
            args=([listener],),
            name="stackverify-sandbox",
            daemon=True,
        )
        self._thread.start()
        if not self._server.is_up.wait(_START_WITHIN):
            self.stop()
            raise RuntimeError("the sandbox did not start")
        self._courier = Courier(self)
        self._courier.start()

    def stop(self) -> None:
        """Stop serving; what was accepted can still be asked for."""
        server, thread, courier = self._server, self._thread, self._courier
        self._server = self._thread = self._address = self._courier = None
        if courier is not None:
            courier.stop()
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join(_STOP_WITHIN)
        self.close()
        if thread.is_alive():
            raise RuntimeError("the sandbox did not stop")

    def _hang_up(self, client: object, *, gently: bool) -> None:
        if self._server is not None:
            self._server.hang_up(client, gently=gently)

    def wait_for_webhooks(self, timeout: float = 10.0) -> None:
        """Wait until every webhook that is due by now was posted.

        Raises:
            TimeoutError: They were not, in so many seconds.
        """
        if self._courier is None:
            raise RuntimeError("the sandbox is not running: use it inside `with`")
        if not self._courier.wait(timeout):
            raise TimeoutError("the webhooks were not all posted in time")

    @property
    def is_running(self) -> bool:
        """Tell whether it is served."""
        return self._server is not None

    def is_stopping(self) -> bool:
        """Tell whether it is on its way out."""
        return self._server is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await in_thread(self.start)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await in_thread(self.stop)


def _peer(transport: Any) -> tuple[str, int]:
    host, port = transport.get_extra_info("peername")[:2]
    return host, port


def _loopback(host: str) -> str:
    if is_loopback(host):
        return "127.0.0.1" if host == "localhost" else host
    raise ValueError(f"the sandbox listens on loopback only, not on {host!r}")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, or asyncio does not know that it is TCP, leaves out
    # TCP_NODELAY, and an answer waits 40 ms for the client's delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # Elsewhere it would share a port that is taken.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(sandbox: Sandbox, hang_up: HangUp) -> uvicorn.Config:
    return uvicorn.Config(
        Doorkeeper(
            create_app(sandbox, is_stopping=sandbox.is_stopping, hang_up=hang_up)
        ),
        lifespan="off",
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=2048,
    )
