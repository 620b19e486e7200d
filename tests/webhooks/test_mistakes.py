"""What people do to the raw body, and to the rest, in each framework."""

import json
import logging
import socket
from collections.abc import Callable
from io import BytesIO
from typing import Annotated, Any

import pytest
from aiohttp import web
from django.http import HttpRequest, HttpResponse
from fastapi import Body, Depends, FastAPI, HTTPException, Request
from flask import Flask, abort
from flask import request as flask_request

from stackverify.errors import ConfigurationError
from stackverify.webhooks import (
    AsyncReceiver,
    Receiver,
    WebhookEvent,
    aiohttp,
    asgi,
    django,
    fastapi,
    flask,
)
from tests.webhooks.conftest import Start
from tests.webhooks.services import (
    AIOHTTP,
    ASGI,
    DJANGO,
    DJANGO_ASYNC,
    FASTAPI,
    FLASK,
    FRAMEWORKS,
    PATH,
    SECRET,
    STARLETTE,
    Desk,
    Framework,
    head,
    report,
    rest_of,
    route,
    signature,
)

Said = Callable[[], list[tuple[str, str]]]
ASGI_ONES = {"fastapi": FASTAPI, "starlette": STARLETTE, "asgi": ASGI}
WSGI_ONES = {"flask": FLASK, "django": DJANGO}


def each(frameworks: dict[str, Framework]) -> Any:
    return pytest.mark.parametrize("framework", frameworks.values(), ids=frameworks)


def rewriting(body: bytes) -> bytes:
    return json.dumps(json.loads(body)).encode()


def consuming_asgi(app: Any) -> Any:
    """Read the body, and forget that others want it too."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

        async def nothing() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        await app(scope, nothing, send)

    return middleware


def rewriting_asgi(app: Any) -> Any:
    """Put JSON in order on its way, as some gateways do."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part["body"]
            if not part["more_body"]:
                break
        anew = rewriting(body)
        kept = [h for h in scope["headers"] if h[0] != b"content-length"]
        length = (b"content-length", str(len(anew)).encode())

        async def rewritten() -> dict[str, Any]:
            return {"type": "http.request", "body": anew, "more_body": False}

        await app({**scope, "headers": [*kept, length]}, rewritten, send)

    return middleware


def consuming_wsgi(app: Any) -> Any:
    def middleware(environ: Any, start_response: Any) -> Any:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        # On servers made for production it is at its end now; werkzeug's would wait.
        environ["wsgi.input"] = BytesIO()
        return app(environ, start_response)

    return middleware


@each(ASGI_ONES)
def test_a_body_that_an_asgi_middleware_has_read_is_our_fault_and_not_the_senders(
    start: Start, framework: Framework, said: Said
) -> None:
    service = start(framework, consuming_asgi)
    assert service.post(report()) == 500
    ((level, line),) = said()
    assert level == "ERROR"
    assert "something read it before" in line
    assert "await request.body()" in line
    assert service.desk.events == []


@each(WSGI_ONES)
def test_a_body_that_a_wsgi_middleware_has_read_is_our_fault_and_not_the_senders(
    start: Start, framework: Framework, said: Said
) -> None:
    service = start(framework, consuming_wsgi)
    assert service.post(report()) == 500
    ((level, line),) = said()
    assert level == "ERROR"
    assert "request.get_data()" in line
    assert service.desk.events == []


@each(ASGI_ONES)
def test_json_that_a_middleware_writes_anew_is_refused(
    start: Start, framework: Framework
) -> None:
    service = start(framework, rewriting_asgi)
    assert service.post(report()) == 401
    body = rewriting(report())
    assert service.post(body) == 200


def test_fastapi_middleware_that_reads_the_body_does_no_harm(start: Start) -> None:
    def reading(app: FastAPI) -> FastAPI:
        @app.middleware("http")
        async def look(request: Request, call_next: Any) -> Any:
            await request.json()
            return await call_next(request)

        return app

    service = start(FASTAPI, reading)
    assert service.post(report()) == 200
    assert service.desk.statuses == ["delivered"]


