"""Lists that are walked lazily, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Generic, Protocol, TypeVar

from stackverify._core.call import Call
from stackverify._core.paging import Walk
from stackverify.models.results import Page, SmsMessage

__all__ = ["AsyncFetch", "AsyncRows", "AsyncSmsList", "AsyncSmsPages"]

Row = TypeVar("Row")


class AsyncFetch(Protocol):
    """Makes the call that brings a page."""

    async def __call__(self, call: Call[Page[SmsMessage]]) -> Page[SmsMessage]:
        """Make it."""
        ...


class AsyncSmsPages:
    """The pages of a list, each fetched when it is asked for."""

    def __init__(
        self,
        run: AsyncFetch,
        fetch: Callable[[int], Call[Page[SmsMessage]]],
        start: int,
        page_size: int,
    ) -> None:
        self._run = run
        self._fetch = fetch
        self._walk = Walk(start, page_size)

    def __aiter__(self) -> AsyncSmsPages:
        return self

    async def __anext__(self) -> Page[SmsMessage]:
        if self._walk.number is None:
            raise StopAsyncIteration
        page = self._walk.take(await self._run(self._fetch(self._walk.number)))
        if page is None:
            raise StopAsyncIteration
        return page


class AsyncSmsList:
    """Messages sent, newest first as the service gives them; iterate over it."""

    def __init__(
        self,
        run: AsyncFetch,
        fetch: Callable[[int], Call[Page[SmsMessage]]],
        start: int,
        page_size: int,
    ) -> None:
        self._begin = partial(AsyncSmsPages, run, fetch, start, page_size)

    def pages(self) -> AsyncSmsPages:
        """Walk page by page; each knows its number, to go on from later."""
        return self._begin()

    def __aiter__(self) -> AsyncIterator[SmsMessage]:
        return AsyncRows(self._begin())


class AsyncRows(Generic[Row]):
    """The rows of a list, page after page."""

    def __init__(self, pages: AsyncIterator[Page[Row]]) -> None:
        self._pages = pages
        self._rows: Iterable[Row] = iter(())

    def __aiter__(self) -> AsyncRows[Row]:
        return self

    async def __anext__(self) -> Row:
        while True:
            for row in self._rows:
                return row
            self._rows = iter((await anext(self._pages)).rows)
