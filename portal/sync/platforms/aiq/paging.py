"""AIQ's lists, page by page: `{count, pageCount, skip, limit, data}`, where `pageCount` is the rows of this
page and says nothing of pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.sync.contract import Calls
from portal.sync.errors import Unreadable
from portal.sync.reading import Fields

# The most that AIQ takes as `limit`.
PAGE_SIZE = 250
# A quarter of a million rows; no list has more, so it is a loop.
MAX_PAGES = 1_000
_BETWEEN = "+"


@dataclass(frozen=True)
class Piece:
    """One page. `count` is how many rows the whole list has, None behind the first page, as each is asked for
    from a later time; `position` is where to go on, empty after the last one."""

    rows: tuple[Fields, ...]
    count: int | None
    position: str


def rows(calls: Calls, path: str, query: Mapping[str, Any] | None = None) -> Iterator[Fields]:
    """Read all rows of a short list, in AIQ's own order.

    Raises:
        Unreadable: the pages never end, or one is none.
    """
    for place in range(MAX_PAGES):
        asked = {"skip": place * PAGE_SIZE, "limit": PAGE_SIZE, **(query or {})}
        found = Fields.of(calls.read(path, query=asked)).children("data")
        yield from found
        if len(found) < PAGE_SIZE:
            return
    raise _endless()


def pages_by_change(
    calls: Calls, path: str, query: Mapping[str, Any], since: datetime | None, position: str = ""
) -> Iterator[Piece]:
    """Read a list page by page, what changed first comes first.

    Each page is asked for from the last change of the one before, whose rows come again, and skips rows only
    where a whole page changed in one moment. By `skip` alone, a row that changes while the pages are read
    would move to the end, and the first row of the next page into its place, unseen.

    Args:
        calls: the HTTP room.
        path: the list.
        query: its filters.
        since: a time, or None for all rows.
        position: of an earlier page, to go on behind it.

    Raises:
        Unreadable: the pages never end, one is none, or a row does not say when it changed.
    """
    start, skip = _read_position(position) if position else (_written(since), 0)
    for place in range(MAX_PAGES):
        asked = {"sort": "modified", "skip": skip, "limit": PAGE_SIZE, **query}
        page = Fields.of(calls.read(path, query=asked | ({"modifiedStart": start} if start else {})))
        found = page.children("data")
        is_first = place == 0 and not position
        count = int(page.number("count")) if is_first and page.has("count") else None
        if len(found) < PAGE_SIZE:
            yield Piece(found, count, "")
            return
        last = _written(found[-1].time("modified"))
        start, skip = last, (skip + len(found) if last == start else 0)
        yield Piece(found, count, f"{skip}{_BETWEEN}{start}")
    raise _endless()


def _read_position(position: str) -> tuple[str, int]:
    skip, _, start = position.partition(_BETWEEN)
    return start, int(skip)


def _written(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _endless() -> Unreadable:
    return Unreadable("data", f"there are more than {MAX_PAGES} pages")
