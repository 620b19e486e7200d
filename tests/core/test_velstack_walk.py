"""Velstack's lists: which page comes next, and where no key may go."""

from typing import Any

import pytest

from stackverify._services.velstack.pages import Leaf, path_of
from stackverify._services.velstack.walk import Walk, contacts, groups
from stackverify.errors import InvalidInputError, ReadFailedError
from stackverify.models.results import Page
from stackverify.models.tier import Lane
from stackverify.models.velstack import Group
from stackverify.reply import Reply

BASE = "https://sms.velstack.com/api"


def leaf(link: object = None) -> Leaf[Group]:
    return Leaf(Page(1, (), link is None, None, Reply(200, {}, b"")), link)


def walk_after(*links: object) -> Walk[Group]:
    """Walk as far as these links lead."""
    walk = Walk(groups(), BASE)
    for link in links:
        walk.next_call()
        walk.take(leaf(link))
    return walk


@pytest.mark.parametrize(
    ("listing", "path"),
    [(groups(), "/group"), (contacts(), "/contact"), (contacts(7), "/contact/7")],
)
def test_a_walk_begins_at_the_list_itself(listing: Any, path: str) -> None:
    call = Walk(listing, BASE).next_call()
    assert call is not None
    assert (call.method, call.path, call.is_read) == ("GET", path, True)
    assert (call.lane, call.endpoint) == (Lane.TRANSACTIONAL, path.removesuffix("/7"))


def test_a_group_id_cannot_lead_elsewhere() -> None:
    with pytest.raises(InvalidInputError):
        contacts("../sms")


def test_a_walk_ends_where_no_link_is() -> None:
    assert walk_after(None).next_call() is None


def test_further_pages_wait_in_the_bulk_lane() -> None:
    call = walk_after(f"{BASE}/group?page=2").next_call()
    assert call is not None
    assert (call.path, call.lane, call.endpoint) == (
        "/group?page=2",
        Lane.BULK,
        "/group",
    )


@pytest.mark.parametrize(
    "link",
    [
        f"{BASE}/group?page=2",
        "HTTPS://SMS.VELSTACK.COM/api/group?page=2",
        "https://sms.velstack.com:443/api/group?page=2",
        "//sms.velstack.com/api/group?page=2",
        "/api/group?page=2",
        "?page=2",
        "group?page=2",
        "./group?page=2#top",
    ],
)
def test_a_link_to_the_own_origin_is_followed(link: str) -> None:
    assert path_of(link, BASE, "/group") == "/group?page=2"


ELSEWHERE = [
    "https://evil.example/api/group?page=2",
    "http://sms.velstack.com/api/group?page=2",
    "https://sms.velstack.com:8443/api/group?page=2",
    "https://api.velstack.com/v/group?page=2",
    "https://sms.velstack.com.evil.example/api/group",
    "https://sms.velstack.com@evil.example/api/group",
    "https://user@sms.velstack.com/api/group",
    "https://evil.example#@sms.velstack.com/api/group",
    "https://evil.example\\@sms.velstack.com/api/group",
    "//evil.example/api/group?page=2",
    "///evil.example/api/group",
    "\\\\evil.example/api/group",
    "https:/\\evil.example/api/group",
    "https://sms.velstack.com/other/group?page=2",
    "https://sms.velstack.com/apis/group?page=2",
    "/group?page=2",
    "../admin",
    "https://sms.velstack.com/api/%2e%2E/admin",
    "https://sms.velstack.com/api/./group",
    "https://sms.velstack.com/api/../admin",
    "https://sms.velstack.com:port/api/group",
    "https://[::1/api/group",
    "javascript:alert(1)",
    "file:///api/group",
    "https://sms.velstack.com/api/group?page=2\r\nX-Evil: 1",
    "https://sms.velstack.com/api/ group",
    " https://sms.velstack.com/api/group",
    "https://sms.velstack.com/api/group\x00",
    2,
    True,
    ["?page=2"],
    {"url": "?page=2"},
]


@pytest.mark.parametrize("link", ELSEWHERE, ids=ascii)
def test_a_link_that_leads_elsewhere_is_not_followed(link: Any) -> None:
    walk = walk_after(link)
    with pytest.raises(ReadFailedError, match="it is not followed") as caught:
        walk.next_call()
    assert "evil" not in str(caught.value)
    assert caught.value.reply is not None


@pytest.mark.parametrize("links", [["?page=1", "?page=1"], ["?page=2", "/api/group"]])
def test_a_link_to_a_page_that_came_before_is_not_followed(links: list[str]) -> None:
    with pytest.raises(ReadFailedError, match="came before"):
        walk_after(*links).next_call()


def test_a_page_that_failed_can_be_asked_for_again() -> None:
    walk = walk_after("?page=2")
    first, again = walk.next_call(), walk.next_call()
    assert first is not None
    assert again is not None
    assert first.path == again.path == "/group?page=2"


def test_pages_are_counted_where_the_service_does_not() -> None:
    call = walk_after("?page=2", "?page=3").next_call()
    assert call is not None
    reply = Reply(200, {}, b'{"message": "OK", "data": []}')
    assert call.read(reply).page.number == 3


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("https://example.org/api", "https://example.org:443/api/group?page=2"),
        ("https://example.org:443/api", "https://example.org/api/group?page=2"),
        ("http://127.0.0.1/api", "http://127.0.0.1:80/api/group?page=2"),
        ("http://127.0.0.1:4010/api", "http://127.0.0.1:4010/api/group?page=2"),
    ],
)
def test_a_port_that_goes_without_saying_may_be_said(base: str, link: str) -> None:
    assert path_of(link, base, "/group") == "/group?page=2"


def test_a_base_url_without_a_path_has_pages_too() -> None:
    assert path_of("/group?page=2", "https://example.org", "/group") == "/group?page=2"
