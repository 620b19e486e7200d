"""Show that the package works with its own dependencies and nothing else.

Run by `nox -s no_extras`, in an environment that has nothing else.
"""

import sys
from importlib import import_module
from tempfile import TemporaryDirectory

import httpx

import stackverify
from stackverify import Client, Sms, velstack
from stackverify.campaigns import Campaign
from stackverify.cli import main as command_line
from stackverify.webhooks import Receiver, sign

OPTIONAL = (
    *("aiohttp", "click", "django", "fastapi", "flask", "jinja2", "matplotlib"),
    *("orjson", "phonenumbers", "redis", "rich", "starlette", "trio", "uvicorn"),
)


def _answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"message_id": "sms_1"})


def main() -> None:
    """Use every name, send, receive, and ask for what is missing."""
    for module in (stackverify, velstack):
        for name in module.__all__:
            getattr(module, name)
    with Client("sk_test_example", http=httpx.MockTransport(_answer)) as client:
        if client.sms.send("+254712345678", "Hello").message_id != "sms_1":
            raise SystemExit("the send came back wrong")
        with (
            TemporaryDirectory() as folder,
            Campaign(f"{folder}/a", client) as campaign,
        ):
            campaign.load(Sms("{to}", "Hello"), [{"to": "+254712345678"}])
            if not campaign.run().is_done:
                raise SystemExit("the campaign came back wrong")
    body = b'{"event": "delivery_report", "message_id": "sms_1", "status": "sent"}'
    with Receiver("whsec_example").receive(body, sign(body, "whsec_example")) as event:
        if not event.is_due:
            raise SystemExit("the webhook came back wrong")
    if found := sorted(set(OPTIONAL) & set(sys.modules)):
        raise SystemExit(f"loaded without being asked for: {', '.join(found)}")
    try:
        import_module("stackverify.sandbox")
    except ImportError as missing:
        if "stackverify[sandbox]" not in str(missing):
            raise
    else:
        raise SystemExit("the sandbox was to be missing here")
    if command_line() != 2:
        raise SystemExit("the command line was to be missing here")
    print("The package works with its own dependencies alone.")


if __name__ == "__main__":
    main()
