"""Send SMS, email and WhatsApp through StackVerify.

Never twice, never lost, never over the rate limit.

```python
from stackverify import Client

with Client() as client:  # the key is read from STACKVERIFY_API_KEY
    receipt = client.sms.send("+254712345678", "Your code is 4921")
    print(receipt.message_id)
```

`AsyncClient` is the same with `async` and `await`. Sends to many that survive a crash
are in `stackverify.campaigns`, what receives reports and replies is in
`stackverify.webhooks`, errors are in `stackverify.errors`, the limiter by itself in
`stackverify.limiters`, a second service on the same core in `stackverify.velstack`,
and a pretend service to try it all on in `stackverify.sandbox`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from stackverify._version import __version__

if TYPE_CHECKING:
    from stackverify import errors as errors
    from stackverify._async.bulk import AsyncSendMany
    from stackverify._async.client import AsyncClient
    from stackverify._core.options import SmsBody
    from stackverify._core.segments import Segments, count_segments
    from stackverify._sync.bulk import SendMany
    from stackverify._sync.client import Client
    from stackverify.errors import StackverifyError
    from stackverify.models.events import (
        Event,
        Hook,
        Paused,
        RateWait,
        RequestFinished,
        RequestStarted,
        RetryScheduled,
    )
    from stackverify.models.messages import (
        Attachment,
        Email,
        Sms,
        WhatsAppTemplate,
        When,
    )
    from stackverify.models.outcomes import (
        Accepted,
        BulkSummary,
        NotSent,
        Outcome,
        Refused,
        Unknown,
    )
    from stackverify.models.results import (
        EmailStatus,
        MessageStatus,
        Page,
        Receipt,
        RecipientResult,
        SmsMessage,
        SmsStatus,
        WhatsAppStatus,
    )
    from stackverify.models.retry import RepeatSend, Retry
    from stackverify.models.tier import Lane, Rate, Tier
    from stackverify.reply import Reply

__all__ = [
    "__version__",
    "Accepted",
    "AsyncClient",
    "AsyncSendMany",
    "Attachment",
    "BulkSummary",
    "Client",
    "count_segments",
    "Email",
    "EmailStatus",
    "errors",
    "Event",
    "Hook",
    "Lane",
    "MessageStatus",
    "NotSent",
    "Outcome",
    "Page",
    "Paused",
    "Rate",
    "RateWait",
    "Receipt",
    "RecipientResult",
    "Refused",
    "RepeatSend",
    "Reply",
    "RequestFinished",
    "RequestStarted",
    "Retry",
    "RetryScheduled",
    "Segments",
    "SendMany",
    "Sms",
    "SmsBody",
    "SmsMessage",
    "SmsStatus",
    "StackverifyError",
    "Tier",
    "Unknown",
    "WhatsAppStatus",
    "WhatsAppTemplate",
    "When",
]

# Where each name lives. Modules are loaded when a name of theirs is first used, so
# that a service that imports this package pays for the flavour it uses, and later.
_HOMES = {
    "Accepted": "stackverify.models.outcomes",
    "AsyncClient": "stackverify._async.client",
    "AsyncSendMany": "stackverify._async.bulk",
    "Attachment": "stackverify.models.messages",
    "BulkSummary": "stackverify.models.outcomes",
    "Client": "stackverify._sync.client",
    "count_segments": "stackverify._core.segments",
    "Email": "stackverify.models.messages",
    "EmailStatus": "stackverify.models.results",
    "Event": "stackverify.models.events",
    "Hook": "stackverify.models.events",
    "Lane": "stackverify.models.tier",
    "MessageStatus": "stackverify.models.results",
    "NotSent": "stackverify.models.outcomes",
    "Outcome": "stackverify.models.outcomes",
    "Page": "stackverify.models.results",
    "Paused": "stackverify.models.events",
    "Rate": "stackverify.models.tier",
    "RateWait": "stackverify.models.events",
    "Receipt": "stackverify.models.results",
    "RecipientResult": "stackverify.models.results",
    "Refused": "stackverify.models.outcomes",
    "RepeatSend": "stackverify.models.retry",
    "Reply": "stackverify.reply",
    "RequestFinished": "stackverify.models.events",
    "RequestStarted": "stackverify.models.events",
    "Retry": "stackverify.models.retry",
    "RetryScheduled": "stackverify.models.events",
    "Segments": "stackverify._core.segments",
    "SendMany": "stackverify._sync.bulk",
    "Sms": "stackverify.models.messages",
    "SmsBody": "stackverify._core.options",
    "SmsMessage": "stackverify.models.results",
    "SmsStatus": "stackverify.models.results",
    "StackverifyError": "stackverify.errors",
    "Tier": "stackverify.models.tier",
    "Unknown": "stackverify.models.outcomes",
    "WhatsAppStatus": "stackverify.models.results",
    "WhatsAppTemplate": "stackverify.models.messages",
    "When": "stackverify.models.messages",
}


if not TYPE_CHECKING:  # a type checker shall know the names there are, and no others

    def __getattr__(name: str) -> object:
        if name == "errors":
            return import_module("stackverify.errors")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
