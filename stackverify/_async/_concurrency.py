"""The vocabulary of waiting, for tasks; the one module that knows anyio.

Its twin in `_sync` has the same names for threads. Everything else in `_async`
is written in these words.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterable,
    Sequence,
)
from contextlib import AbstractContextManager, suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, TypeVar

import anyio
import anyio.abc
import anyio.to_thread
import sniffio

from stackverify._core.packing import Feed, Packer
from stackverify._process.stop import Stop

__all__ = [
    "AtLoopEnd",
    "Convoy",
    "current_loop",
    "FanOut",
    "is_over",
    "park_under",
    "Parker",
    "run_blocking",
    "shielded",
    "sleep",
    "Slots",
    "time_limit",
]

T = TypeVar("T")
Row = TypeVar("Row")
Result = TypeVar("Result")

# How long a row of a live source waits for company before it goes alone.
_LINGER = 0.05
# Rows of a live source that are read before they are needed.
_READ_AHEAD = 32


def current_loop() -> Hashable:
    """Name the event loop this runs in: connections belong to one loop."""
    if sniffio.current_async_library() == "trio":
        import trio

        return trio.lowlevel.current_trio_token()
    import asyncio

    return asyncio.get_running_loop()


def is_over(loop: Hashable) -> bool:
    """Tell whether an event loop is closed, as far as it can tell itself."""
    return bool(getattr(loop, "is_closed", bool)())


def _caller_from_anywhere() -> Callable[[Callable[[], object]], None]:
    """Give a function that has something called in this loop, from any thread."""
    here = threading.get_ident()
    if sniffio.current_async_library() == "trio":
        import trio

        soon: Callable[..., object] = trio.lowlevel.current_trio_token().run_sync_soon
    else:
        import asyncio

        soon = asyncio.get_running_loop().call_soon_threadsafe

    def call(function: Callable[[], object]) -> None:
        if threading.get_ident() == here:
            function()
        else:
            soon(function)

    return call


class Parker:
    """Waits until it is woken, from any thread, or until its time is up."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._call = _caller_from_anywhere()

    def unpark(self) -> bool:
        """Wake it; tell whether its event loop still runs."""
        try:
            self._call(self._set)
        except RuntimeError:  # the loop is closed, and the waiter gone with it
            return False
        return True

    def _set(self) -> None:
        self._event.set()

    async def park(self, seconds: float) -> None:
        """Wait; one waking that came before counts."""
        if seconds > 0:
            with anyio.move_on_after(None if math.isinf(seconds) else seconds):
                await self._event.wait()
        self._event = anyio.Event()


async def park_under(stop: Stop | None, seconds: float) -> bool:
    """Wait so many seconds; tell whether it was stopped before they were over."""
    if stop is None:
        await sleep(seconds)
        return False
    parker = Parker()
    stop.add(parker)
    try:
        if not stop.is_told:
            await parker.park(seconds)
    finally:
        stop.discard(parker)
    return stop.is_told


async def sleep(seconds: float) -> None:
    """Wait so many seconds."""
    if seconds > 0:
        await anyio.sleep(seconds)


def time_limit(seconds: float) -> AbstractContextManager[object]:
    """Raise `TimeoutError` if the block takes longer."""
    return anyio.fail_after(seconds)


async def run_blocking(work: Callable[[], T]) -> T:
    """Do something that takes its time without holding up the loop."""
    return await anyio.to_thread.run_sync(work)


async def shielded(work: Callable[[], Awaitable[None]]) -> None:
    """Do something to its end, even if cancelled."""
    with anyio.CancelScope(shield=True):
        await work()


class AtLoopEnd:
    """Has something closed when the event loop ends; keep it as long as that.

    Event loops close the asynchronous generators that are still open.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self.is_over = False
        self._generator = self._until_closed(close)

    @staticmethod
    async def _until_closed(
        close: Callable[[], Awaitable[None]],
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await shielded(close)

    async def begin(self) -> None:
        """Make it known to the loop."""
        await anext(self._generator)

    async def aclose(self) -> None:
        """Have it closed now."""
        self.is_over = True
        await self._generator.aclose()


class Slots:
    """So many at a time, first come first served."""

    def __init__(self, count: int) -> None:
        self._semaphore = anyio.Semaphore(count, fast_acquire=True)

    async def acquire(self, seconds: float) -> None:
        """Wait for a free one; the time limit around it applies."""
        await self._semaphore.acquire()

    def release(self) -> None:
        """Free one."""
        self._semaphore.release()


class Convoy(Generic[T]):
    """Has slow work done for many at once: whoever comes first does it for all.

    Args:
        work: Does it; it blocks, and is done beside the event loop.
        linger: Seconds the first one waits for others to come.
        limit: So many need not wait for more.
    """

    def __init__(
        self, work: Callable[[list[T]], None], *, linger: float = 0.0, limit: int = 1
    ) -> None:
        self._work = work
        self._linger = linger
        self._limit = limit
        self._gathering = _Gathering[T]()
        self._turn = anyio.Lock()

    async def join(self, item: T) -> None:
        """Have an item worked on; raise what the work raised."""
        party = self._gathering
        party.items.append(item)
        if len(party.items) >= self._limit:
            party.full.set()
        if len(party.items) > 1:
            await party.done.wait()
        else:
            with anyio.CancelScope(shield=True):
                await self._lead(party)
        if party.failure is not None:
            raise party.failure

    async def _lead(self, party: _Gathering[T]) -> None:
        async with self._turn:
            if self._linger and not party.full.is_set():
                with anyio.move_on_after(self._linger):
                    await party.full.wait()
            self._gathering = _Gathering[T]()
            try:
                await anyio.to_thread.run_sync(self._work, party.items)
            except BaseException as failure:
                party.failure = failure
            finally:
                party.done.set()


class _Gathering(Generic[T]):
    """Those whose work is done together."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self.full = anyio.Event()
        self.done = anyio.Event()
        self.failure: BaseException | None = None


