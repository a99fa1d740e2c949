"""Every request that ever reached a platform's API, in the order of arrival, faults or not."""

from hashlib import sha256
from typing import Any

from sandbox.clock import stamp
from sandbox.store import Store

READS = ("GET", "HEAD", "OPTIONS")
COLUMNS = (
    "id, time, platform, key, method, path, status, body_hash, body,"
    " (SELECT group_concat(fault, ', ') FROM strike WHERE strike.request = request.id) AS fault,"
    " (SELECT retry_after FROM wait WHERE wait.request = request.id) AS retry_after"
)


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

    def answered(self, number: int, status: int, retry_after: str | None = None) -> None:
        """Write down the status that a request came to, which stays null when nothing was answered, and the
        header that asked the caller to wait."""
        with self._store.transaction():
            self._store.execute("UPDATE request SET status = ? WHERE id = ?", (status, number))
            if retry_after is not None:
                self._store.execute(
                    "INSERT OR REPLACE INTO wait (request, retry_after) VALUES (?, ?)", (number, retry_after)
                )

    def struck(self, number: int, fault: str) -> None:
        """Write down that a fault met a request."""
        with self._store.transaction():
            self._store.execute(
                "INSERT OR IGNORE INTO strike (request, fault) VALUES (?, ?)", (number, fault)
            )

    def since(
        self, moment: str = "", after: int = 0, platform: str | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Return requests, oldest first, of which there may be very many.

        Args:
            moment: from this moment on.
            after: with a higher number than this.
            platform: of this platform alone.
            limit: as many at most.
        """
        # A moment's index is named, for the planner, which keeps no statistics, would walk every number.
        if moment:
            table = "request INDEXED BY request_by_time"
            return self._rows(table, "time >= ? AND id > ?", (moment, after), platform, "id", limit)
        return self._rows("request", "id > ?", (after,), platform, "id", limit)

    def last(self, count: int, platform: str | None = None) -> list[dict[str, Any]]:
        """Return the latest requests, newest first."""
        return self._rows("request", "id > ?", (0,), platform, "id DESC", count)

    def _rows(
        self,
        table: str,
        test: str,
        arguments: tuple[Any, ...],
        platform: str | None,
        order: str,
        limit: int | None,
    ) -> list[dict[str, Any]]:
        if platform is not None:
            test, arguments = f"{test} AND platform = ?", (*arguments, platform)
        rows = self._store.execute(
            f"SELECT {COLUMNS} FROM {table} WHERE {test} ORDER BY {order} LIMIT ?",  # noqa: S608 - code's own words
            (*arguments, -1 if limit is None else limit),
        )
        return [dict(row) for row in rows]
