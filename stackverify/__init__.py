"""Send SMS, email and WhatsApp through StackVerify.

Never twice, never lost, never over the rate limit.

```python
from stackverify import Client

with Client() as client:  # the key is read from STACKVERIFY_API_KEY
    receipt = client.sms.send("+254712345678", "Your code is 4921")
    print(receipt.message_id)
```

`AsyncClient` is the same with `async` and `await`. Errors are in
`stackverify.errors`, the limiter by itself in `stackverify.limiters`, and a
pretend service to try it all on in `stackverify.sandbox`.
"""

from stackverify import errors
from stackverify._async.bulk import AsyncSendMany
from stackverify._async.client import AsyncClient
from stackverify._core.options import SmsBody
from stackverify._core.segments import Segments, count_segments
from stackverify._sync.bulk import SendMany
from stackverify._sync.client import Client
from stackverify._version import __version__
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
from stackverify.models.messages import Attachment, Email, Sms, WhatsAppTemplate, When
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
    "__version__",
]
