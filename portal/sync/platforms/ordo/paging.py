"""Ordo's lists, page by page: `{data, next_cursor}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.sync.contract import Calls
from portal.sync.errors import Unreadable
from portal.sync.reading import Fields

PAGE_SIZE = 50
# A hundred thousand rows; no list has more, so it is a loop.
MAX_PAGES = 2_000


def pages(calls: Calls, path: str, query: Mapping[str, Any] | None = None) -> Iterator[tuple[Fields, ...]]:
    """Read a list page by page; raises as `pages_from` does."""
    return (rows for rows, _position in pages_from(calls, path, query))


def pages_from(
    calls: Calls, path: str, query: Mapping[str, Any] | None = None, position: str = ""
) -> Iterator[tuple[tuple[Fields, ...], str]]:
    """Read a list page by page, each with the position behind it; empty after the last one.

    Raises:
        Unreadable: the pages go round in a circle or never end, or one does not say whether more follows.
    """
    asked: dict[str, Any] = {
        "limit": PAGE_SIZE,
        **(query or {}),
        **({"cursor": position} if position else {}),
    }
    visited: set[str] = set()
    for _page in range(MAX_PAGES):
        page = Fields.of(calls.read(path, query=asked))
        if "next_cursor" not in page.value:
            raise Unreadable("next_cursor", "is missing")
        cursor = page.text_or_empty("next_cursor")
        yield page.children("data"), cursor
        if not cursor:
            return
        if cursor in visited:
            raise Unreadable("next_cursor", "leads back to a page that was read already")
        visited.add(cursor)
        asked["cursor"] = cursor
    raise Unreadable("next_cursor", f"there are more than {MAX_PAGES} pages")


def rows(calls: Calls, path: str, query: Mapping[str, Any] | None = None) -> Iterator[Fields]:
    """Read all rows of a list."""
    for page in pages(calls, path, query):
        yield from page
