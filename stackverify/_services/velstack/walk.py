"""How a list is walked, as far as Velstack says that there is more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from stackverify._core.call import Call
from stackverify._services.velstack import checks
from stackverify._services.velstack.calls import NEEDED, Id
from stackverify._services.velstack.pages import Leaf, page_reader, path_of
from stackverify._services.velstack.replies import to_contact, to_group
from stackverify.errors import ReadFailedError
from stackverify.models.results import Page
from stackverify.models.tier import Lane
from stackverify.models.velstack import Contact, Group

__all__ = ["contacts", "groups", "Listing", "Walk"]

Row = TypeVar("Row")


@attrs.frozen
class Listing(Generic[Row]):
    """A list.

    Attributes:
        place: What may be shown of its path.
        path: Its path.
        read: Reads a row.
    """

    place: str
    path: str
    read: Callable[[Mapping[str, Any]], Row]


def groups() -> Listing[Group]:
    """Name the list of groups."""
    return Listing("/group", "/group", to_group)


def contacts(group_id: Id | None = None) -> Listing[Contact]:
    """Name the list of all contacts, or of those of a group."""
    if group_id is None:
        return Listing("/contact", "/contact", to_contact)
    segment = checks.identifier("group_id", group_id)
    return Listing("/contact", f"/contact/{segment}", to_contact)


class Walk(Generic[Row]):
    """Where a walk stands; it remembers the paths it took, and no rows."""

    def __init__(self, listing: Listing[Row], base_url: str) -> None:
        self._listing = listing
        self._base_url = base_url
        self._asked = listing.path
        self._at = listing.path
        self._taken: set[str] = set()
        self._last: Page[Row] | None = None
        self._link: object = None

    def next_call(self) -> Call[Leaf[Row]] | None:
        """Make the call that brings the next page; none if that was the last.

        Raises:
            ReadFailedError: The service says where it is, and we do not go there.
        """
        if self._last is not None:
            if self._link is None:
                return None
            self._asked = self._follow(self._last)
        return Call(
            "GET",
            self._asked,
            page_reader(self._listing.read, len(self._taken) + 1),
            permission=NEEDED,
            # The first page is one request that somebody waits for.
            lane=Lane.BULK if self._taken else Lane.TRANSACTIONAL,
            endpoint=self._listing.place,
        )

    def take(self, leaf: Leaf[Row]) -> Page[Row]:
        """Note the page that came."""
        self._at = self._asked
        self._taken.add(self._at)
        self._last, self._link = leaf.page, leaf.link
        return leaf.page

    def _follow(self, page: Page[Row]) -> str:
        try:
            path = path_of(self._link, self._base_url, self._at)
        except ValueError as reason:
            raise self._stuck(page, str(reason)) from reason
        if path in self._taken:
            raise self._stuck(page, "leads to a page that came before")
        return path

    def _stuck(self, page: Page[Row], why: str) -> ReadFailedError:
        return ReadFailedError(
            f"GET {self._listing.place}: the link to the next page {why}: it is not "
            "followed.",
            page.reply,
        )
