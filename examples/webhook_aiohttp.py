"""Receive delivery reports and replies in an aiohttp service.

    STACKVERIFY_WEBHOOK_SECRET=... python examples/webhook_aiohttp.py --port 8000

Takes webhooks at /webhooks/stackverify, and shows the latest status of each message
at /statuses. Needs `pip install 'stackverify[aiohttp]'`.
"""

import argparse
import sys

from aiohttp import web

from stackverify.errors import ConfigurationError
from stackverify.webhooks import (
    AsyncReceiver,
    DeliveryReport,
    InboundMessage,
    UnknownEvent,
    WebhookEvent,
)
from stackverify.webhooks.aiohttp import webhook

statuses: dict[str, str] = {}


def make_app() -> web.Application:
    """Make the service; the secret comes from STACKVERIFY_WEBHOOK_SECRET."""

    @webhook(AsyncReceiver())
    async def stackverify(request: web.Request, event: WebhookEvent) -> None:
        match event:
            case DeliveryReport():
                statuses[event.message_id] = event.status
            case InboundMessage():
                print(f"A reply by {event.channel}.", flush=True)
            case UnknownEvent():
                print(f"Something new: {event.name}.", flush=True)

    async def show(request: web.Request) -> web.Response:
        return web.json_response(statuses)

    app = web.Application()
    app.router.add_post("/webhooks/stackverify", stackverify)
    app.router.add_get("/statuses", show)
    return app


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
    print(f"Listening at http://127.0.0.1:{port}/webhooks/stackverify", flush=True)
    web.run_app(app, host="127.0.0.1", port=port, print=None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
