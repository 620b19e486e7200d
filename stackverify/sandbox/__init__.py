"""A pretend StackVerify service: a second opinion on the wire.

It shares no code with the client, so that what both agree on was read in the
reference twice. Start it with `python -m stackverify.sandbox`, or use `Sandbox`
in a test, or `create_app(Service())` with an in-process transport.
"""

try:
    import starlette
    import uvicorn
except ImportError as _missing:
    raise ImportError(
        'the sandbox needs an extra: pip install "stackverify[sandbox]"'
    ) from _missing

from stackverify.sandbox.app import create_app
from stackverify.sandbox.channel import Channel
from stackverify.sandbox.clock import Clock
from stackverify.sandbox.exchange import Exchange, RefusalError, Reply
from stackverify.sandbox.faults import Fault, FaultKind, Faults
from stackverify.sandbox.keys import PERMISSIONS, Key, Keys, Tier
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.limits import COUNTERS
from stackverify.sandbox.messages import (
    Attachment,
    Email,
    Ending,
    Message,
    Sms,
    Template,
)
from stackverify.sandbox.progress import Move
from stackverify.sandbox.reports import Attempt, Webhook
from stackverify.sandbox.server import Sandbox
from stackverify.sandbox.service import Service
from stackverify.sandbox.steps import Step
from stackverify.sandbox.traffic import Gauge, Record, Traffic
from stackverify.sandbox.velstack import VelstackKey, VelstackKnobs, VelstackService

__all__ = [
    "Attachment",
    "Attempt",
    "Channel",
    "Clock",
    "COUNTERS",
    "create_app",
    "Email",
    "Ending",
    "Exchange",
    "Fault",
    "FaultKind",
    "Faults",
    "Gauge",
    "Key",
    "Keys",
    "Knobs",
    "Message",
    "Move",
    "PERMISSIONS",
    "Record",
    "RefusalError",
    "Reply",
    "Sandbox",
    "Service",
    "Sms",
    "Step",
    "Template",
    "Tier",
    "Traffic",
    "VelstackKey",
    "VelstackKnobs",
    "VelstackService",
    "Webhook",
]
del starlette, uvicorn
