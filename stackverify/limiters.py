"""The rate limiter by itself, for any service that allows so many requests a minute.

```python
from stackverify.limiters import AsyncLimiter, Lane, Rate

limiter = AsyncLimiter(Rate(100))

with await limiter.acquire(Lane.BULK) as turn:
    response = await http.get(url)
    if response.status_code == 429:
        turn.refused(retry_after=5.0)
```
"""

from stackverify._async.limiter import AsyncLimiter, AsyncTurn
from stackverify._core.limiter import Usage
from stackverify._sync.limiter import Limiter, Turn
from stackverify.models.tier import Lane, Rate

__all__ = [
    "AsyncLimiter",
    "AsyncTurn",
    "Lane",
    "Limiter",
    "Rate",
    "Turn",
    "Usage",
]
