"""Which rows share a request, how many are held back, and that none is lost."""

from collections import Counter
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from stackverify._core.packing import Feed, Packer

Row = tuple[str, str]
"""A text, and whom it goes to; texts in capitals go alone."""


def packer(size: int = 3, window: int = 100) -> Packer[Row]:
    return Packer(
        size,
        key=lambda row: None if row[0].isupper() else row[0],
        member=lambda row: row[1],
        window=window,
    )


def filled(rows: list[Row], size: int = 3, window: int = 100) -> Packer[Row]:
    packs = packer(size, window)
    for row in rows:
        packs.add(row)
    return packs


def test_a_pack_is_given_out_when_it_is_full() -> None:
    rows = [("hi", "a"), ("hi", "b"), ("hi", "c")]
    packs = filled(rows[:2])
    assert packs.pop() is None
    packs.add(rows[2])
    assert packs.pop() == rows
    assert packs.pop() is None


def test_rows_with_nothing_in_common_fill_packs_of_their_own() -> None:
    packs = filled([("hi", "a"), ("ho", "a"), ("hi", "b"), ("hi", "c")])
    assert packs.pop() == [("hi", "a"), ("hi", "b"), ("hi", "c")]
    assert packs.pop(wait=False) == [("ho", "a")]


def test_what_goes_alone_waits_for_nobody() -> None:
    packs = filled([("hi", "a"), ("HO", "b")])
    assert packs.pop() == [("HO", "b")]
    assert packs.pop() is None


def test_a_size_of_1_switches_packing_off() -> None:
    packs = filled([("hi", "a"), ("hi", "b")], size=1)
    assert packs.pop() == [("hi", "a")]
    assert packs.pop() == [("hi", "b")]


def test_the_same_recipient_never_stands_twice_in_a_pack() -> None:
    packs = filled([("hi", "a"), ("hi", "b"), ("hi", "a")])
    assert packs.pop() == [("hi", "a"), ("hi", "b")]
    assert packs.pop() is None
    assert packs.pop(wait=False) == [("hi", "a")]


def test_the_window_bounds_what_is_held_back() -> None:
    packs = filled([("a", "1"), ("b", "1"), ("c", "1")], window=3)
    assert packs.pop() == [("a", "1")]
    assert packs.pop() is None


def test_when_waiting_is_no_use_the_oldest_pack_goes_first() -> None:
    packs = filled([("a", "1"), ("b", "1"), ("a", "2")])
    assert packs.pop(wait=False) == [("a", "1"), ("a", "2")]
    assert packs.pop(wait=False) == [("b", "1")]
    assert packs.pop(wait=False) is None


def test_a_packer_tells_whether_rows_wait_for_others() -> None:
    packs = filled([("HO", "b")])
    assert not packs.is_filling
    packs.add(("hi", "a"))
    assert packs.is_filling
    packs.pop(wait=False)
    packs.pop(wait=False)
    assert not packs.is_filling


def feed(rows: Iterator[Row], size: int = 2, window: int = 100) -> Feed[Row]:
    packs: Packer[tuple[int, Row]] = Packer(
        size,
        key=lambda row: None if row[1][0].isupper() else row[1][0],
        member=lambda row: row[1][1],
        window=window,
    )
    return Feed(rows, packs)


def test_a_feed_reads_no_further_than_the_next_pack() -> None:
    source = iter([("hi", "a"), ("ho", "a"), ("hi", "b"), ("hi", "c")])
    reader = feed(source)
    assert reader.next_pack() == [(0, ("hi", "a")), (2, ("hi", "b"))]
    assert (reader.next_index, reader.is_exhausted) == (3, False)
    assert next(source) == ("hi", "c")


def test_a_row_is_held_until_its_work_begins() -> None:
    reader = feed(iter([("hi", "a"), ("ho", "a"), ("hi", "b")]))
    pack = reader.next_pack()
    assert pack is not None
    assert sorted(reader.held()) == [0, 1, 2]
    reader.begun(pack)
    assert reader.held() == [1]


def test_a_feed_gives_out_what_is_left_and_then_nothing() -> None:
    reader = feed(iter([("hi", "a")]))
    assert reader.next_pack() == [(0, ("hi", "a"))]
    assert reader.is_exhausted
    assert reader.next_pack() is None
    assert reader.take_failure() is None


def failing() -> Iterator[Row]:
    yield ("hi", "a")
    raise LookupError("row 2 of the file")


def test_what_was_read_before_the_source_failed_is_given_out_first() -> None:
    reader = feed(failing())
    assert reader.next_pack() == [(0, ("hi", "a"))]
    assert reader.next_pack() is None
    assert (reader.has_ended, reader.is_exhausted) == (True, False)


def test_the_failure_of_a_source_is_told_once() -> None:
    reader = feed(failing())
    reader.next_pack()
    assert isinstance(reader.take_failure(), LookupError)
    assert reader.take_failure() is None


def test_an_empty_source_gives_nothing() -> None:
    reader = feed(iter([]))
    assert reader.next_pack() is None
    assert (reader.next_index, reader.is_exhausted) == (0, True)


def test_a_row_may_be_added_by_hand() -> None:
    reader = feed(iter([]))
    reader.add(("hi", "a"))
    assert (reader.next_index, reader.held()) == (1, [0])


rows_of = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "X"]), st.sampled_from("123"))
)


@given(rows_of, st.integers(1, 5), st.integers(1, 12))
def test_each_row_is_given_out_once_in_a_pack_that_may_hold_it(
    rows: list[Row], size: int, window: int
) -> None:
    reader = feed(iter(rows), size, window)
    packs = list(iter(reader.next_pack, None))
    assert sorted(row for pack in packs for row in pack) == list(enumerate(rows))
    for pack in packs:
        texts = {text for _, (text, _) in pack}
        assert len(texts) == 1
        assert 1 <= len(pack) <= max(1, size * (not texts <= {"X"}))
        assert max(Counter(to for _, (_, to) in pack).values()) == 1


@given(rows_of, st.integers(1, 5), st.integers(1, 12))
def test_no_more_rows_are_held_than_the_window_says(
    rows: list[Row], size: int, window: int
) -> None:
    reader = feed(iter(rows), size, window)
    for pack in iter(reader.next_pack, None):
        assert len(reader.held()) < window + len(pack)
        reader.begun(pack)
    assert reader.held() == []
