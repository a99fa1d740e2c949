"""Every request that ever reached a platform's API, in the order of arrival, faults or not."""

from hashlib import sha256
from typing import Any

from sandbox.clock import stamp
from sandbox.store import Store

READS = ("GET", "HEAD", "OPTIONS")
SINCE = """
SELECT id, time, platform, key, method, path, status, body_hash, body FROM request
WHERE time >= ? AND id > ? AND (? IS NULL OR platform = ?) ORDER BY id
"""
LAST = """
SELECT id, time, platform, key, method, path, status, body_hash, body FROM request
WHERE (? IS NULL OR platform = ?) ORDER BY id DESC LIMIT ?
"""


class Ledger:
    """The list of requests.

    Args:
        store: where it is kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def arrived(self, platform: str, key: str | None, method: str, path: str, body: bytes) -> int:
        """Write down a request before anything is done about it, and return its number."""
        text = None if method in READS else body.decode("utf-8", "replace")
        with self._store.transaction():
            rows = self._store.execute(
                "INSERT INTO request (time, platform, key, method, path, body_hash, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (stamp(), platform, key, method, path, sha256(body).hexdigest(), text),
            )
        return int(rows[0]["id"])

    def answered(self, number: int, status: int) -> None:
        """Write down the status that a request came to; it stays null when nothing was answered."""
        with self._store.transaction():
            self._store.execute("UPDATE request SET status = ? WHERE id = ?", (status, number))

    def since(self, moment: str = "", after: int = 0, platform: str | None = None) -> list[dict[str, Any]]:
        """Return requests from a moment on and with a higher number than `after`, oldest first."""
        rows = self._store.execute(
            SINCE,
            (moment, after, platform, platform),
        )
        return [dict(row) for row in rows]

    def last(self, count: int, platform: str | None = None) -> list[dict[str, Any]]:
        """Return the latest requests, newest first."""
        rows = self._store.execute(
            LAST,
            (platform, platform, count),
        )
        return [dict(row) for row in rows]
