"""Who goes first under the rate limit, who is woken, and what a fork leaves."""

import gc
import math
from typing import Any

import pytest

from stackverify._core.limiter import Permit
from stackverify._core.settings import Settings
from stackverify._core.verdict import Stage
from stackverify._process.accounts import account_of
from stackverify._process.flight import Flight, TooLateError
from stackverify._process.stop import Stop
from stackverify._process.turns import Ticket, Turns
from stackverify.errors import ConfigurationError
from stackverify.models.tier import Lane, Rate, Tier
from tests.clock import Clock

NOW, BULK = Lane.TRANSACTIONAL, Lane.BULK


class Waiter:
    """Somebody who waits, counts how often it was woken, and may be dead."""

    def __init__(self, *, is_alive: bool = True) -> None:
        self.is_alive = is_alive
        self.woken = 0

    def unpark(self) -> bool:
        self.woken += 1
        return self.is_alive


class Queue:
    """Turns at a clock of their own, and those who wait for them."""

    def __init__(self, rate: int = 1, **options: Any) -> None:
        self.clock = Clock()
        self.turns = Turns(Rate(rate), clock=self.clock, **options)

    def fill(self) -> Permit:
        """Take the only turn there is."""
        permit = self.turns.try_take(NOW, 1)
        assert permit is not None
        return permit

    def join(
        self, lane: Lane = NOW, *, is_alive: bool = True, at_head: bool = False
    ) -> tuple[Waiter, Ticket]:
        waiter = Waiter(is_alive=is_alive)
        ticket = self.turns.join(waiter, lane, 1, at_head=at_head)
        return waiter, ticket

    def polled(self, ticket: Ticket) -> Permit:
        permit = self.turns.poll(ticket)
        assert isinstance(permit, Permit)
        return permit


@pytest.fixture
def queue() -> Queue:
    return Queue()


def woken(*waiting: tuple[Waiter, Ticket]) -> list[int]:
    return [waiter.woken for waiter, _ in waiting]


# Taking turns.


def test_a_turn_that_is_free_is_taken_at_once(queue: Queue) -> None:
    assert queue.fill().left_at == 1000.0
    assert queue.turns.try_take(NOW, 1) is None
    assert queue.turns.rate == Rate(1)


def test_a_window_after_its_answer_a_turn_is_free_again(queue: Queue) -> None:
    queue.turns.settle(queue.fill())
    queue.clock.now += 59.9
    assert queue.turns.try_take(NOW, 1) is None
    queue.clock.now += 0.2
    assert queue.fill()


def test_a_turn_that_never_left_is_free_at_once(queue: Queue) -> None:
    queue.turns.give_back(queue.fill())
    assert queue.fill()


def test_nobody_overtakes_who_waits_in_the_same_lane() -> None:
    queue = Queue(100)
    queue.clock.now += 60.0
    _, ticket = queue.join(BULK)
    assert queue.turns.try_take(BULK, 1) is None
    assert queue.turns.try_take(NOW, 1) is not None
    queue.polled(ticket)
    queue.clock.now += 60.0
    assert queue.turns.try_take(BULK, 1) is not None


def test_bulk_does_not_overtake_transactional(queue: Queue) -> None:
    queue.turns.give_back(queue.fill())
    queue.clock.now += 3600.0
    queue.join(NOW)
    assert queue.turns.try_take(BULK, 1) is None
    assert queue.turns.try_take(NOW, 1) is None


def test_the_first_to_come_is_the_first_to_go() -> None:
    queue = Queue(100)
    tickets = [queue.join()[1] for _ in range(3)]
    assert queue.turns.poll(tickets[1]) == math.inf
    assert queue.turns.poll(tickets[2]) == math.inf
    for ticket in tickets:
        queue.polled(ticket)


def test_transactional_goes_before_bulk_that_came_earlier() -> None:
    queue = Queue(100)
    queue.clock.now += 60.0
    _, paced = queue.join(BULK)
    _, first = queue.join(NOW)
    assert queue.turns.poll(paced) == math.inf
    queue.polled(first)
    queue.polled(paced)


