"""Paging: a cursor is sort value and id of a page's last row, so that no row is skipped or shown twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor(at: datetime, row_id: UUID) -> str:
    """Write the cursor of a row."""
    microseconds = (at - _EPOCH) // (datetime.resolution)
    return f"{microseconds}.{row_id}"


def after() -> tuple[datetime, UUID] | None:
    """Read the cursor of this request; one that cannot be read means the first page."""
    return row(request.args.get("after", ""))


def row(text: str) -> tuple[datetime, UUID] | None:
    """Read a cursor; None when it is none."""
    microseconds, _, row_id = text.partition(".")
    try:
        return datetime.fromtimestamp(0, UTC) + int(microseconds[:17]) * datetime.resolution, UUID(row_id)
    except (ValueError, OverflowError):
        return None


def integer(name: str) -> int | None:
    """Read a whole number from the address; None when there is none that a row can have."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def words(name: str, longest: int = 120) -> str:
    """Read what somebody typed, without what no database stores."""
    return request.args.get(name, "").replace("\x00", "").strip()[:longest]


def day(text: str, zone: ZoneInfo, *, plus: int = 0) -> datetime | None:
    """When a day begins in a zone, or so many days later; None for what is no day."""
    try:
        found = date.fromisoformat(text) + timedelta(days=plus)
        return datetime.combine(found, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def uuid(name: str) -> UUID | None:
    """Read an id from the address; None when there is none."""
    return next(iter(uuids([words(name)])), None)


def uuids(texts: Iterable[str]) -> list[UUID]:
    """Read the ids that a form sends; what is none is left out."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(UUID(text))
    return found
