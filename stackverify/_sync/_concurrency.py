"""The vocabulary of waiting, for threads; by hand, like its twin in `_async`."""

from __future__ import annotations

import contextvars
import math
import queue
import threading
import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Generic, TypeVar

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


class _Process:
    """What stands for the event loop, where there is none."""


_process = _Process()


def current_loop() -> Hashable:
    """Name what connections belong to: threads of a process share them all."""
    return _process


def is_over(loop: Hashable) -> bool:
    """Tell that the process is not over."""
    return False


class Parker:
    """Waits until it is woken, from any thread, or until its time is up."""

    def __init__(self) -> None:
        # Not an Event: a garbage collection inside of its lock may want to wake it.
        self._wakings: queue.SimpleQueue[None] = queue.SimpleQueue()

    def unpark(self) -> bool:
        """Wake it."""
        self._wakings.put(None)
        return True

    def park(self, seconds: float) -> None:
        """Wait; one waking that came before counts."""
        with suppress(queue.Empty):
            if seconds > 0:
                self._wakings.get(timeout=None if math.isinf(seconds) else seconds)
            while True:
                self._wakings.get_nowait()


def park_under(stop: Stop | None, seconds: float) -> bool:
    """Wait so many seconds; tell whether it was stopped before they were over."""
    if stop is None:
        sleep(seconds)
        return False
    parker = Parker()
    stop.add(parker)
    try:
        if not stop.is_told:
            parker.park(seconds)
    finally:
        stop.discard(parker)
    return stop.is_told


def sleep(seconds: float) -> None:
    """Wait so many seconds."""
    if seconds > 0:
        threading.Event().wait(seconds)


def time_limit(seconds: float) -> AbstractContextManager[object]:
    """Do nothing: threads cannot be cancelled, so sockets have the limit."""
    return nullcontext()


def run_blocking(work: Callable[[], T]) -> T:
    """Do something that takes its time."""
    return work()


def shielded(work: Callable[[], None]) -> None:
    """Do something to its end."""
    work()


class AtLoopEnd:
    """Has something closed when it is dropped, or the process ends."""

    def __init__(self, close: Callable[[], None]) -> None:
        self.is_over = False
        self._finalizer = weakref.finalize(self, close)

    def begin(self) -> None:
        """Do nothing: it is known already."""

    def close(self) -> None:
        """Have it closed now."""
        self.is_over = True
        self._finalizer()


class Slots:
    """So many at a time."""

    def __init__(self, count: int) -> None:
        self._semaphore = threading.Semaphore(count)

    def acquire(self, seconds: float) -> None:
        """Wait for a free one.

        Raises:
            TimeoutError: None was free in time.
        """
        if not self._semaphore.acquire(timeout=max(0.0, seconds)):
            raise TimeoutError

    def release(self) -> None:
        """Free one."""
        self._semaphore.release()


class Convoy(Generic[T]):
    """Has slow work done for many at once: whoever comes first does it for all.

    Args:
        work: Does it.
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
        self._joining = threading.Lock()
        self._turn = threading.Lock()

    def join(self, item: T) -> None:
        """Have an item worked on; raise what the work raised."""
        with self._joining:
            party = self._gathering
            party.items.append(item)
            is_first = len(party.items) == 1
            if len(party.items) >= self._limit:
                party.full.set()
        if is_first:
            self._lead(party)
        else:
            party.done.wait()
        if party.failure is not None:
            raise party.failure

    def _lead(self, party: _Gathering[T]) -> None:
        with self._turn:
            if self._linger:
                party.full.wait(self._linger)
            with self._joining:
                self._gathering = _Gathering[T]()
            try:
                self._work(party.items)
            except BaseException as failure:
                party.failure = failure
            finally:
                party.done.set()


class _Gathering(Generic[T]):
    """Those whose work is done together."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self.full = threading.Event()
        self.done = threading.Event()
        self.failure: BaseException | None = None


