"""Records as they were: kept by triggers while a fault looks back, and put back for a read."""

from sandbox.store import Store

TABLE = """
CREATE TABLE IF NOT EXISTS past (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    changed REAL NOT NULL,
    kind TEXT NOT NULL,
    company TEXT NOT NULL,
    key TEXT NOT NULL,
    place INTEGER,
    body TEXT
)
"""
INDEX = "CREATE INDEX IF NOT EXISTS past_by_time ON past (changed)"
# A row without a body says that there was no such record. Days are SQLite's unit of time.
TRIGGER = """
CREATE TRIGGER past_{event} AFTER {event} ON record BEGIN
    DELETE FROM past WHERE changed < julianday('now') - {seconds} / 86400.0;
    INSERT INTO past (changed, kind, company, key, place, body)
    VALUES (julianday('now'), {row}.kind, {row}.company, {row}.key, {old});
END
"""
EVENTS = (
    ("INSERT", "new", "NULL, NULL"),
    ("UPDATE", "old", "old.place, old.body"),
    ("DELETE", "old", "old.place, old.body"),
)
FORMER = """
SELECT kind, company, key, place, body, min(id) FROM past
WHERE changed > julianday('now') - ? / 86400.0 AND kind GLOB ? GROUP BY kind, key
"""


class Past:
    """The records that were changed lately, as they were before.

    Args:
        store: whose records.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.transaction():
            store.execute(TABLE)
            store.execute(INDEX)

    def keep(self, seconds: float) -> None:
        """From now on keep what records were for so long; 0 keeps nothing."""
        with self._store.transaction():
            for event, row, old in EVENTS:
                self._store.execute(f"DROP TRIGGER IF EXISTS past_{event}")
                if seconds > 0:
                    self._store.execute(TRIGGER.format(event=event, row=row, old=old, seconds=float(seconds)))
            if not seconds:
                self._store.execute("DELETE FROM past")


def put_back(store: Store, platform: str, seconds: float) -> None:
    """Make a platform's records what they were so many seconds ago, within a transaction to be undone."""
    for row in store.execute(FORMER, (seconds, f"{platform}.*")):
        store.delete(row["kind"], row["key"])
        if row["body"] is not None:
            store.execute(
                "INSERT INTO record (place, kind, company, key, body) VALUES (?, ?, ?, ?, ?)",
                (row["place"], row["kind"], row["company"], row["key"], row["body"]),
            )
