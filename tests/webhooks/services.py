"""The same small service in every framework, and what is sent to it."""

# No postponed annotations here: FastAPI would look for local names in the module.

import asyncio
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any, TypeAlias

import attrs
import httpx
from aiohttp import web
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from fastapi import Depends, FastAPI, Response
from flask import Flask
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from stackverify.webhooks import (
    AsyncReceiver,
    DeliveryReport,
    Receiver,
    WebhookEvent,
    aiohttp,
    asgi,
    django,
    fastapi,
    flask,
)
from tests.webhooks.servers import (
    PATIENCE,
    aiohttp_server,
    uvicorn_server,
    werkzeug_server,
)

SECRET = "whsec_of-the-tests-4711"
PATH = "/webhooks/stackverify"
NUMBER = "+254712345678"
HEADER = "X-StackVerify-Signature"

Answer: TypeAlias = int | Exception
Change: TypeAlias = Callable[[Any], Any]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    SECRET_KEY="not-of-the-webhooks",
)


def report(status: str = "delivered", message_id: str = "msg_1", **more: Any) -> bytes:
    """Write a delivery report, spaced as no `json.dumps` would."""
    fields = {"event": "delivery_report", "message_id": message_id, "status": status}
    fields |= {"to": NUMBER, "timestamp": "2026-11-24T09:00:00Z", **more}
    return json.dumps(fields, separators=(" ,", ":  ")).encode()


def inbound(text: str = "Hello") -> bytes:
    """Write an inbound message."""
    fields = {"event": "inbound_message", "from": NUMBER, "to": "22141"}
    return json.dumps({**fields, "message": text, "channel": "sms"}).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    """Sign a body, without the library."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Desk:
    """Where the events of a service land.

    Attributes:
        events: What the handler was called with.
        answers: What it is to answer or raise next; 200 if there is nothing.
    """

    def __init__(self) -> None:
        self.events: list[WebhookEvent] = []
        self.answers: list[Answer] = []
        self._is_open = threading.Event()
        self._is_open.set()
        self._came = threading.Condition()

    def handle(self, event: WebhookEvent) -> int:
        """Handle an event, as soon as the desk is open."""
        with self._came:
            self.events.append(event)
            self._came.notify_all()
        assert self._is_open.wait(PATIENCE), "the desk stays closed"
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def handle_later(self, event: WebhookEvent) -> int:
        """Handle an event without keeping the event loop."""
        return await asyncio.to_thread(self.handle, event)

    def close(self) -> None:
        """Let handlers take their time."""
        self._is_open.clear()

    def open(self) -> None:
        """Let handlers come to their end."""
        self._is_open.set()

    def wait_for(self, count: int) -> None:
        """Wait until the handler was called so many times."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.events) >= count, PATIENCE)

    @property
    def statuses(self) -> list[str]:
        """The statuses of the reports, in the order they were handled in."""
        return [e.status for e in self.events if isinstance(e, DeliveryReport)]


class _Bell:
    """Rings for each genuine report of a message, handled or not."""

    def __init__(self) -> None:
        self._rung = threading.Semaphore(0)

    def unpark(self) -> None:
        self._rung.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._rung.acquire(timeout=PATIENCE)


@attrs.frozen
class Service:
    """A service on its server, with somebody to send to it."""

    desk: Desk
    client: httpx.Client
    _bell: _Bell
    _senders: ThreadPoolExecutor

    def send(self, body: Any, signed: str | None = None, **headers: str) -> Any:
        """Send a webhook, with a good signature if no other is given."""
        signed = signature(body) if signed is None else signed
        fields = {HEADER: signed, "Content-Type": "application/json", **headers}
        return self.client.post(PATH, content=body, headers=fields)

    def post(self, body: Any, signed: str | None = None) -> int:
        """Send a webhook, and give the status of the answer."""
        status: int = self.send(body, signed).status_code
        return status

    def post_aside(self, body: bytes) -> "Future[int]":
        """Send a webhook without waiting for the answer."""
        return self._senders.submit(self.post, body)

    def wait_for_reports(self, count: int) -> None:
        """Wait until so many genuine reports of msg_1 came in."""
        self._bell.wait_for(count)

    def connect(self) -> socket.socket:
        """Connect without a client that knows HTTP."""
        return socket.create_connection(
            (self.client.base_url.host, self.client.base_url.port), PATIENCE
        )


def head(body: bytes, length: int | None = None) -> bytes:
    """Write the head of a request, announcing as many bytes as one likes."""
    size = len(body) if length is None else length
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {size}\r\n"
        f"{HEADER}: {signature(body)}\r\n\r\n"
    ).encode()


