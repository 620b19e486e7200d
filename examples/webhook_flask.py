"""Receive delivery reports and replies in a Flask service.

    STACKVERIFY_WEBHOOK_SECRET=... python examples/webhook_flask.py --port 8000

Takes webhooks at /webhooks/stackverify, and shows the latest status of each message
at /statuses. Needs `pip install 'stackverify[flask]'`.
"""

import argparse
import sys

from flask import Flask
from werkzeug.serving import make_server

from stackverify.errors import ConfigurationError
from stackverify.webhooks import (
    DeliveryReport,
    InboundMessage,
    Receiver,
    UnknownEvent,
    WebhookEvent,
)
from stackverify.webhooks.flask import webhook

statuses: dict[str, str] = {}


def make_app() -> Flask:
    """Make the service; the secret comes from STACKVERIFY_WEBHOOK_SECRET."""
    app = Flask(__name__)

    @app.post("/webhooks/stackverify")
    @webhook(Receiver())
    def stackverify(event: WebhookEvent) -> None:
        match event:
            case DeliveryReport():
                statuses[event.message_id] = event.status
            case InboundMessage():
                print(f"A reply by {event.channel}.", flush=True)
            case UnknownEvent():
                print(f"Something new: {event.name}.", flush=True)

    @app.get("/statuses")
    def show() -> dict[str, str]:
        return statuses

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
    server = make_server("127.0.0.1", port, app, threaded=True)
    print(f"Listening at http://127.0.0.1:{port}/webhooks/stackverify", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
