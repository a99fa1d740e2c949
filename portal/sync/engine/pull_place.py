"""Where a pull of a list stands, so that one that is broken off goes on there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from portal.sync.contract import Rows


@dataclass
class Place:
    """Where a pull stands. Times are ISO 8601, by the database's clock."""

    full: bool
    begun: str
    since: str | None = None
    # The facility that is being read, of a list of stock; its part of the pull began then.
    part: str = ""
    part_begun: str = ""
    # The client's own position behind the last page that was taken in; None before the first one.
    at: str | None = None
    page: int = 0
    rows: int = 0
    # Of stock: it is read lot by lot.
    by_lot: bool = False
    # Of items: they are read with what shops ask of them.
    for_shops: bool = False
    total: int | None = None
    # Two pages counted otherwise: rows came or went while it was read, and others may have moved past us.
    moved: bool = False
    passes: int = 1
    latest: str | None = None
    unreadable: int = 0
    unreadable_first: str = ""
    # All was read; what is left is to compare, from this SKU of this connection on.
    read: bool = False
    compared: tuple[str, str] | None = None

    def move_behind(self, pages: Sequence[Rows[Any]]) -> None:
        """Move behind pages that were taken in."""
        rows = list(chain.from_iterable(page.rows for page in pages))
        changed = [row.updated_at for row in rows if getattr(row, "updated_at", None) is not None]
        known = [datetime.fromisoformat(self.latest)] if self.latest else []
        latest = max([*changed, *known], default=None)
        self.latest = latest.isoformat() if latest else None
        self.at = pages[-1].position
        self.page += 1
        self.rows += len(rows) + sum(len(page.unreadable) for page in pages)
        unreadable = [one for page in pages for one in page.unreadable]
        self.unreadable += len(unreadable)
        first = next((f"{ref}: {why}" for ref, why in unreadable), "")
        self.unreadable_first = self.unreadable_first or first
        totals = {self.total, *(page.total for page in pages)} - {None}
        self.moved = self.moved or len(totals) > 1
        self.total = pages[-1].total
