"""Velstack, a second service, on the same core.

```python
from stackverify.velstack import Velstack

with Velstack() as velstack:  # the key is read from VELSTACK_API_KEY
    receipt = velstack.sms.send("Acme", "0205550368", "Your code is 4921")
    print(receipt.message_id, receipt.credit_left)
```

`AsyncVelstack` is the same with `async` and `await`. The errors are those of
`stackverify.errors`.
"""

from stackverify._async.velstack.client import AsyncVelstack
from stackverify._async.velstack.listing import AsyncVelstackList
from stackverify._sync.velstack.client import Velstack
from stackverify._sync.velstack.listing import VelstackList
from stackverify.models.velstack import (
    Contact,
    Group,
    Mode,
    QuickSms,
    SenderId,
    SmsReceipt,
    VelstackApi,
)

__all__ = [
    "AsyncVelstack",
    "AsyncVelstackList",
    "Contact",
    "Group",
    "Mode",
    "QuickSms",
    "SenderId",
    "SmsReceipt",
    "Velstack",
    "VelstackApi",
    "VelstackList",
]
