"""A receiver of webhooks on this machine that shows what comes."""

from __future__ import annotations

import errno
import socket

import uvicorn

from stackverify.cli import output
from stackverify.cli.events import event_document, event_words
from stackverify.cli.exits import USAGE, Trouble
from stackverify.cli.session import Session
from stackverify.cli.signatures import secrets_from
from stackverify.models.webhooks import DeliveryReport, WebhookEvent
from stackverify.webhooks import AsyncReceiver
from stackverify.webhooks.asgi import AsgiWebhook, webhook

__all__ = ["serve"]


def serve(chosen: Session, port: int, *, show: bool, secret_file: str | None) -> None:
    """Receive webhooks until Ctrl-C.

    Raises:
        Trouble: The port is not free.
    """
    receiver = AsyncReceiver(secrets_from(secret_file), late_reports=True)
    count = 0

    @webhook(receiver)
    async def application(event: WebhookEvent) -> None:
        nonlocal count
        count += 1
        try:
            _tell(event, chosen, show=show)
        except BrokenPipeError:  # nobody reads on: this was the last one
            output.silence()
            server.should_exit = True

    listener = _listener(port)
    output.note(
        f"Listening on http://127.0.0.1:{listener.getsockname()[1]}/ for webhooks. "
        "Ctrl-C stops it."
    )
    server = _server(application)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:  # uvicorn has stopped, and passes it on
        pass
    finally:
        listener.close()
    output.note(f"{count:,} events.")


def _server(application: AsgiWebhook) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
    )


def _tell(event: WebhookEvent, chosen: Session, *, show: bool) -> None:
    if chosen.json:
        output.document(event_document(event, show=show))
        return
    is_late = isinstance(event, DeliveryReport) and event.is_late
    output.line(event_words(event, show=show) + "  (late)" * is_late)


def _listener(port: int) -> socket.socket:
    # With the protocol named: else answers wait for the sender's delayed ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise Trouble(
            f"Port {port} is taken: choose another with --port.", USAGE
        ) from None
    return listener
