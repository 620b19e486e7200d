"""Slow work that is done for many at once."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stackverify._async._concurrency import Convoy

pytestmark = pytest.mark.anyio

Together = Callable[..., Awaitable[list[Any]]]


async def test_every_item_is_worked_on_once_and_before_its_owner_goes_on(
    together: Together,
) -> None:
    done: list[int] = []
    convoy: Convoy[int] = Convoy(done.extend, linger=0.01, limit=10)

    async def join(item: int) -> bool:
        await convoy.join(item)
        return item in done

    assert await together(join, range(50)) == [True] * 50
    assert sorted(done) == list(range(50))


async def test_many_share_one_piece_of_work(together: Together) -> None:
    sizes: list[int] = []
    convoy: Convoy[int] = Convoy(
        lambda items: sizes.append(len(items)), linger=5.0, limit=20
    )
    await together(convoy.join, range(20))
    assert sizes == [20]


async def test_pieces_of_work_are_never_done_at_once(together: Together) -> None:
    lock, clashes = threading.Lock(), []

    def work(items: list[int]) -> None:
        clashes.append(not lock.acquire(blocking=False))
        lock.release()

    convoy: Convoy[int] = Convoy(work)
    await together(convoy.join, range(50))
    assert not any(clashes)


async def test_what_goes_wrong_is_told_to_all_of_them(together: Together) -> None:
    def fail(items: list[int]) -> None:
        raise LookupError

    convoy: Convoy[int] = Convoy(fail, linger=0.01, limit=5)

    async def join(item: int) -> bool:
        with pytest.raises(LookupError):
            await convoy.join(item)
        return True

    assert await together(join, range(20)) == [True] * 20