def test_aiohttp_middleware_that_reads_the_body_does_no_harm(start: Start) -> None:
    @web.middleware
    async def look(request: web.Request, handler: Any) -> Any:
        await request.json()
        return await handler(request)

    def reading(app: web.Application) -> web.Application:
        app.middlewares.append(look)
        return app

    service = start(AIOHTTP, reading)
    assert service.post(report()) == 200
    assert service.desk.statuses == ["delivered"]


def test_flask_code_that_reads_the_json_before_does_no_harm(start: Start) -> None:
    def reading(app: Flask) -> Flask:
        app.before_request(lambda: flask_request.get_json() and None)
        return app

    service = start(FLASK, reading)
    assert service.post(report()) == 200
    assert service.desk.statuses == ["delivered"]


@pytest.mark.parametrize("look", ["body", "POST"])
def test_django_code_that_reads_the_body_before_does_no_harm(
    start: Start, look: str
) -> None:
    service = start(DJANGO, lambda app: looking(app, lambda r: getattr(r, look)))
    assert service.post(report()) == 200
    assert service.desk.statuses == ["delivered"]


def test_django_code_that_drains_the_body_is_our_fault_and_not_the_senders(
    start: Start, said: Said
) -> None:
    service = start(DJANGO, lambda app: looking(app, lambda r: r.read()))
    assert service.post(report()) == 500
    assert [level for level, _ in said()] == ["ERROR"]


def looking(app: Any, look: Callable[[HttpRequest], object]) -> Any:
    """Have a Django middleware look at each request."""
    inner = app._middleware_chain

    def chain(request: HttpRequest) -> HttpResponse:
        look(request)
        answer: HttpResponse = inner(request)
        return answer

    app._middleware_chain = chain
    return app


def test_django_says_so_if_a_body_in_chunks_was_read_before(
    start: Start, said: Said
) -> None:
    def change(app: Any) -> Any:
        inner = app._middleware_chain

        async def chain(request: HttpRequest) -> Any:
            request.read()
            return await inner(request)

        app._middleware_chain = chain
        return app

    service = start(DJANGO_ASYNC, change)
    body = report()
    assert service.post(iter([body]), signature(body)) == 500
    assert [level for level, _ in said()] == ["ERROR"]


@each(WSGI_ONES)
def test_who_sends_less_than_announced_makes_no_error_of_ours(
    start: Start, framework: Framework, said: Said
) -> None:
    service = start(framework)
    with service.connect() as sock:
        sock.sendall(head(b"x", length=500) + b"x")
        sock.shutdown(socket.SHUT_WR)
        assert rest_of(sock).split()[1] == b"400"
    assert [level for level, _ in said() if level == "ERROR"] == []


def plain_for_aiohttp(receiver: Any, desk: Desk) -> Any:
    def view(request: web.Request, event: WebhookEvent) -> None:
        desk.handle(event)

    app = web.Application()
    app.router.add_post(PATH, aiohttp.webhook(receiver)(view))  # type: ignore[arg-type]
    return app


def plain_for_asgi(receiver: Any, desk: Desk) -> Any:
    return asgi.webhook(receiver)(desk.handle)  # type: ignore[arg-type]


def plain_for_django(receiver: Any, desk: Desk) -> Any:
    def view(request: HttpRequest, event: WebhookEvent) -> None:
        desk.handle(event)

    app = DJANGO_ASYNC.make_app(receiver, desk)
    route(django.webhook(receiver)(view))
    return app


@pytest.mark.parametrize(
    ("make", "like"),
    [
        (plain_for_aiohttp, AIOHTTP),
        (plain_for_asgi, ASGI),
        (plain_for_django, DJANGO_ASYNC),
    ],
    ids=["aiohttp", "asgi", "django"],
)
def test_a_plain_function_is_called_once_where_others_are_asynchronous(
    start: Start, make: Any, like: Framework
) -> None:
    service = start(Framework(like.make_receiver, make, like.serve))
    assert [service.post(report()) for _ in range(3)] == [200] * 3
    assert service.desk.statuses == ["delivered"]


