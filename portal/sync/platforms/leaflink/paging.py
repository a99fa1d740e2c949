"""LeafLink's lists, page by page: `{count, next, previous, results}`, where `next` is an absolute address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.sync.contract import Calls
from portal.sync.errors import Unreadable
from portal.sync.reading import Fields

PAGE_SIZE = 100
# A hundred thousand rows; no list has more, so it is a loop.
MAX_PAGES = 1_000


def pages(calls: Calls, path: str, query: Mapping[str, Any]) -> Iterator[Fields]:
    """Read a list page by page, as it comes; LeafLink offers no order of its pages to choose.

    Args:
        calls: the HTTP room.
        path: the list, or the whole address of one of its pages.
        query: its filters; empty for a page's address, which holds them.

    Raises:
        Unreadable: the pages go round in a circle or never end, or one does not say whether more follows.
    """
    visited = {path}
    for _page in range(MAX_PAGES):
        page = Fields.of(calls.read(path, query=query))
        if "next" not in page.value:
            raise Unreadable("next", "is missing")
        yield page
        path, query = page.text_or_empty("next"), {}
        if not path:
            return
        if "://" not in path or path in visited:
            raise Unreadable("next", "leads back to a page that was read already")
        visited.add(path)
    raise Unreadable("next", f"there are more than {MAX_PAGES} pages")


def rows(calls: Calls, path: str, query: Mapping[str, Any] | None = None) -> Iterator[Fields]:
    """Read all rows of a list."""
    for page in pages(calls, path, {"limit": PAGE_SIZE, **(query or {})}):
        yield from page.children("results")


def count(page: Fields) -> int | None:
    """How many rows the whole list has, when its page says so."""
    return int(page.number("count")) if page.has("count") else None
