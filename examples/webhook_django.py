"""Receive delivery reports and replies in a Django service of one file.

    STACKVERIFY_WEBHOOK_SECRET=... python examples/webhook_django.py --port 8000

Takes webhooks at /webhooks/stackverify, and shows the latest status of each message
at /statuses. Needs `pip install 'stackverify[django]'`. In a project of your own, only
the view and its path are of interest.
"""

import argparse
import secrets
import sys
from contextlib import suppress
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from stackverify.errors import ConfigurationError
from stackverify.webhooks import (
    DeliveryReport,
    InboundMessage,
    Receiver,
    UnknownEvent,
    WebhookEvent,
)
from stackverify.webhooks.django import webhook

statuses: dict[str, str] = {}


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread of its own."""

    daemon_threads = True


def show(request: HttpRequest) -> JsonResponse:
    """Show the latest status of each message."""
    return JsonResponse(statuses)


def make_app() -> WSGIHandler:
    """Make the service; the secret comes from STACKVERIFY_WEBHOOK_SECRET."""

    @webhook(Receiver())
    def stackverify(request: HttpRequest, event: WebhookEvent) -> None:
        match event:
            case DeliveryReport():
                statuses[event.message_id] = event.status
            case InboundMessage():
                print(f"A reply by {event.channel}.", flush=True)
            case UnknownEvent():
                print(f"Something new: {event.name}.", flush=True)

    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        SECRET_KEY=secrets.token_hex(),
        ROOT_URLCONF=(
            path("webhooks/stackverify", stackverify),
            path("statuses", show),
        ),
    )
    return get_wsgi_application()


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    try:
        app = make_app()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    server = make_server("127.0.0.1", port, app, server_class=ThreadingServer)
    print(f"Listening at http://127.0.0.1:{port}/webhooks/stackverify", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
