"""Webhooks: delivery reports and inbound messages, made sure of and handled once.

```python
from stackverify.webhooks import DeliveryReport, Receiver

receiver = Receiver()  # the secret: STACKVERIFY_WEBHOOK_SECRET

with receiver.receive(body, signature) as reception:
    if reception.is_due and isinstance(reception.event, DeliveryReport):
        print(reception.event.message_id, reception.event.status)
```

A module for each web framework does this in a line: `stackverify.webhooks.fastapi`,
`asgi` (Starlette and others), `aiohttp`, `flask`, `django`.
"""

from stackverify._async.receiver import AsyncReceiver, AsyncReception
from stackverify._async.redis_store import AsyncRedisStore
from stackverify._async.webhook_stores import (
    AsyncMemoryStore,
    AsyncSqliteStore,
    AsyncStore,
)
from stackverify._core.admission import MAX_BODY, raw_body
from stackverify._core.signature import Secret, Secrets, keyring
from stackverify._core.signature import sign as _sign
from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER, parse
from stackverify._sync.receiver import Receiver, Reception
from stackverify._sync.redis_store import RedisStore
from stackverify._sync.webhook_stores import MemoryStore, SqliteStore, Store
from stackverify.models.webhooks import (
    DeliveryReport,
    InboundMessage,
    UnknownEvent,
    Verdict,
    WebhookEvent,
)

__all__ = [
    "AsyncMemoryStore",
    "AsyncReceiver",
    "AsyncReception",
    "AsyncRedisStore",
    "AsyncSqliteStore",
    "AsyncStore",
    "DeliveryReport",
    "InboundMessage",
    "MemoryStore",
    "parse",
    "Receiver",
    "Reception",
    "RedisStore",
    "Secret",
    "Secrets",
    "sign",
    "SIGNATURE_HEADER",
    "SqliteStore",
    "Store",
    "UnknownEvent",
    "Verdict",
    "verify",
    "WebhookEvent",
]


def verify(
    body: bytes,
    signature: str | bytes | None,
    secrets: Secrets,
    *,
    max_body: int = MAX_BODY,
) -> None:
    """Make sure that a webhook is genuine: that somebody who has a secret signed it.

    The signature is taken in lowercase hex (assumed), in upper case, or in base64,
    each with or without `sha256=` before it.

    Args:
        body: The bytes as they were received; no text, and nothing parsed.
        signature: The header `X-StackVerify-Signature`.
        secrets: The secret of Settings → Webhooks, or several while it is changed.
        max_body: Bytes of a body at most; a larger one is not looked at.

    Raises:
        RawBodyError: The body is not the bytes as they were received.
        BodyTooLargeError: It is larger than `max_body`.
        SignatureError: Nobody who has a secret signed it.
        ConfigurationError: There is no secret.
    """
    if type(body) is not bytes or len(body) > max_body:
        body = raw_body(body, max_body)
    keyring(secrets).check(body, signature)


def sign(body: bytes, secret: Secret) -> str:
    """Sign a body as the service does, for tests.

    Returns:
        The value of `X-StackVerify-Signature`, in lowercase hex (assumed).

    Raises:
        RawBodyError: The body is not bytes.
        ConfigurationError: The secret cannot be one.
    """
    return _sign(raw_body(body), secret)
