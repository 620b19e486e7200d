"""Remembers webhooks in Redis or Valkey, for processes of many machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["AsyncRedisStore"]

_SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


class AsyncRedisStore:
    """Remembers in Redis or Valkey, for all processes that use it.

    Args:
        redis: A client of your own, or a URL such as `redis://127.0.0.1:6379/0`
            (extra `redis`).
        prefix: What the keys begin with.

    Raises:
        ImportError: A URL was given, and the extra is not installed.
    """

    def __init__(
        self, redis: Redis | str, *, prefix: str = "stackverify:webhook:"
    ) -> None:
        # Not its type: redis-py gives both flavours one, with results of either.
        self._redis: Any = _connected(redis) if isinstance(redis, str) else redis
        self._prefix = prefix
        self._swap = self._redis.register_script(_SWAP)

    async def read(self, key: str, *, now: float) -> str | None:
        """Give the text under a key; when its time is over is for Redis to know."""
        text: str | bytes | None = await self._redis.get(self._prefix + key)
        return text.decode() if isinstance(text, bytes) else text

    async def swap(
        self, key: str, old: str | None, new: str, *, now: float, keep: float
    ) -> bool:
        """Put `new` under a key if `old` is there; tell whether it was."""
        words = [old or "", new, str(max(1, round(keep * 1000)))]
        return bool(await self._swap(keys=[self._prefix + key], args=words))

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        await self._redis.aclose()


def _connected(url: str) -> Any:
    try:
        from redis.asyncio import Redis
    except ImportError as missing:
        raise ImportError(
            'a Redis URL needs an extra: pip install "stackverify[redis]"'
        ) from missing
    return Redis.from_url(url)
