"""The delivery reports that came in this process, and who waits for one."""

import attrs
import pytest

from stackverify._process.reports import Reports
from stackverify.models.webhooks import DeliveryReport


@attrs.define(eq=False)
class Waiter:
    """Counts how often it is woken."""

    woken: int = 0

    def unpark(self) -> bool:
        self.woken += 1
        return True


def test_the_furthest_report_of_a_message_is_kept_whatever_the_order() -> None:
    reports = Reports()
    for status in ("queued", "delivered", "sent", "queued"):
        reports.tell(DeliveryReport("sms_1", status))
    latest = reports.latest("sms_1")
    assert latest is not None
    assert latest.status == "delivered"
    assert reports.latest("sms_2") is None


@pytest.mark.parametrize("order", [["lost", "sent"], ["sent", "lost"]])
def test_of_words_without_an_order_the_last_one_stands(order: list[str]) -> None:
    reports = Reports()
    for status in order:
        reports.tell(DeliveryReport("sms_1", status))
    assert reports.latest("sms_1") == DeliveryReport("sms_1", order[-1])


def test_who_waits_for_a_message_is_woken_by_its_reports_only() -> None:
    reports, waiter = Reports(), Waiter()
    reports.watch("sms_1", waiter)
    reports.tell(DeliveryReport("sms_2", "sent"))
    assert waiter.woken == 0
    reports.tell(DeliveryReport("sms_1", "sent"))
    reports.tell(DeliveryReport("sms_1", "queued"))
    assert waiter.woken == 2


def test_who_waits_no_more_is_not_woken_and_leaves_nothing_behind() -> None:
    reports, one, other = Reports(), Waiter(), Waiter()
    for waiter in (one, other):
        reports.watch("sms_1", waiter)
    reports.unwatch("sms_1", one)
    reports.unwatch("sms_1", one)
    reports.tell(DeliveryReport("sms_1", "sent"))
    reports.unwatch("sms_1", other)
    assert (one.woken, other.woken, reports._waiting) == (0, 1, {})


def test_only_the_latest_messages_are_kept() -> None:
    reports = Reports(kept=2)
    for message_id in ("a", "b", "a", "c"):
        reports.tell(DeliveryReport(message_id, "sent"))
    kept = [name for name in "abc" if reports.latest(name)]
    assert kept == ["a", "c"]


def test_a_forked_child_forgets_who_waited_and_keeps_what_was_told() -> None:
    reports, waiter = Reports(), Waiter()
    reports.watch("sms_1", waiter)
    reports.tell(DeliveryReport("sms_1", "sent"))
    reports._lock.acquire()
    reports.after_fork()
    reports.tell(DeliveryReport("sms_1", "delivered"))
    assert waiter.woken == 1
    assert reports.latest("sms_1") == DeliveryReport("sms_1", "delivered")
