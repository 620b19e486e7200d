"""What is remembered of a message's webhooks, played by hand."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackverify._core.delivery import rank
from stackverify._core.track import (
    Claim,
    Flow,
    Mark,
    Pause,
    Read,
    Swap,
    Track,
    claim,
    finish,
    release,
)
from stackverify.errors import EventBusyError
from stackverify.models.webhooks import Verdict

NOW = 1_800_000_000.0
SENT, DELIVERED = Mark("m", "a", 1), Mark("m", "b", 2)
FRESH = "1    "


def opened(mark: Mark = SENT, holder: str = "me") -> Flow[Claim]:
    return claim(mark, holder, now=NOW, lease=60.0, patience=10.0)


def returned(flow: Flow[Any], answer: object) -> Any:
    """Answer the last step of a flow, and give what it returns."""
    with pytest.raises(StopIteration) as done:
        flow.send(answer)
    return done.value.value


def held(holder: str = "me", until: float = NOW + 60.0, **rest: Any) -> str:
    return Track(holder=holder, held_until=until, **rest).written()


def test_a_new_event_is_claimed_before_it_is_handled() -> None:
    flow = opened()
    assert next(flow) == Read("m")
    assert flow.send(None) == Swap("m", None, held())
    assert returned(flow, True) == Claim(SENT, Verdict.NEW, "me", held())


def test_an_event_that_was_handled_is_a_repeat_and_claims_nothing() -> None:
    flow = opened()
    next(flow)
    seen = Track(furthest=1, seen=("a",)).written()
    assert returned(flow, seen) == Claim(SENT, Verdict.REPEATED)


def test_a_repeat_is_one_even_while_another_event_is_handled() -> None:
    flow = opened()
    next(flow)
    assert returned(flow, held("other", seen=("a",))).verdict is Verdict.REPEATED


def test_a_status_that_was_overtaken_is_late() -> None:
    flow = opened()
    next(flow)
    flow.send(Track(furthest=2, seen=("b",)).written())
    assert returned(flow, True).verdict is Verdict.LATE


@pytest.mark.parametrize("furthest", [None, 0, 1])
def test_a_status_that_is_no_step_back_is_new(furthest: int | None) -> None:
    assert Track(furthest=furthest).verdict(SENT) is Verdict.NEW


def test_a_status_without_an_order_is_never_late_and_holds_nothing_up() -> None:
    odd = Mark("m", "x", None)
    track = Track(furthest=8, seen=("y",))
    assert track.verdict(odd) is Verdict.NEW
    assert track.handled(odd).furthest == 8
    assert Track().handled(odd).furthest is None


def test_while_another_event_is_handled_it_waits_ever_longer() -> None:
    flow = opened()
    next(flow)
    waits = []
    now = NOW
    for _ in range(8):
        step = flow.send(held("other", NOW + 60.0))
        assert isinstance(step, Pause)
        waits.append(step.seconds)
        now += step.seconds
        assert flow.send(now) == Read("m")
    assert waits == [0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5, 0.5]


def test_it_waits_no_longer_than_its_patience_and_says_so() -> None:
    flow = opened()
    next(flow)
    flow.send(held("other"))
    assert flow.send(NOW + 9.97) == Read("m")
    last = flow.send(held("other"))
    assert isinstance(last, Pause)
    assert last.seconds == pytest.approx(0.03)
    flow.send(NOW + 10.0)
    with pytest.raises(EventBusyError, match="is being handled"):
        flow.send(held("other"))


def test_a_holder_that_is_not_heard_of_any_more_is_given_up() -> None:
    flow = opened()
    next(flow)
    dead = held("dead", NOW)
    assert flow.send(dead) == Swap("m", dead, held())


def test_while_an_event_is_handled_what_was_seen_stays_known() -> None:
    known = Track(furthest=1, seen=("a",))
    handled = known.held("me", NOW)
    assert (handled.furthest, handled.seen) == (1, ("a",))
    assert handled.let_go("other") == handled
    assert handled.let_go("me") == known


def test_who_comes_second_to_a_swap_waits_and_looks_again() -> None:
    flow = opened()
    next(flow)
    flow.send(None)
    assert flow.send(False) == Pause(0.02)
    assert flow.send(NOW + 0.02) == Read("m")


def test_handled_means_seen_and_as_far_as_it_got() -> None:
    flow = finish(Claim(DELIVERED, Verdict.NEW, "me", held(seen=("a",), furthest=1)))
    done = Track(furthest=2, seen=("a", "b")).written()
    assert next(flow) == Swap("m", held(seen=("a",), furthest=1), done)
    assert returned(flow, True) is None


def test_given_back_means_as_if_it_had_not_come() -> None:
    flow = release(Claim(SENT, Verdict.NEW, "me", held()))
    assert next(flow) == Swap("m", held(), FRESH)
    assert returned(flow, True) is None


@pytest.mark.parametrize("end", [finish, release])
def test_a_repeat_leaves_everything_as_it_is(
    end: Callable[[Claim], Flow[None]],
) -> None:
    assert list(end(Claim(SENT, Verdict.REPEATED))) == []


def test_who_outlived_the_lease_adds_to_what_others_did_and_keeps_their_hold() -> None:
    flow = finish(Claim(SENT, Verdict.NEW, "me", held()))
    next(flow)
    assert flow.send(False) == Read("m")
    others = held("other", seen=("b",), furthest=2)
    both = held("other", seen=("b", "a"), furthest=2)
    assert flow.send(others) == Swap("m", others, both)


def test_who_outlived_the_memory_itself_begins_a_new_one() -> None:
    flow = finish(Claim(SENT, Verdict.NEW, "me", held()))
    next(flow)
    flow.send(False)
    assert flow.send(None) == Swap("m", None, Track(1, seen=("a",)).written())


def test_a_store_that_never_swaps_is_given_up() -> None:
    flow = finish(Claim(SENT, Verdict.NEW, "me", held()))
    next(flow)
    for _ in range(99):
        assert flow.send(False) == Read("m")
        assert isinstance(flow.send(held()), Swap)
    flow.send(False)
    with pytest.raises(EventBusyError, match="changed all the time"):
        flow.send(held())


def test_an_event_handled_twice_is_remembered_once() -> None:
    assert Track().handled(SENT).handled(DELIVERED).handled(SENT).seen == ("b", "a")


def test_the_latest_64_events_of_a_message_are_remembered() -> None:
    track = Track()
    for number in range(100):
        track = track.handled(Mark("m", str(number), 3))
    assert track.seen == tuple(map(str, range(36, 100)))


TRACKS = st.builds(
    Track,
    furthest=st.none() | st.integers(0, 8),
    holder=st.just(""),
    seen=st.lists(st.text("0123456789abcdef", min_size=1), max_size=4).map(tuple),
) | st.builds(
    Track,
    furthest=st.none() | st.integers(0, 8),
    holder=st.text("0123456789abcdef", min_size=1),
    held_until=st.integers(0, 2**40).map(lambda thousandths: thousandths / 1_000),
)


@given(TRACKS)
def test_what_is_written_is_read_back(track: Track) -> None:
    assert Track.read(track.written()) == track
    assert track.written().isascii()


STATUSES = [
    *("queued", "sent", "delivered", "opened", "clicked", "read"),
    *("failed", "undelivered", "bounced", "spam"),
]


def test_in_10_000_random_orders_with_repeats_no_status_ever_goes_back() -> None:
    dice = random.Random(7)
    for _ in range(10_000):
        events = [Mark("m", name, rank(name)) for name in STATUSES]
        track, shown = Track(), []
        for mark in dice.choices(events, k=15):
            verdict = track.verdict(mark)
            assert (verdict is Verdict.REPEATED) == (mark.event in track.seen)
            shown += [mark.rank] if verdict is Verdict.NEW else []
            track = track.handled(mark)
        assert shown == sorted(shown, key=lambda place: place or 0)
        assert track.furthest == max(shown, key=lambda place: place or 0)


def test_the_last_word_on_a_message_is_the_same_in_every_order() -> None:
    events = [Mark("m", name, rank(name)) for name in ("sent", "delivered", "spam")]
    ends = set()
    for order in itertools.permutations([*events, Mark("m", "failed", rank("failed"))]):
        track = Track()
        for mark in order:
            track = track.handled(mark)
        ends.add(track.furthest)
    assert ends == {rank("spam")}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("delivered", "spam"), ("sent", "delivered"), ("sent", "failed")],
)
def test_the_later_status_stands_whichever_comes_first(
    earlier: str, later: str
) -> None:
    track = Track().handled(Mark("m", later, rank(later)))
    assert track.verdict(Mark("m", earlier, rank(earlier))) is Verdict.LATE
