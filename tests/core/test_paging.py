"""How a list is walked: which page comes next, which rows are new, when it ends."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackverify._core.paging import Walk
from stackverify._services.stackverify.replies import read_page
from stackverify.errors import ReadFailedError
from stackverify.models.results import Page, SmsMessage
from stackverify.reply import Reply

REPLY = Reply(200, {}, b"[]")


def page(number: int, names: str, **more: Any) -> Page[SmsMessage]:
    rows = tuple(SmsMessage(name) for name in names)
    told: dict[str, Any] = {"is_last": None, "total": None} | more
    return Page(number, rows, told["is_last"], told["total"], REPLY)


def names(found: Page[SmsMessage] | None) -> str | None:
    return (
        None if found is None else "".join(row.message_id or "?" for row in found.rows)
    )


def walked(size: int, *pages: str, **more: Any) -> tuple[list[str | None], int | None]:
    """Walk over pages; tell what was new on each, and which page would be next."""
    walk = Walk(1, size)
    found = [names(walk.take(page(n, p, **more))) for n, p in enumerate(pages, 1)]
    return found, walk.number


def test_a_full_page_is_followed_by_the_next() -> None:
    assert walked(3, "abc") == (["abc"], 2)


def test_a_page_shorter_than_the_first_is_the_last() -> None:
    assert walked(3, "abc", "de") == (["abc", "de"], None)


def test_an_empty_page_only_shows_that_the_walk_is_over() -> None:
    assert walked(3, "abc", "") == (["abc", None], None)


def test_an_empty_list_is_one_empty_page() -> None:
    assert walked(3, "") == ([""], None)


def test_a_service_that_caps_the_page_size_is_read_to_its_end() -> None:
    assert walked(100, "ab", "cd", "e") == (["ab", "cd", "e"], None)
    assert walked(100, "ab", "cd", "") == (["ab", "cd", None], None)


def test_a_first_page_is_the_last_if_it_holds_all_there_is() -> None:
    assert walked(100, "ab", total=2) == (["ab"], None)
    assert walked(100, "ab", total=3) == (["ab"], 2)
    assert walked(2, "ab", total=2) == (["ab"], 2)


def test_what_the_service_says_of_the_end_is_believed() -> None:
    assert walked(3, "abc", is_last=True) == (["abc"], None)
    assert walked(3, "ab", is_last=False) == (["ab"], 2)
    assert walked(3, "abc", "d", is_last=False) == (["abc", "d"], 3)


def test_a_service_that_never_comes_to_an_end_is_left_at_an_empty_page() -> None:
    assert walked(3, "abc", "", is_last=False) == (["abc", None], None)


def test_a_last_page_without_news_is_not_shown() -> None:
    assert walked(3, "abc", "bc") == (["abc", None], None)


def test_rows_that_were_pushed_to_the_next_page_are_not_shown_twice() -> None:
    assert walked(3, "abc", "cde", "efg", "") == (["abc", "de", "fg", None], None)


def test_rows_without_an_id_are_all_shown() -> None:
    walk = Walk(1, 2)
    nameless = attrs.evolve(page(1, ""), rows=(SmsMessage(None), SmsMessage("")))
    assert len(walk.take(nameless).rows) == 2  # type: ignore[union-attr]
    again = attrs.evolve(nameless, number=2)
    assert len(walk.take(again).rows) == 2  # type: ignore[union-attr]


def test_a_walk_may_start_anywhere() -> None:
    walk = Walk(7, 2)
    assert walk.number == 7
    assert names(walk.take(page(7, "ab"))) == "ab"
    assert walk.number == 8


def test_a_page_keeps_what_was_told_with_it() -> None:
    told = page(1, "ab", is_last=False, total=9)
    assert Walk(1, 2).take(told) == told


def test_a_service_that_does_not_count_pages_is_found_out() -> None:
    with pytest.raises(ReadFailedError, match="page"):
        walked(2, "ab", *["ba"] * 10)


def test_a_page_of_new_messages_in_the_meantime_is_no_error() -> None:
    """A packed send puts a page of new messages before what is walked over."""
    walk = Walk(1, 2)
    assert names(walk.take(page(1, "ab"))) == "ab"
    walk.take(page(2, "ab"))
    assert names(walk.take(page(3, "cd"))) == "cd"


def test_rows_that_were_pushed_further_than_a_page_are_not_shown_twice() -> None:
    found, _ = walked(2, "ab", "xa", "bc", "cd")
    assert found == ["ab", "x", "c", "d"]


# A whole list, in every style of envelope.


def bare(rows: Any, number: int, pages: int, total: int) -> Any:
    return rows


def laravel(rows: Any, number: int, pages: int, total: int) -> Any:
    more = f"https://example.org/?page={number + 1}" if number < pages else None
    return {"current_page": number, "data": rows, "next_page_url": more, "total": total}


def with_meta(rows: Any, number: int, pages: int, total: int) -> Any:
    return {"data": rows, "meta": {"page": number, "last_page": pages, "total": total}}


def with_total(rows: Any, number: int, pages: int, total: int) -> Any:
    return {"messages": rows, "total": total}


def with_more(rows: Any, number: int, pages: int, total: int) -> Any:
    return {"data": {"items": rows, "has_more": number < pages}}


def nested(rows: Any, number: int, pages: int, total: int) -> Any:
    return {"success": True, "data": {"messages": rows, "pagination": {"total": total}}}


STYLES = [bare, laravel, with_meta, with_total, with_more, nested]


@given(
    total=st.integers(0, 60),
    asked=st.integers(1, 20),
    cap=st.integers(1, 20),
    style=st.sampled_from(STYLES),
)
def test_a_walk_shows_each_row_once_and_in_order(
    total: int, asked: int, cap: int, style: Any
) -> None:
    rows = [{"id": f"SM{place}", "status": "sent"} for place in range(total)]
    size = min(asked, cap)
    pages = max(1, -(-total // size))
    walk, seen, fetched = Walk(1, asked), [], 0
    while walk.number is not None:
        part = rows[(walk.number - 1) * size :][:size]
        body = json.dumps(style(part, walk.number, pages, total)).encode()
        found = walk.take(read_page(walk.number)(Reply(200, {}, body)))
        seen += found.rows if found is not None else ()
        fetched += 1
    assert [row.message_id for row in seen] == [row["id"] for row in rows]
    assert fetched <= pages + 1


@given(
    pushed=st.lists(st.integers(0, 4), max_size=12),
    total=st.integers(0, 40),
)
def test_new_messages_in_the_meantime_hide_none_and_repeat_none(
    pushed: list[int], total: int
) -> None:
    """As long as fewer come between two pages than a page holds."""
    rows, size = [str(place) for place in range(total)], 5
    walk, seen, news = Walk(1, size), [], iter(pushed)
    while walk.number is not None:
        start = (walk.number - 1) * size
        found = walk.take(
            Page(
                walk.number,
                tuple(SmsMessage(name) for name in rows[start : start + size]),
                None,
                None,
                REPLY,
            )
        )
        seen += [row.message_id for row in found.rows] if found is not None else []
        rows[:0] = [f"new{len(rows)}.{place}" for place in range(next(news, 0))]
    assert seen == [str(place) for place in range(total)]