class FanOut(Generic[Row, Result]):
    """Works on packs of rows, several at a time; gives the results as they come.

    The rows are read in the consumer's own thread, since what they come from may
    belong to it (a database cursor does); the work is done in others. Nothing
    further is begun once `stop` was told. What is under way by then comes to its
    end, and its results can still be taken. An error in the rows is raised after
    the last result.

    Args:
        work: Makes results of a pack; it does not raise.
        rows: Any iterable.
        packer: Puts rows into packs.
        limit: Packs under way at most.
        stop: Told to begin nothing further.
    """

    def __init__(
        self,
        work: Callable[[list[tuple[int, Row]]], Sequence[Result]],
        rows: Iterable[Row],
        *,
        packer: Packer[tuple[int, Row]],
        limit: int,
        stop: Stop,
    ) -> None:
        feed: Feed[Row] = Feed(iter(rows), packer)

        def begin(pack: list[tuple[int, Row]]) -> Sequence[Result]:
            feed.begun(pack)
            return work(pack)

        self._feed = feed
        self._crew = _Crew(begin, stop)
        self._limit = limit
        self._stop = stop
        self._results: list[Result] = []

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

    def __iter__(self) -> FanOut[Row, Result]:
        return self

    def __next__(self) -> Result:
        try:
            while not self._results:
                self._hand_out()
                if not self._crew.under_way:
                    self._end()
                    raise StopIteration
                self._results.extend(reversed(self._crew.take()))
        except KeyboardInterrupt:
            self.close()
            raise
        return self._results.pop()

    def _hand_out(self) -> None:
        """Read rows until every worker has a pack."""
        while self._crew.under_way < self._limit and not self._stop.is_ebbing:
            pack = self._feed.next_pack()
            if pack is None:
                return
            self._crew.begin(pack)

    def _end(self) -> None:
        self._crew.finish()
        if (failure := self._feed.take_failure()) is not None:
            raise failure

    def close(self) -> None:
        """Begin nothing further, and wait for what is under way."""
        self._stop.tell()
        self._crew.finish()
        for results in self._crew.left():
            self._results[:0] = reversed(results)

    def __del__(self) -> None:
        # Left without a word: let what is under way end, and begin nothing.
        self._stop.tell()
        self._crew.dismiss()


class _Crew(Generic[Row, Result]):
    """Threads that work on packs; begun one by one, as there is work for them.

    Attributes:
        under_way: Packs handed out whose results were not taken.
    """

    def __init__(
        self,
        work: Callable[[list[tuple[int, Row]]], Sequence[Result]],
        stop: Stop,
    ) -> None:
        self.under_way = 0
        self._work = work
        self._stop = stop
        self._context = contextvars.copy_context()
        self._todo: queue.SimpleQueue[list[tuple[int, Row]] | None]
        self._todo = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Sequence[Result] | BaseException]
        self._done = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def begin(self, pack: list[tuple[int, Row]]) -> None:
        """Hand out a pack, to a new thread if all are busy."""
        self._todo.put(pack)
        self.under_way += 1
        if self.under_way > len(self._threads):
            context = self._context.copy()
            thread = threading.Thread(
                target=context.run,
                args=(_toil, self._work, self._todo, self._done),
                name="stackverify",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()

    def take(self) -> Sequence[Result]:
        """Wait for the results of a pack."""
        results = self._done.get()
        self.under_way -= 1
        if isinstance(results, BaseException):
            self._stop.tell()
            raise results
        return results

    def left(self) -> list[Sequence[Result]]:
        """Take what is done already, without waiting."""
        left: list[Sequence[Result]] = []
        with suppress(queue.Empty):
            while True:
                results = self._done.get_nowait()
                if not isinstance(results, BaseException):
                    left.append(results)
        self.under_way = 0
        return left

    def finish(self) -> None:
        """Wait until all threads are done."""
        self.dismiss()
        # A second Ctrl-C ends the waiting for good.
        threads, self._threads = self._threads, []
        for thread in threads:
            with suppress(RuntimeError):  # interrupted before it was started
                thread.join()

    def dismiss(self) -> None:
        """Tell all threads to go when they are done."""
        for _ in self._threads:
            self._todo.put(None)


def _toil(
    work: Callable[[list[tuple[int, Row]]], Sequence[Result]],
    todo: queue.SimpleQueue[list[tuple[int, Row]] | None],
    done: queue.SimpleQueue[Sequence[Result] | BaseException],
) -> None:
    while (pack := todo.get()) is not None:
        try:
            done.put(work(pack))
        except BaseException as failure:
            done.put(failure)