def test_the_first_in_line_is_told_when_to_look_again(queue: Queue) -> None:
    permit = queue.fill()
    _, ticket = queue.join()
    assert queue.turns.poll(ticket) == math.inf
    queue.turns.settle(permit)
    assert queue.turns.poll(ticket) == pytest.approx(1060.0)
    assert ticket.looks_at == pytest.approx(1060.0)


@pytest.mark.parametrize("weight", [0, -1, 2, 10**9])
def test_a_weight_that_can_never_fit_is_refused_at_once(
    queue: Queue, weight: int
) -> None:
    with pytest.raises(ValueError, match="weight"):
        queue.turns.try_take(NOW, weight)
    queue.fill()
    queue.join()
    with pytest.raises(ValueError, match="weight"):
        queue.turns.try_take(NOW, weight)


# Waking.


def test_an_answer_wakes_the_first_in_line_and_nobody_else(queue: Queue) -> None:
    permit = queue.fill()
    waiting = [queue.join() for _ in range(3)]
    queue.turns.poll(waiting[0][1])
    queue.turns.settle(permit)
    assert woken(*waiting) == [1, 0, 0]


def test_an_answer_that_brings_nothing_sooner_wakes_nobody(queue: Queue) -> None:
    queue.turns.settle(queue.fill())
    waiting = [queue.join(), queue.join()]
    queue.turns.poll(waiting[0][1])
    queue.turns.observe(remaining=100, resets_in=1.0)
    assert woken(*waiting) == [0, 0]


def test_a_turn_given_back_wakes_the_first_in_line(queue: Queue) -> None:
    permit = queue.fill()
    waiting = [queue.join(), queue.join()]
    queue.turns.poll(waiting[0][1])
    queue.turns.give_back(permit)
    assert woken(*waiting) == [1, 0]


def test_who_takes_its_turn_wakes_the_next() -> None:
    queue = Queue(100)
    waiting = [queue.join(), queue.join(), queue.join(BULK)]
    queue.polled(waiting[0][1])
    assert woken(*waiting) == [0, 1, 0]
    queue.polled(waiting[1][1])
    assert woken(*waiting) == [0, 1, 1]


def test_who_leaves_the_head_wakes_the_next(queue: Queue) -> None:
    queue.fill()
    waiting = [queue.join(), queue.join(), queue.join()]
    queue.turns.leave(waiting[0][1])
    assert woken(*waiting) == [0, 1, 0]


def test_who_leaves_from_the_middle_wakes_nobody(queue: Queue) -> None:
    queue.fill()
    waiting = [queue.join(), queue.join(), queue.join()]
    queue.turns.leave(waiting[1][1])
    assert woken(*waiting) == [0, 0, 0]
    queue.turns.leave(waiting[0][1])
    assert woken(*waiting) == [0, 0, 1]


def test_giving_up_costs_no_turn(queue: Queue) -> None:
    permit = queue.fill()
    _, ticket = queue.join()
    queue.turns.leave(ticket)
    queue.turns.give_back(permit)
    assert queue.turns.usage().used == 0
    assert queue.fill()


def test_leaving_twice_is_leaving_once(queue: Queue) -> None:
    queue.fill()
    first, second = queue.join(), queue.join()
    queue.turns.leave(first[1])
    queue.turns.leave(first[1])
    assert woken(second) == [1]


def test_a_thousand_who_give_up_leave_nothing_behind(queue: Queue) -> None:
    permit = queue.fill()
    for _ in range(1000):
        _, ticket = queue.join()
        queue.turns.poll(ticket)
        queue.turns.leave(ticket)
    queue.turns.give_back(permit)
    assert queue.fill()


def test_who_cannot_be_woken_any_more_loses_its_place(queue: Queue) -> None:
    permit = queue.fill()
    dead = [queue.join(is_alive=False), queue.join(is_alive=False)]
    alive = queue.join()
    queue.turns.give_back(permit)
    assert woken(*dead, alive) == [1, 1, 1]
    queue.polled(alive[1])


def test_if_nobody_can_be_woken_the_turn_is_free(queue: Queue) -> None:
    permit = queue.fill()
    queue.join(is_alive=False)
    queue.join(BULK, is_alive=False)
    queue.turns.give_back(permit)
    assert queue.fill()