def test_an_asynchronous_django_view_without_its_receiver_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="AsyncReceiver"):
        django.webhook(Receiver(SECRET))(nobody)  # type: ignore[arg-type]


FastapiEndpoint = Callable[[Any, Desk], FastAPI]


def with_body_parameter(event_of: Any, desk: Desk) -> FastAPI:
    app = FastAPI()

    @app.post(PATH)
    async def stackverify(
        event: Annotated[WebhookEvent, Depends(event_of)],
        fields: Annotated[dict[str, Any], Body()],
    ) -> None:
        assert fields["status"] == "delivered"
        desk.handle(event)

    return app


def with_the_request(event_of: Any, desk: Desk) -> FastAPI:
    app = FastAPI()

    @app.post(PATH)
    async def stackverify(
        request: Request, event: Annotated[WebhookEvent, Depends(event_of)]
    ) -> None:
        assert (await request.json())["status"] == "delivered"
        desk.handle(event)

    return app


def not_asynchronous(event_of: Any, desk: Desk) -> FastAPI:
    app = FastAPI()

    @app.post(PATH)
    def stackverify(event: Annotated[WebhookEvent, Depends(event_of)]) -> None:
        desk.handle(event)

    return app


@pytest.mark.parametrize(
    "make", [with_body_parameter, with_the_request, not_asynchronous]
)
def test_fastapi_endpoints_of_other_forms_work_as_well(
    start: Start, make: FastapiEndpoint
) -> None:
    framework = Framework(
        AsyncReceiver,
        lambda receiver, desk: make(fastapi.webhook(receiver), desk),
        FASTAPI.serve,
    )
    service = start(framework)
    assert [service.post(report()) for _ in range(2)] == [200, 200]
    assert service.desk.statuses == ["delivered"]
    assert service.post(report(), signature(b"")) == 401


def test_a_fastapi_endpoint_may_turn_an_event_down_by_raising(start: Start) -> None:
    def make(receiver: AsyncReceiver, desk: Desk) -> FastAPI:
        app = FastAPI()
        event_of = fastapi.webhook(receiver)

        @app.post(PATH)
        async def stackverify(
            event: Annotated[WebhookEvent, Depends(event_of)],
        ) -> None:
            desk.handle(event)
            for status in desk.answers[:1]:
                desk.answers.remove(status)
                raise HTTPException(503)

        return app

    service = start(Framework(AsyncReceiver, make, FASTAPI.serve))
    service.desk.answers = [200, 503]
    assert [service.post(report()) for _ in range(3)] == [503, 200, 200]
    assert service.desk.statuses == ["delivered"] * 2


def test_a_flask_view_may_turn_an_event_down_by_abort(start: Start) -> None:
    def make(receiver: Receiver, desk: Desk) -> Flask:
        app = Flask("turning-down")

        @app.post(f"{PATH}/<place>")
        @app.post(PATH)
        @flask.webhook(receiver)
        def stackverify(event: WebhookEvent, place: str = "") -> None:
            status = desk.handle(event)
            if status != 200:
                abort(status)

        return app

    service = start(Framework(Receiver, make, FLASK.serve))
    service.desk.answers = [503]
    assert [service.post(report()) for _ in range(3)] == [503, 200, 200]
    assert service.desk.statuses == ["delivered"] * 2


def test_an_asynchronous_flask_view_works_where_flask_has_them(start: Start) -> None:
    def make(receiver: Receiver, desk: Desk) -> Flask:
        app = Flask("asynchronous")

        @app.post(PATH)
        @flask.webhook(receiver)
        async def stackverify(event: WebhookEvent) -> str:
            desk.handle(event)
            return "thanks"

        return app

    service = start(Framework(Receiver, make, FLASK.serve))
    assert service.send(report()).text == "thanks"
    assert service.desk.statuses == ["delivered"]


