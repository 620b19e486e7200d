"""Velstack's lists, walked lazily, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Generic, Protocol, TypeVar

from stackverify._async.listing import AsyncRows
from stackverify._core.call import Call
from stackverify._services.velstack.pages import Leaf
from stackverify._services.velstack.walk import Listing, Walk
from stackverify.models.results import Page

__all__ = ["AsyncFetchLeaf", "AsyncVelstackList", "AsyncVelstackPages"]

Row = TypeVar("Row")


class AsyncFetchLeaf(Protocol[Row]):
    """Makes the call that brings a page."""

    async def __call__(self, call: Call[Leaf[Row]]) -> Leaf[Row]:
        """Make it."""
        ...


class AsyncVelstackPages(Generic[Row]):
    """The pages of a list, each fetched when it is asked for."""

    def __init__(self, run: AsyncFetchLeaf[Row], walk: Walk[Row]) -> None:
        self._run = run
        self._walk = walk

    def __aiter__(self) -> AsyncVelstackPages[Row]:
        return self

    async def __anext__(self) -> Page[Row]:
        call = self._walk.next_call()
        if call is None:
            raise StopAsyncIteration
        return self._walk.take(await self._run(call))


class AsyncVelstackList(Generic[Row]):
    """A list as the service gives it; iterate over it.

    Where the service says that there is a further page, it is fetched when needed.
    """

    def __init__(
        self, run: AsyncFetchLeaf[Row], listing: Listing[Row], base_url: str
    ) -> None:
        self._run = run
        self._begin = partial(Walk, listing, base_url)

    def pages(self) -> AsyncVelstackPages[Row]:
        """Walk page by page."""
        return AsyncVelstackPages(self._run, self._begin())

    def __aiter__(self) -> AsyncIterator[Row]:
        return AsyncRows(self.pages())