def test_a_dead_one_that_left_while_it_was_woken_is_dropped_once(queue: Queue) -> None:
    """Its task may be cancelled between the look and the call."""
    permit = queue.fill()
    waiter, ticket = queue.join(is_alive=False)
    waiter.unpark = lambda: queue.turns.leave(ticket) or False  # type: ignore[method-assign,func-returns-value]
    queue.turns.give_back(permit)
    assert queue.fill()


# Refused, and again.


def test_a_429_makes_all_wait_for_as_long_as_was_asked() -> None:
    queue = Queue(100)
    permit = queue.fill()
    assert queue.turns.refused(permit, retry_after=20.0, jitter=0.0) == 20.0
    assert queue.turns.try_take(NOW, 1) is None
    queue.clock.now += 19.9
    assert queue.turns.try_take(NOW, 1) is None
    queue.clock.now += 0.2
    assert queue.fill()


def test_a_second_429_of_the_same_excess_does_not_wait_less_than_nothing() -> None:
    queue = Queue(100)
    permits = [queue.fill(), queue.fill()]
    queue.turns.refused(permits[0], retry_after=1.0, jitter=0.0)
    queue.clock.now += 5.0
    assert queue.turns.refused(permits[1], retry_after=None, jitter=0.0) == 0.0


def test_who_was_refused_goes_back_to_the_head_of_its_lane(queue: Queue) -> None:
    queue.fill()
    waiting = [queue.join(), queue.join()]
    back = queue.join(at_head=True)
    assert woken(*waiting, back) == [1, 0, 0]
    assert queue.turns.poll(waiting[0][1]) == math.inf
    assert queue.turns.poll(back[1]) == math.inf
    queue.turns.leave(back[1])
    assert woken(*waiting) == [2, 0]


def test_the_head_of_the_bulk_lane_is_behind_all_transactional() -> None:
    queue = Queue(100)
    queue.clock.now += 60.0
    first = queue.join(NOW)
    back = queue.join(BULK, at_head=True)
    assert queue.turns.poll(back[1]) == math.inf
    queue.polled(first[1])
    queue.polled(back[1])


def test_the_head_of_an_empty_line_passes_nobody(queue: Queue) -> None:
    waiter, ticket = queue.join(at_head=True)
    assert waiter.woken == 0
    queue.polled(ticket)


# What the service tells, and what is in use.


def test_what_the_service_counts_is_heeded() -> None:
    queue = Queue(100)
    queue.turns.observe(remaining=0, resets_in=30.0)
    assert queue.turns.try_take(NOW, 1) is None
    queue.clock.now += 30.1
    assert queue.fill()


def test_usage_counts_who_is_on_the_way_and_who_was_answered() -> None:
    queue = Queue(100)
    permit = queue.fill()
    queue.fill()
    queue.turns.settle(permit)
    usage = queue.turns.usage()
    assert (usage.in_flight, usage.used) == (1, 2)


def test_a_reserve_is_kept_from_bulk() -> None:
    queue = Queue(2, reserve=0.5)
    queue.clock.now += 600.0
    assert queue.turns.try_take(BULK, 1) is not None
    queue.clock.now += 30.0
    assert queue.turns.try_take(BULK, 1) is None
    assert queue.turns.try_take(NOW, 1) is not None


def test_a_forked_child_forgets_who_waits_and_counts_who_is_on_the_way() -> None:
    queue = Queue(2)
    permit = queue.fill()
    waiter, ticket = queue.join()
    queue.turns.after_fork()
    assert queue.turns.usage().in_flight == 0
    assert queue.turns.usage().used == 1
    assert queue.fill()
    queue.turns.settle(permit)
    queue.turns.leave(ticket)
    assert queue.turns.usage().in_flight == 1
    assert waiter.woken == 0


def test_a_lock_the_parent_held_is_free_in_the_child(queue: Queue) -> None:
    queue.turns._lock.acquire()
    queue.turns.after_fork()
    assert queue.fill()


# A word to all who wait.