def test_what_a_route_captures_reaches_the_view(start: Start) -> None:
    captured: list[str] = []

    def make(receiver: Receiver, desk: Desk) -> Flask:
        app = Flask("capturing")

        @app.post("/webhooks/<service>")
        @flask.webhook(receiver)
        def view(event: WebhookEvent, service: str) -> None:
            captured.append(service)

        return app

    assert start(Framework(Receiver, make, FLASK.serve)).post(report()) == 200
    assert captured == ["stackverify"]


def test_django_asks_no_token_of_a_webhook_and_keeps_the_name_of_the_view() -> None:
    @django.webhook(Receiver(SECRET))
    def stackverify(request: HttpRequest, event: WebhookEvent) -> None: ...

    assert stackverify.csrf_exempt  # type: ignore[attr-defined]
    assert stackverify.__name__ == "stackverify"
    route(stackverify)


@pytest.mark.parametrize("framework", [DJANGO, DJANGO_ASYNC], ids=["sync", "async"])
def test_a_django_view_may_answer_nothing(start: Start, framework: Framework) -> None:
    def make(receiver: Any, desk: Desk) -> Any:
        app = framework.make_app(receiver, desk)
        route(silent(receiver, desk))
        return app

    service = start(Framework(framework.make_receiver, make, framework.serve))
    assert service.post(report()) == 200
    assert service.desk.statuses == ["delivered"]


def silent(receiver: Any, desk: Desk) -> Any:
    """Make a Django view, of the receiver's flavour, that returns nothing."""

    def view(request: HttpRequest, event: WebhookEvent) -> None:
        desk.handle(event)

    async def async_view(request: HttpRequest, event: WebhookEvent) -> None:
        await desk.handle_later(event)

    views = {Receiver: view, AsyncReceiver: async_view}
    return django.webhook(receiver)(views[type(receiver)])


def test_an_asgi_webhook_speaks_http_only() -> None:
    app = asgi.webhook(AsyncReceiver(SECRET))(nobody)
    with pytest.raises(RuntimeError, match="websocket"):
        app({"type": "websocket"}, nobody, nobody).send(None)  # type: ignore[attr-defined]


def test_a_body_that_never_comes_is_told_of_and_not_answered(said: Said) -> None:
    app = asgi.webhook(AsyncReceiver(SECRET))(nobody)
    scope = {"type": "http", "method": "POST", "headers": []}

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(StopIteration):
        app(scope, gone, nobody).send(None)  # type: ignore[attr-defined]
    ((level, line),) = said()
    assert (level, "middleware" in line) == ("WARNING", True)


async def nobody(*given: object) -> Any:
    raise AssertionError


@pytest.mark.parametrize(
    ("webhook", "receiver", "wanted"),
    [
        (fastapi.webhook, Receiver, "AsyncReceiver"),
        (asgi.webhook, Receiver, "AsyncReceiver"),
        (aiohttp.webhook, Receiver, "AsyncReceiver"),
        (flask.webhook, AsyncReceiver, "Receiver"),
    ],
    ids=["fastapi", "asgi", "aiohttp", "flask"],
)
def test_the_other_flavour_is_refused_before_the_first_webhook(
    webhook: Any, receiver: Any, wanted: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        webhook(receiver(SECRET))
    assert f"takes {wanted}, and was given {receiver.__name__}" in str(caught.value)


@pytest.mark.parametrize(
    "webhook",
    [module.webhook for module in (fastapi, asgi, aiohttp, flask, django)],
)
def test_what_is_no_receiver_is_refused(webhook: Any) -> None:
    for given in ("whsec_secret", None):
        with pytest.raises(ConfigurationError) as caught:
            webhook(given)
        assert "whsec" not in str(caught.value)


def test_every_framework_is_tested() -> None:
    assert {name.partition("-")[0] for name in FRAMEWORKS} == {
        *("fastapi", "starlette", "asgi", "aiohttp", "flask", "django")
    }
    assert logging.getLogger("stackverify").level == logging.NOTSET
