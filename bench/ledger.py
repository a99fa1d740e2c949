"""The sandbox's ledger: every request that reached a platform's API, read on from where one was."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Any

from bench.machine import Demo

_READS = ("GET", "HEAD", "OPTIONS")


class Ledger:
    """A reader of the ledger that keeps its place.

    Args:
        product: whose sandbox.
        platform: of this platform alone.
    """

    def __init__(self, product: Demo, platform: str = "") -> None:
        self._product = product
        self._platform = platform
        self._seen = 0

    def news(self) -> list[dict[str, Any]]:
        """List what arrived since the last time, oldest first, up to the first one that is not answered."""
        path = f"ledger?since={self._seen}&platform={self._platform}"
        found: list[dict[str, Any]] = self._product.control("GET", path)
        rows = list(takewhile(lambda row: row["status"] is not None, found))
        self._seen = rows[-1]["id"] if rows else self._seen
        return rows


def is_write(row: dict[str, Any]) -> bool:
    """Whether a request was to change something."""
    return bool(row["method"] not in _READS)


def is_creation(row: dict[str, Any]) -> bool:
    """Whether a request was to create an order in Flourish, and has been answered as done."""
    path = row["path"].partition("?")[0]
    made = row["status"] // 100 == 2
    return bool(row["method"] == "POST" and path.endswith("/outbound-orders") and made)


def names(row: dict[str, Any], label: str) -> bool:
    """Whether a request's body names an order."""
    return f'"{label}"' in (row["body"] or "")


def moment(row: dict[str, Any]) -> datetime:
    """When a request arrived."""
    return datetime.fromisoformat(row["time"])