def test_a_stop_wakes_all_who_wait_under_it() -> None:
    stop, waiters = Stop(), [Waiter(), Waiter(is_alive=False), Waiter()]
    for waiter in waiters:
        stop.add(waiter)
    stop.discard(waiters[2])
    stop.discard(waiters[2])
    assert not stop.is_told
    stop.tell()
    assert stop.is_told
    assert [waiter.woken for waiter in waiters] == [1, 1, 0]


def test_a_stop_may_be_told_while_somebody_leaves() -> None:
    stop = Stop()
    waiters = [Waiter() for _ in range(3)]
    for waiter in waiters:
        stop.add(waiter)
        waiter.unpark = lambda waiter=waiter: stop.discard(waiter)  # type: ignore[method-assign,misc]
    stop.tell()
    stop.tell()
    assert stop.is_told


def test_a_word_to_the_readers_leaves_the_others_waiting() -> None:
    stop, reader, waiter = Stop(), Waiter(), Waiter()
    stop.add_reader(reader)
    stop.add(waiter)
    stop.ebb()
    assert (stop.is_ebbing, stop.is_told) == (True, False)
    assert (reader.woken, waiter.woken) == (1, 0)


def test_after_the_last_word_nothing_is_read_either() -> None:
    stop, readers = Stop(), [Waiter(), Waiter()]
    for reader in readers:
        stop.add_reader(reader)
    stop.discard(readers[1])
    stop.tell()
    assert stop.is_ebbing
    assert [reader.woken for reader in readers] == [1, 0]


# How far an attempt came.


def test_an_attempt_comes_from_stage_to_stage() -> None:
    flight = Flight(30.0, clock=Clock())
    assert flight.stage is Stage.CONNECTING
    flight.began = True
    assert flight.stage is Stage.SENDING
    flight.release()
    assert flight.stage is Stage.AWAITING


def test_after_the_deadline_no_last_byte_is_let_go() -> None:
    clock = Clock()
    flight = Flight(30.0, 1010.0, clock=clock)
    assert not flight.is_late
    clock.now = 1010.0
    assert flight.is_late
    with pytest.raises(TooLateError):
        flight.release()
    assert not flight.released


def test_an_attempt_is_over_when_its_time_is_up() -> None:
    clock = Clock()
    flight = Flight(30.0, clock=clock)
    clock.now += 29.0
    assert (flight.elapsed, flight.is_over, flight.is_late) == (29.0, False, False)
    clock.now += 1.0
    assert flight.is_over


# One limit for each key.


class User:
    """A client at work, as far as an account knows it."""


def settings(
    key: str, tier: Tier = Tier.PRO, url: str = "https://x.example"
) -> Settings:
    return Settings(f"sk_test_{key}", url, tier)


def test_all_clients_of_a_key_share_one_limit() -> None:
    first, second = User(), User()
    account = account_of(settings("shared"), first)
    assert account_of(settings("shared"), second) is account
    assert account_of(settings("another"), second) is not account
    assert account_of(settings("shared", url="https://y.example"), first) is not account


def test_a_key_has_one_tier_while_somebody_uses_it() -> None:
    user = User()
    account_of(settings("tiers", Tier.PRO), user)
    with pytest.raises(ConfigurationError, match=r"tier pro \(500 requests") as caught:
        account_of(settings("tiers", Tier.LITE), User())
    assert "sk_test_tiers" not in str(caught.value)


def test_once_nobody_uses_a_key_its_tier_may_change() -> None:
    user = User()
    before = account_of(settings("changes", Tier.PRO), user)
    del user
    gc.collect()
    kept = account_of(settings("changes", Tier.PRO), User())
    assert kept is before
    gc.collect()
    assert account_of(settings("changes", Tier.LITE), User()).tier is Tier.LITE


def test_the_month_of_a_key_is_counted_for_all_its_clients() -> None:
    first, second = User(), User()
    tier = Tier.enterprise(100, 10)
    account_of(settings("month", tier), first).budget.spend(6, "2026-05")
    budget = account_of(settings("month", tier), second).budget
    budget.refund(1, "2026-05")
    assert budget.left("2026-05") == 5
    budget._lock.acquire()  # type: ignore[attr-defined]
    budget.after_fork()  # type: ignore[attr-defined]
    budget.spend(5, "2026-05", at_most=True)
    assert budget.left("2026-05") == 0
