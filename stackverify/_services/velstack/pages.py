"""Lists that Velstack may cut into pages: which page comes next, and where it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import attrs

from stackverify._services.velstack.envelope import open_envelope, whole
from stackverify._services.velstack.replies import rows_of
from stackverify.models.results import Page
from stackverify.reply import Reply

__all__ = ["Leaf", "page_reader", "path_of"]

Row = TypeVar("Row")

_ODD = re.compile(r"[\x00-\x20\\\x7f]")
_PORTS = {"https": 443, "http": 80}


@attrs.frozen
class Leaf(Generic[Row]):
    """A page, and the link to the next one, as it came."""

    page: Page[Row]
    link: object = attrs.field(default=None, repr=False)


def page_reader(
    read: Callable[[Mapping[str, Any]], Row], number: int
) -> Callable[[Reply], Leaf[Row]]:
    """Make the function that reads a page of a list.

    Args:
        read: Reads a row.
        number: Which page it is, if the service does not say.
    """

    def read_page(reply: Reply) -> Leaf[Row]:
        envelope = open_envelope(reply)
        rows = tuple(map(read, rows_of(envelope.get("data"))))
        meta = envelope.get("meta")
        about: Mapping[str, Any] = meta if isinstance(meta, Mapping) else {}
        link = about.get("nextPage") or None
        told = whole(about.get("currentPage")) or number
        page = Page(told, rows, link is None, whole(about.get("total")), reply)
        return Leaf(page, link)

    return read_page


def path_of(link: object, base_url: str, path: str) -> str:
    """Turn the link on a page into a path below the base URL.

    A link that leads elsewhere is not followed: the key would go there too.

    Args:
        link: The link.
        base_url: Where the list was asked for.
        path: The path of its page below that.

    Raises:
        ValueError: It leads elsewhere, or is none.
    """
    if not isinstance(link, str) or _ODD.search(link):
        raise ValueError("is no URL")
    base, target = urlsplit(base_url), urlsplit(urljoin(base_url + path, link))
    if _origin(target) != _origin(base) or "@" in target.netloc:
        raise ValueError("leads to another origin")
    has_dots = not {".", ".."}.isdisjoint(unquote(target.path).split("/"))
    if has_dots or not target.path.startswith(f"{base.path}/"):
        raise ValueError("leads out of the base URL")
    query = f"?{target.query}" if target.query else ""
    return target.path[len(base.path) :] + query


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    return url.scheme, url.hostname or "", url.port or _PORTS.get(url.scheme)
