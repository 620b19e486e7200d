"""Receive delivery reports and replies in a FastAPI service.

    STACKVERIFY_WEBHOOK_SECRET=... python examples/webhook_fastapi.py --port 8000

Takes webhooks at /webhooks/stackverify, and shows the latest status of each message
at /statuses. Needs `pip install 'stackverify[fastapi]' uvicorn`.
"""

import argparse
import sys
from contextlib import suppress
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI

from stackverify.errors import ConfigurationError
from stackverify.webhooks import (
    AsyncReceiver,
    DeliveryReport,
    InboundMessage,
    UnknownEvent,
    WebhookEvent,
)
from stackverify.webhooks.fastapi import webhook

statuses: dict[str, str] = {}


def make_app() -> FastAPI:
    """Make the service; the secret comes from STACKVERIFY_WEBHOOK_SECRET."""
    app = FastAPI()
    event_of = webhook(AsyncReceiver())

    @app.post("/webhooks/stackverify")
    async def stackverify(event: Annotated[WebhookEvent, Depends(event_of)]) -> None:
        match event:
            case DeliveryReport():
                statuses[event.message_id] = event.status
            case InboundMessage():
                print(f"A reply by {event.channel}.", flush=True)
            case UnknownEvent():
                print(f"Something new: {event.name}.", flush=True)

    @app.get("/statuses")
    async def show() -> dict[str, str]:
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
    print(f"Listening at http://127.0.0.1:{port}/webhooks/stackverify", flush=True)
    with suppress(KeyboardInterrupt):
        uvicorn.run(app, port=port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