class FanOut(Generic[Row, Result]):
    """Works on packs of rows, several at a time; gives the results as they come.

    It reads the rows as it goes, waits when nobody takes the results, and begins
    nothing further once `stop` was told. What is under way by then comes to its
    end, and its results can still be taken. An error in the rows is raised after
    the last result.

    Args:
        work: Makes results of a pack; it does not raise.
        rows: Any iterable, asynchronous or not.
        packer: Puts rows into packs.
        limit: Packs under way at most.
        stop: Told to begin nothing further.
    """

    def __init__(
        self,
        work: Callable[[list[tuple[int, Row]]], Coroutine[Any, Any, Sequence[Result]]],
        rows: Iterable[Row] | AsyncIterable[Row],
        *,
        packer: Packer[tuple[int, Row]],
        limit: int,
        stop: Stop,
    ) -> None:
        self._stop = stop
        self._crew: _Crew[Row, Result] | None = None
        self._is_left = False
        if isinstance(rows, AsyncIterable):
            self._feed: Feed[Row] = Feed(iter(()), packer)
            live: AsyncIterable[Row] | None = rows
        else:
            self._feed, live = Feed(iter(rows), packer), None
        self._begin = partial(_Crew, work, self._feed, live, packer, limit, stop)

    @property
    def next_index(self) -> int:
        """The index of the first row that was not read."""
        return self._feed.next_index

    @property
    def is_exhausted(self) -> bool:
        """Whether all rows were read."""
        return self._feed.is_exhausted

    def held(self) -> list[int]:
        """Tell the indexes of rows that were read and not begun."""
        return self._feed.held()

    def __aiter__(self) -> FanOut[Row, Result]:
        return self

    async def __anext__(self) -> Result:
        if self._crew is None:
            if self._stop.is_told:
                raise StopAsyncIteration
            self._crew = self._begin()
        try:
            return await self._crew.next_result()
        except (anyio.get_cancelled_exc_class(), KeyboardInterrupt):
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Begin nothing further, and wait for what is under way."""
        self._stop.tell()
        if self._crew is not None and not self._is_left:
            self._is_left = True  # a second Ctrl-C ends the waiting for good
            await shielded(self._crew.finish)

    def __del__(self) -> None:
        # Left without a word: let what is under way end, and begin nothing.
        self._stop.tell()
        if self._crew is not None:
            self._crew.abandon()


class _Crew(Generic[Row, Result]):
    """The tasks of a fan-out; they live beside their consumer, not inside it.

    A task group cannot stay open across the `yield`s of a consumer that may
    leave at any time, so one task of its own holds it.
    """

    def __init__(
        self,
        work: Callable[[list[tuple[int, Row]]], Coroutine[Any, Any, Sequence[Result]]],
        feed: Feed[Row],
        live: AsyncIterable[Row] | None,
        packer: Packer[tuple[int, Row]],
        limit: int,
        stop: Stop,
    ) -> None:
        self._work = work
        self._feed = feed
        self._live = live
        self._packer = packer
        self._limit = limit
        self._stop = stop
        self._live_feed: _LiveFeed[Row] | None = None
        self._failure: Exception | None = None
        self._rest: deque[Result] = deque()
        self._done = anyio.Event()
        self._call = _caller_from_anywhere()
        self._is_finished = False
        self._outbox, self._inbox = anyio.create_memory_object_stream[None](limit)
        _spawn(self._hold)

    async def next_result(self) -> Result:
        """Wait for a result; raise what went wrong, after the last one."""
        if self._is_finished and self._rest:
            return self._rest.popleft()
        try:
            await self._inbox.receive()
            return self._rest.popleft()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._inbox.close()
            await self._done.wait()
            failure, self._failure = self._failure, None
            failure = failure or self._feed.take_failure()
            if failure is not None:
                raise failure from None
            raise StopAsyncIteration from None

    async def finish(self) -> None:
        """Wait until all tasks are done; keep the results not taken yet."""
        with suppress(anyio.ClosedResourceError):
            async for _ in self._inbox:
                pass
        await self._done.wait()
        self._is_finished = True
        self._inbox.close()

    def abandon(self) -> None:
        """Let results not taken go, without waiting; from any thread."""
        try:
            self._call(self._inbox.close)
        except RuntimeError:  # the loop is closed, and the tasks with it
            self._inbox.close()

    async def _hold(self) -> None:
        try:
            async with anyio.create_task_group() as group:
                next_pack = self._next_pack(group)
                for _ in range(self._limit):
                    group.start_soon(self._toil, next_pack)
        finally:
            self._outbox.close()
            if self._live_feed is not None:
                self._live_feed.close()
            self._done.set()

    def _next_pack(
        self, group: anyio.abc.TaskGroup
    ) -> Callable[[], Awaitable[list[tuple[int, Row]] | None]]:
        if self._live is not None:
            live = _LiveFeed(self._live, self._feed, self._packer, self._stop)
            self._live_feed = live
            group.start_soon(live.pump)
            return live.next_pack

        async def next_pack() -> list[tuple[int, Row]] | None:
            return self._feed.next_pack()

        return next_pack

    async def _toil(
        self, next_pack: Callable[[], Awaitable[list[tuple[int, Row]] | None]]
    ) -> None:
        while not self._stop.is_ebbing and (pack := await next_pack()) is not None:
            self._feed.begun(pack)
            try:
                results = await self._work(pack)
            except Exception as failure:  # what others have under way comes to its end
                self._failure = self._failure or failure
                self._stop.tell()
                return
            with suppress(anyio.BrokenResourceError):  # nobody takes results any more
                for result in results:
                    # The stream tells that there is one, and does not hold it: what
                    # was received by somebody cancelled just then would be lost.
                    self._rest.append(result)
                    await self._outbox.send(None)


class _LiveFeed(Generic[Row]):
    """Packs of what an asynchronous source has ready."""

    def __init__(
        self,
        rows: AsyncIterable[Row],
        feed: Feed[Row],
        packer: Packer[tuple[int, Row]],
        stop: Stop,
    ) -> None:
        self._source = rows
        self._feed = feed
        self._packer = packer
        self._stop = stop
        self._scope = anyio.CancelScope()
        self._call = _caller_from_anywhere()
        self._turn = anyio.Lock()
        self._rows: deque[Row] = deque()
        self._arrived = anyio.Event()
        self._taken = anyio.Event()
        self._failure: Exception | None = None
        self._is_over = False

    def unpark(self) -> bool:
        """Stop reading; from any thread."""
        try:
            self._call(self._scope.cancel)
        except RuntimeError:  # the loop is closed
            return False
        return True

    async def pump(self) -> None:
        """Read the source, in one task only: it may hold scopes of its own."""
        self._stop.add_reader(self)
        try:
            with self._scope:
                if not self._stop.is_ebbing:
                    await self._read_all()
        except Exception as failure:
            self._failure = failure
        finally:
            self._stop.discard(self)
            self._is_over = True
            self._arrived.set()

    async def _read_all(self) -> None:
        rows = aiter(self._source)
        try:
            async for row in rows:
                self._rows.append(row)
                self._arrived.set()
                while len(self._rows) >= _READ_AHEAD:
                    self._taken = anyio.Event()
                    await self._taken.wait()
        finally:
            if isinstance(rows, AsyncGenerator):
                await shielded(rows.aclose)

    async def next_pack(self) -> list[tuple[int, Row]] | None:
        """Give a full pack, or what there is when nothing more is ready."""
        async with self._turn:
            while not self._stop.is_ebbing:
                has_ended = self._is_over and not self._rows
                if pack := self._packer.pop(wait=not has_ended):
                    return pack
                if has_ended:
                    self._feed.end(self._failure)
                    break
                if not await self._read_one() and not self._is_over:
                    return self._packer.pop(wait=False)
        return None

    def close(self) -> None:
        """Count in what was read and is not begun."""
        while self._rows:
            self._feed.add(self._rows.popleft())

    async def _read_one(self) -> bool:
        """Take in a row; tell whether one came before waiting was no use."""
        if not self._rows and not self._is_over:
            self._arrived = anyio.Event()
            patience = _LINGER if self._packer.is_filling else math.inf
            with anyio.move_on_after(patience):
                await self._arrived.wait()
        if not self._rows:
            return False
        self._feed.add(self._rows.popleft())
        self._taken.set()
        return True


_tasks: set[object] = set()


def _spawn(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begin a task that outlives the caller's scopes."""
    if sniffio.current_async_library() == "trio":
        import trio

        # Ctrl-C in a task of ours would break trio itself; it waits for the consumer.
        for work_of_ours in (_Crew._toil, _LiveFeed.pump):
            trio.lowlevel.enable_ki_protection(work_of_ours)
        trio.lowlevel.spawn_system_task(work, context=copy_context())
        return
    import asyncio

    task = asyncio.get_running_loop().create_task(work())
    _tasks.add(task)  # the loop itself holds a task weakly
    task.add_done_callback(_tasks.discard)