def rest_of(sock: socket.socket) -> bytes:
    """Read what a server says until it hangs up."""
    said = bytearray()
    try:
        while piece := sock.recv(65_536):
            said += piece
    except ConnectionError:
        pass
    return bytes(said)


def fastapi_app(receiver: AsyncReceiver, desk: Desk) -> FastAPI:
    app = FastAPI()
    event_of = fastapi.webhook(receiver)

    @app.post(PATH)
    async def stackverify(
        event: Annotated[WebhookEvent, Depends(event_of)], response: Response
    ) -> None:
        response.status_code = await desk.handle_later(event)

    return app


def asgi_app(receiver: AsyncReceiver, desk: Desk) -> asgi.AsgiWebhook:
    return asgi.webhook(receiver)(desk.handle_later)


def starlette_app(receiver: AsyncReceiver, desk: Desk) -> Starlette:
    @asgi.webhook(receiver)
    async def stackverify(event: WebhookEvent) -> None:
        status = await desk.handle_later(event)
        if status >= 400:
            raise HTTPException(status)

    return Starlette(routes=[Route(PATH, stackverify)])


def aiohttp_app(receiver: AsyncReceiver, desk: Desk) -> web.Application:
    @aiohttp.webhook(receiver)
    async def stackverify(request: web.Request, event: WebhookEvent) -> web.Response:
        return web.Response(status=await desk.handle_later(event))

    app = web.Application()
    app.router.add_post(PATH, stackverify)
    return app


def flask_app(receiver: Receiver, desk: Desk) -> Flask:
    app = Flask(__name__)

    @app.post(PATH)
    @flask.webhook(receiver)
    def stackverify(event: WebhookEvent) -> tuple[str, int]:
        return "", desk.handle(event)

    return app


def django_app(receiver: Receiver, desk: Desk) -> Any:
    @django.webhook(receiver)
    def stackverify(request: HttpRequest, event: WebhookEvent) -> HttpResponse:
        return HttpResponse(status=desk.handle(event))

    route(stackverify)
    return get_wsgi_application()


def django_async_app(receiver: AsyncReceiver, desk: Desk) -> Any:
    @django.webhook(receiver)
    async def stackverify(request: HttpRequest, event: WebhookEvent) -> HttpResponse:
        return HttpResponse(status=await desk.handle_later(event))

    route(stackverify)
    return get_asgi_application()


def route(view: Any) -> None:
    """Make a view the only one that Django knows."""
    settings.ROOT_URLCONF = (path(PATH.removeprefix("/"), view),)


@attrs.frozen
class Framework:
    """What a service is made with, and what it runs on."""

    make_receiver: Callable[..., Any]
    make_app: Callable[[Any, Desk], Any]
    serve: Callable[[Any], AbstractContextManager[str]]


FASTAPI = Framework(AsyncReceiver, fastapi_app, uvicorn_server)
STARLETTE = Framework(AsyncReceiver, starlette_app, uvicorn_server)
ASGI = Framework(AsyncReceiver, asgi_app, uvicorn_server)
AIOHTTP = Framework(AsyncReceiver, aiohttp_app, aiohttp_server)
FLASK = Framework(Receiver, flask_app, werkzeug_server)
DJANGO = Framework(Receiver, django_app, werkzeug_server)
DJANGO_ASYNC = Framework(AsyncReceiver, django_async_app, uvicorn_server)

FRAMEWORKS = {
    "fastapi": FASTAPI,
    "starlette": STARLETTE,
    "asgi": ASGI,
    "aiohttp": AIOHTTP,
    "flask": FLASK,
    "django": DJANGO,
    "django-async": DJANGO_ASYNC,
}


def _client(url: str) -> httpx.Client:
    # uvicorn hangs up after an application raised, without saying so before: each
    # webhook has a connection of its own.
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE, limits=limits)


@contextmanager
def running(
    framework: Framework, change: Change = lambda app: app, **options: Any
) -> Iterator[Service]:
    """Run a service, after a change to its application."""
    desk, bell = Desk(), _Bell()
    receiver = framework.make_receiver(SECRET, **options)
    receiver.reports.watch("msg_1", bell)
    app = change(framework.make_app(receiver, desk))
    with (
        framework.serve(app) as url,
        _client(url) as client,
        ThreadPoolExecutor() as senders,
    ):
        try:
            yield Service(desk, client, bell, senders)
        finally:
            desk.open()
